"""Collect the pictures of an upload. ZIP files are checked by their directory and read in memory, member by member.

Nothing is written to disk, so paths inside a ZIP have no effect.
"""

import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from deployment.reader.picture.limits import MOST_BYTES
from deployment.reader.picture.opening import ENDINGS, InputError

MOST_PICTURES = 500  # of one upload
MOST_ZIP = 100 * 2**20  # bytes of a ZIP file
MOST_UNPACKED = 200 * 2**20  # bytes of the pictures in it
MOST_ENTRIES = 5_000  # of any kind: each costs memory when the directory is parsed
ENTRY = b"PK\x01\x02"  # signature of an entry in the central directory
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # other methods decompress without a size limit
MB = 2**20


class Picture(NamedTuple):
    name: str  # last part of the file name, not shortened: it may contain the label
    load: Callable[[], bytes]  # raises InputError
    file: int = 0  # index of the uploaded file


def gather(files: Iterable[tuple[str, bytes]]) -> tuple[list[Picture], list[str]]:
    """Return the pictures of uploaded (name, bytes), including those in ZIP files, at most MOST_PICTURES, and a
    sentence for each omission."""
    pictures: list[Picture] = []
    sentences: list[str] = []
    for number, (name, data) in enumerate(files):
        name = last_part(name)
        is_zip = name.lower().endswith(".zip")
        members, omissions = unpack(shown(name), data) if is_zip else ([Picture(name, lambda d=data: d)], [])
        pictures += [picture._replace(file=number) for picture in members]
        sentences += omissions
    if len(pictures) > MOST_PICTURES:
        sentences.append(f"These are {len(pictures):,} pictures; the first {MOST_PICTURES} are read.")
    return pictures[:MOST_PICTURES], sentences


def unpack(name: str, data: bytes) -> tuple[list[Picture], list[str]]:
    """Return the pictures of a ZIP file, named by the last part of their path, and a sentence for each omission.

    A ZIP that is too large, damaged, encrypted or compressed by an unsupported method gives no pictures and one
    sentence.
    """
    try:
        return _unpack(name, data)
    except InputError as error:
        return [], [str(error)]
    except Exception as error:  # zipfile raises many types on malformed files
        return [], [f"“{name}” cannot be opened as a ZIP ({_reason(error)}); pack it again."]


def _unpack(name: str, data: bytes) -> tuple[list[Picture], list[str]]:
    if len(data) > MOST_ZIP:
        raise InputError(larger(name, len(data)))
    entries = data.count(ENTRY)  # before parsing, which allocates memory per entry
    if entries > MOST_ENTRIES:
        raise InputError(f"“{name}” holds {entries:,} entries; at most {MOST_PICTURES} pictures are read: make smaller "
                         "ZIPs.")
    archive = zipfile.ZipFile(io.BytesIO(data))
    members = [member for member in archive.infolist() if not member.is_dir() and not is_litter(member.filename)]
    named = [(last_part(member.filename), member) for member in members]
    chosen = [(file_name, member) for file_name, member in named if file_name.lower().endswith(ENDINGS)]
    if len(chosen) > MOST_PICTURES:
        raise InputError(f"“{name}” holds {len(chosen):,} pictures; at most {MOST_PICTURES} are read: make smaller "
                         "ZIPs.")
    if any(member.flag_bits & 1 for _, member in chosen):
        raise InputError(f"“{name}” is locked with a password; make one without.")
    if any(member.compress_type not in METHODS for _, member in chosen):
        raise InputError(f"“{name}” is packed by an unusual method; pack it as an ordinary ZIP (deflate).")
    size = sum(member.file_size for _, member in chosen)
    if size > MOST_UNPACKED:
        raise InputError(f"“{name}” unpacks to {size / MB:,.0f} MB; at most {MOST_UNPACKED // MB} MB are read: make "
                         "smaller ZIPs.")
    others = [shown(file_name) for file_name, _ in named if not file_name.lower().endswith(ENDINGS)]
    sentences = []
    if others:
        more = f" and {len(others) - 3:,} more" if len(others) > 3 else ""
        sentences.append(f"Left out of “{name}”, as they are not pictures: {', '.join(others[:3])}{more}.")
    if not chosen:
        sentences.append(f"“{name}” holds no picture; put PNG or JPG files of one digit each into it.")
    pictures = [Picture(file_name, _loader(archive, member, shown(file_name), name)) for file_name, member in chosen]
    return pictures, sentences


def larger(name: str, size: float) -> str:
    """Return the error sentence for a file of `size` bytes above the limit."""
    return (f"“{name}” has {size / MB:,.1f} MB: a ZIP may have {MOST_ZIP // MB} MB, a picture "
            f"{MOST_BYTES // MB} MB.")


def _loader(archive: zipfile.ZipFile, member: zipfile.ZipInfo, short: str, name: str) -> Callable[[], bytes]:
    def load() -> bytes:
        if member.file_size > MOST_BYTES:
            raise InputError(f"“{short}” in “{name}” has {member.file_size / MB:.1f} MB: give at most "
                             f"{MOST_BYTES // MB} MB.")
        try:
            with archive.open(member) as packed:
                return packed.read(member.file_size + 1)  # one byte more: the CRC is checked at the end
        except Exception as error:  # as in `unpack`
            raise InputError(f"“{short}” in “{name}” cannot be unpacked ({_reason(error)}); pack it again.") from error
    return load


def _reason(error: Exception) -> str:
    """The message of a library's error on one line, at most 80 characters."""
    return " ".join(str(error).split())[:80] or "it is cut short"


def is_litter(path: str) -> bool:
    """Whether a member is a hidden file or metadata that operating systems add to ZIP files."""
    return path.startswith("__MACOSX/") or PurePosixPath(path).name.startswith(".")


def last_part(path: str) -> str:
    """Return the last part of a path on one line, with unprintable characters replaced."""
    name = PurePosixPath(path.replace("\\", "/")).name
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def shown(path: str) -> str:
    """Return the last part of a path, shortened to 80 characters, for messages."""
    name = last_part(path)
    return name if len(name) <= 80 else f"{name[:60]}…{name[-19:]}"
