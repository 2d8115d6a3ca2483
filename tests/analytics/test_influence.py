"""The check of "who taught you that": its fits converge, its Hessian scores are the change without one image."""

import numpy as np
import pytest
from scipy.linalg import cho_factor

from analytics.studies.influence import Change, LastLayer, hessian_scores, log_odds, report, table
from core.nn.losses import log_softmax


@pytest.fixture(scope="module")
def layer():
    rng = np.random.default_rng(0)
    A = np.column_stack([np.ones(400), rng.normal(size=(400, 80)) * np.geomspace(3, 0.1, 80)])
    y = (A[:, 1:] @ rng.normal(size=(80, 10)) + 3 * rng.normal(size=(400, 10))).argmax(axis=1)
    return LastLayer(A, y, 1e-2)


def test_a_fit_is_the_minimum(layer):
    use = np.ones(400)
    use[:50] = 0
    for theta, weights in ((layer.theta, np.ones(400)), (layer.fit(use), use)):
        loss, grad = layer.loss_and_grad(theta, weights)
        assert np.abs(grad).max() < 1e-5
        step = np.random.default_rng(1).normal(size=theta.shape)
        assert all(layer.loss_and_grad(theta + size * step, weights)[0] > loss for size in (-0.1, 0.1))


def test_the_gradient_and_the_curvature_are_those_of_the_loss(layer):
    rng, use = np.random.default_rng(2), np.ones(400)
    theta, step = layer.theta + 0.1 * rng.normal(size=layer.theta.shape), rng.normal(size=layer.theta.shape)
    above, below = (layer.loss_and_grad(theta + sign * 1e-5 * step, use) for sign in (1, -1))
    slope = float((layer.loss_and_grad(theta, use)[1] * step).sum())
    assert (above[0] - below[0]) / 2e-5 == pytest.approx(slope, rel=1e-6)
    before, layer.theta = layer.theta, theta
    hessian = layer.curvature(81)
    layer.theta = before
    np.testing.assert_allclose((hessian @ step.T.ravel()).reshape(10, 81).T[1:], ((above[1] - below[1]) / 2e-5)[1:],
                               rtol=1e-4, atol=1e-6)


def test_hessian_scores_are_the_change_without_a_part_of_one_image(layer):
    a, answer = layer.A[7], int((layer.A[7] @ layer.theta).argmax())
    scores = hessian_scores(layer, cho_factor(layer.curvature(81)), a, answer)
    for row in (int(scores.argmax()), int(scores.argmin())):
        use = np.ones(400)
        use[row] = 0.95  # a twentieth of the image is left out: the score is the first order
        change = float(a @ (layer.fit(use) - layer.theta)[:, answer])
        assert change == pytest.approx(-0.05 * scores[row] / 400, rel=0.1) and abs(change) > 1e-4


def test_log_odds():
    logits = np.random.default_rng(3).normal(size=10) * 3
    p = np.exp(log_softmax(logits))[4]
    assert log_odds(logits, 4) == pytest.approx(np.log(p / (1 - p)), rel=1e-9)


def test_the_table_counts_what_moved_as_stated():
    changes = {"for": [Change(-1, -2), Change(-1, 2), Change(-0.1, -1), Change(1, -1)],
               "against": [Change(1, 2), Change(2, 2), Change(-2, 1), Change(1, -1)],
               "random": [Change(-0.5, -0.5)] * 4}
    rows = [line.split(" | ") for line in table(changes).splitlines()[2:]]
    assert [cell.split(" (")[0] for cell in rows[0]] == [
        "| for", "falls", "75.0 %", "75.0 %", "50.0 %", "-0.275", "-0.500"]
    assert [cell.split(" (")[0] for cell in rows[1]] == [
        "| against", "rises", "75.0 %", "75.0 %", "75.0 %", "+0.500", "+1.000"]
    text = report(changes, {"error": 0.01, "agree": 1.0, "same for": 0.9, "same against": 0.1}, 100, 1e-3)
    assert "Questions: 4 validation digits" in text and table(changes) in text
