"""Qualm's own side of the benchmark, through the same functions that training and the app call."""

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice, pairwise
from pathlib import Path

import numpy as np

from analytics.benchmark.memory import peak_megabytes
from core.digits.config import Config
from core.digits.data import as_input, load_mnist
from core.digits.presets import PRESETS
from core.digits.task import DigitTask, digit_network, load_parts
from core.models import model
from core.nn.classification import ClassificationTask
from core.nn.fast.optimizers import make_optimizer
from core.nn.parallel import side_by_side
from core.nn.training import fit


def timed(work, repeats, warm_up=5):
    """Seconds of each of `repeats` calls, after some that are not counted."""
    for _ in range(warm_up):
        work()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return seconds


def random_batch(batch):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 1, (batch, 784)).astype(np.float32), rng.integers(0, 10, batch)


@contextlib.contextmanager
def neighbour(busy):
    """Another process that keeps one core busy, where `busy`."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if busy else None
    try:
        yield
    finally:
        if other:
            other.kill()
            other.wait()


def step(hidden, gate, batch, optimizer, repeats, busy=False):
    """Seconds of one training step: forward, loss, backward, optimiser."""
    config = Config(hidden=tuple(hidden), gate=gate, batch_size=batch, optimizer=optimizer, weight_decay=0.01)
    task = ClassificationTask(config, digit_network(config), *random_batch(batch))
    optimiser, halves = make_optimizer(config, task.theta, task.decay_size), next(task.batches(0))

    def one():
        _, grads = task.loss_and_grad(halves)
        optimiser.step(task.theta, grads, 1e-3)

    with neighbour(busy):
        return timed(one, repeats)


def gemm(hidden, gate, batch, repeats, parts):
    """Seconds of the matrix products (GEMM) alone that such a step cannot do without: of the whole batch (parts 1), or
    of two halves on two Python threads (parts 2)."""
    sizes = [784, *hidden]
    shapes = [*pairwise(sizes), *([(sizes[-1], sizes[-1])] if gate else []), (sizes[-1], 10)]
    rng = np.random.default_rng(0)
    work = [[] for _ in range(parts)]
    for i, (n_in, n_out) in enumerate(shapes):
        W = rng.standard_normal((n_in, n_out)).astype(np.float32)
        for mine in work:
            x, dy = (rng.standard_normal((batch // parts, n)).astype(np.float32) for n in (n_in, n_out))
            y, dW, dx = np.empty_like(dy), np.empty_like(W), np.empty_like(x)
            mine += [(x, W, y), (x.T, dy, dW)] + ([(dy, W.T, dx)] if i else [])

    def multiply(part):
        for a, b, out in work[part]:
            np.matmul(a, b, out=out)

    return timed(lambda: side_by_side(multiply, parts), repeats)


def rate():
    """GFLOP/s of a product of two float32 matrices (1024, 1024): rented processors differ by the hour."""
    a = np.random.default_rng(0).uniform(0, 1, (1024, 1024)).astype(np.float32)
    return 2 * 1024**3 / statistics.median(timed(lambda: a @ a, 30)) / 1e9


def epoch(config, images):
    """Seconds of training a preset on so many images, augmentation included."""
    config = PRESETS[config].replace(epochs=1)
    parts = load_parts(config)
    task = DigitTask(config, parts["train"].part(slice(0, images)), parts["validation"].part(slice(0, 100)))
    optimiser = make_optimizer(config, task.theta, task.decay_size)
    seconds = []
    for number in range(2):  # the first warms up
        started = time.perf_counter()
        for batch in task.batches(number):
            _, grads = task.loss_and_grad(batch)
            optimiser.step(task.theta, grads, 1e-3)
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


def reach(target, epochs, seed):
    """Seconds of training from nothing until validation accuracy is `target`, and the epochs; None where it is not.

    The schedule ends after `epochs`; reading the data is not counted, evaluating is.
    """
    config = PRESETS["sprint"].replace(epochs=epochs, seed=seed)
    parts = load_parts(config)
    started, answer = time.perf_counter(), []

    def on_epoch(row):
        if row["val_accuracy"] >= target:
            answer.append([time.perf_counter() - started, row["epoch"]])
            raise KeyboardInterrupt

    task = DigitTask(config, parts["train"], parts["validation"])
    try:
        fit(task, config, on_epoch=on_epoch)
    except KeyboardInterrupt:
        return answer[0]
    return [None, epochs]


def pictures(n):
    """The first n test images (n, 28, 28) uint8: which ones are doubtful decides how many are looked at again."""
    return load_mnist()["X_test"][:n]


def predict(n, repeats, looks=False):
    """Seconds from images (n, 28, 28) to calibrated probabilities (n, 10) with all signals of doubt, by the shipped
    model: at the first look, the graph that onnxruntime has too; with `looks`, further ones where there is doubt."""
    saved, images = model.load(), pictures(n)
    answer = saved.probabilities if looks else saved.unaugmented_probabilities
    return timed(lambda: answer(as_input(images, saved.config.input_range)), repeats)


def training_memory():
    """Peak memory in MB of champion training: reading the data, one short epoch, and the readout's fit."""
    from core.models import finish

    class Short(DigitTask):
        def deal(self, epoch, rng):
            yield from islice(super().deal(epoch, rng), 20)

    config = PRESETS["champion"].replace(epochs=1)
    parts = load_parts(config)
    task = Short(config, parts["train"], parts["validation"])
    with tempfile.TemporaryDirectory() as folder:
        progress = fit(task, config, Path(folder) / "checkpoint.npz")
        network = task.finished()
        del task
        finish.save(folder, network, config, parts, progress)
    return peak_megabytes()


def prediction_memory():
    """Peak memory in MB of a process that loads the shipped model and reads one picture."""
    from deployment.deploy_mnist import MNISTDeployer

    picture = np.full((280, 280), 255, np.uint8)
    picture[60:220, 130:150] = 0
    MNISTDeployer().predict(picture)
    return peak_megabytes()
