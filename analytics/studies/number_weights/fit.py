"""Maximum likelihood of the weights of the number reader: gradients of log P(text) by sums over all paths."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.studies.number_weights.lattices import Lattice
from core.digits.config import Config
from core.nn.training import fit
from deployment.reader.number.lattice import best_path, passing, passing_of, probability
from deployment.reader.number.score import FLOOR, NOTHING, SIDES, SIGNALS, Weights

RIDGE, MATRIX_RIDGE = 1e-3, 1e-5
FLOOR_P = 0.01  # bounds the gradient of unreadable numbers: the loss is -log(P + FLOOR_P)
START = np.concatenate([[1.0, 0.0], np.eye(len(SIGNALS))[1], -5 * np.eye(len(SIGNALS))[0]])
PLAIN = len(START)  # number of weights without the matrices
SETTINGS = Config(preset="numbers", optimizer="adam", lr=0.01, beta2=0.99, schedule="cosine", batch_size=20, epochs=9,
                  keep="last")
FLOAT = np.float32  # type of products with hidden layers
STEP_RATIO = 3.0  # step size of the matrices relative to the other weights

Matrices = tuple[NDArray[np.floating], NDArray[np.floating]]  # (h + 1, 11) and (SIDES, H + 1, 10), see Weights


def unpack(theta: NDArray[np.floating], matrix: np.ndarray | None = None, sides: np.ndarray | None = None) -> Weights:
    """Weights from the first PLAIN values of theta, and the matrices."""
    digit, other = np.split(theta[2:PLAIN], 2)
    return Weights(theta[0], theta[1], digit, other, matrix, sides)


def slopes(lattice: Lattice, weights: Weights, seen: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
    """(loss, gradient by the scores (n, 11)) of a Lattice; the loss is -log(P(correct signs) + FLOOR_P)."""
    scores = weights.scores(lattice.probs, lattice.signals, seen)
    paths = lattice.count, lattice.segments, scores
    p = probability(lattice.signs, *paths)
    slope = passing(*paths) - passing_of(lattice.signs, *paths)
    return -np.log(p + FLOOR_P), slope * p / (p + FLOOR_P)


def plain_grad(lattice: Lattice, slope: NDArray[np.floating]) -> NDArray[np.floating]:
    """The gradient (PLAIN,) by the weights, from the gradient by the scores."""
    log_probs, digits = np.log(np.maximum(lattice.probs, FLOOR)), slope[:, :NOTHING].sum(axis=1)
    return np.concatenate([[np.sum(slope[:, :NOTHING] * log_probs), digits @ log_probs.max(axis=1)],
                           digits @ lattice.signals, slope[:, NOTHING] @ lattice.signals])


def loss_and_grad(theta: NDArray[np.floating], lattices: Sequence[Lattice],
                  seen: Sequence[np.ndarray] | None = None) -> tuple[float, NDArray[np.floating]]:
    """Mean loss and its gradient for weights theta (PLAIN,). With `seen`, additional scores of each Lattice, theta has
    PLAIN + 1 values; the last one is the factor of `seen`."""
    loss, grad = 0.0, np.zeros_like(theta)
    for number, lattice in enumerate(lattices):
        added = seen[number] if seen else np.zeros((len(lattice.segments), NOTHING + 1))
        lattice_loss, slope = slopes(lattice, unpack(theta), theta[PLAIN] * added if seen else added)
        loss += lattice_loss
        grad[:PLAIN] += plain_grad(lattice, slope)
        grad[PLAIN:] += np.sum(slope * added)
    n = len(lattices)
    return loss / n + float(RIDGE * theta[:PLAIN] @ theta[:PLAIN] / 2), grad / n + RIDGE * np.where(
        np.arange(len(theta)) < PLAIN, theta, 0)


class Standard:
    """Standardises hidden layers (n, h) for gradient descent; the last row of a matrix (h + 1, k) is the constant."""

    def __init__(self, sample: NDArray[np.floating]):
        self.mean, width = sample.mean(axis=0), sample.shape[1]
        self.scale = STEP_RATIO / (sample.std(axis=0) + 0.05) / np.sqrt(width)

    def plain(self, learned: NDArray[np.floating]) -> NDArray[np.floating]:
        """The matrix (h + 1, k) for raw hidden layers that equals `learned` on standardised ones."""
        by_unit = self.scale[:, None] * learned[:-1]
        return np.vstack([by_unit, learned[-1] - self.mean @ by_unit])

    def grad(self, plain: NDArray[np.floating]) -> NDArray[np.floating]:
        """The gradient by `learned`, from the gradient by the matrix for raw hidden layers."""
        return np.vstack([self.scale[:, None] * (plain[:-1] - np.outer(self.mean, plain[-1])), plain[-1]])


class MatrixTask:
    """Trains all weights and the matrices on Lattices with core.nn.training.fit; evaluates on `watched`."""

    score = "exact"

    def __init__(self, lattices: Sequence[Lattice], watched: Sequence[Lattice], start: NDArray[np.floating]):
        self.lattices, self.watched = lattices, watched
        sample = lattices[:300]
        self.hidden, self.whole = (
            Standard(np.concatenate([getattr(lattice, name) for lattice in sample]).astype(np.float32))
            for name in ("hidden", "whole"))
        h, H = len(self.hidden.mean), len(self.whole.mean)
        self.theta = np.concatenate([start, np.zeros((h + 1) * (NOTHING + 1) + SIDES * (H + 1) * NOTHING)])
        self.decay_size, self.steps_per_epoch = 0, max(1, len(lattices) // SETTINGS.batch_size)

    def batches(self, epoch: int) -> list[NDArray[np.integer]]:
        order = np.random.default_rng([0, epoch]).permutation(len(self.lattices))
        return np.array_split(order[: self.steps_per_epoch * SETTINGS.batch_size], self.steps_per_epoch)

    def learned(self, theta: NDArray[np.floating]) -> Matrices:
        """Views of the two matrices in theta or in a gradient."""
        matrix, sides = np.split(theta[PLAIN:], [(len(self.hidden.mean) + 1) * (NOTHING + 1)])
        return matrix.reshape(-1, NOTHING + 1), sides.reshape(SIDES, -1, NOTHING)

    def matrices(self) -> Matrices:
        """Both matrices for raw hidden layers."""
        matrix, sides = self.learned(self.theta)
        return self.hidden.plain(matrix), np.stack([self.whole.plain(side) for side in sides])

    def loss_and_grad(self, batch: Sequence[int] | NDArray[np.integer]) -> tuple[float, NDArray[np.floating]]:
        (matrix, sides), weights = (array.astype(FLOAT) for array in self.matrices()), unpack(self.theta)
        loss, grad = 0.0, np.zeros_like(self.theta)
        dmatrix, dsides = np.zeros(matrix.shape), np.zeros(sides.shape)
        for number in batch:
            lattice = self.lattices[number]
            hidden, whole = lattice.hidden.astype(FLOAT), lattice.whole.astype(FLOAT)
            seen = unpack(self.theta, matrix, sides).seen(hidden, whole, lattice.sides)
            lattice_loss, slope = slopes(lattice, weights, seen)
            loss += lattice_loss
            grad[:PLAIN] += plain_grad(lattice, slope)
            dmatrix += with_constant(hidden.T @ slope.astype(FLOAT), slope)
            for side in range(SIDES):
                at, by_blob = np.flatnonzero(lattice.sides[:, side] >= 0), np.zeros((len(whole), NOTHING))
                np.add.at(by_blob, lattice.sides[at, side], slope[at, :NOTHING])
                dsides[side] += with_constant(whole.T @ by_blob.astype(FLOAT), by_blob)
        learned = self.learned(grad)
        learned[0][...] = self.hidden.grad(dmatrix)
        learned[1][...] = [self.whole.grad(dside) for dside in dsides]
        grad /= len(batch)
        grad[PLAIN:] += MATRIX_RIDGE * self.theta[PLAIN:]
        return loss / len(batch), grad

    def evaluate(self) -> dict[str, float]:
        weights, matrices = unpack(self.theta), self.matrices()
        return {"exact": exact(self.watched, weights, [seen_by(lattice, matrices) for lattice in self.watched])}


def with_constant(by_unit: NDArray[np.floating], slope: NDArray[np.floating]) -> NDArray[np.floating]:
    """The gradient (h + 1, k) by a matrix with constant, from the gradient by_unit (h, k) and slopes (n, k)."""
    return np.vstack([by_unit, slope.sum(axis=0)])


def seen_by(lattice: Lattice, matrices: Matrices) -> NDArray[np.floating]:
    """Contribution of the hidden layers to the scores of a Lattice: (n, 11)."""
    hidden, whole = lattice.hidden.astype(np.float32), lattice.whole.astype(np.float32)
    return unpack(START, *matrices).seen(hidden, whole, lattice.sides)


def exact(lattices: Sequence[Lattice], weights: Weights, seen: Sequence[np.ndarray]) -> float:
    """The share of Lattices whose best path is the correct reading."""
    right = 0
    for lattice, added in zip(lattices, seen, strict=True):
        scores = weights.scores(lattice.probs, lattice.signals, added)
        path = best_path(lattice.count, lattice.segments, scores.max(axis=1))
        right += scores[path].argmax(axis=1).tolist() == list(lattice.signs)
    return right / len(lattices)


def learn_matrices(lattices: Sequence[Lattice], watched: Sequence[Lattice], start: NDArray[np.floating],
                   on_epoch: Callable | None = None) -> Matrices:
    """Fit the matrices (h + 1, 11) and (SIDES, H + 1, 10)."""
    task = MatrixTask(lattices, watched, start)
    fit(task, SETTINGS, on_epoch=on_epoch)
    return task.matrices()
