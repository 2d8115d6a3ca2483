"""The frame: as Pillow resamples, MNIST's own digits left alone, size, centre and stroke width of any others."""

import numpy as np
import pytest
from PIL import Image

from core.digits.data import load_mnist
from deployment.reader.paper import frame as framing
from deployment.reader.paper.frame import bicubic, box, frame, resampling, rescale, slide, stroke_width, widen


def ring(side, width, centre=None, radii=(0.4, 0.25)):
    """A soft ring, (side, side): an ellipse of stroke `width` pixels, its radii as shares of the side."""
    rows, columns = np.indices((side, side))
    row, column = centre or (side / 2, side / 2)
    a, b = (radius * side for radius in radii)
    distance = np.abs(np.hypot((rows - row) / a, (columns - column) / b) - 1) * min(a, b)
    return np.clip(width / 2 + 0.5 - distance, 0, 1).astype(np.float32)


@pytest.mark.parametrize("kernel, method", [(box, Image.Resampling.BOX), (bicubic, Image.Resampling.BICUBIC)])
@pytest.mark.parametrize(
    "shape, size", [((90, 61), (20, 14)), ((13, 40), (52, 17)), ((7, 9), (7, 30)), ((3, 300), (1, 9))]
)
def test_resampling_is_that_of_pillow(kernel, method, shape, size):
    ink = np.random.default_rng(0).random(shape).astype(np.float32)
    ours = resampling(shape[0], size[0], kernel) @ ink @ resampling(shape[1], size[1], kernel).T
    theirs = np.asarray(Image.fromarray(ink).resize(size[::-1], method))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_mnist_digits_stay_as_they_are():
    images = load_mnist()["X_test"][:300] / np.float32(255)
    kept = [np.abs(frame(image) - image).max() == 0 for image in images]
    assert np.mean(kept) > 0.8


@pytest.mark.parametrize("side, width", [(60, 6), (150, 12), (400, 20), (400, 70)])
def test_any_size_comes_to_mnists(side, width):
    digit = frame(ring(side, width, centre=(0.4 * side, 0.6 * side), radii=(0.25, 0.15)))
    assert (
        digit.shape == (28, 28) and digit.dtype == np.float32 and digit.max() == pytest.approx(1) and digit.min() >= 0
    )
    rows, columns = (np.flatnonzero((digit > 0.1).any(axis)) for axis in (1, 0))
    assert np.ptp(rows) + 1 in (19, 20, 21) and np.ptp(columns) < np.ptp(rows)
    assert np.abs(framing.centre_of_mass(digit) - 14).max() <= 0.55
    low, high = framing.STROKE
    assert low - 0.5 < stroke_width(digit) < high + 0.7


@pytest.mark.parametrize("width", [3, 6, 10])
def test_stroke_width_is_measured(width):
    assert stroke_width(ring(120, width, radii=(0.4, 0.4))) == pytest.approx(width, rel=0.12)


@pytest.mark.parametrize("radius", [2, 1, 0.5, -0.5, -1])
def test_widening_adds_on_both_sides(radius):
    before = ring(120, 9, radii=(0.35, 0.35))
    assert stroke_width(widen(before, radius)) == pytest.approx(stroke_width(before) + 2 * radius, abs=0.6)


def test_windows_by_hand():
    row = np.array([[0, 3, 1, 0, 5, 0]], float)
    assert slide(row, 3, np.maximum, axes=(1,)).tolist() == [[3, 3, 3, 5, 5, 5]]
    assert slide(row, 3, np.minimum, axes=(1,)).tolist() == [[0, 0, 0, 0, 0, 0]]
    assert slide(row.T, 5, np.maximum).T.tolist() == [[3, 3, 5, 5, 5, 5]]


def test_shrinking_keeps_the_mean_and_one_to_one_is_left_alone():
    ink = np.random.default_rng(1).random((40, 80)).astype(np.float32)
    assert rescale(ink, 0.25).mean() == pytest.approx(ink.mean(), abs=1e-6)
    assert rescale(ink, 0.25).shape == (10, 20)
    assert rescale(ink, 1.0) is ink
