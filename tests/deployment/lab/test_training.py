"""The training of the lab: the engine's steps, with knobs that act with the next batch."""

import numpy as np
import pytest

from core.digits.data import as_input
from core.nn.context import Context
from core.nn.losses import softmax_cross_entropy
from core.nn.network import build_network
from core.nn.optimizers import SGD, Adam
from deployment.lab.settings import LabSettings
from deployment.lab.training import DivergedError, LabTask, finished_network

SMALL = LabSettings(hidden=(12, 8))


def task(few, **changes):
    return LabTask(SMALL.replace(**changes), *few)


def gate_weights(of):
    return of.network.views(of.theta)[of.network.names.index("gate")]["Wg"].copy()


@pytest.mark.parametrize("changes", [{}, {"optimizer": "sgd", "lr": 0.05}, {"gate": False},
                                     {"batch_norm": True, "optimizer": "sgd"}], ids=str)
def test_steps_are_those_of_the_textbook(few, changes):
    """Twenty steps equal those of the plain layers and optimisers on the same batches."""
    ours = task(few, **changes)
    config = ours.settings.config()
    plain = build_network(config.replace(gate=True), 784, 10)
    plain.theta[...] = ours.theta
    network = plain if ours.settings.gate else plain.with_gate(1.0)
    grads = np.zeros_like(plain.theta)
    optimizer = (SGD(plain.theta, config.momentum, config.weight_decay, plain.n_matrix) if config.optimizer == "sgd"
                 else Adam(plain.theta, config.beta1, config.beta2, config.eps, config.weight_decay, plain.n_matrix))
    gate = gate_weights(ours)
    for _ in range(20):
        [(X, y, _)] = ours.next_batch()
        logits, caches = network.forward(as_input(X), Context(train=True))
        loss, dlogits = softmax_cross_entropy(logits, y)
        network.backward(dlogits, caches, plain.views(grads), Context(train=True))
        optimizer.step(plain.theta, grads, config.lr)
        ours_loss, right, _ = ours.train_batch()
        assert ours_loss == pytest.approx(loss, rel=1e-4)
        assert right == np.mean(logits.argmax(axis=1) == y)
        if not ours.settings.gate:
            plain.params[plain.names.index("gate")]["Wg"][...] = gate
    assert np.abs(ours.theta - plain.theta).max() < 1e-4


def test_an_epoch_trains_each_image_once(few):
    ours, seen = task(few, batch_size=60), []
    for _ in range(49):
        seen += [image.tobytes() for image in ours.next_batch()[0][0]]
        assert not ours.train_batch()[2]
    assert ours.progress == pytest.approx(49 / 50)
    seen += [image.tobytes() for image in ours.next_batch()[0][0]]
    assert ours.train_batch()[2] and ours.progress == 1 and ours.step == 50
    assert sorted(seen) == sorted(image.tobytes() for image in few[0].X)


def test_size_and_share_act_with_the_next_batch(few):
    ours = task(few, batch_size=50)
    for _ in range(30):
        ours.train_batch()
    ours.set("batch_size", 7)
    assert len(ours.next_batch()[0][1]) == 7
    ours.set("share", 0.1)
    assert ours.progress == pytest.approx(0.5)
    chosen = {image.tobytes() for image in few[0].X[ours._shuffled[:300]]}
    while not ours.train_batch()[2]:
        assert {image.tobytes() for image in ours.next_batch()[0][0]} <= chosen
    ours.set("batch_size", 1000)
    assert len(ours.next_batch()[0][1]) == 300 and ours.train_batch()[2]
    assert len(ours.sample()[1]) == 300


def test_noise_replaces_a_fixed_share_of_the_labels(few):
    ours = task(few)
    assert np.array_equal(ours.y, few[0].y)
    ours.set("label_noise", 0.2)
    wrong = ours.y != few[0].y
    assert abs(wrong.mean() - 0.2) < 0.03
    ours.set("label_noise", 0.5)
    assert (ours.y != few[0].y)[wrong].all() and abs((ours.y != few[0].y).mean() - 0.5) < 0.03
    assert np.array_equal(ours.sample()[1], ours.y[ours._shuffled[:2000]])
    ours.set("label_noise", 0.0)
    assert np.array_equal(ours.y, few[0].y)


def test_rates_act_on_the_next_step(few):
    def moved(name=None, value=None):
        ours = task(few, weight_decay=0.0)
        ours.train_batch()
        if name:
            ours.set(name, value)
        ours.train_batch()
        return ours.last_update

    plain = moved()
    assert np.allclose(moved("lr", 0.006), 2 * plain, rtol=1e-3, atol=1e-6)
    assert not np.allclose(moved("weight_decay", 1.0), plain, atol=1e-6)
    assert not np.allclose(moved("focal_gamma", 3.0), plain, atol=1e-6)
    assert not np.allclose(moved("dropout", 0.5), plain, atol=1e-6)
    assert not np.allclose(moved("augmentation", 1.0), plain, atol=1e-6)


@pytest.mark.parametrize("old, new", [(0.9, 0.99), (0.99, 0.5), (0.9, 0.0)])
def test_a_new_beta_makes_no_jump(few, old, new):
    """Right after the change the mean gradient is that of before: the step does not grow by (1 - new) / (1 - old)."""
    ours = task(few, momentum=old)
    for _ in range(40):
        ours.train_batch()
    before = np.linalg.norm(ours.last_update)
    ours.set("momentum", new)
    m, t = ours._optimizer.state["m"], 40
    mean = m * (1 - new) / (1 - new**t)
    ours.set("momentum", old)
    assert np.allclose(mean, ours._optimizer.state["m"] * (1 - old) / (1 - old**t), rtol=1e-4)
    ours.set("momentum", new)
    ours.train_batch()
    assert np.linalg.norm(ours.last_update) < 8 * before


def test_a_gate_that_is_off_rests(few):
    ours = task(few)
    for _ in range(5):
        ours.train_batch()
    gate = gate_weights(ours)
    ours.set("gate", False)
    for _ in range(5):
        ours.train_batch()
    assert np.array_equal(gate_weights(ours), gate)
    X = ours.X_val[:20]
    without = finished_network(ours.settings, ours.finished_theta(), gate=False)
    assert not without.has_gate and np.allclose(without.logits(X), ours.finished().logits(X), atol=1e-5)
    ours.set("gate", True)
    ours.train_batch()
    assert not np.array_equal(gate_weights(ours), gate)


@pytest.mark.parametrize("changes", [{}, {"batch_norm": True, "augmentation": 1.0, "dropout": 0.2}], ids=str)
def test_the_finished_network_answers_as_the_task(few, changes):
    ours = task(few, **changes)
    for _ in range(10):
        ours.train_batch()
    network = finished_network(ours.settings, ours.finished_theta(), gate=True)
    assert "norm1" not in network.names
    assert np.allclose(network.logits(ours.X_val[:50]), ours.finished().logits(ours.X_val[:50]), atol=1e-4)


def test_a_loss_that_is_not_finite_leaves_the_weights(few):
    ours = task(few)
    ours.train_batch()
    ours.theta[0] = np.inf
    before = ours.theta.copy()
    with np.errstate(all="ignore"), pytest.raises(DivergedError):
        ours.train_batch()
    assert np.array_equal(before, ours.theta) and ours.step == 1


@pytest.mark.parametrize("name, value", [("lr", 50.0), ("hidden", (8,)), ("seed", 3), ("dropout", "much")])
def test_no_knob_takes_a_value_out_of_range(few, name, value):
    ours = task(few)
    with pytest.raises(ValueError):
        ours.set(name, value)
    assert ours.settings == SMALL
