"""Doubt: calibration recovers what was planted, promises hold on fresh data of one law, words follow definitions."""

import numpy as np
import pytest

from core.nn.losses import softmax
from core.nn.network import Reading
from core.uncertainty.calibration import (
    confidence_threshold,
    conformal_sets,
    conformal_threshold,
    fit_logistic,
    fit_temperature,
)
from core.uncertainty.novelty import Subspace, fit_subspace
from core.uncertainty.readout import ERROR_LEVELS, Emotion


def planted(n, seed=0, scale=2.0):
    """Logits (n, 10) whose softmax is the true law of the labels."""
    rng = np.random.default_rng(seed)
    logits = scale * rng.standard_normal((n, 10))
    y = (softmax(logits).cumsum(axis=1) < rng.uniform(size=(n, 1))).sum(axis=1)
    return logits, y


def test_temperature_undoes_a_known_overconfidence():
    logits, y = planted(20_000)
    assert fit_temperature(3 * logits, y) == pytest.approx(3, rel=0.05)


def test_logistic_fit_recovers_the_planted_law():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((20_000, 2))
    correct = rng.uniform(size=20_000) < 1 / (1 + np.exp(-(X @ [1.5, -0.7] + 2)))
    weights, offset = fit_logistic(X, correct)
    np.testing.assert_allclose([*weights, offset], [1.5, -0.7, 2], atol=0.12)


@pytest.mark.parametrize("correct", [np.ones(50, bool), np.zeros(50, bool)])
def test_logistic_fit_stays_finite_without_errors_or_hits(correct):
    weights, offset = fit_logistic(np.linspace(-3, 3, 50)[:, None], correct)
    assert np.isfinite([*weights, offset]).all()


def test_logistic_fit_far_from_its_start_does_not_overshoot():
    """Almost everything right and a steep law: whole Newton steps would end on the wrong side."""
    rng = np.random.default_rng(2)
    x = rng.normal(8, 2, 5000)
    correct = rng.uniform(size=5000) < 1 / (1 + np.exp(-(2 * x - 6)))
    (slope,), _ = fit_logistic(x[:, None], correct)
    assert slope > 1


def test_confidence_threshold_keeps_its_promise():
    rng = np.random.default_rng(3)
    confidence = rng.beta(20, 0.4, 50_000)
    threshold = confidence_threshold(confidence, max_error=0.001)
    correct = rng.uniform(size=50_000) < confidence
    assert 0.9 < threshold < 1
    assert np.mean(~correct[confidence >= threshold]) < 0.002
    assert confidence_threshold(np.full(10, 0.5)) == 1.0


@pytest.mark.parametrize("error", [0.05, 0.01])
def test_conformal_sets_cover_as_promised(error):
    """Averaged over calibration parts, coverage on fresh samples lies between 1 - error and a little above."""
    covered = []
    for seed in range(20):
        probs, y = (lambda logits, y: (softmax(2 * logits), y))(*planted(3000, seed))  # overconfident on purpose
        threshold = conformal_threshold(probs[:1000], y[:1000], error)
        covered.append(conformal_sets(probs[1000:], threshold)[np.arange(2000), y[1000:]].mean())
    assert 1 - error - 0.005 < np.mean(covered) < 1 - error + 0.01


def test_conformal_set_of_a_part_too_small_holds_all_digits():
    probs = softmax(np.random.default_rng(0).standard_normal((50, 10)))
    assert conformal_threshold(probs, np.zeros(50, int), 0.001) == 0.0
    assert conformal_sets(probs, 0.0).all()


def test_conformal_sets_are_never_empty():
    assert conformal_sets(np.full((3, 10), 0.1), 0.9).any(axis=1).all()


def an_emotion(**changes):
    plane = Subspace(np.zeros(3), np.eye(3)[:, :2])  # what lies off this plane is new
    settings = {"temperature": 1.0, "doubt": (0.0, 1.0, 0.0, 0.0, 0.0), "confident_from": 0.9, "curious_from": -2.0,
                "conformal": (0.9, 0.5, 0.01), "first": plane, "last": plane}
    return Emotion(**settings | changes)


def test_feelings_by_definition():
    emotion = an_emotion()
    sure, two, none = np.eye(10)[3] * 0.95 + 0.005, np.full(10, 0.0025), np.full(10, 0.1)
    two[4], two[9] = 0.5, 0.48
    assert emotion.feelings(np.array([sure, two, none]), np.zeros(3)).tolist() == ["confident", "hesitant", "confused"]
    assert emotion.feelings(np.array([sure]), np.array([1.5])).tolist() == ["curious"]
    sets = emotion.could_be(np.array([two]))
    assert [np.flatnonzero(sets[error][0]).tolist() for error in ERROR_LEVELS] == [[4], [4], [4, 9]]


def test_novelty_is_the_share_that_lies_off_the_plane_however_faint():
    emotion = an_emotion(curious_from=2 * np.log(0.5))
    on, off = np.array([[3.0, 4.0, 0.1]]), np.array([[0.0, 0.0, 2.0]])
    for faint in (1, 0.01):
        assert emotion.novelty([faint * on, faint * on])[0] < 1 < emotion.novelty([faint * off, faint * off])[0]
    assert an_emotion().first.residual(off) == pytest.approx(1)
    assert an_emotion().first.residual(np.array([[3.0, 0.0, 4.0]])) == pytest.approx(0.8)


def test_probabilities_keep_the_answer_and_the_order_of_the_rest():
    rng = np.random.default_rng(4)
    logits = 3 * rng.standard_normal((500, 10))
    hidden = [rng.standard_normal((500, 3))]
    for doubt in ((0.0, 1.0, 0.0, 0.0, 0.0), (-4.0, 0.1, 0.5, -0.5, -0.2)):
        probs = an_emotion(doubt=doubt).probabilities(Reading(logits, hidden, None))
        np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-6)
        assert (probs.argmax(axis=1) == logits.argmax(axis=1)).all()
        assert (np.argsort(probs, axis=1)[:, :-1] == np.argsort(logits, axis=1)[:, :-1]).all()


def test_subspace_finds_the_plane_it_was_shown():
    rng = np.random.default_rng(5)
    plane = np.linalg.qr(rng.standard_normal((40, 5)))[0]
    H = rng.standard_normal((2000, 5)) @ plane.T + 3 + 0.01 * rng.standard_normal((2000, 40))
    found = fit_subspace(H[:1500], H[1500:])
    strange = found.strangeness(3 + rng.standard_normal((100, 40)))
    assert np.abs(found.strangeness(H[1500:]).mean()) < 1e-6
    assert strange.min() > 3
