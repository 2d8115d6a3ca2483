"""Uploaded files -> pictures to read. A ZIP file is looked through without unpacking it, then opened member by member.

No Streamlit here. Nothing is ever written to disk, so paths inside a ZIP cannot lead anywhere.
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import NamedTuple

from deployment.reader.picture.limits import MOST_BYTES
from deployment.reader.picture.load import ENDINGS, InputError

MOST_PICTURES = 500  # of one upload
MOST_ZIP = 100 * 2**20  # bytes of a ZIP file
MOST_UNPACKED = 200 * 2**20  # bytes of the pictures in it
MOST_ENTRIES = 5_000  # of whatever kind: each costs memory before it is looked at
ENTRY = b"PK\x01\x02"  # what every entry of a ZIP's directory begins with
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack a member whole, whatever one asks for
MB = 2**20


class Picture(NamedTuple):
    name: str  # the last part of the file's name, whole: it may tell what the picture shows
    load: Callable[[], bytes]  # raises InputError
    file: int = 0  # the number of the uploaded file that it came in


def gather(files) -> tuple[list[Picture], list[str]]:
    """Uploaded (name, bytes) -> the pictures, those in ZIP files too, at most MOST_PICTURES, and sentences on what was
    left out."""
    found, sentences = [], []
    for number, (name, data) in enumerate(files):
        name = last_part(name)
        is_zip = name.lower().endswith(".zip")
        more, said = unpack(shown(name), data) if is_zip else ([Picture(name, lambda d=data: d)], [])
        found += [picture._replace(file=number) for picture in more]
        sentences += said
    if len(found) > MOST_PICTURES:
        sentences.append(f"These are {len(found):,} pictures; the first {MOST_PICTURES} are read.")
    return found[:MOST_PICTURES], sentences


def unpack(name: str, data: bytes) -> tuple[list[Picture], list[str]]:
    """The pictures in a ZIP file, by the last part of their names, and sentences on what was left out.

    A ZIP that is too large, damaged, locked or packed in an unusual way is refused whole: then there are no pictures
    and one sentence.
    """
    try:
        return _unpack(name, data)
    except InputError as error:
        return [], [str(error)]
    except Exception as error:  # zipfile raises almost anything on a hostile file
        return [], [f"“{name}” cannot be opened as a ZIP ({_reason(error)}); pack it again."]


def _unpack(name, data):
    if len(data) > MOST_ZIP:
        raise InputError(larger(name, len(data)))
    entries = data.count(ENTRY)  # before the directory is read, which takes memory for each
    if entries > MOST_ENTRIES:
        raise InputError(f"“{name}” holds {entries:,} entries; at most {MOST_PICTURES} pictures are read: make smaller "
                         "ZIPs.")
    archive = zipfile.ZipFile(io.BytesIO(data))
    members = [member for member in archive.infolist() if not member.is_dir() and not is_litter(member.filename)]
    inside = [(last_part(member.filename), member) for member in members]
    chosen = [(own, member) for own, member in inside if own.lower().endswith(ENDINGS)]
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
    others = [shown(own) for own, member in inside if not own.lower().endswith(ENDINGS)]
    sentences = []
    if others:
        more = f" and {len(others) - 3:,} more" if len(others) > 3 else ""
        sentences.append(f"Left out of “{name}”, as they are no pictures: {', '.join(others[:3])}{more}.")
    if not chosen:
        sentences.append(f"“{name}” holds no picture; put PNG or JPG files of one digit each into it.")
    return [Picture(own, _loader(archive, member, shown(own), name)) for own, member in chosen], sentences


def larger(name: str, size: float) -> str:
    """The sentence on a file of `size` bytes that is larger than any that is read."""
    return (f"“{name}” has {size / MB:,.1f} MB: a ZIP may have {MOST_ZIP // MB} MB, a picture "
            f"{MOST_BYTES // MB} MB.")


def _loader(archive, member, short, name):
    def load():
        if member.file_size > MOST_BYTES:
            raise InputError(f"“{short}” in “{name}” has {member.file_size / MB:.1f} MB: give at most "
                             f"{MOST_BYTES // MB} MB.")
        try:
            with archive.open(member) as packed:
                return packed.read(member.file_size + 1)  # reads to the end, where the checksum is compared
        except Exception as error:  # as above
            raise InputError(f"“{short}” in “{name}” cannot be unpacked ({_reason(error)}); pack it again.") from error
    return load


def _reason(error):
    """What a library says, short and on one line."""
    return " ".join(str(error).split())[:80] or "it is cut short"


def is_litter(path: str) -> bool:
    """What operating systems put into ZIP files unasked."""
    return path.startswith("__MACOSX/") or PurePosixPath(path).name.startswith(".")


def last_part(path: str) -> str:
    """The last part of a file's name: one line, of printable characters."""
    name = PurePosixPath(path.replace("\\", "/")).name
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def shown(path: str) -> str:
    """The last part of a file's name as messages show it: at most 80 characters."""
    name = last_part(path)
    return name if len(name) <= 80 else f"{name[:60]}…{name[-19:]}"
