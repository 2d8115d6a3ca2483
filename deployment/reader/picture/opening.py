"""Open picture files, checked before decoding, and say in an InputError why a picture cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import Image

from deployment.reader.picture import pages
from deployment.reader.picture.limits import MOST_PIXELS, BoundsError, Source, check_bytes, check_tiff, most_pixels

pillow_heif.register_heif_opener(thumbnails=False)

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".pdf")
MOST_ARRAY = 64_000_000  # pixels of an array or PIL image
WORK_SIDE = 640  # pixels: the long side of larger pictures is reduced to this

FileSource = str | Path | bytes | bytearray | memoryview


class InputError(ValueError):
    """A picture cannot be read. The message names the picture and the remedy."""


@contextmanager
def _within_bounds(name: str) -> Iterator[None]:
    """Raise a BoundsError as an InputError whose sentence begins with the name."""
    try:
        yield
    except BoundsError as error:
        raise InputError(f"{start(name)} {error}.") from None


def open_file(source: FileSource, name: str, side: int = WORK_SIDE, colour: bool = False,
              page: int = 0) -> tuple[Image.Image, tuple[int, int]]:
    """Open a path or the bytes of a file as a PIL image, not decoded yet; also return its size (width, height).

    side, colour: how it will be decoded, as of load.py; page: of a PDF or TIFF, counted from 0. Raises InputError.
    """
    try:
        with _within_bounds(name):
            data = _bytes(source, name)
            if pages.is_pdf(data):
                image = pages.page(data, page)
                return image, image.size
            check_tiff(data)
            image = Image.open(Source(data), formats=tuple(MOST_PIXELS))
            image.seek(page)
            most, size = most_pixels(image, data), image.size
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InputError(f"{start(name)} is too large: give at most {MOST_PIXELS['JPEG']:,} pixels.") from None
    except Exception as error:  # Pillow raises many types on damaged files
        raise InputError(f"{start(name)} is not a picture that can be read: save it as PNG or JPEG.") from error
    check_size(size, name, most)
    image.draft("RGB" if colour else "L", (side, side))
    return image, size


def _bytes(source: FileSource, name: str) -> bytes:
    """Return the content of a file, or the bytes given. Raises InputError if empty, BoundsError if too large."""
    try:
        if isinstance(source, (str, Path)):
            path = Path(source)
            if path.is_dir():
                raise InputError(f"{start(name)} is a folder: name the pictures in it, such as {path / '*.png'}, or "
                                 f"read all of it with `python -m analytics.archive {path} --out READINGS`.")
            if not path.is_file():
                raise OSError("not a file")
            check_bytes(path.stat().st_size)
            data = path.read_bytes()
        else:
            check_bytes(len(source))
            data = bytes(source)
    except (BoundsError, InputError):
        raise
    except (OSError, ValueError) as error:
        where = "" if str(source) in name else f" ({source})"
        raise InputError(f"{start(name)} cannot be opened{where}: check the path.") from error
    if not data:
        raise InputError(f"{start(name)} is an empty file: choose another one.")
    return data


def page_count(data: bytes, name: str) -> int:
    """Return the number of pages of a PDF or TIFF file; 1 for other files. Raises InputError."""
    with _within_bounds(name):
        return pages.count(data)


def page_of(data: bytes, number: int, name: str) -> bytes | Image.Image:
    """Return one page of a file, counted from 0, as `load_pixels` takes it. Raises InputError."""
    return open_file(data, name, page=number)[0] if number or pages.is_pdf(data) else data


def unread_pages(source: Any, name: str = "the picture") -> list[str]:
    """Return one sentence if the source is a PDF or TIFF file with several pages, else an empty list."""
    try:
        if pages.count(_bytes(source, name)) > 1:
            return [f"{start(name)} has several pages: only the first was read."]
    except Exception:  # not readable, which loading reports
        pass
    return []


def work(data: bytes) -> float:
    """Return the cost of decoding a file in megapixels, from its header; 0 if it is not a picture.

    A JPEG decoded at reduced size counts a quarter: it takes a quarter of the time of a PNG.
    """
    try:
        image, (width, height) = open_file(data, "")
    except InputError:
        return 0
    return width * height / 1e6 * (0.25 if image.size != (width, height) else 1)


def check_size(size: tuple[int, int], name: str, most: int) -> None:
    """Raise InputError if a picture of this size (width, height) has more than `most` pixels, or none."""
    width, height = size
    if not 0 < width * height <= most or max(size) > 2**16:
        raise InputError(f"{start(name)} cannot be {width} x {height}: give at most {most / 1e6:.0f} megapixels"
                         f"{' of this kind, or save it as JPEG' if most < MOST_ARRAY else ''}.")


def start(name: str) -> str:
    """Return the name with a capital, to begin a sentence."""
    return name[:1].upper() + name[1:]
