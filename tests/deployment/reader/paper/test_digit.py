"""Any picture comes out as MNIST would have it: parity, polarity, centring, pens, paper."""

import contextlib

import numpy as np
import pytest
from pictures import (
    alike,
    canvas_dark_on_nothing,
    canvas_opaque,
    canvas_transparent,
    enlarge,
    line_drawing,
    photograph,
    png,
)
from PIL import Image

from core.digits.data import load_mnist
from deployment.reader.paper.digit import preprocess
from deployment.reader.paper.frame import stroke_width
from deployment.reader.paper.light import is_plain
from deployment.reader.paper.masks import labelled
from deployment.reader.picture.opening import InputError


def check_form(out):
    assert out.shape == (28, 28)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert out.min() >= 0
    assert out.max() <= 1


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
    assert labelled(seen > 0.5)[1] == 2


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


# --- plain grounds: nothing but ink on one level ----------------------------------------------------------------------


def blot(shape=(280, 280), radius=0.3):
    """A filled disc, white on black."""
    rows, columns = np.indices(shape)
    middle = (np.array(shape) - 1) / 2
    return (255 * (np.hypot(rows - middle[0], columns - middle[1]) < radius * min(shape))).astype(np.uint8)


@pytest.mark.parametrize("options", [{}, {"kind": "canvas"}])
def test_a_filled_shape_is_not_hollowed_out(options):
    seen = preprocess(blot(), **options)
    assert seen[12:16, 12:16].min() == 1 and seen[8:20, 8:20].mean() > 0.85


def test_a_canvas_full_of_ink_is_a_picture():
    seen = preprocess(np.full((280, 280), 255, np.uint8), kind="canvas")
    assert seen[5:23, 5:23].min() > 0.99 and seen.mean() == pytest.approx(400 / 784, abs=0.02)


def test_an_empty_canvas_has_no_ink():
    with pytest.raises(InputError, match="No ink"):
        preprocess(np.zeros((280, 280), np.uint8), kind="canvas")


def test_thick_digits_without_a_margin_stay_filled():
    """As 32 x 32 masks hold them: a bar of a third of the picture, from edge to edge."""
    bar = np.zeros((32, 32), np.uint8)
    bar[:, 11:21] = 1
    seen = preprocess(bar)
    assert labelled(seen > 0.5)[1] == 1 and seen[6:22, 13:15].min() > 0.9


def test_mnist_is_left_as_it_is():
    X = load_mnist()["X_test"][:300]
    same = [np.abs(preprocess(x) - x / 255).max() < 0.01 for x in X]
    assert np.mean(same) > 0.95


def test_what_is_plain_and_what_is_not(digits):
    rng = np.random.default_rng(0)
    for digit in digits:
        large = np.where(enlarge(digit, 200) > 127, 1.0, 0.0)
        assert is_plain(large) and is_plain(np.pad(large, 30))
        assert not is_plain(1 - photograph(digit, rng) / 255)
        shadow = np.where(np.indices(large.shape)[1] > 90, 0.3, 0)
        assert not is_plain(np.maximum(large, shadow))


# --- empty paper: light alone is no ink -------------------------------------------------------------------------------


def falling(x, y, rng):
    angle = rng.uniform(0, 2 * np.pi)
    return 1 - rng.uniform(0.3, 0.9) * (np.cos(angle) * x + np.sin(angle) * y + 0.5)


def vignette(x, y, rng):
    middle = rng.uniform(-0.2, 0.2, 2)
    return np.exp(-rng.uniform(1, 4) * ((x - middle[0]) ** 2 + (y - middle[1]) ** 2))


def soft_shadow(x, y, rng):
    return 1 - rng.uniform(0.2, 0.6) / (1 + np.exp(-(x + y - rng.uniform(-0.3, 0.3)) * rng.uniform(8, 40)))


def paper(light, rng, ink=None):
    """A photograph of paper under a light, with noise; ink: what part of the light each place takes away."""
    height, width = rng.integers(300, 700, 2) if ink is None else ink.shape
    y, x = np.mgrid[:height, :width] / max(height, width) - 0.5
    seen = rng.uniform(0.6, 1) * light(x, y, rng) * (1 if ink is None else 1 - ink)
    return np.clip(255 * seen + rng.normal(0, 3, seen.shape), 0, 255).astype(np.uint8)


SLOW = [pytest.param(light, marks=pytest.mark.slow) for light in (falling, vignette)]


@pytest.mark.parametrize("light", [*SLOW, soft_shadow])
def test_paper_under_uneven_light_holds_no_ink(light):
    rng, refused = np.random.default_rng(2), 0
    for _ in range(25):
        with contextlib.suppress(InputError):
            preprocess(paper(light, rng))
            refused -= 1
        refused += 1
    assert refused >= 23


@pytest.mark.parametrize("light", [*SLOW, soft_shadow])
def test_ink_under_the_same_light_is_read(digits, light):
    rng, likeness = np.random.default_rng(3), []
    for digit in digits:
        ink = np.zeros((400, 500))
        ink[60:340, 110:390] = 0.5 * (enlarge(digit, 280) / 255)
        likeness.append(alike(preprocess(paper(light, rng, ink)), digit))
    assert np.mean(np.array(likeness) > 0.75) >= 0.9
