"""Training with validation, early stopping, weight averaging and checkpoints. core.nn.loop.train is the plain loop."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.nn.arguments import check_choice
from core.nn.checkpoint import Progress, load_checkpoint, save_checkpoint
from core.nn.context import Array
from core.nn.fast.optimizers import make_optimizer, update_average
from core.nn.optimizers import clip_norm, total
from core.nn.schedules import make_schedule
from core.nn.settings import FitSettings

EMA_EVERY = 8  # steps: a rarer update costs less and averages the same


class Task(Protocol):
    """What `fit` trains.

    theta: the flat vector that the optimiser changes in place; decay_size: weight decay applies to the first decay_size
    values; score: the value of `evaluate` that selects the best epoch, larger is better.
    """

    theta: Array
    decay_size: int
    steps_per_epoch: int
    score: str

    def batches(self, epoch: int) -> Iterable[Any]:
        """The epoch's batches, `steps_per_epoch` of them."""
        ...

    def loss_and_grad(self, batch: Any) -> tuple[float, Array]:
        """Loss of one batch at the present theta and its gradient (n,), or parts of it (parts, n). The next call may
        reuse their memory."""
        ...

    def evaluate(self) -> dict[str, float]:
        """A row of history at the present theta, which contains `score`."""
        ...


class WeightAverage:
    """The exponential moving average of theta; with decay 0 theta itself."""

    def __init__(self, theta: Array, decay: float) -> None:
        self.theta, self.decay = theta, decay
        self.value = theta.copy() if decay else None

    def update(self, step: int) -> None:
        """Call after each step, counted from 0."""
        if self.value is not None and (step + 1) % EMA_EVERY == 0:
            # a short memory at first, so that the random start does not stay in the average
            decay = min(self.decay, (1 + step) / (10 + step))
            update_average(self.value, self.theta, decay**EMA_EVERY)

    @property
    def weights(self) -> Array:
        return self.theta if self.value is None else self.value

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Within, theta holds the average."""
        if self.value is None:
            yield
            return
        trained = self.theta.copy()
        self.theta[...] = self.value
        try:
            yield
        finally:
            self.theta[...] = trained


def fit(task: Task, config: FitSettings, checkpoint: str | Path | None = None, resume: bool = False,
        on_step: Callable[[int, int, float], None] | None = None,
        on_epoch: Callable[[dict[str, float]], None] | None = None) -> Progress:
    """Train the theta of a Task in place; at the end theta holds the weights that config.keep selects.

    keep="best" selects the epoch with the largest finite score; without any finite score, the last epoch.
    checkpoint: a file, written after each epoch; with `resume` the run continues from it, bit for bit as without the
    interruption. on_step(epoch, step, loss) and on_epoch(row) report progress. A KeyboardInterrupt ends the run with
    the best weights. Raises FloatingPointError if the loss is not finite, CheckpointError for an unusable checkpoint.
    """
    check_choice("keep", config.keep, ("best", "last"))
    theta = task.theta
    optimizer = make_optimizer(config, theta, task.decay_size)
    schedule = make_schedule(config, config.epochs * task.steps_per_epoch)
    average = WeightAverage(theta, config.ema)
    progress = Progress(best_theta=theta.copy())
    if resume and checkpoint is not None and Path(checkpoint).exists():
        progress = load_checkpoint(checkpoint, config, theta, optimizer.state, average.value)

    while progress.epoch < config.epochs and not progress.out_of_patience(config.patience):
        epoch, started, losses, lr = progress.epoch, time.perf_counter(), [], config.lr
        try:
            for i, batch in enumerate(task.batches(epoch)):
                step = epoch * task.steps_per_epoch + i
                loss, grads = task.loss_and_grad(batch)
                if not np.isfinite(loss):
                    raise FloatingPointError(f"the loss became {loss} in epoch {epoch + 1}; try a smaller --lr")
                if config.clip:
                    grads = total(grads)
                    clip_norm(grads, config.clip)
                lr = schedule(step)
                optimizer.step(theta, grads, lr)
                average.update(step)
                losses.append(loss)
                if on_step:
                    on_step(epoch, i, loss)
        except KeyboardInterrupt:
            progress.interrupted = True
            break
        with average.in_use():
            measures = task.evaluate()
        if task.score not in measures:
            raise ValueError(f"the task's score is {task.score!r}, and evaluate() gives "
                             f"{', '.join(map(repr, measures))}")
        row = {"epoch": epoch + 1, "loss": float(np.mean(losses)), "lr": lr, **measures,
               "seconds": round(time.perf_counter() - started, 3)}
        progress.record(row, task.score, average.weights)
        if checkpoint is not None:
            save_checkpoint(checkpoint, config, theta, optimizer.state, average.value, progress)
        if on_epoch:
            on_epoch(row)

    theta[...] = progress.best_theta if config.keep == "best" or progress.interrupted else average.weights
    return progress
