"""What is no digit: every kind is there, framed as digits are, and none is what it must not be."""

import numpy as np
import pytest

from core.digits.strokes.negatives import KINDS, blots, mirrored, negatives, side_by_side, turned, written


def test_kinds_and_shares():
    X, kind = negatives(2000, np.random.default_rng(0))
    assert X.shape == (2000, 28, 28) and X.dtype == np.uint8
    shares = np.array([share for _, share in KINDS.values()])
    assert shares.sum() == pytest.approx(1)
    assert np.abs(np.bincount(kind, minlength=len(KINDS)) / 2000 - shares).max() < 0.04
    once, again = (negatives(200, np.random.default_rng(0))[0] for _ in range(2))
    assert np.array_equal(once, again)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_framed_as_digits_are(name):
    X = KINDS[name][0](80, np.random.default_rng(1))
    assert X.shape == (80, 28, 28) and (X.reshape(80, -1).max(axis=1) > 120).all()
    strong = X > 100
    for seen in (strong.any(axis=1), strong.any(axis=2)):
        side = 28 - seen.argmax(axis=1) - seen[:, ::-1].argmax(axis=1)
        assert side.max() <= 24 and (name == "blots" or np.median(side) >= 7)
    assert KINDS[name][0](0, np.random.default_rng(1)).shape == (0, 28, 28)


def test_only_digits_that_stay_no_digits_are_mirrored_and_turned(monkeypatch):
    from core.digits.strokes import negatives as module

    asked = []
    monkeypatch.setattr(module, "written", lambda n, rng, digits: asked.append(set(digits)) or written(n, rng, digits))
    mirrored(8, np.random.default_rng(0))
    turned(8, np.random.default_rng(0))
    mirror, quarter, half = asked
    assert not mirror & {0, 1, 2, 5, 8} and not quarter & {0, 1, 6, 8, 9} and not half & {0, 1, 2, 5, 6, 8, 9}


def test_two_side_by_side_are_wider_than_high():
    strong = side_by_side(200, np.random.default_rng(0)) > 100
    wide, high = strong.any(axis=1).sum(axis=1), strong.any(axis=2).sum(axis=1)
    assert np.mean(wide > high) > 0.85


def test_blots_are_filled():
    X = blots(200, np.random.default_rng(0))
    assert np.mean(X[:, 13:15, 13:15] > 200) > 0.95
