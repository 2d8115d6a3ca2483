"""The frame: means where it shrinks, MNIST's own digits left alone, size, centre and stroke width of any others."""

import numpy as np
import pytest

from core.digits.data import load_mnist
from deployment.reader.paper import frame as framing
from deployment.reader.paper.frame import frame, rescale, stroke_width, widen


def ring(side, width, centre=None, radii=(0.4, 0.25)):
    """A soft ring, (side, side): an ellipse of stroke `width` pixels, its radii as shares of the side."""
    rows, columns = np.indices((side, side))
    row, column = centre or (side / 2, side / 2)
    a, b = (radius * side for radius in radii)
    distance = np.abs(np.hypot((rows - row) / a, (columns - column) / b) - 1) * min(a, b)
    return np.clip(width / 2 + 0.5 - distance, 0, 1).astype(np.float32)


def shares(source, target):
    """(target, source): the share of each of `target` equal stretches that each of `source` pixels takes up."""
    edges = np.arange(target + 1) * source / target
    low, high = np.maximum(edges[:-1, None], np.arange(source)), np.minimum(edges[1:, None], np.arange(source) + 1)
    return np.maximum(high - low, 0) * target / source


@pytest.mark.parametrize("shape, scale", [((90, 60), 0.5), ((90, 61), 1 / 3), ((200, 300), 0.07), ((7, 300), 0.03)])
def test_shrinking_takes_the_mean_over_areas(shape, scale):
    ink = np.random.default_rng(0).random(shape).astype(np.float32)
    small = rescale(ink, scale)
    rows, columns = (shares(*pair) for pair in zip(shape, small.shape, strict=True))
    assert small.shape == tuple(max(1, round(n * scale)) for n in shape)
    np.testing.assert_allclose(small, rows @ ink @ columns.T, atol=1e-5)


def test_enlarging_keeps_a_slope_straight_and_stays_within_the_values():
    slope = np.tile(np.linspace(0.1, 0.9, 20, dtype=np.float32), (9, 1))
    large = rescale(slope, 4)
    inside = large[:, 8:-8]
    assert large.shape == (36, 80) and np.ptp(inside, axis=0).max() < 1e-5
    np.testing.assert_allclose(np.diff(inside[0]), 0.8 / 19 / 4, atol=0.004)
    edge = rescale((slope > 0.5).astype(np.float32), 5)
    assert edge.min() == 0 and edge.max() == 1


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


def test_shrinking_keeps_the_mean_and_one_to_one_is_left_alone():
    ink = np.random.default_rng(1).random((40, 80)).astype(np.float32)
    assert rescale(ink, 0.25).mean() == pytest.approx(ink.mean(), abs=1e-6)
    assert rescale(ink, 0.25).shape == (10, 20)
    assert rescale(ink, 1.0) is ink


def test_stroke_width_of_bars():
    for width in (1, 3, 6):
        bar = np.zeros((200, 40), np.float32)
        bar[:, 10 : 10 + width] = 1
        assert stroke_width(bar) == pytest.approx(width, rel=0.1)
