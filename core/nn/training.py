"""The training loop. What is learned, and from what, it asks of a `Task`; checkpoints resume a run bit for bit."""

import ast
import io
import math
import time
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from core.files import write_atomic
from core.nn.arguments import check_choice
from core.nn.optimizers import clip_norm, learning_rate, make_optimizer, total, update_average
from core.settings import as_text

EMA_EVERY = 8  # steps; averaging less often costs less and averages the same


class Task(Protocol):
    """What `fit` asks of whatever is to be learned.

    theta: the flat vector that the optimiser changes in place; decay_size: how many of its first values weight decay
    is for; score: the name of the value in `evaluate` by which the best epoch is chosen, larger is better.
    """

    theta: np.ndarray
    decay_size: int
    steps_per_epoch: int
    score: str

    def batches(self, epoch):
        """The epoch's batches, `steps_per_epoch` of them; what they hold is the task's own affair."""

    def loss_and_grad(self, batch):
        """Loss of one batch at the present theta, and its gradient: (n,), or (parts, n) of which it is the sum. Its
        memory may be used again in the next call."""

    def evaluate(self):
        """A row of history at the present theta: a dict of numbers, `score` among them."""


@dataclass
class Progress:
    """Where a run stands: epochs done, the best score on validation and its weights, a row of history an epoch."""

    epoch: int = 0
    best: float = -math.inf
    best_epoch: int = 0
    best_theta: np.ndarray | None = None
    history: dict = field(default_factory=dict)
    interrupted: bool = False

    def record(self, row):
        for name, value in row.items():
            self.history.setdefault(name, []).append(value)


class CheckpointError(ValueError):
    """A checkpoint cannot be taken up: damaged, or of a run with other settings."""


def fit(task, config, checkpoint=None, resume=False, on_step=None, on_epoch=None):
    """Train the theta of a Task in place; at the end it holds the weights to keep (config.keep). Returns the Progress.

    keep="best" keeps the epoch of the largest finite score; of a task without one, such as a task without validation,
    the last weights are kept.
    config: anything with the settings of optimiser, schedule and length (core/digits/config.py, core/text/config.py).
    checkpoint: a file, written after each epoch, from which `resume` goes on to the same weights, bit for bit, as a run
    without interruption. on_step(epoch, step, loss) and on_epoch(row) are told how it goes. A KeyboardInterrupt ends
    the run cleanly. Raises FloatingPointError when the loss is no longer finite.
    """
    check_choice("keep", config.keep, ("best", "last"))
    theta = task.theta
    optimizer = make_optimizer(config, theta, task.decay_size)
    average = theta.copy() if config.ema else None
    progress = Progress(best_theta=theta.copy())
    if resume and checkpoint is not None and Path(checkpoint).exists():
        progress = load_checkpoint(checkpoint, config, theta, optimizer, average)
    total_steps = config.epochs * task.steps_per_epoch

    for epoch in range(progress.epoch, config.epochs):
        if config.patience and epoch - progress.best_epoch >= config.patience:
            break
        started, losses = time.perf_counter(), []
        try:
            for step, batch in enumerate(task.batches(epoch)):
                done = epoch * task.steps_per_epoch + step
                loss, grads = task.loss_and_grad(batch)
                if not np.isfinite(loss):
                    raise FloatingPointError(f"the loss became {loss} in epoch {epoch + 1}; try a smaller --lr")
                if config.clip:
                    grads = total(grads)
                    clip_norm(grads, config.clip)
                lr = learning_rate(config, done, total_steps)
                optimizer.step(theta, grads, lr)
                if average is not None and (done + 1) % EMA_EVERY == 0:
                    # early on a short memory, so that the average does not hold on to the random start
                    update_average(average, theta, min(config.ema, (1 + done) / (10 + done)) ** EMA_EVERY)
                losses.append(loss)
                if on_step:
                    on_step(epoch, step, loss)
        except KeyboardInterrupt:
            progress.interrupted = True
            break
        found = evaluate_at(task, average)
        if task.score not in found:
            raise ValueError(f"the task's score is {task.score!r}, and evaluate() gives {', '.join(map(repr, found))}")
        row = {"epoch": epoch + 1, "loss": float(np.mean(losses)), "lr": lr, **found,
               "seconds": round(time.perf_counter() - started, 3)}
        progress.record(row)
        progress.epoch = epoch + 1
        score = row[task.score] if math.isfinite(row[task.score]) else -math.inf
        if score > progress.best or progress.best == -math.inf:  # until there is a score, the last weights count
            progress.best, progress.best_epoch = score, epoch + 1
            progress.best_theta[...] = theta if average is None else average
        if checkpoint is not None:
            save_checkpoint(checkpoint, config, theta, optimizer, average, progress)
        if on_epoch:
            on_epoch(row)

    if config.keep == "best" or progress.interrupted:
        theta[...] = progress.best_theta
    elif average is not None:
        theta[...] = average
    return progress


def evaluate_at(task, average):
    """task.evaluate() at the averaged weights, where there are any; theta is as before afterwards."""
    if average is None:
        return task.evaluate()
    kept = task.theta.copy()
    task.theta[...] = average
    try:
        return task.evaluate()
    finally:
        task.theta[...] = kept


def save_checkpoint(path, config, theta, optimizer, average, progress):
    """All that the next epoch depends on, in one file written aside and renamed."""
    arrays = {"theta": theta, "best_theta": progress.best_theta, "settings": np.array(repr(config.to_dict())),
              "counters": np.array([progress.epoch, progress.best_epoch]), "best": np.array(progress.best)}
    arrays |= {f"optimizer_{name}": value for name, value in optimizer.state.items()}
    arrays |= {f"history_{name}": np.array(values) for name, values in progress.history.items()}
    if average is not None:
        arrays["average"] = average
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_atomic(path, buffer.getbuffer())


def read_checkpoint(path, config):
    """The arrays of a checkpoint: {name: array}. Raises CheckpointError where the file is damaged, or of a run with
    settings other than config; the message names each of them."""
    try:
        # opened here: NumPy would leave a damaged file open
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved}
        settings = type(config).from_dict(ast.literal_eval(str(arrays.pop("settings"))))
    except (OSError, KeyError, ValueError, SyntaxError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise CheckpointError(f"{path} is damaged ({error}); train without --resume.") from None
    check_same(path, settings, config)
    return arrays


def check_same(path, saved, config):
    """Raises CheckpointError where the settings saved in a file are not those of config, with both values of each."""
    names = saved.difference(config)
    if names:
        both = ", ".join(f"{name} is {as_text(value) or 'empty'} there and {as_text(getattr(config, name)) or 'empty'} "
                         "now" for name, value in names.items())
        raise CheckpointError(f"{path} belongs to a run with other settings: {both}; resume with the settings of that "
                              "run, or train without --resume.")


def load_checkpoint(path, config, theta, optimizer, average):
    """Fill theta, optimiser and average from a checkpoint and return its Progress."""
    saved = read_checkpoint(path, config)
    try:
        theta[...] = saved["theta"]
        for name, value in optimizer.state.items():
            value[...] = saved[f"optimizer_{name}"]
        if average is not None:
            average[...] = saved["average"]
        history = {name.removeprefix("history_"): values.tolist() for name, values in saved.items()
                   if name.startswith("history_")}
        epoch, best_epoch = (int(n) for n in saved["counters"])
        return Progress(epoch, float(saved["best"]), best_epoch, saved["best_theta"], history)
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); train without --resume.") from None
