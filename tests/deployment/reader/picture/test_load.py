"""What counts as a picture: kinds of files and arrays, and a sentence for what is none."""

import io
from functools import cache

import numpy as np
import pytest
from pictures import alike, enlarge, line_drawing, png
from PIL import Image

from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.paper.digit import preprocess
from deployment.reader.picture.load import check_images, load_image
from deployment.reader.picture.opening import InputError


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


def test_unusual_pictures_are_read(digits, tmp_path):
    digit = digits[8]
    big = Image.fromarray(255 - enlarge(digit, 200))
    for i, image in enumerate([
        big.convert("P"), big.convert("1"), big.convert("LA"), big.convert("CMYK"), big.convert("RGB"),
        Image.fromarray(np.asarray(big).astype(np.uint16) * 257), Image.fromarray(np.asarray(big) / np.float32(255)),
    ]):
        assert alike(preprocess(image), digit) > 0.8, image.mode
        if image.mode not in ("CMYK", "F"):
            path = tmp_path / f"{i}.png"
            image.save(path)
            assert alike(preprocess(path), digit) > 0.8, image.mode
            assert alike(preprocess(str(path)), digit) > 0.8, image.mode
    assert load_image(np.zeros((1300, 900), np.uint8)).shape == (640, 443)


@cache
def broken():
    """(picture, what the message must say)."""
    good = png(np.asarray(line_drawing(12)))
    noisy = png(np.random.default_rng(0).integers(0, 255, (200, 200), np.uint8), format="JPEG")
    huge = io.BytesIO()
    Image.new("1", (13000, 13000)).save(huge, "PNG")
    return {
        "empty bytes": (b"", "empty"),
        "no picture": (b"hello, this is text", "PNG or JPEG"),
        "truncated PNG": (good[: len(good) // 2], "damaged"),
        "truncated JPEG": (noisy[: len(noisy) // 2], "damaged"),
        "PPM": (png(line_drawing(12), format="PPM"), "PNG or JPEG"),
        "text named as a picture": (b"7" * 1000, "PNG or JPEG"),
        "missing file": ("/nowhere/at/all.png", "opened"),
        "folder": (".", "is a folder: name the pictures in it"),
        "no path": ("a\0b", "opened"),
        "169 megapixels": (huge.getvalue(), "at most"),
        "blank canvas": (np.zeros((280, 280, 4), np.uint8), "ink"),
        "black": (np.zeros((28, 28), np.uint8), "ink"),
        "white": (np.ones((28, 28)), "ink"),
        "grey PIL image": (Image.new("L", (100, 100), 128), "ink"),
        "one pixel": (np.zeros((1, 1), np.uint8), "small"),
        "one row": (np.zeros((1, 500), np.uint8), "small"),
        "sliver": (np.zeros((60000, 8), np.uint8), "small"),
        "no pixels": (np.zeros((0, 28), np.uint8), "at most"),
        "vector": (np.zeros(784), "(784,)"),
        "batch": (np.zeros((5, 28, 28)), "(5, 28, 28)"),
        "two channels": (np.zeros((28, 28, 2)), "(28, 28, 2)"),
        "NaN": (np.full((28, 28), np.nan), "finite"),
        "infinite": (np.where(np.eye(28) > 0, np.inf, 0), "finite"),
        "floats to 255": (np.eye(28) * 255.0, "0 to 255"),
        "negative": (-np.eye(28), "-1"),
        "16 bits": (np.eye(28, dtype=np.uint16) * 60000, "60000"),
        "complex": (np.eye(28) * 1j, "complex"),
        "text array": (np.array([["a", "b"]]), "type"),
        "None": (None, "type"),
        "number": (7, "shape"),
        "PIL NaN": (Image.fromarray(np.full((28, 28), np.nan, np.float32)), "0 to 1"),
    }


@pytest.mark.parametrize("case", broken())
def test_errors_name_the_input_and_what_is_wrong(case):
    picture, expected = broken()[case]
    with pytest.raises(InputError) as caught:
        preprocess(picture, "picture 7")
    message = str(caught.value)
    assert "icture 7" in message
    assert expected in message
    assert message.endswith(".")
    assert "\n" not in message


def masks(digit):
    """One digit as a mask of 0 and 1 in every form that one comes in."""
    mask = (digit > 127).astype(np.uint8)
    image = Image.fromarray(mask)
    packed = io.BytesIO()
    image.save(packed, "PNG")
    return {"uint8": mask, "int64": mask.astype(np.int64), "bool": mask.astype(bool), "float": mask.astype(float),
            "L": image, "1": Image.fromarray(255 * mask).convert("1"), "rgb": np.repeat(mask[..., None], 3, axis=2),
            "png": packed.getvalue()}


@pytest.mark.parametrize("kind", ["uint8", "int64", "bool", "float", "L", "1", "rgb", "png"])
def test_masks_of_0_and_1_are_pictures(digits, kind):
    large = enlarge(digits[5], 112)
    expected = preprocess(255 * (large > 127).astype(np.uint8))
    assert alike(preprocess(masks(large)[kind]), expected) > 0.999


@pytest.mark.parametrize("scale", [1, 255, 65535])
def test_mode_i_is_a_picture_whatever_its_white(digits, scale):
    likeness = []
    for digit in digits:
        large = enlarge(digit, 112)
        whole = np.rint(large / 255 * scale).astype(np.int32)
        likeness.append(alike(preprocess(Image.fromarray(whole)), preprocess(large)))
    # a mask loses its soft edges, and with them may move by a pixel
    assert np.median(likeness) > 0.95 and (scale == 1 or min(likeness) > 0.99)


def test_sixteen_bits_are_a_picture(digits):
    large = enlarge(digits[7], 112)
    packed = io.BytesIO()
    Image.fromarray(large.astype(np.uint16) * 257).save(packed, "PNG")
    assert alike(preprocess(packed.getvalue()), preprocess(large)) > 0.999


def test_a_blank_picture_stays_blank():
    for blank in (np.zeros((50, 50), np.uint8), np.ones((50, 50), np.uint8), np.zeros((50, 50), bool),
                  Image.new("I", (50, 50)), Image.new("1", (50, 50), 1)):
        with pytest.raises(InputError, match="No ink"):
            preprocess(blank)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, np.uint16, np.float32, np.float64, bool])
def test_arrays_of_images_are_read_alike_whatever_their_type(deployer, digits, kind):
    """Whole numbers are 0..255, or 0 and 1; floats are 0..1: never taken for one another."""
    if kind in (np.int8, bool):  # 127 at most: masks alone
        given, expected = (digits > 127).astype(kind), (digits > 127).astype(np.float32)
    else:
        given = (digits / 255).astype(kind) if np.dtype(kind).kind == "f" else digits.astype(kind)
        expected = (digits / 255).astype(np.float32)
    probs = deployer.predict_arrays(given)
    np.testing.assert_allclose(probs, deployer.predict_arrays(expected), atol=1e-5)
    assert (probs.argmax(axis=1) == np.repeat(np.arange(10), 2)).mean() > 0.9


@pytest.mark.parametrize(
    "X, reason",
    [
        (np.full((2, 28, 28), np.nan), "not finite"),
        (np.full((2, 28, 28), np.inf), "not finite"),
        (np.full((2, 28, 28), 256), "from 256 to 256"),
        (np.full((2, 28, 28), -1), "from -1"),
        (np.full((2, 28, 28), 1.5), "from 1.5"),
        (np.zeros((28, 28)), "shape"),
        (np.zeros((0, 28, 28)), "shape"),
        (np.zeros((2, 28, 27)), "shape"),
        (np.zeros((2, 784)), "shape"),
        (np.full((1, 28, 28), "a"), "type"),
        (None, "type"),
        ([[1, 2], [3]], "not an array"),
    ],
)
def test_arrays_that_are_no_images_are_refused_in_a_sentence(deployer, X, reason):
    with pytest.raises(InputError, match=reason):
        deployer.predict_arrays(X)


def test_images_of_bytes_are_not_copied(digits):
    assert check_images(digits) is digits
