"""Optimisers against steps worked by hand, schedules, reproducibility, resuming, and learning on real digits."""

import numpy as np
import pytest

from core.digits.config import Config
from core.digits.data import load_mnist, load_split
from core.digits.presets import PRESETS
from core.digits.task import DigitTask, Images
from core.nn.optimizers import SGD, Adam, clip_norm, learning_rate, update_average
from core.nn.training import CheckpointError, fit


@pytest.fixture(scope="module")
def digits():
    mnist, split = load_mnist(), load_split()
    images = Images(mnist["X_train"], mnist["y_train"])
    return images.part(split["train"][:3000]), images.part(split["validation"])


SMALL = Config(hidden=(48,), epochs=3, batch_size=64, lr=3e-3, rotation=10, elastic=1.0, dropout=0.1, ema=0.99)


def test_sgd_by_hand():
    theta = np.array([1.0, -2.0])
    SGD(theta).step(theta, np.array([0.5, 1.0]), lr=0.1)
    assert theta == pytest.approx([0.95, -2.1])


def test_momentum_by_hand():
    theta = np.array([1.0])
    optimizer = SGD(theta, momentum=0.9)
    optimizer.step(theta, np.array([1.0]), lr=0.1)  # velocity 1
    optimizer.step(theta, np.array([2.0]), lr=0.1)  # velocity 2.9
    assert theta == pytest.approx([1 - 0.1 - 0.29])


def test_adam_by_hand():
    theta = np.array([1.0, 1.0])
    optimizer = Adam(theta, beta1=0.9, beta2=0.99, eps=1e-8)
    optimizer.step(theta, np.array([0.5, -4.0]), lr=0.1)
    assert theta == pytest.approx([0.9, 1.1])  # the first step is lr times the sign
    optimizer.step(theta, np.array([1.5, -4.0]), lr=0.1)
    m, v = (0.9 * 0.05 + 0.1 * 1.5) / (1 - 0.9**2), (0.99 * 0.0025 + 0.01 * 2.25) / (1 - 0.99**2)
    assert theta == pytest.approx([0.9 - 0.1 * m / np.sqrt(v), 1.2])


def test_decoupled_decay_touches_matrices_only():
    theta = np.ones(4)
    Adam(theta, weight_decay=0.5, decay_size=3).step(theta, np.zeros(4), lr=0.1)
    assert theta == pytest.approx([0.95, 0.95, 0.95, 1.0])


@pytest.mark.parametrize("make", [lambda t: SGD(t, momentum=0.9), lambda t: Adam(t)])
def test_long_vectors_are_updated_whole_and_alike(make):
    """Chunks and threads change nothing: a long vector moves as each of its elements would alone."""
    rng = np.random.default_rng(0)
    long = rng.standard_normal(300_001)
    alone, grads = long[[0, 32_768, 200_000, 300_000]].copy(), rng.standard_normal(300_001)
    picked = grads[[0, 32_768, 200_000, 300_000]].copy()
    for theta, g in ((long, grads), (alone, picked)):
        optimizer = make(theta)
        for _ in range(3):
            optimizer.step(theta, g, lr=0.01)
    assert np.array_equal(long[[0, 32_768, 200_000, 300_000]], alone)


def test_adam_finds_the_valley_of_rosenbrock():
    theta = np.array([-1.0, 1.5])
    optimizer = Adam(theta)
    for _ in range(6000):
        x, y = theta
        optimizer.step(theta, np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]), lr=0.01)
    assert theta == pytest.approx([1, 1], abs=1e-2)


def test_clipping_and_averaging():
    grads = np.array([3.0, 4.0])
    assert clip_norm(grads, 1.0) == pytest.approx(5)
    assert grads == pytest.approx([0.6, 0.8])
    average = np.zeros(2)
    update_average(average, np.array([1.0, 2.0]), 0.75)
    assert average == pytest.approx([0.25, 0.5])


def test_schedules():
    steps = 100
    base = Config(warmup=0.1, lr=1.0, epochs=10, step_epochs=5, step_factor=0.1)
    rates = {name: [learning_rate(base.replace(schedule=name), i, steps) for i in range(steps)]
             for name in ("constant", "step", "cosine", "one_cycle")}
    for rate in rates.values():
        assert np.all(np.diff(rate[:10]) > 0) and rate[0] < 0.1  # the warm-up rises
    assert set(rates["constant"][10:]) == {1.0}
    assert rates["step"][49] == pytest.approx(1.0) and rates["step"][50] == pytest.approx(0.1)
    assert max(rates["one_cycle"]) == pytest.approx(1.0) and rates["one_cycle"][-1] < 1e-3
    assert np.all(np.diff(rates["one_cycle"][10:]) < 0)


def run(config, digits, **kwargs):
    task = DigitTask(config, *digits)
    return task.theta, fit(task, config, **kwargs)


def test_same_seed_same_weights_other_seed_other_weights(digits):
    first, _ = run(SMALL, digits)
    again, _ = run(SMALL, digits)
    other, _ = run(SMALL.replace(seed=1), digits)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("stop_at", [(1, 0), (1, 20)], ids=["between epochs", "within an epoch"])
def test_interrupted_and_resumed_is_bit_for_bit_uninterrupted(digits, tmp_path, stop_at):
    whole, history = run(SMALL, digits)

    def interrupt(epoch, step, loss):
        if (epoch, step) == stop_at:
            raise KeyboardInterrupt

    checkpoint = tmp_path / "checkpoint.npz"
    _, stopped = run(SMALL, digits, checkpoint=checkpoint, on_step=interrupt)
    assert stopped.interrupted and stopped.epoch == 1
    resumed, progress = run(SMALL, digits, checkpoint=checkpoint, resume=True)
    assert np.array_equal(whole, resumed)
    assert progress.history["val_accuracy"] == history.history["val_accuracy"]


def test_interruption_keeps_the_best_weights(digits):
    seen = {}

    def interrupt(epoch, step, loss):
        if epoch == 2:
            raise KeyboardInterrupt

    config = SMALL.replace(lr=0.05, ema=0.0)  # rough enough that the last epoch need not be the best
    task = DigitTask(config, *digits)
    note = lambda row: seen.update({row["epoch"]: row["val_accuracy"]})  # noqa: E731
    progress = fit(task, config, on_step=interrupt, on_epoch=note)
    assert task.evaluate()["val_accuracy"] == max(seen.values()) == progress.best


def test_checkpoint_of_other_settings_or_damaged_is_refused(digits, tmp_path):
    checkpoint = tmp_path / "checkpoint.npz"
    run(SMALL.replace(epochs=1), digits, checkpoint=checkpoint)
    with pytest.raises(CheckpointError, match="other settings"):
        run(SMALL.replace(epochs=1, lr=1e-4), digits, checkpoint=checkpoint, resume=True)
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="damaged"):
        run(SMALL.replace(epochs=1), digits, checkpoint=checkpoint, resume=True)


def test_early_stopping_restores_the_best(digits):
    config = SMALL.replace(epochs=30, patience=2, schedule="constant", warmup=0, lr=0.02, ema=0.0)
    task = DigitTask(config, *digits)
    progress = fit(task, config)
    assert progress.epoch == progress.best_epoch + 2 < 30
    assert task.evaluate()["val_accuracy"] == progress.best


def test_a_diverging_run_says_so(digits):
    config = SMALL.replace(optimizer="sgd", lr=1e20, ema=0.0)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="smaller --lr"):
        run(config, digits)


@pytest.mark.parametrize("gate", [True, False])
def test_one_batch_can_be_learned_by_heart(digits, gate):
    train, validation = digits
    config = Config(hidden=(64, 32), gate=gate, epochs=60, batch_size=64, lr=3e-3)
    batch = train.part(np.arange(64))
    _, progress = run(config, (batch, validation))
    assert progress.history["loss"][-1] < 0.01 < 1 < progress.history["loss"][0]


def test_smoke_training_reads_digits(digits):
    config = PRESETS["default"].replace(hidden=(128, 64), epochs=5, batch_size=64, lr=3e-3)
    _, progress = run(config, digits)
    assert progress.history["val_accuracy"][-1] > 0.85


def test_impossible_settings_are_named():
    with pytest.raises(ValueError, match="optimizer must be one of"):
        Config(optimizer="adamax")
    with pytest.raises(ValueError, match="batch_size"):
        Config(batch_size=0)
