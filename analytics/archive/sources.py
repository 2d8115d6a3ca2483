"""Where an archive's pictures lie, as plain values that any worker can open: files, members of a ZIP or TAR, rows of
arrays.

A source is listed once, by the client. A worker is given some Items and opens nothing else, so that neither a list of
a million names nor an archive's directory is ever in its memory.
"""

import tarfile
import zipfile
from itertools import groupby
from operator import attrgetter
from pathlib import PurePosixPath
from typing import NamedTuple

import fsspec

from analytics.archive.arrays import NoPicturesError, array_header
from deployment.reader.picture.archive import is_litter
from deployment.reader.picture.load import ENDINGS

TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
ARRAYS = (".npz", ".npy", "-ubyte", "-ubyte.gz", ".idx", ".idx.gz")
PACKED = {".gz": "gzip", ".tgz": "gzip", ".bz2": "bz2", ".xz": "xz"}


class SourceError(ValueError):
    """A source is no archive of pictures that can be read; the message names it and says what to do."""


class Item(NamedTuple):
    """One picture: a file (`url`), a member of a ZIP or TAR (where its bytes begin, how many they are, how they are
    packed), or row `start` of the array `member`. name: what the table calls it."""

    name: str
    url: str
    kind: str = "file"  # "file", "zip", "tar" or "array"
    start: int = 0
    packed: int = 0
    size: int = 0
    method: int = 0
    member: str = ""


def find(sources):
    """The Items of several sources, each a folder, a glob, a picture, an archive, an array file or an fsspec URL, in a
    fixed order. A name tells which archive a picture lies in, unless that is the only source. Raises SourceError for a
    source that does not exist, cannot be read or holds no picture."""
    return [item for source in sources for item in _find(str(source), alone=len(sources) == 1)]


def _find(source, alone):
    try:
        filesystem, path = fsspec.url_to_fs(source)
        if has_magic(path):
            paths = filesystem.glob(path)
        elif is_container(path) and filesystem.exists(path):
            return inside(source, path) if alone else with_path(inside(source, path), path)
        elif filesystem.isdir(path) or (is_web(filesystem) and path.endswith("/")):  # a page that lists files
            paths = filesystem.find(path)
        elif filesystem.exists(path):
            paths = [path]
        else:
            raise SourceError(f"{source} does not exist; name a folder, a glob, a ZIP or TAR, an array file or a URL.")
        found = [item for path in sorted(paths) if not is_litter(path)
                 for item in of_file(chained(source, filesystem.unstrip_protocol(path)), path)]
    except SourceError:
        raise
    except ImportError as error:
        raise SourceError(f"{source} needs a package more: {error}") from None
    except Exception as error:  # a file system, or what reads an archive, raises almost anything
        raise SourceError(f"{source} cannot be listed ({reason(error)}); check the name, or fetch it first.") from None
    if not found:
        raise SourceError(f"{source} holds no picture; {', '.join(ENDINGS)} are read.")
    return found


def of_file(url, path):
    """The Items of one file among others: a picture, what an archive or array file holds, nothing otherwise. What
    cannot be listed is one Item, to stand in the table as a row that says so."""
    if is_container(path):
        try:
            return with_path(inside(url, path), path)
        except NoPicturesError:  # labels, say
            return []
        except Exception:  # as in _find
            return [Item(path, url)]
    return [Item(path, url)] if path.lower().endswith(ENDINGS) else []


def with_path(items, path):
    """Items of an archive or array file, their names preceded by where it lies."""
    return [item._replace(name=f"{PurePosixPath(path).parent if item.kind == 'array' else path}/{item.name}")
            for item in items]


def has_magic(path):
    return any(sign in path for sign in "*?[")


def is_container(path):
    return path.lower().endswith((".zip", *TARS, *ARRAYS))


def is_web(filesystem):
    return "http" in filesystem.protocol


def chained(source, url):
    """The URL of one file of a source such as zip://*.png::https://host/a.zip."""
    return "::".join([url, *source.split("::")[1:]])


def inside(source, path):
    """The Items inside an archive or array file."""
    with open_seekable(source) as file:
        if path.lower().endswith(".zip"):
            return zip_items(source, file)
        if path.lower().endswith(TARS):
            return tar_items(source, file)
        members = array_header(file, path)
    return [Item(f"{PurePosixPath(path).name}{f':{member}' if member else ''}[{row}]", source, "array", row,
                 member=member) for member, shape in members for row in range(shape[0])]


def zip_items(source, file):
    """A ZIP's pictures. What is locked stays among them, as it stays in the table: as a row that says so."""
    return [Item(member.filename, source, "zip", member.header_offset, member.compress_size, member.file_size,
                 -1 if member.flag_bits & 1 else member.compress_type)
            for member in zipfile.ZipFile(file).infolist() if is_picture(member.filename)]


def tar_items(source, file):
    with tarfile.open(fileobj=file, mode="r:") as archive:
        return [Item(member.name, source, "tar", member.offset_data, member.size, member.size)
                for member in archive if member.isfile() and is_picture(member.name)]


def is_picture(path):
    return path.lower().endswith(ENDINGS) and not is_litter(path)


def open_seekable(url):
    """A file that can be read from any place, unpacked where it is packed as a whole; where a server gives whole files
    only, a copy on this machine's disk, fetched once."""
    packed = next((kind for ending, kind in PACKED.items() if url.lower().endswith(ending)), None)
    filesystem, path = fsspec.url_to_fs(url)
    if is_web(filesystem) and not filesystem.info(path).get("partial"):
        url = f"simplecache::{url}"
    return fsspec.open(url, "rb", compression=packed).open()


def by_container(items):
    """Items in groups, in order, of those that lie in the same file, or array of it: lists of Items."""
    return [list(group) for _, group in groupby(items, attrgetter("url", "kind", "member"))]


def reason(error):
    """What a library says, short and on one line."""
    return " ".join(str(error).split())[:120] or type(error).__name__
