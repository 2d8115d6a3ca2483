"""The pair reader's windows and their classes."""

import numpy as np
import pytest

from core.digits.pairs.task import CLASSES, MORE, NOTHING, ONE, SIGN, TWO, PairTask, windows
from core.digits.presets import PAIRS
from core.digits.task import load_parts
from core.nn.training import fit


@pytest.fixture(scope="module")
def part():
    return load_parts(PAIRS)["validation"]


@pytest.fixture(scope="module")
def made(part):
    return windows(part, 1500, np.random.default_rng(0), PAIRS)


def test_all_that_a_window_can_show_is_made(made):
    rows, y = made
    X, knots = rows[:, :960], rows[:, 960:]
    assert X.shape == (1500, 960) and X.dtype == np.uint8 and knots.shape == (1500, 24)
    shares = [np.mean(y == NOTHING), np.mean((y >= ONE) & (y < TWO)), np.mean((y >= TWO) & (y < MORE)),
              np.mean(y == MORE), np.mean(y >= SIGN)]
    np.testing.assert_allclose(shares, [0.18, 0.23, 0.45, 0.07, 0.07], atol=0.04)
    assert y.max() < CLASSES and len(np.unique(y[(y >= TWO) & (y < MORE)])) > 90
    assert (X.max(axis=1) > 250).mean() > 0.99


def test_two_digits_are_wider_than_one(made):
    X, y = made[0][:, :960], made[1]
    width = (X.reshape(-1, 24, 40).max(axis=1) > 60).sum(axis=1)
    assert np.median(width[(y >= TWO) & (y < MORE)]) > np.median(width[(y >= ONE) & (y < TWO)]) + 6


def test_the_same_seed_gives_the_same_windows(part):
    one, other = (windows(part, 60, np.random.default_rng(3), PAIRS) for _ in range(2))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_small_network_learns(part):
    config = PAIRS.replace(hidden=(64,), gate=False, epochs=8, batch_size=64, ema=0.0, lr=3e-3)
    task = PairTask(config, part, part, size=2000)
    before = task.evaluate()["val_accuracy"]
    fit(task, config)
    assert task.evaluate()["val_accuracy"] > max(0.2, before + 0.1), "121 classes"
