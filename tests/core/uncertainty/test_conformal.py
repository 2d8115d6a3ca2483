"""Cross-conformal sets: folds of whole groups, p-values by hand, coverage on fresh images of fresh writers."""

import numpy as np
import pytest

from core.nn.losses import softmax
from core.uncertainty.conformal import ALPHA, CrossConformal, balanced_folds


@pytest.mark.parametrize("wrong, levels", [(30, (0.01, 0.005)), (8, (0.005,)), (1, (0.005,))])
def test_levels_above_the_error_rate_say_nothing_and_are_left_out(wrong, levels):
    """Of 1,000 calibration images `wrong` gave the right digit less than half the probability."""
    rng = np.random.default_rng(wrong)
    probs, y = np.zeros((1000, 10)), rng.integers(0, 10, 1000)
    probs[np.arange(1000), y] = np.where(np.arange(1000) < wrong, 0.4, 0.9)
    fitted = CrossConformal.fit(probs, y, np.arange(1000) % 5)
    assert fitted.levels() == levels
    views = np.zeros((5, 1, 10))
    views[:, 0, 3], views[:, 0, 8] = 0.55, 0.45
    for alpha in set(ALPHA) - {0.005}:
        assert fitted.sets(views, alpha).sum() == (2 if alpha in levels else 1)


def test_folds_hold_whole_groups_and_are_of_nearly_equal_size():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(100, 125), rng.integers(76, 131, 25))
    rng.shuffle(groups)
    folds = balanced_folds(groups)
    assert all(len(set(folds[groups == group])) == 1 for group in set(groups))
    sizes = np.bincount(folds)
    assert len(sizes) == 5 and np.ptp(sizes) < 60


def test_the_largest_groups_are_dealt_out_first():
    assert balanced_folds(np.repeat([1, 2, 3, 4], [1, 1, 2, 4]), folds=2).tolist() == [1, 1, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("groups", [3, 1])
def test_there_are_never_more_folds_than_groups(groups):
    assert set(balanced_folds(np.arange(groups))) == set(range(groups))


def two_folds():
    """Scores .1 and .4 in fold 0, .2, .3 and .9 in fold 1."""
    probs = np.zeros((5, 10))
    y = np.arange(5)
    probs[y, y] = 1 - np.array([0.4, 0.9, 0.1, 0.2, 0.3])
    return CrossConformal.fit(probs, y, np.array([0, 1, 0, 1, 1]))


def test_p_values_by_hand():
    fitted = two_folds()
    np.testing.assert_allclose(fitted.scores, [0.1, 0.4, 0.2, 0.3, 0.9], rtol=1e-6)
    assert fitted.folds.tolist() == [0, 0, 1, 1, 1]
    views = np.zeros((2, 1, 10))  # what each fold's calibration says of one new image
    views[0, 0, :3], views[1, 0, :3] = [0.95, 0.7, 0.05], [0.85, 0.05, 0.5]
    # digit 0: scores .05 and .15 -> 2 of fold 0 and 3 of fold 1 are at least as strange; 1: .3, .95; 2: .95, .5
    np.testing.assert_allclose(fitted.p_values(views)[0, :4], [1, 2 / 6, 2 / 6, 1 / 6])


def test_a_tie_counts_as_at_least_as_strange():
    views = np.full((2, 1, 10), 0.6)
    views[1] = 0.05
    assert two_folds().p_values(views)[0, 0] == pytest.approx((1 + 1 + 0) / 6)


def test_sets_hold_what_is_above_the_level_and_never_nothing():
    fitted = two_folds()
    views = np.zeros((2, 1, 10))
    views[0, 0, :3], views[1, 0, :3] = [0.95, 0.7, 0.05], [0.85, 0.05, 0.5]
    assert np.flatnonzero(fitted.sets(views, 0.2)[0]).tolist() == [0, 1, 2]
    assert np.flatnonzero(fitted.sets(views, 0.4)[0]).tolist() == [0]
    assert np.flatnonzero(fitted.sets(views, 1.0)[0]).tolist() == [0]
    assert fitted.sets(views, 0.1).all()  # too few images to leave any digit out


def test_the_proved_bound():
    assert two_folds().miss_bound(0.05) == pytest.approx(2 * (0.05 * 6 + 1) / 7)
    many = CrossConformal(np.zeros(2683), np.arange(2683) % 5)
    assert many.miss_bound(0.01) == pytest.approx(0.02295, abs=1e-4)
    assert two_folds().miss_bound(0.9) == 1.0


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_coverage_on_fresh_writers_is_near_the_level_and_within_the_bound(alpha):
    """Writers differ in how hard they are to read; the folds' probabilities are overconfident by different factors."""
    missed, bounds = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)

        def images(writers, each, rng=rng):
            hardness = np.repeat(rng.uniform(0.5, 2.0, writers), each)
            logits = 4 * rng.standard_normal((writers * each, 10)) / hardness[:, None]
            y = (softmax(logits).cumsum(axis=1) < rng.uniform(size=(len(logits), 1))).sum(axis=1)
            return logits * hardness[:, None] * 0.8, y, np.repeat(np.arange(writers), each)

        logits, y, writers = images(40, 40)
        folds = balanced_folds(writers)
        factors = 1 + 0.2 * np.arange(5)
        probs = softmax(logits * factors[folds][:, None])
        fitted = CrossConformal.fit(probs, y, folds)
        fresh, truth, _ = images(60, 40)
        sets = fitted.sets(np.stack([softmax(fresh * factor) for factor in factors]), alpha)
        missed.append(1 - sets[np.arange(len(truth)), truth].mean())
        bounds.append(fitted.miss_bound(alpha))
    assert np.mean(missed) < np.mean(bounds)
    assert 0.3 * alpha < np.mean(missed) < 1.4 * alpha
