"""Any picture comes out as MNIST would have it: parity, polarity, centring, pens, paper, and errors for people."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from core.digits.data import load_mnist
from core.digits.frame import slide, stroke_width
from deployment.deploy_mnist import MNISTDeployer
from deployment.preprocess import InputError, load_image, preprocess
from deployment.preprocess.load import check_images
from deployment.preprocess.raster import label, otsu


@pytest.fixture(scope="module")
def digits():
    """(20, 28, 28) uint8: the first two of each class of the test set."""
    mnist = load_mnist()
    chosen = [i for digit in range(10) for i in np.flatnonzero(mnist["y_test"] == digit)[:2]]
    return mnist["X_test"][chosen]


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


def enlarge(digit, side):
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))


def alike(a, b):
    """Correlation of two images."""
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def photograph(digit, rng, side=400, blur=1.2, ink=0.7):
    """Dark ink on slanting light with a shadow across, blurred and noisy: (500, 600) uint8."""
    paper = np.zeros((500, 600), np.float32)
    top, left = rng.integers(0, 500 - side + 1), rng.integers(0, 600 - side + 1)
    paper[top : top + side, left : left + side] = enlarge(digit, side) / 255
    y, x = np.mgrid[:500, :600] / 600
    light = (0.9 - 0.3 * x) * np.where(x + y > 0.9, 0.75, 1)
    picture = Image.fromarray((255 * light * (1 - ink * paper)).astype(np.uint8)).filter(ImageFilter.GaussianBlur(blur))
    return np.clip(np.asarray(picture) + rng.normal(0, 3, paper.shape), 0, 255).astype(np.uint8)


def png(image, **options):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, options.pop("format", "PNG"), **options)
    return buffer.getvalue()


def line_drawing(width, size=280, paper=255, ink=0):
    """A 4-like figure of straight strokes `width` px wide."""
    image = Image.new("L", (size, size), paper)
    pen = ImageDraw.Draw(image)
    for ends in ([(0.3, 0.2), (0.25, 0.55)], [(0.25, 0.55), (0.7, 0.55)], [(0.6, 0.2), (0.6, 0.8)]):
        pen.line([(round(a * size), round(b * size)) for a, b in ends], fill=ink, width=width)
    return np.asarray(image)


def check_form(out):
    assert out.shape == (28, 28)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert out.min() >= 0
    assert out.max() <= 1


# --- parity with MNIST ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [
    lambda x: x,
    lambda x: 255 - x,
    lambda x: (x / 255).astype(np.float32),
    lambda x: 1 - x / 255,
    lambda x: np.repeat(x[..., None], 3, axis=2),
    lambda x: Image.fromarray(x),
    lambda x: png(x),
], ids=["as is", "inverted", "float", "inverted float", "colour", "PIL", "file"])
def test_mnist_passes_nearly_unchanged(digits, change):
    for digit in digits:
        out = preprocess(change(digit))
        check_form(out)
        assert np.abs(out - digit / 255).mean() < 0.025
        assert alike(out, digit) > 0.97


def canvas_transparent(digit):
    out = np.full((280, 280, 4), 255, np.uint8)
    out[..., 3] = enlarge(digit, 280)
    return out


def canvas_opaque(digit):
    out = np.full((280, 280, 4), 255, np.uint8)
    out[..., :3] = enlarge(digit, 280)[..., None]
    return out


def canvas_dark_on_nothing(digit):
    out = np.zeros((280, 280, 4), np.uint8)
    out[..., 3] = enlarge(digit, 280)
    return out


@pytest.mark.parametrize("draw", [canvas_transparent, canvas_opaque, canvas_dark_on_nothing])
def test_a_canvas_gives_the_digit(digits, draw):
    likeness = [alike(preprocess(draw(digit)), digit) for digit in digits]
    assert min(likeness) > 0.85 and np.mean(likeness) > 0.93


def test_a_photograph_gives_the_digit(digits):
    rng = np.random.default_rng(0)
    likeness = [alike(preprocess(photograph(digit, rng)), digit) for digit in digits]
    assert min(likeness) > 0.75 and np.mean(likeness) > 0.88


def test_exif_turns_the_photograph_upright(digits):
    picture = photograph(digits[14], np.random.default_rng(1))
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side: to be turned a quarter clockwise
    lying = png(np.rot90(picture), format="JPEG", quality=90, exif=exif)
    assert alike(preprocess(lying), preprocess(picture)) > 0.95
    unmarked = png(np.rot90(picture), format="JPEG", quality=90)
    assert alike(preprocess(unmarked), preprocess(picture)) < 0.8


def test_polarity_is_found_on_tight_crops(digits):
    for digit in digits:
        rows, columns = np.flatnonzero(digit.any(1)), np.flatnonzero(digit.any(0))
        tight = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if min(tight.shape) < 8:
            continue
        for picture in (tight, 255 - tight):
            assert alike(preprocess(picture), digit) > 0.9


def test_centre_of_mass_and_size(digits):
    rng = np.random.default_rng(2)
    for digit in digits:
        out = preprocess(photograph(digit, rng, side=250))
        rows, columns = np.flatnonzero((out > 0.1).any(1)), np.flatnonzero((out > 0.1).any(0))
        assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
        for axis in (0, 1):
            centre = out.sum(1 - axis) @ np.arange(28) / out.sum()
            assert abs(centre - 14) <= 0.75


# --- pens and paper ------------------------------------------------------------------------------------------------


def test_thin_and_thick_pens_become_alike():
    widths = [stroke_width(preprocess(line_drawing(width))) for width in (2, 6, 14, 30)]
    assert max(widths) < 2.2 * min(widths)
    assert alike(preprocess(line_drawing(3)), preprocess(line_drawing(14))) > 0.8


def test_a_large_photograph_keeps_a_thin_pen():
    out = preprocess(line_drawing(5, size=2400, paper=200, ink=90))
    assert out.max() > 0.8
    assert alike(out, preprocess(line_drawing(14))) > 0.75


def test_specks_go_and_detached_strokes_stay():
    drawing = line_drawing(12)
    plain = preprocess(drawing)
    specks = drawing.copy()
    for y, x in ((10, 10), (250, 30), (20, 260), (150, 20)):
        specks[y : y + 3, x : x + 3] = 0
    assert alike(preprocess(specks), plain) > 0.99
    bar = drawing.copy()
    bar[30:42, 110:210] = 0  # not touching the rest, as the bar of a 5
    seen = preprocess(bar)
    assert alike(seen, plain) < 0.95
    assert len(label(seen > 0.5)[1:]) and label(seen > 0.5)[1] == 2


# --- properties ----------------------------------------------------------------------------------------------------


def test_same_answer_each_time_and_the_input_is_left_alone(digits):
    for picture in (digits[3], canvas_transparent(digits[3]), digits[3] / 255):
        before = picture.copy()
        first = preprocess(picture)
        assert np.array_equal(first, preprocess(picture))
        assert np.array_equal(picture, before)
    image = Image.fromarray(canvas_transparent(digits[5]))
    before = image.tobytes()
    preprocess(image)
    assert image.mode == "RGBA"
    assert image.tobytes() == before


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
        "folder": (".", "opened"),
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


def test_paper_without_ink_is_no_digit():
    rng = np.random.default_rng(3)
    for grain in (0, 1, 2, 3, 5):
        paper = 200 + rng.normal(0, grain, (400, 300))
        with pytest.raises(InputError, match="ink"):
            preprocess(paper.astype(np.uint8))


def test_random_input_gives_a_digit_or_an_input_error():
    rng = np.random.default_rng(4)
    dtypes = [np.uint8, np.int64, np.float32, np.float64, np.float16, bool, np.uint16]
    read = 0
    for _ in range(300):
        shape = (*rng.integers(1, 60, 2), *((), (3,), (4,), (2,))[int(rng.integers(4))])
        scale = rng.choice([0, 1, 1, 255])
        array = rng.random(shape) ** rng.choice([0.2, 1, 8]) * scale
        if rng.random() < 0.5:
            array = array > np.quantile(array, rng.random())
            array = array * scale
        try:
            check_form(preprocess(array.astype(rng.choice(dtypes))))
            read += 1
        except InputError:
            pass
    assert read > 30


# --- image operations ----------------------------------------------------------------------------------------------


def test_label_finds_the_blobs():
    mask = np.zeros((6, 8), bool)
    mask[0, :3] = mask[1, 3] = mask[2, 2] = True  # joined at corners
    mask[4:, 6:] = True
    labels, n = label(mask)
    assert n == 2
    assert len(set(labels[mask & (np.arange(8) < 5)])) == 1
    assert labels[0, 0] != labels[5, 7]
    assert (labels[~mask] == 0).all()
    spiral = Image.new("1", (64, 64))
    path = [(5, 5), (60, 5), (60, 60), (5, 60), (5, 10), (50, 10), (50, 50), (10, 50), (10, 20)]
    ImageDraw.Draw(spiral).line(path, fill=1)
    assert label(np.asarray(spiral))[1] == 1


def test_slide_equals_its_definition():
    image = np.random.default_rng(5).random((9, 13))
    padded = np.pad(image, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    assert np.array_equal(slide(image, 5, np.maximum), windows.max((2, 3)))
    assert np.array_equal(slide(image, 5, np.minimum), windows.min((2, 3)))


def test_stroke_width_of_bars_and_threshold_of_two_levels():
    for width in (1, 3, 6):
        bar = np.zeros((200, 40), np.float32)
        bar[:, 10 : 10 + width] = 1
        assert stroke_width(bar) == pytest.approx(width, rel=0.1)
    assert 0.2 < otsu(np.array([0.2] * 50 + [0.9] * 10)) < 0.9


# Masks, whole numbers of any kind, and arrays of many images


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
    large = enlarge(digits[7], 112)
    whole = np.rint(large / 255 * scale).astype(np.int32)
    assert alike(preprocess(Image.fromarray(whole)), preprocess(large)) > (0.9 if scale == 1 else 0.99)


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
        ([[1, 2], [3]], "no array"),
    ],
)
def test_arrays_that_are_no_images_are_refused_in_a_sentence(deployer, X, reason):
    with pytest.raises(InputError, match=reason):
        deployer.predict_arrays(X)


def test_images_of_bytes_are_not_copied(digits):
    assert check_images(digits) is digits
