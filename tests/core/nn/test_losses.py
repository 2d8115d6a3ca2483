"""The loss by hand and by its definition; weights that turn to what is not known yet."""

import numpy as np
import pytest

from core.nn.losses import focal_weight, softmax, softmax_cross_entropy


def test_softmax_by_hand_and_without_overflow():
    np.testing.assert_allclose(softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]])
    np.testing.assert_allclose(softmax(np.array([1e4, 1e4 - np.log(3)])), [0.75, 0.25])


def test_the_loss_of_large_logits_is_finite():
    loss, dlogits = softmax_cross_entropy(np.array([[1e4, 0.0], [0.0, 1e4]], np.float32), np.array([1, 1]))
    assert loss == pytest.approx(5e3) and np.array_equal(dlogits, [[0.5, -0.5], [0, 0]])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_by_its_definition(smoothing):
    rng = np.random.default_rng(0)
    logits, y = 2 * rng.standard_normal((5, 4)), rng.integers(0, 4, 5)
    target = (1 - smoothing) * np.eye(4)[y] + smoothing / 4
    each = -(target * np.log(softmax(logits))).sum(axis=1)
    weight = rng.uniform(0, 2, 5)
    loss, dlogits = softmax_cross_entropy(logits, y, smoothing, weight)
    assert loss == pytest.approx((each * weight).sum() / 5)
    np.testing.assert_allclose(dlogits, weight[:, None] * (softmax(logits) - target) / 5, atol=1e-12)
    assert softmax_cross_entropy(logits, y, smoothing)[0] == pytest.approx(each.mean())


def test_the_gradient_keeps_the_type_of_the_logits():
    logits = np.zeros((3, 10), np.float32)
    for targets in (None, np.full((3, 10), 0.1)):
        assert softmax_cross_entropy(logits, np.arange(3), 0.1, np.ones(3), targets)[1].dtype == np.float32


def test_focal_weights_by_hand():
    probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    weight = focal_weight(np.log(probs), np.array([0, 0, 0]), 2.0)
    raw = np.array([0.01, 0.25, 0.64])
    np.testing.assert_allclose(weight, raw / raw.mean())
    assert focal_weight(np.log(probs), np.array([0, 1, 1]), 1.0).mean() == pytest.approx(1)


def test_focal_weights_of_what_is_known_entirely_are_finite():
    sure = np.array([[1000.0, 0.0]])
    assert np.isfinite(focal_weight(sure, np.array([0]), 1.0)).all()


def test_nothing_is_one_answer_more_whose_logit_is_0():
    rng = np.random.default_rng(4)
    logits, y = rng.standard_normal((5, 4)), np.array([2, -1, 0, -1, 3])
    loss, dlogits = softmax_cross_entropy(logits, y, label_smoothing=0.2, nothing=True)
    probs = softmax(np.column_stack([logits, np.zeros(5)]))
    targets = np.where(y[:, None] < 0, np.eye(5)[4], 0.8 * np.eye(5)[y] + np.array([0.05] * 4 + [0]))
    assert loss == pytest.approx(-np.mean((targets * np.log(probs)).sum(axis=1)))
    np.testing.assert_allclose(dlogits, (probs - targets)[:, :4] / 5, atol=1e-12)
    low, high = (softmax_cross_entropy(np.full((1, 4), level), np.array([-1]), nothing=True)[0] for level in (-9, 9))
    assert low < 0.01 and high > 9, "what is nothing is to leave all logits low"


@pytest.mark.parametrize("nothing", [False, True])
def test_gradients_with_and_without_nothing(nothing):
    rng = np.random.default_rng(6)
    logits, y, step = rng.standard_normal((6, 3)), np.array([0, 1, 2, 1, 0, -1 if nothing else 2]), 1e-6
    _, dlogits = softmax_cross_entropy(logits, y, 0.1, nothing=nothing)
    for place in np.ndindex(logits.shape):
        moved = [logits.copy(), logits.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        up, down = (softmax_cross_entropy(each, y, 0.1, nothing=nothing)[0] for each in moved)
        assert dlogits[place] == pytest.approx((up - down) / (2 * step), abs=1e-8)


def test_what_is_of_no_class_weighs_as_what_is_not_known():
    logits = np.array([[9.0, 0, 0], [0, 0, 9.0], [0, 0, 9.0]])
    weight = focal_weight(logits, np.array([0, -1, 1]), 2.0)
    assert weight[0] < 0.01 and weight[1] == pytest.approx(weight[2], rel=0.01) and weight.mean() == pytest.approx(1)


def test_parts_of_a_batch_add_up_to_it():
    rng = np.random.default_rng(5)
    logits, y, weight = rng.standard_normal((7, 3)), np.array([0, 1, 2, -1, 1, 0, 2]), rng.uniform(0.5, 2, 7)
    loss, dlogits = softmax_cross_entropy(logits, y, 0.1, weight, nothing=True)
    parts = [softmax_cross_entropy(logits[part], y[part], 0.1, weight[part], of=7, nothing=True)
             for part in (slice(3), slice(3, 7))]
    assert sum(part[0] for part in parts) == pytest.approx(loss)
    np.testing.assert_allclose(np.concatenate([part[1] for part in parts]), dlogits)
