"""The mood: its three axes at their ends and between."""

import numpy as np
import pytest

from core.uncertainty.mood import mood


def test_mood_at_its_ends_and_between():
    assert mood(np.full(10, 0.1)) == pytest.approx((-1, 1, -1))
    assert mood(np.eye(10)[3]) == pytest.approx((1, -1, 1))
    tie = np.eye(10)[3] / 2 + np.eye(10)[8] / 2
    assert mood(tie) == pytest.approx((2 * 0.4 / 0.9 - 1, 2 * np.log(2) / np.log(10) - 1, -1))


def test_moods_of_many_are_those_of_each():
    probs = np.random.default_rng(0).dirichlet(np.full(10, 0.3), 50)
    together = np.column_stack(mood(probs))
    assert np.allclose(together, [mood(row) for row in probs]) and np.abs(together).max() <= 1
    surer = 0.5 * probs + 0.5 * np.eye(10)[probs.argmax(1)]
    pleasure, _, dominance = np.subtract(mood(surer), mood(probs))
    assert (pleasure > 0).all() and (dominance > 0).all()


@pytest.mark.parametrize("probs", [np.zeros(10), np.full(10, np.nan), [1.0], [1.5, -0.5], 0.5])
def test_what_is_no_distribution_has_no_mood(probs):
    with pytest.raises(ValueError, match="probs"):
        mood(probs)
