"""Calibration recovers what was planted, and its probabilities keep the answer and the order of the rest."""

from dataclasses import replace

import numpy as np
import pytest

from core.nn.losses import softmax
from core.uncertainty.calibration import (
    FAR_ERROR,
    MIN_LEAD,
    Calibration,
    Evidence,
    confidence_threshold,
    fit_calibration,
    fit_curve,
    fit_logistic,
    fit_temperature,
)

PLAIN = Calibration(1.0, (0.0, 0.0), (1.0, 1.0), (0.0, 1.0, 0.0, 0.0, 0.0))


def planted(n, seed=0, scale=2.0):
    """Logits (n, 10) whose softmax is the true law of the labels."""
    rng = np.random.default_rng(seed)
    logits = scale * rng.standard_normal((n, 10))
    y = (softmax(logits).cumsum(axis=1) < rng.uniform(size=(n, 1))).sum(axis=1)
    return logits, y


def evidence_of(logits, rng):
    n = len(logits)
    return Evidence(logits, rng.standard_normal((n, 2)), rng.standard_normal(n))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_undoes_a_known_overconfidence(temperature):
    logits, y = planted(20_000)
    assert fit_temperature(temperature * logits, y) == pytest.approx(temperature, rel=0.05)


def test_temperature_is_the_best_within_its_bounds():
    logits, y = planted(2_000)
    loss = lambda t: -np.mean(np.log(softmax(logits / t)[np.arange(len(y)), y]))  # noqa: E731
    best = fit_temperature(logits, y)
    assert loss(best) <= min(loss(best * 1.01), loss(best / 1.01))
    assert fit_temperature(100 * logits, y) == pytest.approx(5, rel=1e-3)
    assert fit_temperature(logits / 100, y) == pytest.approx(0.2, rel=1e-3)


def test_logistic_fit_recovers_the_planted_law():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((20_000, 2))
    correct = rng.uniform(size=20_000) < 1 / (1 + np.exp(-(X @ [1.5, -0.7] + 2)))
    weights, offset = fit_logistic(X, correct)
    np.testing.assert_allclose([*weights, offset], [1.5, -0.7, 2], atol=0.12)


def test_logistic_fit_is_the_minimum_of_its_stated_loss():
    """The slope of the penalised loss, with Platt's targets, is zero at the answer."""
    rng = np.random.default_rng(2)
    X, ridge = rng.standard_normal((300, 3)), 0.05
    correct = rng.uniform(size=300) < 1 / (1 + np.exp(-(X @ [2, 0, -1])))
    weights, offset = fit_logistic(X, correct, ridge)
    hits = correct.sum()
    target = np.where(correct, (hits + 1) / (hits + 2), 1 / (300 - hits + 2))
    error = 1 / (1 + np.exp(-(X @ weights + offset))) - target
    np.testing.assert_allclose(X.T @ error / 300 + ridge * weights, 0, atol=1e-6)
    assert error.mean() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("correct", [np.ones(50, bool), np.zeros(50, bool)])
def test_logistic_fit_stays_finite_without_errors_or_hits(correct):
    weights, offset = fit_logistic(np.linspace(-3, 3, 50)[:, None], correct)
    assert np.isfinite([*weights, offset]).all()
    assert (offset > 0) == correct[0]


def test_logistic_fit_far_from_its_start_does_not_overshoot():
    """Almost everything right and a steep law: whole Newton steps would end on the wrong side."""
    rng = np.random.default_rng(2)
    x = rng.normal(8, 2, 5000)
    correct = rng.uniform(size=5000) < 1 / (1 + np.exp(-(2 * x - 6)))
    (slope,), _ = fit_logistic(x[:, None], correct)
    assert slope > 1


def test_confidence_threshold_by_hand():
    confidence = np.array([0.5, 0.999, 0.99, 1.0])
    assert confidence_threshold(confidence, 0.001) == 0.999  # mean doubt 0, .0005, then .0037
    assert confidence_threshold(confidence, 0.004) == 0.99
    assert confidence_threshold(confidence, 0.2) == 0.5
    assert confidence_threshold(confidence[:1], 0.001) == 1.0


def test_one_error_in_1000_is_promised():
    """Mean doubts of .000975 and .001025, just on either side."""
    assert confidence_threshold(np.array([1, 1, 1, 0.9961])) == 0.9961
    assert confidence_threshold(np.array([1, 1, 1, 0.9959])) == 1.0
    assert confidence_threshold(np.array([1, 1, 1, 1, 1, 0.9959])) == 0.9959


def test_confidence_threshold_keeps_its_promise():
    """Of as many as 50,000 calibrated confidences, those above it err about once in 1,000, and not much less."""
    rng = np.random.default_rng(3)
    confidence = rng.beta(20, 0.4, 50_000)
    threshold = confidence_threshold(confidence)
    correct = rng.uniform(size=50_000) < confidence
    assert 0.9 < threshold < 1
    assert 0.0004 < np.mean(~correct[confidence >= threshold]) < 0.002


def test_signals_by_hand():
    fitted = Calibration(2.0, (1.0, -1.0), (0.5, 4.0), (0.0, 0.0, 0.0, 0.0, 0.0))
    logits = np.zeros((2, 10))
    logits[:, 3], logits[:, 7] = 9, 5
    signals = fitted.signals(Evidence(logits, np.array([[2.0, 1.0], [0.0, -3.0]]), np.array([0.3, 0.4])))
    np.testing.assert_allclose(signals, [[2, 0.5, 0.3, 4], [2, -0.5, 0.4, 0]])  # ((2 - 1) / .5)^2; below the mean: none


def test_confidence_is_the_logistic_of_the_weighted_signals():
    fitted = Calibration(1.0, (0.0, 0.0), (1.0, 1.0), (0.5, 1.0, -2.0, 3.0, -0.25))
    logits = np.zeros((1, 10))
    logits[0, 0] = 1.5
    confidence = fitted.confidence(Evidence(logits, np.array([[2.0, 0.1]]), np.array([0.2])))
    assert confidence[0] == pytest.approx(1 / (1 + np.exp(-(0.5 + 1.5 - 0.2 + 0.6 - 1.0))))


def test_confidence_is_bent_above_its_low_end():
    fitted = Calibration(1.0, (0.0, 0.0), (1.0, 1.0), (0.0, 1.0, 0.0, 0.0, 0.0), curve=(1.0, -0.5, 0.25, 2.0))
    logits = np.zeros((2, 10))
    logits[:, 0] = 0.6, 1.5
    confidence = fitted.confidence(Evidence(logits, np.zeros((2, 2)), np.zeros(2)))
    below, above = -0.5 + 0.25 * 0.6, -0.5 + 0.25 * 1.5 + 2 * 0.5**2
    np.testing.assert_allclose(confidence, 1 / (1 + np.exp([-below, -above])))


def test_fit_curve_finds_the_parabola_of_two_normal_kinds():
    """Right answers of mean 2 and spread 1.6, wrong ones of mean -1 and spread 1: the log odds are a parabola."""
    rng = np.random.default_rng(6)
    correct = rng.uniform(size=200_000) < 0.9
    score = np.where(correct, rng.normal(2, 1.6, len(correct)), rng.normal(-1, 1, len(correct)))
    low, offset, slope, square = fit_curve(score, correct)
    assert low == np.quantile(score, 0.01)
    at = np.linspace(-1, 2, 7)
    truth = np.log(0.9 / 0.1 / 1.6) - ((at - 2) / 1.6) ** 2 / 2 + (at + 1) ** 2 / 2
    parabola = offset + slope * at + square * np.maximum(at - low, 0) ** 2
    np.testing.assert_allclose(parabola, truth, atol=0.2)
    straight = np.polyfit(at, truth, 1)
    assert np.abs(np.polyval(straight, at) - truth).max() > 0.3  # a straight line would not do


def test_fit_curve_never_falls():
    """Wrong answers that spread less than right ones would bend it down: it stays straight instead."""
    rng = np.random.default_rng(7)
    correct = rng.uniform(size=50_000) < 0.9
    score = np.where(correct, rng.normal(2, 2, len(correct)), rng.normal(0, 0.7, len(correct)))
    _, _, slope, square = fit_curve(score, correct)
    assert slope > 0 and square == 0
    assert fit_curve(-score, correct)[2:] == (0.0, 0.0)  # a score that misleads is not listened to


@pytest.mark.parametrize(
    "logistic", [(0.0, 1.0, 0.0, 0.0, 0.0), (-4.0, 0.1, 0.5, -0.5, -0.2), (9.0, 0.0, 0.0, 0.0, 0.0)]
)
def test_probabilities_keep_the_answer_and_the_order_of_the_rest(logistic):
    rng = np.random.default_rng(4)
    logits = 3 * rng.standard_normal((500, 10))
    fitted, evidence = Calibration(1.3, (0.0, 0.0), (1.0, 1.0), logistic), evidence_of(logits, rng)
    probs = fitted.probabilities(evidence)
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-6)
    assert (probs.argmax(axis=1) == logits.argmax(axis=1)).all()
    assert (np.argsort(probs, axis=1)[:, :-1] == np.argsort(logits, axis=1)[:, :-1]).all()
    two = np.sort(probs, axis=1)[:, -2:]
    least = two[:, 1] < 1.001 * two[:, 0]  # however unsure, still ahead of the second
    assert (two[:, 1] > two[:, 0] * (1 + 0.9 * (MIN_LEAD - 1))).all()
    np.testing.assert_allclose(two[~least, 1], fitted.confidence(evidence)[~least])
    # the others share the rest as a softmax would
    others = softmax(np.where(np.eye(10, dtype=bool)[logits.argmax(axis=1)], -np.inf, logits / 1.3))
    np.testing.assert_allclose(probs / (1 - two[:, 1:]) * (others > 0), others, atol=1e-6)


def test_fitted_confidence_is_calibrated_and_uses_its_signals():
    """A law with a large part for the last layer's error: the fit finds it, and stated confidence meets accuracy."""
    rng = np.random.default_rng(5)

    def sample(n):
        evidence = evidence_of(1.5 * rng.standard_normal((n, 10)), rng)
        evidence = Evidence(evidence.logits, 0.5 * evidence.log_errors + 3, evidence.log_norm)
        best, two = evidence.logits.argmax(axis=1), np.sort(evidence.logits, axis=1)[:, -2:]
        chance = 1 / (1 + np.exp(-(0.5 + two[:, 1] - two[:, 0] - 3 * (evidence.log_errors[:, 1] - 3))))
        return evidence, np.where(rng.uniform(size=n) < chance, best, (best + 1) % 10), chance

    evidence, y, _ = sample(20_000)
    hard, y_hard, _ = sample(20_000)
    fitted = fit_calibration(evidence, y, hard, y_hard)
    np.testing.assert_allclose(fitted.error_mean, [3, 3], atol=0.02)
    np.testing.assert_allclose(fitted.error_std, [0.5, 0.5], rtol=0.03)
    fresh, _, chance = sample(5_000)
    np.testing.assert_allclose(fitted.confidence(fresh), chance, atol=0.07)
    assert fitted.standardised_errors(evidence).mean(axis=0) == pytest.approx([0, 0], abs=1e-6)


def test_evidence_is_joined_and_parted():
    rng = np.random.default_rng(6)
    whole = evidence_of(rng.standard_normal((9, 10)), rng)
    again = Evidence.join([whole.part(slice(0, 4)), whole.part(np.arange(4, 9))])
    for name in ("logits", "log_errors", "log_norm"):
        assert np.array_equal(getattr(whole, name), getattr(again, name))


def test_saved_and_read_again_and_what_is_not_of_this_version():
    assert Calibration.from_dict(PLAIN.to_dict()) == PLAIN
    for wrong in ({"logistic": [0.0]}, {"error_mean": [0.0]}, {"error_std": [1.0, 1.0, 1.0]},
                  {"curve": [0.0, 0.0, 1.0]}):
        with pytest.raises(ValueError, match="version"):
            Calibration.from_dict(PLAIN.to_dict() | wrong)
    with pytest.raises(KeyError):
        Calibration.from_dict({"temperature": 1.0})


def test_what_is_out_of_range_is_refused():
    for edge in ({"temperature": 1e-3}, {"temperature": 1e3}, {"error_std": [1e-9, 1.0]}):
        Calibration.from_dict(PLAIN.to_dict() | edge)
    for wrong in ({"temperature": 0.99e-3}, {"temperature": 1.01e3}, {"temperature": float("nan")},
                  {"error_std": [0.9e-9, 1.0]}, {"error_mean": [0.0, float("inf")]},
                  {"curve": [0.0, 0.0, -1.0, 0.0]}, {"curve": [0.0, 0.0, 1.0, -0.1]},
                  {"curve": [0.0, np.inf, 1.0, 0.0]}, {"strange": [1.0, 0.0]}, {"strange": [1.0, -0.1, 1.0]},
                  {"strange": [1.0, np.nan, 1.0]}):
        with pytest.raises(ValueError):
            Calibration.from_dict(PLAIN.to_dict() | wrong)


def test_energy_is_minus_the_logarithm_of_all_that_speaks_for_a_digit():
    logits = np.array([[1.0, 2.0, 3.0], [0, 0, 0], [800.0, 0, -800]])
    evidence = Evidence(logits, np.zeros((3, 2)), np.zeros(3))
    assert evidence.energy == pytest.approx([-np.log(np.exp([1, 2, 3]).sum()), -np.log(3), -800])


def test_novelty_adds_errors_and_energy_in_standard_deviations():
    evidence = Evidence(np.array([[2.0, 0.0]]), np.array([[-1.0, 3.0]]), np.zeros(1))
    errors_alone = Calibration(1.0, (-2.0, 1.0), (0.5, 4.0), (0.0,) * 5)
    assert errors_alone.novelty_score(evidence) == pytest.approx([2 + 0.5])
    whole = Calibration(1.0, (-2.0, 1.0), (0.5, 4.0), (0.0,) * 5, energy_mean=-3.0, energy_scale=2.0)
    assert whole.novelty_score(evidence) == pytest.approx([2.5 + 2 * (3 - np.log(np.exp(2) + 1))])
    far = replace(errors_alone, error_mean=(-5.0, 1.0), error_std=(1.0, 4.0), strange=(0.5, 3.0, 1.0))
    assert far.novelty_score(evidence) == pytest.approx([0.5 * 4 + 3 * (4 - FAR_ERROR) + 0.5])
    near = replace(far, error_mean=(-1.0 - FAR_ERROR / 2, 1.0))
    assert near.novelty_score(evidence) == pytest.approx([0.5 * FAR_ERROR / 2 + 0.5]), "no excess"


def test_a_readout_of_before_has_no_energy():
    saved = Calibration(1.0, (-2.0, 1.0), (0.5, 4.0), (0.0,) * 5, -3.0, 2.0).to_dict()
    assert Calibration.from_dict(saved).energy_scale == 2
    del saved["energy_mean"], saved["energy_scale"], saved["strange"]
    assert Calibration.from_dict(saved).energy_scale == 0
    assert Calibration.from_dict(saved).strange == (1, 0, 1), "its threshold was fitted so"
    with pytest.raises(ValueError, match="not finite"):
        Calibration.from_dict(saved | {"energy_scale": float("nan")})
