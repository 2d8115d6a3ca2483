"""List the pictures of an archive as Items that any worker can open: files, members of a ZIP or TAR, array rows.

The client lists a source once. A worker receives some Items and opens nothing else, so it never holds the whole list
or an archive's directory in memory.
"""

import tarfile
import zipfile
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, cast

import fsspec
from fsspec.core import OpenFile

from analytics.archive.arrays import NoPicturesError, array_header
from deployment.reader.picture.archive import is_litter
from deployment.reader.picture.opening import ENDINGS

TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
ARRAYS = (".npz", ".npy", "-ubyte", "-ubyte.gz", ".idx", ".idx.gz")
COMPRESSIONS = {".gz": "gzip", ".tgz": "gzip", ".bz2": "bz2", ".xz": "xz"}


class SourceError(ValueError):
    """A source cannot be read as an archive of pictures; the message names it and says what to do."""


class Item(NamedTuple):
    """One picture: a file, a ZIP or TAR member (offset, sizes, compression), or row `start` of the array `member`.

    name: its path in the table; packed, size: bytes as stored and after decompression.
    """

    name: str
    url: str
    kind: str = "file"  # "file", "zip", "tar" or "array"
    start: int = 0
    packed: int = 0
    size: int = 0
    method: int = 0
    member: str = ""


def find(sources: Sequence[str | Path]) -> list[Item]:
    """The Items of several sources in a fixed order; a source is a folder, glob, picture, archive, array file or URL.

    With several sources, names include the path of the archive. Raises SourceError when a source does not exist, cannot
    be read or has no pictures.
    """
    return [item for source in sources for item in _find(str(source), only_source=len(sources) == 1)]


def _find(source: str, only_source: bool) -> list[Item]:
    try:
        filesystem, path = fsspec.url_to_fs(source)
        if has_magic(path):
            paths = filesystem.glob(path)
        elif is_container(path) and filesystem.exists(path):
            return inside(source, path) if only_source else with_path(inside(source, path), path)
        elif filesystem.isdir(path) or (is_web(filesystem) and path.endswith("/")):  # a page that lists files
            paths = filesystem.find(path)
        elif filesystem.exists(path):
            paths = [path]
        else:
            raise SourceError(f"{source} does not exist; name a folder, a glob, a ZIP or TAR, an array file or a URL.")
        items = [item for path in sorted(paths) if not is_litter(path)
                 for item in of_file(chained(source, filesystem.unstrip_protocol(path)), path)]
    except SourceError:
        raise
    except ImportError as error:
        raise SourceError(f"{source} needs another package: {error}") from None
    except Exception as error:  # file systems and archive libraries raise many types
        raise SourceError(f"{source} cannot be listed ({reason(error)}); check the name, or fetch it first.") from None
    if not items:
        raise SourceError(f"{source} holds no picture; {', '.join(ENDINGS)} are read.")
    return items


def of_file(url: str, path: str) -> list[Item]:
    """The Items of one file: a picture, the contents of an archive or array file, or none for another file.

    An archive that cannot be listed is one Item, which becomes a row with an error.
    """
    if is_container(path):
        try:
            return with_path(inside(url, path), path)
        except NoPicturesError:  # such as a file of labels
            return []
        except Exception:  # libraries raise many types
            return [Item(path, url)]
    return [Item(path, url)] if path.lower().endswith(ENDINGS) else []


def with_path(items: Sequence[Item], path: str) -> list[Item]:
    """The Items of an archive or array file with its path before their names."""
    return [item._replace(name=f"{PurePosixPath(path).parent if item.kind == 'array' else path}/{item.name}")
            for item in items]


def has_magic(path: str) -> bool:
    return any(sign in path for sign in "*?[")


def is_container(path: str) -> bool:
    return path.lower().endswith((".zip", *TARS, *ARRAYS))


def is_web(filesystem: fsspec.AbstractFileSystem) -> bool:
    return "http" in filesystem.protocol


def chained(source: str, url: str) -> str:
    """The URL of one file in a chained source such as zip://*.png::https://host/a.zip."""
    return "::".join([url, *source.split("::")[1:]])


def inside(source: str, path: str) -> list[Item]:
    """The Items inside an archive or array file."""
    with open_seekable(source) as file:
        if path.lower().endswith(".zip"):
            return zip_items(source, file)
        if path.lower().endswith(TARS):
            return tar_items(source, file)
        members = array_header(file, path)
    return [Item(f"{PurePosixPath(path).name}{f':{member}' if member else ''}[{row}]", source, "array", row,
                 member=member) for member, shape in members for row in range(shape[0])]


def zip_items(source: str, file: IO[bytes]) -> list[Item]:
    """A ZIP's pictures, encrypted ones included; these become rows with an error."""
    return [Item(member.filename, source, "zip", member.header_offset, member.compress_size, member.file_size,
                 -1 if member.flag_bits & 1 else member.compress_type)
            for member in zipfile.ZipFile(file).infolist() if is_picture(member.filename)]


def tar_items(source: str, file: IO[bytes]) -> list[Item]:
    with tarfile.open(fileobj=file, mode="r:") as archive:
        return [Item(member.name, source, "tar", member.offset_data, member.size, member.size)
                for member in archive if member.isfile() and is_picture(member.name)]


def is_picture(path: str) -> bool:
    return path.lower().endswith(ENDINGS) and not is_litter(path)


def open_seekable(url: str) -> IO[bytes]:
    """Open a file with random access, decompressed if it is compressed as a whole.

    A file on a server without range requests is copied to this machine's disk first.
    """
    compression = next((name for ending, name in COMPRESSIONS.items() if url.lower().endswith(ending)), None)
    filesystem, path = fsspec.url_to_fs(url)
    if is_web(filesystem) and not filesystem.info(path).get("partial"):
        url = f"simplecache::{url}"
    return cast(OpenFile, fsspec.open(url, "rb", compression=compression)).open()  # a list only for a glob of URLs


def by_container(items: Sequence[Item]) -> list[list[Item]]:
    """Consecutive Items of the same file, or of the same array of it, grouped in order."""
    return [list(group) for _, group in groupby(items, attrgetter("url", "kind", "member"))]


def reason(error: Exception) -> str:
    """An exception's message on one line, at most 120 characters."""
    return " ".join(str(error).split())[:120] or type(error).__name__
