"""Digits as a training task, and the parts of the data that training, selection and calibration each have."""

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from core.digits.augmentation import augment
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
from core.nn.classification import ClassificationTask
from core.nn.fast.layers import fast
from core.nn.losses import softmax, softmax_cross_entropy
from core.nn.network import build_network

SAMPLE = 2000  # training images that a run's history and batch normalisation look at
KEPT = 3  # epochs for which the same made pictures serve: making them takes a tenth of an epoch
LEAST_CSV = 30  # images: each of its parts needs some


@dataclass(frozen=True)
class Images:
    """Labelled images: X (N, 28, 28) uint8, y (N,); writer (N,): who wrote each, None where that is not known."""

    X: np.ndarray
    y: np.ndarray
    writer: np.ndarray | None = None

    def __len__(self):
        return len(self.y)

    def part(self, indices):
        return Images(self.X[indices], self.y[indices], None if self.writer is None else self.writer[indices])


def digit_network(config, dtype=np.float32):
    """The network for digits that a Config describes: 784 - hidden ... - (gate) - 10."""
    return fast(build_network(config, PIXELS, DIGITS, dtype))


class DigitTask(ClassificationTask):
    """Learn train: Images, among them what the Config asks of the stroke model; watch validation: Images.

    network: what learns, in place of the one that the Config describes.
    """

    def __init__(self, config, train, validation, network=None):
        watched = as_input(validation.X, config.input_range), validation.y
        super().__init__(config, network or digit_network(config), train.X, train.y, watched, drop_last=True)
        self._real, self._made, self.nothing = len(train), None, config.negatives > 0
        size = min(config.batch_size, self._real)
        self._share = [round(share * size) for share in (config.synthetic, config.negatives)]  # of each batch
        room = self.steps_per_epoch * sum(self._share)
        if room:
            self.X = np.concatenate([train.X, np.zeros((room, *train.X.shape[1:]), train.X.dtype)])
            self.y = np.concatenate([train.y.astype(np.int8), np.zeros(room, np.int8)])
        sample = train.part(np.random.default_rng([config.seed, 3]).permutation(len(train))[:SAMPLE])
        self.X_seen, self.y_seen = as_input(sample.X, config.input_range), sample.y
        self.sample = self.input(sample.X, sample.y, np.random.default_rng([config.seed, 4]))

    def input(self, X, y, rng):
        """Training images as the network sees them in training, augmented where the Config says so: (N, 784)."""
        X = augment(X, rng, self.config, y) if self.config.augments else X
        return as_input(X, self.config.input_range)

    def deal(self, epoch, rng):
        """The rows of each batch: training images in a fresh order, a share of them exchanged for pictures that the
        stroke model made."""
        if not any(self._share):
            yield from super().deal(epoch, rng)
            return
        self._make(epoch // KEPT)
        steps, made = self.steps_per_epoch, sum(self._share)
        real = rng.permutation(self._real)[: steps * (min(self.config.batch_size, self._real) - made)]
        order = self._real + np.concatenate([
            rng.permutation(np.arange(start, stop)).reshape(steps, -1)
            for start, stop in pairwise(np.cumsum([0, *(steps * n for n in self._share)]))], axis=1)
        for rows in np.concatenate([real.reshape(steps, -1), order], axis=1):
            yield rng.permutation(rows)

    def _make(self, number):
        """Write the pictures of these epochs, the same for the same number and seed, behind the training images: the
        digits of the stroke model, and what is no digit (y = -1)."""
        if number == self._made:
            return
        digits, others = (self.steps_per_epoch * n for n in self._share)
        rng, start = np.random.default_rng([self.config.seed, 5, number]), self._real
        if digits:
            self.X[start : start + digits], self.y[start : start + digits], _ = figures(digits, rng)
        if others:
            self.X[start + digits :], self.y[start + digits :] = negatives(others, rng)[0], -1
        self._made = number

    def finished(self):
        return self.network.fold_batch_norm(self.sample)

    def evaluate(self):
        """A row of history at the present theta: accuracy on some training images as they are and on validation, the
        latter's loss (nats, without smoothing), and its Hope, Faith and Love (core/metrics.py)."""
        network, (X, y) = self.finished(), self.validation
        logits = network.logits(X)
        loss, probs = softmax_cross_entropy(logits, y)[0], softmax(logits)
        return {"train_accuracy": accuracy(self.y_seen, network.logits(self.X_seen).argmax(axis=1)),
                "val_accuracy": accuracy(y, logits.argmax(axis=1)), "val_loss": loss,
                "hope": hope(probs, np.eye(DIGITS)[y]), "faith": faith(probs.max(axis=1)), "love": love(loss, probs)}


def load_parts(config, progress=None):
    """The parts of MNIST as Images: a dict train / validation / calibration / test, and renderings, the calibration
    images once more as canvas, photograph and scan show them.

    With config.train_on "all", train holds all 60,000 images. With config.csv the training images come from that file
    instead: one in ten of them, drawn with a fixed seed, are held out for validation and as many for calibration.
    Raises DataError where a file is missing, damaged or, for the CSV, no longer the one that the Config names.
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
        y, writer, views = parts["calibration"].y, calibration_writers(), load_renderings()
        parts["calibration"] = Images(parts["calibration"].X, y, writer)
        parts["validation"] = Images(parts["validation"].X, parts["validation"].y, validation_writers())
        parts["renderings"] = Images(np.concatenate(views), np.tile(y, len(views)), np.tile(writer, len(views)))
    if config.train_on == "all":
        parts["train"] = training
    return parts | {"test": Images(mnist["X_test"], mnist["y_test"])}


def load_csv(config):
    """The Images of config.csv, checked against config.csv_sha256 where this is given."""
    images = Images(*read_csv(config.csv))
    if config.csv_sha256 and config.csv_sha256 != file_sha256(config.csv):
        raise DataError(f"{config.csv} is no longer the file that this run began with; restore it, or train anew.")
    if len(images) < LEAST_CSV:
        raise DataError(f"{config.csv} holds {len(images)} images; training needs at least {LEAST_CSV}.")
    return images


def file_sha256(path):
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{path} could not be read ({error.strerror}).") from None
