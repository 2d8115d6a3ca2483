"""The stroke model: framed as MNIST is, varied as asked, the same from the same seed."""

import numpy as np
import pytest

from core.digits.strokes.model import JOIN, Variation, place, turn, write
from core.digits.strokes.styles import POINTS, parse

STILL = Variation(warp=0, wobble=0, shift=0, turn=0, overshoot=0, stretch=0, slant=0, rotation=0, missed_lift=0, dry=0,
                  heavy=0, width=(2, 2))
SEVEN = parse("7 | 1 | barred | here | 10,6 88,4* 44,100 / 32,50 82,48")


def rng():
    return np.random.default_rng(0)


def test_shapes_and_repeatability():
    points, width, ink = write(SEVEN, 5, rng())
    again = write(SEVEN, 5, rng())
    assert points.shape == (5, POINTS + JOIN, 2) and width.shape == ink.shape == (5, POINTS + JOIN)
    assert all(np.array_equal(a, b) for a, b in zip((points, width, ink), again, strict=True))
    assert not np.allclose(points[0], points[1])
    assert width.min() >= 0.8 and ink.min() >= 0 and ink.max() <= 1


def test_without_variation_points_follow_the_style():
    points, _, ink = write(SEVEN, 1, rng(), STILL)
    drawn = points[0, :POINTS, ::-1]
    scale = 18 / 96  # 20 pixels less the pen's 2, for the style's 96 units of height
    moved = SEVEN.points * scale
    part = SEVEN.along > 0.2
    difference = (drawn - moved)[part & (SEVEN.along < 0.8)]
    assert np.ptp(np.median(difference, axis=0) - difference, axis=0).max() < 1.2  # corners may be rounded
    assert (ink[0, :POINTS] == 1).all() and (ink[0, POINTS:] == 0).all()


@pytest.mark.parametrize("width", [1.6, 3.6])
def test_the_frame_is_mnists(width):
    """The long side of the ink is 20 pixels, pen included; its centre of mass is in the middle."""
    points, _, ink = write(SEVEN, 20, rng(), Variation(width=(width, width), missed_lift=0, heavy=0))
    seen = points[:, :POINTS]
    side = np.ptp(seen, axis=1).max(axis=1)
    assert np.allclose(side + width, 20, atol=0.01)
    mass = ink[:, :POINTS, None] / ink[:, :POINTS].sum(axis=1)[:, None, None]
    assert np.abs((seen * mass).sum(axis=1) - 13.5).max() < 0.6  # dry pens are not weighed again


def test_place_knows_no_units():
    points, ink = rng().normal(size=(3, 40, 2)), np.ones((3, 40))
    width = np.full((3, 1), 2.0)
    assert np.allclose(place(points, ink, width), place(7 * points + 3, ink, width), atol=1e-6)


@pytest.mark.parametrize("setting, more", [("warp", 8.0), ("wobble", 4.0), ("overshoot", 20.0), ("slant", 0.6),
                                           ("rotation", 20.0), ("stretch", 0.6), ("shift", 10.0), ("turn", 25.0)])
def test_each_setting_moves_points(setting, more):
    def spread(value):
        variation = Variation(**{**STILL.__dict__, setting: value})
        return write(SEVEN, 200, rng(), variation)[0][:, :POINTS].std(axis=0).mean()

    assert spread(more) > 1.3 * spread(0) + 0.1


def test_missed_lifts_leave_a_line():
    _, _, ink = write(SEVEN, 400, rng(), Variation(missed_lift=0.25, dry=0))
    joined = ink[:, POINTS:].max(axis=1) > 0
    assert 0.18 < joined.mean() < 0.32 and (ink[:, POINTS:].min(axis=1) == ink[:, POINTS:].max(axis=1)).all()


def test_turn():
    assert np.allclose(np.array([1.0, 0]) @ turn(np.array([90.0]))[0], [0, 1], atol=1e-12)
