"""Small files that would unpack to much, or cost much to look through, are refused by their headers."""

import functools
import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from deployment.reader.paper.digit import preprocess
from deployment.reader.picture import limits as bounds
from deployment.reader.picture.opening import InputError

GREY = Image.new("L", (100, 100))


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def tiff_of_strips(n):
    """A TIFF of 100 x 100 whose directory names n strips."""
    end = 8 + 2 + 12 * 7 + 4
    tags = [(256, 4, 1, 100), (257, 4, 1, 100), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, n, end),
            (279, 4, n, end + 4 * n)]
    return (b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
            + bytes(4) + struct.pack("<I", 16) * n + struct.pack("<I", 1) * n)


def progressive(scans):
    data = saved(GREY, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * scans + data[-2:]


PNG, JPEG, GIF = saved(GREY, "PNG"), saved(GREY, "JPEG"), saved(GREY, "GIF")


@functools.cache
def bombs():
    """(file, what the sentence says of it)."""
    before = PNG.index(b"IDAT") - 4
    large = {"PNG": ("1", {}), "GIF": ("P", {}), "TIFF": ("1", {}), "WEBP": ("RGB", {"method": 0})}
    made = {f"{kind} of {side} x {side}": (saved(Image.new(mode, (side, side)), kind, **options), f"{side} x {side}")
            for kind, (mode, options) in large.items() for side in (4100 if kind == "WEBP" else 5100,)}
    return made | {
        "PNG of empty chunks": (PNG[:before] + chunk(b"abCd") * 60_000 + PNG[before:], "not a picture"),
        "PNG of comments": (PNG[:before] + chunk(b"tEXt", b"a\0") * 60_000 + PNG[before:], "not a picture"),
        "PNG of empty data": (PNG[:before] + chunk(b"IDAT") * 60_000 + PNG[before:], "damaged"),
        "GIF of comments": (GIF.replace(b",", b"!\xfe\x01a\0" * 60_000 + b",", 1), "not a picture"),
        "JPEG of comments": (JPEG[:2] + b"\xff\xfe\0\2" * 60_000 + JPEG[2:], "not a picture"),
        "JPEG of fill bytes": (JPEG[:2] + b"\xff" * 200_000 + JPEG[3:], "not a picture"),
        "JPEG of many scans": (progressive(40), "too many scans"),
        "TIFF of many strips": (tiff_of_strips(200_000), "too many strips"),
        "TIFF packed as JPEG": (saved(GREY, "TIFF", compression="jpeg"), "unusual way"),
        "BMP of run lengths": (
            b"BM" + struct.pack("<IHHI", 0, 0, 0, 1078)
            + struct.pack("<IiiHHIIiiII", 40, 5000, 5000, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(1024) + b"\1\0" * 100_000,
            "damaged"),
        "more than 20 MB": (PNG + bytes(20 * 2**20), "20 MB"),
    }


@pytest.mark.parametrize("name", bombs())
def test_what_would_cost_too_much_is_refused_in_a_sentence(name):
    data, reason = bombs()[name]
    with pytest.raises(InputError, match=reason) as caught:
        preprocess(data, "“x”")
    assert str(caught.value).startswith("“x” ") and str(caught.value).endswith(".")


def test_a_large_heic_is_refused_by_its_bytes(monkeypatch):
    data = saved(Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)), "HEIF")
    monkeypatch.setattr(bounds, "HEIF_BYTES", len(data) - 1)
    with pytest.raises(InputError, match="MB of HEIC"):
        preprocess(data)


def test_scans_are_counted_as_a_reader_meets_them():
    assert bounds.scans(JPEG) == 1
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8))
    assert bounds.scans(saved(noise, "JPEG")) == 1, "what looks like a marker within a scan is none"
    assert bounds.scans(saved(noise, "JPEG", progressive=True)) == 10  # as many as libjpeg's standard script has
    assert bounds.scans(saved(noise, "JPEG") + progressive(5)) == 1, "what follows the picture does not count"
    assert bounds.scans(progressive(40)) == bounds.MOST_SCANS + 1


def drawn(side=900):
    """A 7, dark on light."""
    image = np.full((side, side), 235, np.uint8)
    image[150:220, 250:650] = 30
    for i in range(530):
        image[220 + i, 600 - i // 2 : 650 - i // 2] = 30
    return Image.fromarray(image)


@pytest.mark.parametrize("kind, options", [
    ("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("WEBP", {}), ("GIF", {}), ("BMP", {}), ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {"compression": "tiff_deflate"}), ("HEIF", {"quality": 80}),
])
def test_every_kind_is_read_alike(kind, options):
    expected = preprocess(np.asarray(drawn()))
    read = preprocess(saved(drawn().convert("RGB"), kind, **options))
    assert np.abs(read - expected).mean() < 0.02


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "HEIF"])
def test_of_several_frames_or_pages_the_first_is_read(kind):
    first, other = drawn(), Image.eval(drawn().rotate(90), lambda v: v)
    data = saved(first.convert("RGB"), kind, save_all=True, append_images=[other.convert("RGB")] * 2)
    assert np.abs(preprocess(data) - preprocess(np.asarray(first))).mean() < 0.02


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
@pytest.mark.parametrize("orientation, turned", [(1, 0), (3, 180), (6, 90), (8, 270)])
def test_photographs_are_turned_upright(kind, orientation, turned):
    """Cameras save what the sensor saw and note how it was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(drawn().rotate(turned).convert("RGB"), kind, exif=exif.tobytes())
    assert np.abs(preprocess(data) - preprocess(np.asarray(drawn()))).mean() < 0.03


def test_the_heic_reader_is_in_use():
    assert pillow_heif.is_supported(saved(GREY, "HEIF"))
