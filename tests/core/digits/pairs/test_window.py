"""What the pair reader sees: the same whatever the size of the ink and where it stands in its picture."""

import numpy as np
import pytest

from core.digits.pairs.window import COLUMNS, INPUTS, MARGIN, ROWS, knots, pair_input, window


def bars(scale=1, shape=(60, 120), corner=(10, 20)):
    """Two upright bars, one longer than the other."""
    picture = np.zeros([n * scale for n in shape], np.float32)
    top, left = (n * scale for n in corner)
    picture[top : top + 40 * scale, left : left + 6 * scale] = 1
    picture[top : top + 20 * scale, left + 30 * scale : left + 36 * scale] = 1
    return picture


def test_the_box_fits_the_window_within_its_margin():
    seen = window(bars()[None])[0]
    assert seen.shape == (ROWS, COLUMNS) and seen.max() == 1
    assert seen[:MARGIN].max() < 0.51 and seen[-MARGIN:].max() < 0.51 and seen[MARGIN].max() == 1


@pytest.mark.parametrize("change", [{"scale": 3}, {"corner": (2, 70)}, {"shape": (200, 300)}])
def test_size_and_place_do_not_matter(change):
    np.testing.assert_allclose(window(bars(**change)[None]), window(bars()[None]), atol=0.02)


def test_pictures_do_not_touch_each_other():
    pictures = np.stack([bars(), np.zeros((60, 120)), bars(corner=(0, 0))])
    seen = window(pictures)
    np.testing.assert_array_equal(seen[0], window(pictures[:1])[0])
    assert not seen[1].any()


def test_small_ink_is_enlarged():
    dot = np.zeros((1, 30, 30), np.float32)
    dot[0, 10:13, 10:13] = 1
    assert (window(dot) > 0.5).sum() > 0.8 * (ROWS - 2 * MARGIN) ** 2


def test_knots_are_weights_that_give_the_value_back():
    rows = knots(np.array([[1.0, 0.5, 0.1], [0.001, 90.0, -5.0]]))
    assert rows.shape == (2, 24)
    np.testing.assert_allclose(rows.reshape(2, 3, 8).sum(axis=2), 1, atol=1e-6)
    assert rows[0, :8] @ np.linspace(-4, 1.25, 8) == pytest.approx(0, abs=1e-5)
    assert rows[0, 16:] @ np.linspace(-0.8, 0.8, 8) == pytest.approx(0.1, abs=1e-5)
    assert rows[1, 0] == rows[1, 15] == rows[1, 16] == 1, "beyond the knots the nearest one counts"


def test_the_input_is_both():
    assert pair_input(bars()[None], 30.0, 40.0).shape == (1, INPUTS)
