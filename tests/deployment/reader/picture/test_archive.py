"""ZIP files are looked through with care: what is in them, what is refused, and that nothing unpacks unbounded."""

import zipfile

import numpy as np
import pytest
from app import zipped

from deployment.reader.labels import number_label
from deployment.reader.picture import archive
from deployment.reader.picture.opening import InputError


def contents(pictures):
    return [(picture.name, picture.load()) for picture in pictures]


def test_a_zip_gives_its_pictures_by_their_last_names():
    content = {"a/7_x.png": b"1", "../../3_y.JPG": b"22", "c\\4_z.jpeg": b"4", "5.HEIC": b"5", "notes.txt": b"",
               "empty/": b"", "__MACOSX/7_x.png": b"", "a/.hidden.png": b"", "more.zip": b""}
    found, sentences = archive.gather([("5_one.png", b"5"), ("mine.zip", zipped(content))])
    assert contents(found) == [("5_one.png", b"5"), ("7_x.png", b"1"), ("3_y.JPG", b"22"), ("4_z.jpeg", b"4"),
                               ("5.HEIC", b"5")]
    assert sentences == ["Left out of “mine.zip”, as they are not pictures: notes.txt, more.zip."]


def changed(data, offsets, value):
    """A ZIP with `value` written over its local and its central header at these offsets."""
    raw = bytearray(data)
    for mark, at in zip((b"PK\3\4", b"PK\1\2"), offsets, strict=True):
        start = raw.index(mark) + at
        raw[start : start + len(value)] = value
    return bytes(raw)


ONE = zipped({"1_a.png": b"x" * 100})
LOCKED = changed(ONE, (6, 8), b"\1\0")
DECLARES = (22, 24)  # where headers tell the unpacked size


@pytest.mark.parametrize("data, reason", [
    (b"no zip at all", "cannot be opened"),
    (b"", "cannot be opened"),
    (zipped({"1_a.png": np.random.default_rng(0).bytes(999)})[:-200], "cannot be opened"),
    (zipped({f"1_{i}.png": b"" for i in range(501)}), "501 pictures"),
    (zipped({f"{i}": b"" for i in range(5001)}), "5,001 entries"),
    (zipped({"1_a.png": bytes(1000)}, zipfile.ZIP_BZIP2), "unusual method"),
    (zipped({"1_a.png": bytes(1000)}, zipfile.ZIP_LZMA), "unusual method"),
    (changed(ONE, DECLARES, (2**31).to_bytes(4, "little")), "2,048 MB"),
    (LOCKED, "password"),
    (zipped({"a.txt": b"x"}), "holds no picture"),
])
def test_a_zip_is_refused_in_a_sentence(data, reason):
    found, sentences = archive.unpack("mine.zip", data)
    assert found == [] and reason in sentences[-1] and "mine.zip" in sentences[-1] and sentences[-1].endswith(".")


def test_a_zip_of_too_many_bytes_is_refused(monkeypatch):
    monkeypatch.setattr(archive, "MOST_ZIP", len(ONE) - 1)
    assert "a ZIP may have" in archive.unpack("mine.zip", ONE)[1][0]


@pytest.mark.parametrize("data, reason", [
    (changed(ONE, DECLARES, b"\1\0\0\0"), "CRC"),  # declares one byte where a hundred come out
    (changed(ONE, DECLARES, (21 * 2**20).to_bytes(4, "little")), "21.0 MB"),
    (ONE.replace(b"PK\3\4", b"PK\3\5"), "unpacked"),
    (changed(ONE, (14, 16), b"\0\0\0\0"), "CRC"),
])
def test_a_damaged_member_loses_no_other(data, reason):
    found, sentences = archive.gather([("mine.zip", data), ("2_b.png", b"b")])
    assert sentences == [] and found[1].load() == b"b"
    with pytest.raises(InputError, match=reason) as caught:
        found[0].load()
    assert "1_a.png" in str(caught.value) and "mine.zip" in str(caught.value)


def test_names_are_fit_to_be_shown():
    assert archive.shown("a/b\\c/7_x.png") == "7_x.png"
    assert archive.shown("7\n\u202e_x.png") == "7\ufffd\ufffd_x.png"
    long = archive.shown("7_" + "x" * 300 + ".png")
    assert len(long) == 80 and long.startswith("7_xx") and long.endswith("xx.png")


def test_a_long_name_tells_its_number_whole():
    """What a name says the picture shows is read before the name is shortened for a message."""
    name, number = f"{'1234567890' * 9}_a.png", "1234567890" * 9
    pictures, _ = archive.gather([(name, b"1"), ("mine.zip", zipped({f"some/{name}": b"2"}))])
    assert [number_label(picture.name) for picture in pictures] == [number, number]
