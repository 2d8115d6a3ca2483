"""Classification as a task: batches that cover the samples, the loss with what surrounds it, its gradient."""

import numpy as np
import pytest
from gradients import directional_error

from core.digits.config import Config
from core.nn.classification import ClassificationTask
from core.nn.losses import focal_weight, softmax_cross_entropy
from core.nn.network import build_network


def make(n=50, drop_last=False, validation=None, **settings):
    config = Config(hidden=(7,), batch_size=16, **settings)
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((n, 5)), rng.integers(0, 3, n)
    return ClassificationTask(config, build_network(config, 5, 3, np.float64), X, y, validation, drop_last)


@pytest.mark.parametrize("drop_last, sizes", [(False, [13, 13, 12, 12]), (True, [16, 16, 16])])
def test_batches(drop_last, sizes):
    task = make(drop_last=drop_last)
    batches = [list(task.batches(epoch)) for epoch in (0, 0, 1)]
    assert task.steps_per_epoch == len(sizes) and [len(y) for _, y, _ in batches[0]] == sizes
    first, again, other = (np.concatenate([X for X, _, _ in epoch]) for epoch in batches)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert len(np.unique(first, axis=0)) == sum(sizes)  # no sample twice
    for X, y, _ in batches[2]:
        for row, label in zip(X, y, strict=True):
            assert task.y[np.flatnonzero((row == task.X).all(axis=1))[0]] == label


@pytest.mark.parametrize("n, steps", [(47, 3), (48, 3), (49, 4)])
def test_no_more_batches_than_needed(n, steps):
    assert [make(n=n, drop_last=False).steps_per_epoch, make(n=n, drop_last=True).steps_per_epoch] == [steps, n // 16]
    config = Config(hidden=(7,), batch_size=16)
    plain = ClassificationTask(config, build_network(config, 5, 3), np.zeros((n, 5)), np.zeros(n, int))
    assert plain.steps_per_epoch == steps, "all samples are used where nothing else is said"


def test_fewer_samples_than_a_batch():
    assert [len(y) for _, y, _ in make(n=9, drop_last=True).batches(0)] == [9]


def test_seeds_start_and_deal_differently():
    a, b = make(seed=1), make(seed=2)
    assert not np.array_equal(a.theta, b.theta)
    assert not np.array_equal(next(a.batches(0))[0], next(b.batches(0))[0])
    assert next(a.batches(0))[2].random() != next(b.batches(0))[2].random()


@pytest.mark.parametrize("settings", [{}, {"l2": 0.3}, {"label_smoothing": 0.2}, {"l2": 0.3, "gate": False}])
def test_the_gradient_is_that_of_the_reported_loss(settings):
    task = make(**settings)
    batch, grads = next(task.batches(0)), np.full_like(task.theta, np.nan)
    task.loss_and_grad(batch, grads, task.views(grads))
    other = np.empty_like(grads)
    loss = lambda: task.loss_and_grad(batch, other, task.views(other))  # noqa: E731
    assert directional_error(loss, task.theta, grads) < 1e-6


def test_l2_is_on_matrices_alone_and_in_loss_and_gradient():
    plain, decayed = make(), make(l2=0.5)
    found = []
    for task in (plain, decayed):
        grads = np.zeros_like(task.theta)
        found.append((task.loss_and_grad(next(task.batches(0)), grads, task.views(grads)), grads))
    weights = plain.theta[: plain.decay_size]
    assert found[1][0] - found[0][0] == pytest.approx(0.25 * np.sum(weights**2))
    np.testing.assert_allclose(found[1][1][: plain.decay_size] - found[0][1][: plain.decay_size], 0.5 * weights)
    assert np.array_equal(found[1][1][plain.decay_size :], found[0][1][plain.decay_size :])


def test_focal_weights_are_applied():
    task = make(focal_gamma=2.0)
    (X, y, rng), grads = next(task.batches(0)), np.zeros_like(task.theta)
    loss = task.loss_and_grad((X, y, rng), grads, task.views(grads))
    logits = task.network.forward(X)[0]
    expected = softmax_cross_entropy(logits, y, 0.0, focal_weight(logits, y, 2.0))[0]
    assert loss == pytest.approx(expected) and loss != pytest.approx(softmax_cross_entropy(logits, y)[0])


def test_evaluate():
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((40, 5)), rng.integers(0, 3, 40)
    task = make(validation=(X, y), label_smoothing=0.3)
    logits = task.network.logits(X)
    found = task.evaluate()
    assert found["val_accuracy"] == np.mean(logits.argmax(axis=1) == y)
    assert found["val_loss"] == pytest.approx(softmax_cross_entropy(logits, y)[0])  # without smoothing
    assert all(np.isnan(value) for value in make().evaluate().values())
