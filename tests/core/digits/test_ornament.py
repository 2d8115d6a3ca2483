"""Ornaments by their geometry: strokes of the stated width, lengths and angles, and the way back into the frame."""

import numpy as np
import pytest
from drawn import Chosen, Drawn, moments

from core.digits.augmentation import augment
from core.digits.config import Config
from core.digits.ornament import bar_sevens, draw_segments, flag_ones, ornament, shrink, slash_zeros, towards


def blank(n=1):
    return np.zeros((n, 28, 28), np.float32)


def dot(row=14, column=14):
    """All but nothing at one place, so that there is a middle."""
    images = blank()
    images[0, row, column] = 0.01
    return images


@pytest.mark.parametrize("width", [1.5, 3.0])
def test_a_stroke_has_its_width_and_length(width):
    images = blank()
    draw_segments(images, np.array([[14.0, 6.0]]), np.array([[14.0, 20.0]]), np.array([width]))
    assert images[0, :, 13].sum() == pytest.approx(width * 255, rel=0.02)
    assert images[0, 14, 6:21].min() == 255 and images[0, 14, 23:].max() == 0 and images[0, 14, :4].max() == 0
    slanted = blank()
    draw_segments(slanted, np.array([[20.0, 8.0]]), np.array([[8.0, 20.0]]), np.array([width]))
    assert moments(slanted)[3][0] == pytest.approx(45, abs=0.5)
    assert slanted.sum() == pytest.approx((12 * np.sqrt(2) * width + np.pi * width**2 / 4) * 255, rel=0.05)


def test_directions():
    start = np.array([[10.0, 10.0]])
    np.testing.assert_allclose(towards(start, np.array([0]), 5), [[10, 15]])
    np.testing.assert_allclose(towards(start, np.array([90]), 5), [[5, 10]], atol=1e-12)
    np.testing.assert_allclose(towards(start, np.array([225.0]), np.sqrt(2)), [[11, 9]])


def test_shrinking_keeps_the_middle():
    square = blank(2)
    square[:, 4:25, 4:25] = 255  # about (14, 14)
    mass, row, column, _ = moments(shrink(square, np.array([1.0, 0.5])))
    np.testing.assert_allclose([*row, *column], 14, atol=0.1)
    assert mass[1] / mass[0] == pytest.approx(0.25, rel=0.1)


@pytest.mark.parametrize("share, angle, arm, width", [(0.0, 20, 5, 1.5), (1.0, 100, 14, 3.5)])
def test_zeros_are_slashed_from_20_to_100_degrees_by_arms_of_5_to_14_pixels(share, angle, arm, width):
    images = dot()
    slash_zeros(images, Drawn(share))
    expected = blank()
    middle, arm, width = np.array([[14.0, 14.0]]), np.array([float(arm)]), np.array([width])
    draw_segments(expected, towards(middle, np.array([angle]), arm), towards(middle, np.array([angle]), -arm), width)
    np.testing.assert_allclose(images, expected, atol=0.02)


@pytest.mark.parametrize("share, tilt, half, row", [(0.0, -10, 3, 14), (1.0, 25, 6, 17)])
def test_sevens_get_a_bar_across_the_stem(share, tilt, half, row):
    images = dot(column=16)
    bar_sevens(images, Drawn(share))
    _, r, c, angle = moments(images)
    assert (r[0], c[0]) == (pytest.approx(row, abs=0.2), pytest.approx(16, abs=0.2))
    assert angle[0] == pytest.approx(tilt, abs=1)
    length = 2 * half * np.cos(np.deg2rad(tilt))
    assert (images[0].max(axis=0) > 200).sum() == pytest.approx(length, abs=3)


@pytest.mark.parametrize("chance, foot", [(0.3, True), (0.4, False)])
def test_ones_get_a_flag_and_one_in_three_a_foot(chance, foot):
    images = blank()
    images[0, 4:24, 13:15] = 255
    before = images.copy()
    # width, flag's angle (205 to 255), its length (.2 to .7 of the height), whether a foot, the foot's half length
    flag_ones(images, Chosen(0.5, 0.4, 0.6, chance, 1.0))
    new = (images - before)[0]
    top, bottom = new[:16], new[18:]
    rows, columns = np.nonzero(top > 100)
    assert columns.min() < 8 and columns.max() <= 15 and rows.max() > 9, "down to the left"
    assert (bottom > 100).any() == foot
    if foot:
        columns = np.nonzero(bottom[4:7].max(axis=0) > 100)[0]
        assert columns.min() == pytest.approx(13.5 - 6 - 1, abs=1.1) and columns.max() == pytest.approx(20.5, abs=1.1)


def test_what_was_drawn_beyond_the_frame_is_brought_back():
    """The long side fits 20 pixels again, the centre of mass lies in the middle, in both directions."""
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 4:24, 5:8] = 255
    drawn, zoom, offset = ornament(images, np.array([1]), np.random.default_rng(4), 1.0)
    _, row, column, _ = moments(drawn.astype(float))
    assert offset[0] == pytest.approx([row[0] - 14, column[0] - 14], abs=0.01)
    inked = drawn[0] > 25
    extent = max(np.ptp(np.flatnonzero(inked.any(axis=axis))) + 1 for axis in (0, 1))
    assert zoom[0] == pytest.approx(max(1, extent / 20))
    moved = augment(images, np.random.default_rng(4), Config(ornament=1.0), np.array([1]))
    _, row, column, _ = moments(moved)
    assert (row[0], column[0]) == (pytest.approx(13.5, abs=0.6), pytest.approx(13.5, abs=0.6))
