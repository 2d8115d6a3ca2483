"""Novelty and the four words follow their definitions; a fitted readout keeps its promises and comes back from disk."""

import dataclasses

import numpy as np
import pytest

from core.digits.presets import CHAMPION
from core.nn.network import Activations
from core.uncertainty import readout as module
from core.uncertainty.calibration import Calibration, Evidence
from core.uncertainty.conformal import CrossConformal, balanced_folds
from core.uncertainty.novelty import Subspace, fit_subspace
from core.uncertainty.readout import EMOTIONS, SURE_FROM, Readout, batched_evidence, fit_readout
from core.uncertainty.test_time_augmentation import TestTimeAugmentation


def a_readout(**changes):
    plane = Subspace(np.zeros(3), np.eye(3)[:, :2])  # what lies off this plane is new
    plain = Calibration(1.0, (0.0, 0.0), (1.0, 1.0), (0.0, 1.0, 0.0, 0.0, 0.0))
    settings = {"calibration": plain, "confident_from": 0.95, "curious_from": -2.0, "folds": (plain, plain),
                "conformal": CrossConformal(np.linspace(0, 0.9, 400, dtype=np.float32), np.arange(400) % 2),
                "first": plane, "last": plane}
    return Readout(**settings | changes)


def test_emotions_by_definition():
    readout = a_readout(confident_from=0.96)
    below, sure, two, none = np.full((4, 10), 0.0025)
    sure[3], below[3], two[4], two[9], none[:] = 0.9775, 0.95, 0.5, 0.42, 0.1
    below[5] = 0.03
    probs = np.array([sure, below, two, none])
    assert readout.emotions(probs, np.array([1.0, 1.0, 0.0, 0.0])).tolist() == [
        "confident", "hesitant", "hesitant", "confused"]
    assert readout.emotions(probs[:1], np.array([1.0001])).tolist() == ["curious"]
    edge = np.full((2, 10), 0.02)
    edge[0, :2], edge[1, :2] = [0.5, 0.4], [0.5, 0.3999]
    assert readout.emotions(edge, np.zeros(2)).tolist() == ["hesitant", "confused"]
    assert EMOTIONS == ("confident", "hesitant", "confused", "curious")


def test_reconstruction_error_is_the_share_that_lies_off_the_plane_however_faint():
    plane = a_readout().first
    assert plane.reconstruction_error(np.array([[0.0, 0.0, 2.0]])) == pytest.approx(1)
    for faint in (1, 0.01):
        assert plane.reconstruction_error(faint * np.array([[3.0, 0.0, 4.0]])) == pytest.approx(0.8, rel=1e-6)
    assert plane.reconstruction_error(np.array([[1.0, 2.0, 0.0]])) == pytest.approx(10**-4.5)  # never quite nothing
    moved = Subspace(np.array([1.0, 1.0, 1.0]), plane.basis)
    assert moved.reconstruction_error(np.array([[4.0, 1.0, 5.0]])) == pytest.approx(0.8)


def test_subspace_finds_the_plane_it_was_shown():
    rng = np.random.default_rng(5)
    plane = np.linalg.qr(rng.standard_normal((40, 5)))[0]
    H = rng.standard_normal((7000, 5)) @ plane.T + 3 + 0.01 * rng.standard_normal((7000, 40))
    subspace = fit_subspace([H[:4000], H[4000:6000]], components=5)
    assert subspace.basis.shape == (40, 5) and subspace.basis.dtype == np.float32
    np.testing.assert_allclose(subspace.basis.T @ subspace.basis, np.eye(5), atol=1e-5)
    np.testing.assert_allclose(subspace.mean, H[:6000].mean(axis=0))
    assert np.linalg.norm(subspace.basis.T @ plane) == pytest.approx(np.sqrt(5), abs=1e-3)
    usual, strange = (
        subspace.reconstruction_error(H[6000:]),
        subspace.reconstruction_error(3 + rng.standard_normal((100, 40))),
    )
    assert np.median(usual) < 0.05 < 0.5 < strange.min()
    assert fit_subspace([H[:100]]).basis.shape == (40, 20)  # at most half of a narrow layer


def test_subspace_of_few_samples_counts_each():
    """Three samples, one of which alone points another way; of a wide layer 64 directions are stored."""
    H = np.zeros((3, 4))
    H[0], H[1:, 1] = [9, 0, 0, 0], 1
    subspace = fit_subspace([H], components=1)
    assert abs(subspace.basis[0, 0]) > 0.98
    assert fit_subspace([np.random.default_rng(0).standard_normal((300, 200))]).basis.shape == (200, 64)


def test_it_is_a_value():
    readout = a_readout()
    assert readout.temperature == readout.calibration.temperature == 1.0
    for value in (readout, readout.calibration, readout.first):
        with pytest.raises(AttributeError):
            setattr(value, dataclasses.fields(value)[0].name, None)


@pytest.mark.parametrize("changes", [
    {"two_hold": 1.01}, {"two_hold": -0.01}, {"confident_from": float("nan")}, {"curious_from": float("inf")},
    {"alpha": [0.05, 1.5]}, {"folds": []}])
def test_what_is_out_of_range_is_refused(fitted, changes):
    readout = fitted[1]
    with pytest.raises(ValueError):
        Readout.from_saved(readout.settings() | changes, readout.arrays(), (20, 20))


def test_novelty_adds_both_layers_and_is_one_at_the_threshold():
    readout = a_readout(calibration=Calibration(1.0, (1.0, 2.0), (2.0, 0.5), (0.0,) * 5), curious_from=1.5)
    evidence = Evidence(np.zeros((2, 10)), np.array([[2.0, 2.5], [1.0, 2.0]]), np.zeros(2))
    np.testing.assert_allclose(readout.novelty(evidence), [np.exp(0.5 + 1 - 1.5), np.exp(-1.5)])


def test_evidence_of_a_reading():
    hidden = [np.array([[3.0, 0.0, 4.0]]), np.array([[0.0, 0.0, 2.0]])]
    seen = a_readout().evidence(Activations(np.arange(10.0)[None], hidden, None))
    np.testing.assert_allclose(np.exp(seen.log_errors), [[0.8, 1.0]], rtol=1e-6)
    assert np.exp(seen.log_norm[0]) == pytest.approx(2, rel=1e-5) and np.array_equal(seen.logits[0], np.arange(10))


def test_what_it_could_be_by_level():
    readout = a_readout(alpha=(0.5, 0.05))
    logits = np.zeros((1, 10))
    logits[0, 4], logits[0, 9] = 4.0, 3.0
    sets = readout.prediction_sets([Evidence(logits, np.zeros((1, 2)), np.zeros(1))] * 2)
    assert np.flatnonzero(sets[0.5][0]).tolist() == [4] and np.flatnonzero(sets[0.05][0]).tolist() == [4, 9]


class Squares:
    """A stand-in for a network: two hidden layers that are the input itself, logits that are linear in it."""

    def __init__(self, W):
        self.W = W

    def read(self, X):
        return Activations(X @ self.W, [X, X], None)

    def logits(self, X):
        return X @ self.W


@pytest.fixture(scope="module")
def fitted():
    """A readout fitted to a known law, with fresh samples of it: (network, readout, fresh X, fresh y)."""
    rng = np.random.default_rng(7)
    W = rng.standard_normal((20, 10))
    mixing = np.diag(np.linspace(3, 0.1, 20))

    def sample(n, noise=1.0):
        X = rng.standard_normal((n, 20)) @ mixing
        return X, (X @ W + noise * rng.gumbel(size=(n, 10))).argmax(axis=1)

    X, y = sample(3000)
    hard = [sample(3000, 4.0) for _ in range(2)]
    network = Squares(W)
    groups = np.repeat(np.arange(30), 100)
    readout = fit_readout(network, sample(4000)[0], (X, y, groups),
                          (*(np.concatenate([h[i] for h in hard]) for i in (0, 1)), np.tile(groups, 2)))
    return network, readout, *sample(6000)


def test_promises_hold_on_fresh_samples(fitted):
    network, readout, X, y = fitted
    probs, novelty, by_fold = readout.read(network, X)
    right = probs.argmax(axis=1) == y
    assert np.mean(novelty > 1) == pytest.approx(0.005, abs=0.004)
    assert np.abs(probs.max(axis=1).mean() - right.mean()) < 0.015
    confident = readout.emotions(probs, novelty) == "confident"
    assert confident.any() and np.mean(~right[confident]) < 0.003 and readout.confident_from >= SURE_FROM
    for alpha, sets in readout.prediction_sets(by_fold).items():
        assert 1 - sets[np.arange(len(y)), y].mean() == pytest.approx(alpha, abs=0.3 * alpha + 0.003)


def test_one_calibration_digit_in_200_is_curious(fitted):
    """Of 1,000 calibration digits exactly the five strangest."""
    network, _, X, y = fitted
    part = X[:1000], y[:1000], np.arange(1000)
    readout = fit_readout(network, X[:2000], part, part)
    assert (readout.read(network, X[:1000])[1] > 1).sum() == 5


def test_each_fold_was_judged_by_the_others(fitted):
    """Five calibrations, none of them the whole one's, and scores of every image."""
    _, readout, *_ = fitted
    assert len({readout.calibration, *readout.folds}) == 6
    assert len(readout.conformal.scores) == 3000 and np.bincount(readout.conformal.folds).tolist() == [600] * 5


def test_folds_cover_the_fit_of_test_time_augmentation_too():
    """Neither its temperature nor its margin, for a fold's images, depends on their labels or on their logits."""
    rng, augmentation = np.random.default_rng(0), dataclasses.replace(TestTimeAugmentation.of(CHAMPION), count=4)
    network, X = Squares(rng.standard_normal((784, 10)).astype(np.float32)), rng.random((60, 784), np.float32)
    y, groups = network.logits(X).argmax(axis=1), np.repeat(np.arange(5), 12)
    readouts = [fit_readout(network, X, (X, labels, groups), (X, labels, groups), augmentation)
             for labels in (y, np.where(groups == 2, (y + 1) % 10, y))]
    fold = balanced_folds(groups)[groups == 2][0]
    alike = [before == after for before, after in zip(*(each.fold_augmentations for each in readouts), strict=True)]
    assert alike == [number == fold for number in range(5)] and readouts[0].augmentation != readouts[1].augmentation
    assert readouts[0].folds[fold] == readouts[1].folds[fold]
    again = Readout.from_saved(readouts[0].settings(), readouts[0].arrays(), (784, 784))
    assert again.fold_augmentations == readouts[0].fold_augmentations
    by_fold = again.augment_doubtful(network, X, again.unaugmented_evidence(network, X))[1]
    assert all(np.allclose(seen.logits, fold.augment(network, X, again.unaugmented_evidence(network, X)).logits)
               for seen, fold in zip(by_fold, again.fold_augmentations, strict=True))


@pytest.mark.parametrize("threshold, expected", [(0.7, SURE_FROM), (0.99, 0.99)])
def test_never_confident_below_95_percent(fitted, monkeypatch, threshold, expected):
    network, _, X, y = fitted
    monkeypatch.setattr(module, "confidence_threshold", lambda confidence: threshold)
    part = X[:90], y[:90], np.arange(90)
    assert fit_readout(network, X[:200], part, part).confident_from == expected


def test_copies_are_judged_with_the_images_of_their_group(fitted, monkeypatch):
    """No fold's calibration learns from a copy of what it is to judge, in whatever order the copies come."""
    network, _, X, y = fitted
    seen, fit = [], module.fit_calibration

    def watched(evidence, y, hard, y_hard):
        seen.append((len(y), {round(float(row.sum()), 5) for row in hard.logits}))
        return fit(evidence, y, hard, y_hard)

    monkeypatch.setattr(module, "fit_calibration", watched)
    groups, back = np.repeat(np.arange(10), 20), slice(199, None, -1)
    fit_readout(network, X[:300], (X[:200], y[:200], groups), (X[:200][back], y[:200][back], groups[back]))
    assert [n for n, _ in seen] == [200, *5 * [160]]
    others = [hard for _, hard in seen[1:]]
    assert all(len(hard) == 160 for hard in others) and len(set.union(*others)) == 200
    assert all(sum(value in hard for hard in others) == 4 for value in seen[0][1]), "each is left out once"


def test_saved_and_loaded_is_equal(fitted):
    network, readout, X, _ = fitted
    again = Readout.from_saved(readout.settings(), readout.arrays(), (20, 20))
    for before, after in zip(readout.read(network, X[:50])[:2], again.read(network, X[:50])[:2], strict=True):
        assert np.array_equal(before, after)
    assert again.settings() == readout.settings()
    for lost in ("folds", "alpha", "two_hold"):
        with pytest.raises(KeyError):
            Readout.from_saved({k: v for k, v in readout.settings().items() if k != lost}, readout.arrays(), (20, 20))


def test_many_inputs_are_looked_at_in_parts(fitted):
    network, readout, X, _ = fitted
    whole, part = (
        batched_evidence(network, X[:2500], readout.first, readout.last),
        batched_evidence(network, X[:7], readout.first, readout.last),
    )
    assert whole.logits.shape == (2500, 10) and np.allclose(whole.log_errors[:7], part.log_errors)
