"""Digits side by side."""

import numpy as np
import pytest

from core.digits.pairs.compose import side_by_side, slanted

BAR = np.zeros((28, 28), np.float32)
BAR[4:24, 12:16] = 1


@pytest.mark.parametrize("gap", [-2, 0, 3])
def test_the_gap_is_counted_from_where_they_touch(gap):
    picture = side_by_side(np.stack([BAR, BAR])[None], np.array([[gap]]), np.random.default_rng(0), uneven=False)[0][0]
    columns = np.flatnonzero(picture.any(axis=0))
    assert columns[-1] - columns[0] + 1 == 8 + gap


def test_each_picture_has_its_gap():
    digits = np.broadcast_to(BAR, (3, 2, 28, 28))
    pictures, between = side_by_side(digits, np.array([[0], [5], [2]]), np.random.default_rng(0))
    widths = [np.ptp(np.flatnonzero(picture.any(axis=0))) + 1 for picture in pictures]
    assert widths == [8, 13, 10]
    starts = np.array([np.flatnonzero(picture.any(axis=0))[0] for picture in pictures])
    np.testing.assert_allclose(between[:, 0] - starts, [3.5, 6, 4.5])


def test_an_uneven_base_line():
    pictures, _ = side_by_side(np.broadcast_to(BAR, (40, 2, 28, 28)), np.full((40, 1), 4), np.random.default_rng(0))
    heights = {int(np.flatnonzero(picture.any(axis=1)).size) for picture in pictures}
    assert min(heights) == 20 and 24 < max(heights) <= 28


def test_slant_moves_rows_and_keeps_ink():
    picture = np.pad(BAR, 20)[None]
    leaning = slanted(picture, np.array([0.25]))
    assert leaning.sum() == pytest.approx(picture.sum(), rel=1e-5)
    upper, lower = leaning[0, 26], leaning[0, 40]
    assert upper @ np.arange(68) / upper.sum() < lower @ np.arange(68) / lower.sum() - 3
