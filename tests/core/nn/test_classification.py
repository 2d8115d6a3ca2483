"""Classification as a task: batches that cover the samples, the loss with what surrounds it, its gradient."""

import numpy as np
import pytest
from gradients import directional_error

from core.digits.config import Config
from core.nn import classification, parallel
from core.nn.classification import ClassificationTask
from core.nn.context import Context
from core.nn.losses import focal_weight, softmax_cross_entropy
from core.nn.network import build_network


def make(n=50, drop_last=False, validation=None, **settings):
    config = Config(hidden=(7,), batch_size=16, **settings)
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((n, 5)), rng.integers(0, 3, n)
    return ClassificationTask(config, build_network(config, 5, 3, np.float64), X, y, validation, drop_last)


@pytest.fixture(params=[2, 1], ids=["halves", "whole"], autouse=True)
def parts(request, monkeypatch):
    """Of how many parts a batch is: the size that decides is set below or above that of these networks."""
    monkeypatch.setattr(classification, "WHOLE", 0 if request.param == 2 else 1 << 26)
    return request.param


halves = pytest.mark.parametrize("parts", [2], indirect=True)


def labels(batch):
    return np.concatenate([y for _, y, _ in batch])


@pytest.mark.parametrize("drop_last, sizes", [(False, [13, 13, 12, 12]), (True, [16, 16, 16])])
def test_batches(drop_last, sizes, parts):
    task = make(drop_last=drop_last)
    batches = [list(task.batches(epoch)) for epoch in (0, 0, 1)]
    assert task.steps_per_epoch == len(sizes) and [len(labels(batch)) for batch in batches[0]] == sizes
    first, again, other = (np.concatenate([X for batch in epoch for X, _, _ in batch]) for epoch in batches)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert len(np.unique(first, axis=0)) == sum(sizes)  # no sample twice
    for batch in batches[2]:
        assert len(batch) == parts and 0 <= len(batch[0][1]) - len(batch[-1][1]) <= 1
        for X, y, _ in batch:
            for row, label in zip(X, y, strict=True):
                assert task.y[np.flatnonzero((row == task.X).all(axis=1))[0]] == label


@pytest.mark.parametrize("n, steps", [(47, 3), (48, 3), (49, 4)])
def test_no_more_batches_than_needed(n, steps):
    assert [make(n=n, drop_last=False).steps_per_epoch, make(n=n, drop_last=True).steps_per_epoch] == [steps, n // 16]
    config = Config(hidden=(7,), batch_size=16)
    plain = ClassificationTask(config, build_network(config, 5, 3), np.zeros((n, 5)), np.zeros(n, int))
    assert plain.steps_per_epoch == steps, "all samples are used where nothing else is said"


def test_fewer_samples_than_a_batch():
    assert [len(labels(batch)) for batch in make(n=9, drop_last=True).batches(0)] == [9]


@halves
def test_seeds_and_halves_deal_differently():
    a, b = make(seed=1), make(seed=2)
    assert not np.array_equal(a.theta, b.theta)
    (half, other), (theirs, _) = next(a.batches(0)), next(b.batches(0))
    assert not np.array_equal(half[0], theirs[0])
    assert len({half[2].random(), other[2].random(), theirs[2].random()}) == 3


@pytest.mark.parametrize("n", [50, 1])  # a single row has one half
@pytest.mark.parametrize("settings", [{}, {"l2": 0.3}, {"label_smoothing": 0.2}, {"l2": 0.3, "gate": False}])
def test_the_gradient_is_that_of_the_reported_loss(settings, n):
    task = make(n, **settings)
    batch = next(task.batches(0))
    task.grads[:] = np.nan
    grads = task.loss_and_grad(batch)[1].sum(axis=0)
    assert directional_error(lambda: task.loss_and_grad(batch)[0], task.theta, grads) < 1e-6


def test_small_batches_stay_whole(monkeypatch):
    monkeypatch.setattr(classification, "WHOLE", 16 * make().theta.size)
    assert [len(next(make(n=n, drop_last=True).batches(0))) for n in (5, 50)] == [1, 1]
    monkeypatch.setattr(classification, "WHOLE", 16 * make().theta.size - 1)
    assert [len(next(make(n=n, drop_last=True).batches(0))) for n in (5, 50)] == [1, 2]


@pytest.mark.parametrize("settings", [{}, {"focal_gamma": 2.0}, {"label_smoothing": 0.1, "l2": 0.2}])
def test_parts_add_up_to_the_whole_batch(settings):
    """Without batch normalisation: as one forward and one backward of all rows, to rounding."""
    task = make(**settings)
    batch = next(task.batches(0))
    loss, grads = task.loss_and_grad(batch)
    X, y = np.concatenate([X for X, _, _ in batch]), labels(batch)
    logits, caches = task.network.forward(X)
    gamma, l2 = task.config.focal_gamma, task.config.l2
    expected, dlogits = softmax_cross_entropy(logits, y, task.config.label_smoothing,
                                              focal_weight(logits, y, gamma) if gamma else None)
    whole = np.zeros_like(task.theta)
    task.network.backward(dlogits, caches, task.network.views(whole))
    matrices = task.theta[: task.decay_size]
    whole[: task.decay_size] += l2 * matrices
    np.testing.assert_allclose(grads.sum(axis=0), whole, rtol=1e-10, atol=1e-14)
    assert loss == pytest.approx(expected + l2 / 2 * np.sum(matrices**2), rel=1e-12)


@pytest.mark.parametrize("settings", [{}, {"batch_norm": True, "dropout": 0.3}])
def test_one_thread_or_two_give_the_same_bits(monkeypatch, settings):
    found = []
    for together in (lambda work, n: [work(i) for i in range(n)], parallel.side_by_side):
        monkeypatch.setattr(classification, "side_by_side", together)
        monkeypatch.setattr(parallel, "has_one_thread", lambda: True)
        task = make(**settings)
        loss, grads = task.loss_and_grad(next(task.batches(0)))
        found.append((loss, grads.tobytes()))
    assert found[0] == found[1]


@halves
def test_each_half_is_normalised_by_itself():
    task = make(batch_norm=True)
    (X, y, rng), other = next(task.batches(0))
    alone, _ = task.network.forward(X, Context(train=True, rng=rng))
    loss, _ = task.loss_and_grad([(X, y, rng), other])
    beside, _ = task.network.forward(other[0], Context(train=True, rng=other[2]))
    expected, _ = softmax_cross_entropy(np.concatenate([alone, beside]), np.concatenate([y, other[1]]))
    assert loss == pytest.approx(expected, rel=1e-12)


def test_l2_is_on_matrices_alone_and_in_loss_and_gradient():
    plain, decayed = make(), make(l2=0.5)
    (loss, grads), (more, pulled) = (task.loss_and_grad(next(task.batches(0))) for task in (plain, decayed))
    weights, difference = plain.theta[: plain.decay_size], pulled.sum(axis=0) - grads.sum(axis=0)
    assert more - loss == pytest.approx(0.25 * np.sum(weights**2))
    np.testing.assert_allclose(difference[: plain.decay_size], 0.5 * weights)
    assert not difference[plain.decay_size :].any()


def test_focal_weights_are_applied():
    task = make(focal_gamma=2.0)
    batch = next(task.batches(0))
    loss, _ = task.loss_and_grad(batch)
    logits, y = task.network.forward(np.concatenate([X for X, _, _ in batch]))[0], labels(batch)
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
