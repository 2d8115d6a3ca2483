"""How large a picture file may be, by its own headers, before any of it is unpacked.

What is unpacked whole costs memory and time by its pixels, however small the file. A JPEG is unpacked at a fraction of
its size (Image.draft), unless it comes in several scans, which are kept whole. Measured on two cores, nothing within
these bounds takes 300 MB or 1.5 s.
"""

import re
import struct
from io import BytesIO

MOST_BYTES = 20 * 2**20  # of a file: a phone's photograph has 2 to 12 MB
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 25_000_000, "GIF": 25_000_000, "BMP": 25_000_000, "TIFF": 20_000_000,
               "WEBP": 16_000_000, "HEIF": 25_000_000}
HEIF_BYTES = 10 * 2**20  # each takes longer to unpack than in any other kind
SCANS_PIXELS, MOST_SCANS = 25_000_000, 32  # of a JPEG in several scans; each of them is a pass over all pixels
MOST_READS, MOST_READ = 50_000, 2 * 2**20  # pieces of a file that are asked for, and bytes of the largest
MOST_STRIPS = 100_000  # of a TIFF
STRIPS = (273, 279, 324, 325)  # the tags that list strips or tiles: where each begins and how long it is
COMPRESSIONS = {"raw", "packbits", "tiff_ccitt", "group3", "group4", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate"}
MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # the others are part of a JPEG's scan
START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN = 0xD8, 0xD9, 0xDA


class BoundsError(ValueError):
    """A picture is beyond what is read; the message ends a sentence that its name begins."""


class Source(BytesIO):
    """The bytes of a file, handed out in so few and so small pieces as honest files need.

    Readers work through what stands before and between the pixels in Python, step by step: a file of nothing but
    comments would take seconds and hundreds of megabytes.
    """

    reads = 0

    def read(self, size=-1, /):
        self.reads += 1
        if self.reads > MOST_READS or (size or -1) > MOST_READ:
            raise ValueError("too many pieces, or too large ones")
        return super().read(size)


def check_bytes(size):
    """Raises BoundsError for a file of more bytes than are read."""
    if size > MOST_BYTES:
        raise BoundsError(f"has {_mb(size)} MB: give at most {_mb(MOST_BYTES)} MB")


def check_tiff(data):
    """Raises BoundsError for a TIFF in more strips than are read, whose list alone would fill the memory."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(data[:4]))
    if order is None:
        return
    (start,) = struct.unpack_from(order + "I", data, 4)
    (entries,) = struct.unpack_from(order + "H", data, start)
    for i in range(entries):
        tag, _, count = struct.unpack_from(order + "HHI", data, start + 2 + 12 * i)
        if tag in STRIPS and count > MOST_STRIPS:
            raise BoundsError("is cut into too many strips: save it as PNG or JPEG")


def most_pixels(image, data):
    """The most pixels that a PIL image, opened from these bytes and not unpacked, may have.

    Raises BoundsError where no number of them would do.
    """
    kind = image.format.replace("MPO", "JPEG")
    if kind == "HEIF" and len(data) > HEIF_BYTES:
        raise BoundsError(f"has {_mb(len(data))} MB: give at most {_mb(HEIF_BYTES)} MB of HEIC, or save it as JPEG")
    if kind == "TIFF" and image.info.get("compression", "raw") not in COMPRESSIONS:
        raise BoundsError("is a TIFF packed in an unusual way: save it as PNG or JPEG")
    if kind == "JPEG" and (count := scans(data)) > 1:
        if count > MOST_SCANS:
            raise BoundsError("is a JPEG in too many scans: save it again")
        return SCANS_PIXELS
    return MOST_PIXELS[kind]


def scans(data):
    """How many scans the JPEG in these bytes comes in, counted to MOST_SCANS + 1 at most."""
    at, count = 2, 0
    for _ in range(10_000):
        found = MARKER.search(data, at)
        if not found or found[1][0] == END_OF_IMAGE:
            return count
        at = found.end()
        if found[1][0] in (1, START_OF_IMAGE):
            continue
        count += found[1][0] == START_OF_SCAN
        if count > MOST_SCANS:
            return count
        at += int.from_bytes(data[at : at + 2])
    return MOST_SCANS + 1


def _mb(size):
    return f"{size / 2**20:.1f}".removesuffix(".0")
