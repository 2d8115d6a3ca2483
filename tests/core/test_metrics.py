"""Metrics against scikit-learn, SciPy and figures worked by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as reference

from core import metrics


@pytest.fixture(scope="module")
def answers():
    """Labels, answers and probabilities of 500 samples, some classes rarer than others."""
    rng = np.random.default_rng(0)
    y = rng.choice(10, 500, p=np.arange(1, 11) / 55)
    logits = rng.standard_normal((500, 10)) + 1.5 * np.eye(10)[y]
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return y, probs.argmax(axis=1), probs


def test_accuracy_and_confusion(answers):
    y, y_hat, _ = answers
    assert metrics.accuracy(y, y_hat) == reference.accuracy_score(y, y_hat)
    assert np.array_equal(metrics.confusion_matrix(y, y_hat), reference.confusion_matrix(y, y_hat))
    assert metrics.confusion_matrix([0], [2], n=3).tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_precision_recall_f1(answers):
    y, y_hat, _ = answers
    ours = metrics.precision_recall_f1(metrics.confusion_matrix(y, y_hat))
    theirs = reference.precision_recall_fscore_support(y, y_hat)
    for name, values in zip(("precision", "recall", "f1"), theirs, strict=False):
        np.testing.assert_allclose(ours[name], values)


def test_precision_and_recall_of_what_was_never_answered_or_never_seen():
    """Row true, column answer: class 0 is twice taken for class 1, and never answered."""
    scores = metrics.precision_recall_f1(np.array([[0, 2, 0], [0, 6, 0], [0, 0, 0]]))
    assert scores["precision"].tolist() == [0, 0.75, 0] and scores["recall"].tolist() == [0, 1, 0]
    assert scores["f1"] == pytest.approx([0, 6 / 7, 0])
    once = metrics.precision_recall_f1(np.array([[1, 0], [0, 0]]))
    assert once["precision"].tolist() == once["recall"].tolist() == once["f1"].tolist() == [1, 0]


def test_losses(answers):
    y, _, probs = answers
    assert metrics.log_loss(probs, y) == pytest.approx(reference.log_loss(y, probs, labels=range(10)))
    assert metrics.brier_score(probs, y) == pytest.approx(((probs - np.eye(10)[y]) ** 2).sum(axis=1).mean())
    assert metrics.brier_score(np.array([[1.0, 0.0]]), np.array([1])) == 2
    assert metrics.log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-np.log(1e-12))


def test_reliability_bins_by_hand():
    confidence = np.array([0.9, 0.2, 0.6, 0.8, 0.4])
    correct = np.array([True, False, False, True, True])
    stated, right, size = metrics.reliability_bins(confidence, correct, bins=2)
    np.testing.assert_allclose(stated, [0.4, 0.85])
    np.testing.assert_allclose(right, [1 / 3, 1])
    assert size.tolist() == [3, 2]
    assert len(metrics.reliability_bins(confidence, correct)[0]) == 5  # never more bins than samples


def test_calibration_error_by_hand():
    probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
    y = np.array([0, 1, 1, 0])  # confidences .6 right, .7 wrong | .8 wrong, .9 right
    assert metrics.expected_calibration_error(probs, y, bins=2) == pytest.approx((0.15 + 0.35) / 2)
    assert metrics.expected_calibration_error(probs, y, bins=1) == pytest.approx(0.25)


def test_calibration_error_that_chance_alone_gives():
    """Labels drawn from the stated probabilities: near what samples of such labels show, and far from a liar's."""
    rng = np.random.default_rng(1)
    probs = rng.dirichlet(np.ones(10) * 0.3, 2000)
    y = np.array([rng.choice(10, p=p) for p in probs])
    chance = metrics.ece_if_calibrated(probs, 100, np.random.default_rng(2), bins=10)
    assert chance.shape == (100,)
    low, high = np.quantile(chance, [0.005, 0.995])
    assert low < metrics.expected_calibration_error(probs, y, 10) < high < 0.05
    wrong = np.where(y == probs.argmax(axis=1), (y + 1) % 10, y)
    assert metrics.expected_calibration_error(probs, wrong, 10) > 5 * high


def test_auroc(answers):
    y, y_hat, probs = answers
    scores = np.round(probs.max(axis=1), 1)  # many ties
    assert metrics.auroc(scores, y == y_hat) == pytest.approx(reference.roc_auc_score(y == y_hat, scores))
    assert metrics.auroc([1, 2, 3, 3], [False, False, True, True]) == 1
    assert np.isnan(metrics.auroc([1, 2], [True, True])) and np.isnan(metrics.auroc([1, 2], [False, False]))


@pytest.mark.parametrize("k, n", [(9953, 10_000), (1, 7), (0, 20), (20, 20), (3, 8)])
def test_wilson_interval(k, n):
    theirs = binomtest(k, n).proportion_ci(method="wilson")
    assert metrics.wilson_interval(k, n, z=1.959963984540054) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_interval_without_a_case_and_at_other_levels():
    assert metrics.wilson_interval(0, 0) == (0.0, 1.0)
    theirs = binomtest(3, 8).proportion_ci(0.99, method="wilson")
    assert metrics.wilson_interval(3, 8, z=2.5758293035489) == pytest.approx((theirs.low, theirs.high))


def test_risk_and_coverage_by_hand():
    coverage, risk = metrics.risk_coverage(np.array([0.7, 0.9, 0.8, 0.6]), np.array([True, True, False, False]))
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(risk, [0, 1 / 2, 1 / 3, 1 / 2])
    assert metrics.area_under_risk_coverage(
        np.array([0.7, 0.9, 0.8, 0.6]), [True, True, False, False]
    ) == pytest.approx(1 / 3)


def test_hope_faith_and_love_by_hand():
    assert metrics.hope(np.array([[0.5, 1.0]]), np.array([[0.0, 1.0]])) == 0.75
    assert metrics.faith(np.array([0.0, 1.0])) == pytest.approx(np.tanh(1) / 2)
    outputs = np.array([[0.0, 1.0], [1.0, 1.0]])  # variances .25 and 0
    assert metrics.love(0.5, outputs) == pytest.approx(np.exp(-0.5) * (1 - 0.125))
    assert metrics.love(0.0, np.array([[-5.0], [5.0]])) == 0
