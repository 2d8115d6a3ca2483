"""Digits as a training task: what `core.training.fit` asks for, answered for images and a Network."""

from dataclasses import dataclass

import numpy as np

from core.augment import deform
from core.data import DataError, as_input, load_mnist, load_split, read_csv
from core.layers import Arena
from core.losses import confusion, softmax, softmax_cross_entropy
from core.metrics import accuracy, faith, hope, love
from core.network import build_network


@dataclass(frozen=True)
class Images:
    """Labelled images: X (N, 28, 28) uint8, y (N,)."""

    X: np.ndarray
    y: np.ndarray

    def __len__(self):
        return len(self.y)

    def part(self, indices):
        return Images(self.X[indices], self.y[indices])


class DigitTask:
    """Learn train: Images; watch validation: Images. `theta` is what the optimiser changes.

    All randomness follows from (seed, epoch, step), so a run can be taken up at any epoch.
    """

    def __init__(self, config, train, validation):
        self.config, self.train, self.validation = config, train, validation
        self.network = build_network(config).initialise(np.random.default_rng([config.seed, 0]))
        self.theta, self.decay_size = self.network.theta, self.network.n_matrix
        self.arena = Arena()
        self.soft = load_soft_labels(config.soft_labels, len(train)) if config.soft_labels else None
        self.steps_per_epoch = max(1, len(train) // config.batch_size)
        sample = train.part(np.random.default_rng([config.seed, 3]).permutation(len(train))[:2000])
        self.X_seen, self.y_seen = as_input(sample.X, config.input_range), sample.y
        self.sample = self.input(sample.X, sample.y, np.random.default_rng([config.seed, 4]))
        self.X_validation = as_input(validation.X, config.input_range)

    def batches(self, epoch):
        """The epoch's batches in a fresh order, each (X (batch, 784) float32, y, soft labels or None, rng).

        A short last one is left out.
        """
        order = np.random.default_rng([self.config.seed, 1, epoch]).permutation(len(self.train))
        size = min(self.config.batch_size, len(order))
        for step in range(self.steps_per_epoch):
            rng = np.random.default_rng([self.config.seed, 2, epoch, step])
            chosen = order[step * size : (step + 1) * size]
            y, soft = self.train.y[chosen], None if self.soft is None else self.soft[chosen]
            yield self.input(self.train.X[chosen], y, rng), y, soft, rng

    def input(self, X, y, rng):
        """Training images as the network sees them in training, deformed where the Config says so: (N, 784)."""
        X = deform(X, rng, self.config, y) if self.config.augments else X
        return as_input(X, self.config.input_range)

    def finished(self):
        """The network for use at the present theta."""
        return self.network.folded(self.sample)

    def loss_and_grad(self, batch, grads, grad_views):
        """Loss of one batch at the present theta, its gradient in `grads` (flat; `grad_views` are its arrays)."""
        X, y, soft, rng = batch
        self.arena.reset()
        logits, caches = self.network.forward(X, train=True, rng=rng, arena=self.arena)
        weight = confusion(logits, y, self.config.attention) if self.config.attention else None
        loss, dlogits = softmax_cross_entropy(logits, y, self.config.label_smoothing, weight, soft,
                                              self.config.soft_share)
        self.network.backward(dlogits, caches, grad_views, arena=self.arena)
        if self.config.l2:
            weights = self.theta[: self.decay_size]
            loss += 0.5 * self.config.l2 * float(np.dot(weights, weights))
            grads[: self.decay_size] += self.theta.dtype.type(self.config.l2) * weights
        return loss

    def views(self, grads):
        return self.network.views(grads)

    def evaluate(self):
        """A row of history at the present theta: accuracy on some undeformed training images and on validation, the
        latter's loss (nats, without smoothing), and its Hope, Faith and Love (core/metrics.py)."""
        network, y = self.finished(), self.validation.y
        logits = network.logits(self.X_validation)
        loss, _ = softmax_cross_entropy(logits, y)
        probs = softmax(logits)
        return {"train_accuracy": accuracy(self.y_seen, network.logits(self.X_seen).argmax(axis=1)),
                "val_accuracy": accuracy(y, logits.argmax(axis=1)), "val_loss": loss,
                "hope": hope(probs, np.eye(10)[y]), "faith": faith(probs.max(axis=1)), "love": love(loss, probs)}


def load_soft_labels(path, n):
    """Distributions (n, 10) float32 that core/soften.py wrote. Raises DataError where they are not for n images."""
    try:
        soft = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(f"The soft labels {path} cannot be read ({error}); make them with core/soften.py.") from None
    if soft.shape != (n, 10):
        raise DataError(f"{path} holds soft labels of shape {soft.shape} for {n} training images; make them anew.")
    return soft


def load_parts(config, csv=None, progress=None):
    """The parts of MNIST as Images: a dict train / validation / calibration / test.

    With config.train_on "all", train holds all 60,000 images. csv: a file of other training images; one in ten of them,
    drawn with a fixed seed, are held out for validation and as many for calibration.
    """
    mnist = load_mnist(progress=progress)
    training = Images(mnist["X_train"], mnist["y_train"])
    split = load_split()
    if csv is not None:
        training = Images(*read_csv(csv))
        if len(training) < 30:
            raise DataError(f"{csv} holds {len(training)} images; training needs at least 30.")
        validation, calibration, train = np.split(np.random.default_rng(0).permutation(len(training)),
                                                  [len(training) // 10, len(training) // 5])
        split = {"train": train, "validation": validation, "calibration": calibration}
    parts = {name: training.part(indices) for name, indices in split.items()}
    if config.train_on == "all":
        parts["train"] = training
    return parts | {"test": Images(mnist["X_test"], mnist["y_test"])}
