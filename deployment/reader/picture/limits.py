"""Limits of picture files, checked in their headers before decoding.

Decoding takes memory and time in proportion to the pixels, however small the file. A JPEG is decoded at a fraction of
its size (Image.draft), except one in several scans, which is decoded in full. Measured on two cores, pictures within
these limits take less than 300 MB and 1.5 s.
"""

import re
import struct
from io import BytesIO

from PIL import Image

MOST_BYTES = 20 * 2**20  # of a file; a phone's photograph has 2 to 12 MB
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 25_000_000, "GIF": 25_000_000, "BMP": 25_000_000, "TIFF": 20_000_000,
               "WEBP": 16_000_000, "HEIF": 25_000_000}
HEIF_BYTES = 10 * 2**20  # decoding a byte takes longer than for any other format
SCANS_PIXELS, MOST_SCANS = 25_000_000, 32  # of a JPEG in several scans; each scan is a pass over all pixels
MOST_READS, MOST_READ = 50_000, 2 * 2**20  # reads of a file, and bytes of the largest one
MOST_STRIPS = 100_000  # of a TIFF
STRIPS = (273, 279, 324, 325)  # tags with offsets and lengths of strips or tiles
COMPRESSIONS = {"raw", "packbits", "tiff_ccitt", "group3", "group4", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate"}
MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # others belong to the scan data
START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN = 0xD8, 0xD9, 0xDA


class BoundsError(ValueError):
    """A picture exceeds a limit; the message continues a sentence that begins with its name."""


class Source(BytesIO):
    """The bytes of a file, with limits on the number and size of reads.

    Pillow parses headers and comments in Python, step by step: a malicious file of comments alone would take seconds
    and hundreds of megabytes.
    """

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads > MOST_READS or (size or -1) > MOST_READ:
            raise ValueError("too many reads, or too large ones")
        return super().read(size)


def check_bytes(size: int) -> None:
    """Raise BoundsError for a file of more than MOST_BYTES."""
    if size > MOST_BYTES:
        raise BoundsError(f"has {_mb(size)} MB: give at most {_mb(MOST_BYTES)} MB")


def check_tiff(data: bytes) -> None:
    """Raise BoundsError for a TIFF in more than MOST_STRIPS strips, whose list alone would fill the memory."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(data[:4]))
    if order is None:
        return
    (start,) = struct.unpack_from(order + "I", data, 4)
    (entries,) = struct.unpack_from(order + "H", data, start)
    for i in range(entries):
        tag, _, count = struct.unpack_from(order + "HHI", data, start + 2 + 12 * i)
        if tag in STRIPS and count > MOST_STRIPS:
            raise BoundsError("is cut into too many strips: save it as PNG or JPEG")


def most_pixels(image: Image.Image, data: bytes) -> int:
    """The largest number of pixels of a PIL image that was opened from these bytes and not decoded yet.

    Raises BoundsError for a file that is not read at any size.
    """
    kind = (image.format or "").replace("MPO", "JPEG")
    if kind == "HEIF" and len(data) > HEIF_BYTES:
        raise BoundsError(f"has {_mb(len(data))} MB: give at most {_mb(HEIF_BYTES)} MB of HEIC, or save it as JPEG")
    if kind == "TIFF" and image.info.get("compression", "raw") not in COMPRESSIONS:
        raise BoundsError("is a TIFF packed in an unusual way: save it as PNG or JPEG")
    if kind == "JPEG" and (count := scans(data)) > 1:
        if count > MOST_SCANS:
            raise BoundsError("is a JPEG in too many scans: save it again")
        return SCANS_PIXELS
    return MOST_PIXELS[kind]


def scans(data: bytes) -> int:
    """The number of scans of a JPEG, at most MOST_SCANS + 1."""
    at, count = 2, 0
    for _ in range(10_000):
        marker = MARKER.search(data, at)
        if not marker or marker[1][0] == END_OF_IMAGE:
            return count
        at = marker.end()
        if marker[1][0] in (1, START_OF_IMAGE):
            continue
        count += marker[1][0] == START_OF_SCAN
        if count > MOST_SCANS:
            return count
        at += int.from_bytes(data[at : at + 2])
    return MOST_SCANS + 1


def _mb(size: float) -> str:
    return f"{size / 2**20:.1f}".removesuffix(".0")
