"""The training loop: reproducibility, resuming, early stopping, the score a task names, and learning on real digits."""

import numpy as np
import pytest

from core.digits.config import Config
from core.digits.data import load_mnist, load_split
from core.digits.presets import PRESETS
from core.digits.task import DigitTask, Images
from core.nn.checkpoint import CheckpointError
from core.nn.classification import ClassificationTask
from core.nn.network import build_network
from core.nn.training import EMA_EVERY, fit


@pytest.fixture(scope="module")
def digits():
    mnist, split = load_mnist(), load_split()
    images = Images(mnist["X_train"], mnist["y_train"])
    return images.part(split["train"][:3000]), images.part(split["validation"])


SMALL = Config(hidden=(48,), epochs=3, batch_size=64, lr=3e-3, rotation=10, elastic=1.0, dropout=0.1, ema=0.99)


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
    assert not history.interrupted

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
    with pytest.raises(CheckpointError, match=r"other settings: lr is 0\.003 there and 0\.0001 now"):
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


def test_the_best_epoch_is_chosen_by_the_score_that_the_task_names(digits):
    """A task of another kind: its score is not an accuracy, and falls after the second epoch."""
    class Task(DigitTask):
        score = "skill"
        skills = iter([-3.0, -1.0, -2.0])

        def evaluate(self):
            return {"skill": next(self.skills)}

    kept = {}
    task = Task(SMALL.replace(ema=0.0), *digits)
    progress = fit(task, task.config, on_epoch=lambda row: kept.update({row["epoch"]: task.theta.copy()}))
    assert progress.best_epoch == 2 and progress.history["skill"] == [-3, -1, -2]


def test_the_average_is_what_is_kept_and_evaluated(digits):
    """With a decay so long that it hardly moves, the average stays behind theta; last epoch, best epoch and end
    agree."""
    seen = []
    config = SMALL.replace(ema=0.9, keep="last", epochs=2)
    task = DigitTask(config, *digits)
    progress = fit(task, config, on_epoch=lambda row: seen.append((row["val_accuracy"], task.theta.copy())))
    assert task.evaluate()["val_accuracy"] == seen[-1][0] == progress.history["val_accuracy"][-1]
    assert not np.array_equal(task.theta, seen[-1][1])  # the end holds the average, the run's theta went on alone


def test_the_average_follows_its_stated_recipe():
    """Every EMA_EVERY steps, with the decay of so many steps at once, and a short memory at first: worked by hand."""
    class Line:
        """theta goes up by exactly one each step."""

        theta, decay_size, steps_per_epoch, score = np.zeros(1), 0, 20, "score"

        def batches(self, epoch):
            yield from range(20)

        def loss_and_grad(self, batch):
            return 0.0, np.array([-1.0])

        def evaluate(self):
            return {"score": 0.0}

    config = Config(
        optimizer="sgd", momentum=0.0, lr=1.0, schedule="constant", warmup=0, epochs=1, ema=0.95, keep="last"
    )
    task, average = Line(), 0.0
    fit(task, config)
    for step in range(20):
        if (step + 1) % EMA_EVERY == 0:
            decay = min(0.95, (1 + step) / (10 + step)) ** EMA_EVERY
            average = decay * average + (1 - decay) * (step + 1)
    assert task.theta[0] == pytest.approx(average)


def test_gradients_are_clipped_and_learning_rates_recorded(digits):
    seen = []
    config = SMALL.replace(
        optimizer="sgd", momentum=0.0, clip=1e-3, lr=0.5, schedule="constant", warmup=0, ema=0.0, epochs=1, keep="last"
    )
    task = DigitTask(config, *digits)
    start = task.theta.copy()
    fit(task, config, on_epoch=lambda row: seen.append(row))
    steps = task.steps_per_epoch
    assert 0 < np.linalg.norm(task.theta - start) <= steps * 0.5 * 1e-3 * 1.001
    assert seen[0]["lr"] == 0.5 and seen[0]["epoch"] == 1 and seen[0]["loss"] > 0


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_without_validation_the_last_weights_are_kept_and_learn_xor(ema):
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([0, 1, 1, 0])
    config = Config(hidden=(8,), gate=False, epochs=400, batch_size=4, lr=0.02, ema=ema)
    network = build_network(config, 2, 2)
    progress = fit(ClassificationTask(config, network, X, y), config)
    assert network.logits(X).argmax(axis=1).tolist() == y.tolist()
    assert progress.best_epoch == progress.epoch == 400


def test_a_score_that_is_not_finite_is_no_score():
    """The epoch of the best finite score is kept, whatever comes before or after; patience counts from it."""
    class Steps:
        theta, decay_size, steps_per_epoch, score = np.zeros(1), 0, 1, "score"
        scores = iter([np.nan, 2.0, np.inf, np.nan, 1.0])

        def batches(self, epoch):
            yield epoch

        def loss_and_grad(self, batch):
            return 0.0, np.array([-1.0])

        def evaluate(self):
            return {"score": next(self.scores)}

    task = Steps()
    config = Config(optimizer="sgd", momentum=0.0, lr=1.0, schedule="constant", warmup=0, epochs=5, patience=3)
    progress = fit(task, config)
    assert (progress.best, progress.best_epoch, progress.epoch, task.theta[0]) == (2.0, 2, 5, 2.0)
