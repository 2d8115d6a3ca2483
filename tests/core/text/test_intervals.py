"""Conformal intervals hold what they promise on data of a known kind, and English is recognised."""

import numpy as np
import pytest
from sentences import word_table

from core.text.intervals import Intervals
from core.text.language.english import BUCKETS, English, buckets


def drawn(n, seed):
    """(pad, lengths, target) whose error grows with the length."""
    rng = np.random.default_rng(seed)
    lengths, pad = rng.integers(1, 40, n), 0.2 * rng.standard_normal((n, 3))
    return pad, lengths, pad + (0.02 + 0.03 * np.log(lengths))[:, None] * rng.standard_normal((n, 3))


def test_intervals_hold_nine_of_ten_and_grow_where_errors_do():
    doubt = Intervals.fit(drawn(2000, 0), drawn(2000, 1), np.zeros(3))
    pad, lengths, target = drawn(4000, 2)
    low, high = doubt(pad, lengths)
    held = (low <= target) & (target <= high)
    assert (np.abs(held.mean(axis=0) - 0.9) < 0.025).all()
    for part in (lengths < 8, lengths > 30):
        assert 0.86 < held[part].mean() < 0.95
    width = (high - low)[:, 0]
    assert width[lengths > 30].mean() > 1.3 * width[lengths < 3].mean()


def test_intervals_by_hand():
    doubt = Intervals(np.array([[0.1] * 3, [0] * 3, [0] * 3, [0] * 3]), [2, 1, 0.5], np.zeros(3))
    low, high = doubt(np.array([[0.0, 0.5, 0.98]]), np.array([4]))
    np.testing.assert_allclose(low, [[-0.2, 0.4, 0.93]])
    np.testing.assert_allclose(high, [[0.2, 0.6, 1.0]])
    again = Intervals(**doubt.to_dict())
    assert np.array_equal(again.half([[0, 0, 0]], [3]), doubt.half([[0, 0, 0]], [3]))
    with pytest.raises(ValueError, match="three dimensions"):
        Intervals(np.zeros((4, 2)), np.ones(3), np.zeros(3))


def test_the_least_error_guessed_is_not_nothing():
    doubt = Intervals(np.zeros((4, 3)), np.ones(3), np.zeros(3))
    low, high = doubt(np.zeros((1, 3)), np.array([1]))
    np.testing.assert_allclose(high - low, 0.04)


def test_english_by_hand():
    weights = np.zeros(BUCKETS)
    weights[buckets("day")] = 4
    english, table = English(weights, unknown=-3, bias=1), word_table()
    assert english.score(["day"], table) == pytest.approx(5)
    assert english.score(["zz"], table) < 0 < English.anything().score(["zz"], table)
    again = English.from_arrays(english.arrays())
    assert again.score(["day", "zz"], table) == pytest.approx(english.score(["day", "zz"], table))
    with pytest.raises(ValueError, match="weights"):
        English(np.zeros(3), 0, 0)
