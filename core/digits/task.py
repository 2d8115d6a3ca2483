"""Digits as a training task, and the parts of the data for training, selection and calibration."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.digits.augmentation import augment
from core.digits.config import Config
from core.digits.data import (
    DIGITS,
    PIXELS,
    DataError,
    as_input,
    calibration_writers,
    load_mnist,
    load_renderings,
    load_split,
    read_csv,
    validation_writers,
)
from core.digits.strokes.negatives import negatives
from core.digits.strokes.render import figures
from core.metrics import accuracy, faith, hope, love
from core.nn.classification import ClassificationTask, Half
from core.nn.context import Array
from core.nn.fast.layers import fast
from core.nn.losses import Labels, softmax, softmax_cross_entropy
from core.nn.network import Network, build_network

SAMPLE = 2000  # training images for a run's history and for the statistics of batch normalisation
EPOCHS_PER_SET = 3  # epochs that share one set of stroke-model pictures: making one takes a tenth of an epoch
LEAST_CSV = 30  # images: each part needs some


@dataclass(frozen=True)
class Images:
    """Labelled images: X (N, 28, 28) uint8, y (N,); writer (N,), the writer of each, or None if unknown."""

    X: NDArray[np.uint8]
    y: Labels
    writer: NDArray[np.integer] | None = None

    def __len__(self) -> int:
        return len(self.y)

    def part(self, indices: Any) -> "Images":
        """The images at these indices or in this slice."""
        return Images(self.X[indices], self.y[indices], None if self.writer is None else self.writer[indices])


def digit_network(config: Config, dtype: DTypeLike = np.float32) -> Network:
    """The network for digits that a Config describes: 784 - hidden ... - (gate) - 10."""
    return fast(build_network(config, PIXELS, DIGITS, dtype))


class DigitTask(ClassificationTask[Config]):
    """Train on Images `train`, mixed with pictures of the stroke model as the Config states; evaluate on Images
    `validation`.

    With config.anneal the deformations of a batch depend on its step. network: replaces the one that the Config
    describes.
    """

    def __init__(self, config: Config, train: Images, validation: Images, network: Network | None = None) -> None:
        self.X_val, self.y_val = as_input(validation.X, config.input_range), validation.y
        super().__init__(config, network or digit_network(config), train.X, train.y, (self.X_val, self.y_val),
                         drop_last=True)
        self._n_real, self._set, self.nothing = len(train), -1, config.negatives > 0
        # batch statistics of the finished network: of images as deformed as at the end of the run
        self._deformed = config.at(1.0)
        size = min(config.batch_size, self._n_real)
        self._per_batch = [round(share * size) for share in (config.synthetic, config.negatives)]
        room = self.steps_per_epoch * sum(self._per_batch)
        if room:
            self.X = np.concatenate([train.X, np.zeros((room, *train.X.shape[1:]), train.X.dtype)])
            self.y = np.concatenate([train.y.astype(np.int8), np.zeros(room, np.int8)])
        sample = train.part(np.random.default_rng([config.seed, 3]).permutation(len(train))[:SAMPLE])
        self.X_sample, self.y_sample = as_input(sample.X, config.input_range), sample.y
        self.X_augmented = self.input(sample.X, sample.y, np.random.default_rng([config.seed, 4]))

    def input(self, X: NDArray[Any], y: Labels, rng: np.random.Generator) -> Array:
        """Training images as network input (N, 784), augmented if the Config says so."""
        X = augment(X, rng, self._deformed, y) if self._deformed.augments else X
        return as_input(X, self.config.input_range)

    def batches(self, epoch: int) -> Iterator[list[Half]]:
        first, steps = epoch * self.steps_per_epoch, self.config.epochs * self.steps_per_epoch
        for step, batch in enumerate(super().batches(epoch), first):
            self._deformed = self.config.at(step / steps)
            yield batch

    def deal(self, epoch: int, rng: np.random.Generator) -> Iterable[NDArray[np.integer]]:
        """The rows of each batch: training images in a new order, a share of them replaced by pictures of the stroke
        model."""
        if not any(self._per_batch):
            yield from super().deal(epoch, rng)
            return
        self._make_pictures(epoch // EPOCHS_PER_SET)
        steps, n_made = self.steps_per_epoch, sum(self._per_batch)
        real = rng.permutation(self._n_real)[: steps * (min(self.config.batch_size, self._n_real) - n_made)]
        made = self._n_real + np.concatenate([
            rng.permutation(np.arange(start, stop)).reshape(steps, -1)
            for start, stop in pairwise(np.cumsum([0, *(steps * n for n in self._per_batch)]))], axis=1)
        for rows in np.concatenate([real.reshape(steps, -1), made], axis=1):
            yield rng.permutation(rows)

    def _make_pictures(self, number: int) -> None:
        """Write set `number` of stroke-model pictures behind the training images: digits, and pictures that are not
        digits (y = -1). The set depends on number and seed alone."""
        if number == self._set:
            return
        digits, others = (self.steps_per_epoch * n for n in self._per_batch)
        rng, start = np.random.default_rng([self.config.seed, 5, number]), self._n_real
        if digits:
            self.X[start : start + digits], self.y[start : start + digits], _ = figures(digits, rng)
        if others:
            self.X[start + digits :], self.y[start + digits :] = negatives(others, rng)[0], -1
        self._set = number

    def finished(self) -> Network:
        return self.network.fold_batch_norm(self.X_augmented)

    def evaluate(self) -> dict[str, float]:
        """A row of history at the present theta: accuracy on a sample of training images without augmentation and on
        validation, and on validation the loss (nats, without smoothing), Hope, Faith and Love (core/metrics.py)."""
        network, y = self.finished(), self.y_val
        logits = network.logits(self.X_val)
        loss, probs = softmax_cross_entropy(logits, y)[0], softmax(logits)
        return {"train_accuracy": accuracy(self.y_sample, network.logits(self.X_sample).argmax(axis=1)),
                "val_accuracy": accuracy(y, logits.argmax(axis=1)), "val_loss": loss,
                "hope": hope(probs, np.eye(DIGITS)[y]), "faith": faith(probs.max(axis=1)), "love": love(loss, probs)}


def load_parts(config: Config, progress: Callable[[str, int, int], None] | None = None) -> dict[str, Images]:
    """The parts of MNIST: train, validation, calibration, test, and renderings, the calibration images as a canvas, a
    photograph, a scan and ruled paper show them.

    With config.train_on "all", train holds all 60,000 images. With config.csv the training images come from that file;
    a tenth of them, drawn with a fixed seed, is validation, another tenth calibration. Raises DataError if a file is
    missing, damaged or, for the CSV, not the one that the Config names.
    """
    mnist = load_mnist(progress=progress)
    if config.csv:
        training = load_csv(config)
        validation, calibration, train = np.split(np.random.default_rng(0).permutation(len(training)),
                                                  [len(training) // 10, len(training) // 5])
        split = {"train": train, "validation": validation, "calibration": calibration}
        parts = {name: training.part(indices) for name, indices in split.items()}
    else:
        training = Images(mnist["X_train"], mnist["y_train"])
        parts = {name: training.part(indices) for name, indices in load_split().items()}
        parts["calibration"] = Images(parts["calibration"].X, parts["calibration"].y, calibration_writers())
        parts["validation"] = Images(parts["validation"].X, parts["validation"].y, validation_writers())
        parts["renderings"] = renderings(parts["calibration"])
    if config.train_on == "all":
        parts["train"] = training
    return parts | {"test": Images(mnist["X_test"], mnist["y_test"])}


def renderings(calibration: Images) -> Images:
    """The calibration images of MNIST, with their labels and writers, as a canvas, a photograph, a scan and ruled paper
    show them."""
    assert calibration.writer is not None, "MNIST's writers are known"
    views = load_renderings()
    return Images(views.reshape(-1, *views.shape[2:]), np.tile(calibration.y, len(views)),
                  np.tile(calibration.writer, len(views)))


def load_csv(config: Config) -> Images:
    """The Images of config.csv; raises DataError if they are too few or their hash is not config.csv_sha256."""
    images = Images(*read_csv(config.csv))
    if config.csv_sha256 and config.csv_sha256 != file_sha256(config.csv):
        raise DataError(f"{config.csv} is no longer the file that this run began with; restore it, or train anew.")
    if len(images) < LEAST_CSV:
        raise DataError(f"{config.csv} holds {len(images)} images; training needs at least {LEAST_CSV}.")
    return images


def file_sha256(path: str | Path) -> str:
    """The SHA-256 of a file; raises DataError if it cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{path} could not be read ({error.strerror}).") from None
