"""The benchmark's measurements of Qualm, with the functions that training and the app call."""

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.benchmark.rss import peak_megabytes
from core.digits.config import Config
from core.digits.data import as_input, load_mnist
from core.digits.presets import PRESETS
from core.digits.task import DigitTask, digit_network, load_parts
from core.models import model
from core.nn.classification import ClassificationTask
from core.nn.fast.optimizers import make_optimizer
from core.nn.parallel import side_by_side
from core.nn.training import fit


def timed(work: Callable[[], object], repeats: int, warm_up: int = 5) -> list[float]:
    """Seconds of each of `repeats` calls, after `warm_up` calls that are not measured."""
    for _ in range(warm_up):
        work()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return seconds


def training_batch(batch: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The first images of MNIST's training set as network inputs (batch, 784), and their labels."""
    parts = load_mnist()
    return as_input(parts["X_train"][:batch], (0.0, 1.0)), parts["y_train"][:batch].astype(np.int64)


@contextlib.contextmanager
def busy_process(busy: bool) -> Iterator[None]:
    """Run another process that occupies one core, if `busy`."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if busy else None
    try:
        yield
    finally:
        if other:
            other.kill()
            other.wait()


def step(hidden: Sequence[int], gate: bool, batch: int, optimizer: str, repeats: int,
         busy: bool = False) -> list[float]:
    """Seconds of one training step: forward, loss, backward, optimiser."""
    config = Config(hidden=tuple(hidden), gate=gate, batch_size=batch, optimizer=optimizer, weight_decay=0.01)
    task = ClassificationTask(config, digit_network(config), *training_batch(batch))
    optimiser, halves = make_optimizer(config, task.theta, task.decay_size), next(task.batches(0))

    def train_step() -> None:
        _, grads = task.loss_and_grad(halves)
        optimiser.step(task.theta, grads, 1e-3)

    with busy_process(busy):
        return timed(train_step, repeats)


def gemm(hidden: Sequence[int], gate: bool, batch: int, repeats: int, parts: int) -> list[float]:
    """Seconds of only the matrix products (GEMM) of a step: of the whole batch, or of `parts` on as many threads."""
    sizes = [784, *hidden]
    shapes = [*pairwise(sizes), *([(sizes[-1], sizes[-1])] if gate else []), (sizes[-1], 10)]
    rng = np.random.default_rng(0)
    products = [[] for _ in range(parts)]
    for i, (n_in, n_out) in enumerate(shapes):
        W = rng.standard_normal((n_in, n_out)).astype(np.float32)
        for part in products:
            x, dy = (rng.standard_normal((batch // parts, n)).astype(np.float32) for n in (n_in, n_out))
            y, dW, dx = np.empty_like(dy), np.empty_like(W), np.empty_like(x)
            part += [(x, W, y), (x.T, dy, dW)] + ([(dy, W.T, dx)] if i else [])

    def multiply(part: int) -> None:
        for a, b, out in products[part]:
            np.matmul(a, b, out=out)

    return timed(lambda: side_by_side(multiply, parts), repeats)


def rate() -> float:
    """GFLOP/s of a product of two float32 matrices (1024, 1024), because virtual machines vary in speed."""
    a = np.random.default_rng(0).uniform(0, 1, (1024, 1024)).astype(np.float32)
    return 2 * 1024**3 / statistics.median(timed(lambda: a @ a, 30)) / 1e9


def epoch(config: str, images: int) -> list[float]:
    """Seconds of one training epoch of the preset `config` on the first `images` training images, with augmentation."""
    preset = PRESETS[config].replace(epochs=1)
    parts = load_parts(preset)
    task = DigitTask(preset, parts["train"].part(slice(0, images)), parts["validation"].part(slice(0, 100)))
    optimiser = make_optimizer(preset, task.theta, task.decay_size)
    seconds = []
    for number in range(2):  # the first is a warm-up
        started = time.perf_counter()
        for batch in task.batches(number):
            _, grads = task.loss_and_grad(batch)
            optimiser.step(task.theta, grads, 1e-3)
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


def reach(target: float, epochs: int, seed: int) -> list[float | None]:
    """[seconds, epochs] of training the preset "sprint" until the validation accuracy is `target`.

    Seconds are None when it is not reached in `epochs`. They include evaluation but not loading the data.
    """
    config = PRESETS["sprint"].replace(epochs=epochs, seed=seed)
    parts = load_parts(config)
    started, result = time.perf_counter(), []

    def on_epoch(row: Mapping[str, float]) -> None:
        if row["val_accuracy"] >= target:
            result.append([time.perf_counter() - started, row["epoch"]])
            raise KeyboardInterrupt

    task = DigitTask(config, parts["train"], parts["validation"])
    try:
        fit(task, config, on_epoch=on_epoch)
    except KeyboardInterrupt:
        return result[0]
    return [None, epochs]


def pictures(n: int) -> NDArray[np.uint8]:
    """The first n test images (n, 28, 28), whose share of doubtful ones decides the cost of test-time augmentation."""
    return load_mnist()["X_test"][:n]


def predict(n: int, repeats: int, augmented: bool = False) -> list[float]:
    """Seconds from images (n, 28, 28) to calibrated probabilities (n, 10) with all uncertainty signals.

    The computation is the one of the ONNX export; if `augmented`, with test-time augmentation of doubtful images.
    """
    saved, images = model.load(), pictures(n)
    probabilities = saved.probabilities if augmented else saved.unaugmented_probabilities
    return timed(lambda: probabilities(as_input(images, saved.config.input_range)), repeats)


def training_memory() -> float:
    """Peak memory in MB of champion training: loading the data, one short epoch, and fitting the readout."""
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


def prediction_memory() -> float:
    """Peak memory in MB of a process that loads the shipped model and reads one picture."""
    from deployment.deploy_mnist import MNISTDeployer

    picture = np.full((280, 280), 255, np.uint8)
    picture[60:220, 130:150] = 0
    MNISTDeployer().predict(picture)
    return peak_megabytes()
