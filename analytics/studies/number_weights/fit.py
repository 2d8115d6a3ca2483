"""The weights that make the right readings likeliest: gradients of log P(text), by sums over all paths."""

import numpy as np

from core.digits.config import Config
from core.nn.training import fit
from deployment.reader.number.lattice import best_path, passing, passing_of, probability
from deployment.reader.number.score import FLOOR, NOTHING, SIDES, SIGNALS, Weights

RIDGE, MATRIX_RIDGE = 1e-3, 1e-5
HOPELESS = 0.01  # a reading less probable than this pulls at the weights no more: some numbers nobody could read
START = np.concatenate([[1.0, 0.0], np.eye(len(SIGNALS))[1], -5 * np.eye(len(SIGNALS))[0]])
PLAIN = len(START)  # weights without the matrix
SETTINGS = Config(preset="numbers", optimizer="adam", lr=0.01, beta2=0.99, schedule="cosine", batch_size=20, epochs=9,
                  keep="last")
FLOAT = np.float32  # of products with hidden layers
STEEP = 3.0  # a step changes the matrix by as much more than the other weights


def unpack(theta, matrix=None, sides=None):
    return Weights(theta[0], theta[1], *np.split(theta[2:PLAIN], 2), matrix, sides)


def slopes(one, weights, seen):
    """(loss, its slope by every score (n, 11)) of a Lattice: -log(P(right signs) + HOPELESS)."""
    scores = weights.scores(one.probs, one.signals, seen)
    p = probability(one.signs, one.count, one.segments, scores)
    slope = passing(one.count, one.segments, scores) - passing_of(one.signs, one.count, one.segments, scores)
    return -np.log(p + HOPELESS), slope * p / (p + HOPELESS)


def plain_grad(one, slope):
    """The gradient (PLAIN,) that slopes by the scores give."""
    log_probs, digits = np.log(np.maximum(one.probs, FLOOR)), slope[:, :NOTHING].sum(axis=1)
    return np.concatenate([[np.sum(slope[:, :NOTHING] * log_probs), digits @ log_probs.max(axis=1)],
                           digits @ one.signals, slope[:, NOTHING] @ one.signals])


def loss_and_grad(theta, lattices, seen=None):
    """Mean loss and its gradient for weights theta (PLAIN,); with what `seen` adds to the scores of each Lattice, for
    theta (PLAIN + 1,), whose last says how much that counts."""
    loss, grad = 0.0, np.zeros_like(theta)
    for number, one in enumerate(lattices):
        added = seen[number] if seen else np.zeros((len(one.segments), NOTHING + 1))
        one_loss, slope = slopes(one, unpack(theta), theta[PLAIN] * added if seen else added)
        loss += one_loss
        grad[:PLAIN] += plain_grad(one, slope)
        grad[PLAIN:] += np.sum(slope * added)
    n = len(lattices)
    return loss / n + RIDGE * theta[:PLAIN] @ theta[:PLAIN] / 2, grad / n + RIDGE * np.where(
        np.arange(len(theta)) < PLAIN, theta, 0)


class Standard:
    """Hidden layers (n, h) as steps of learning like them: of mean 0 and one size, with a constant."""

    def __init__(self, some):
        self.mean, width = some.mean(axis=0), some.shape[1]
        self.scale = STEEP / (some.std(axis=0) + 0.05) / np.sqrt(width)

    def plain(self, learned):
        """The matrix (h + 1, k) for hidden layers as they come that does what `learned` does for these."""
        by_unit = self.scale[:, None] * learned[:-1]
        return np.vstack([by_unit, learned[-1] - self.mean @ by_unit])

    def grad(self, plain):
        """The gradient by `learned` from that by such a matrix."""
        return np.vstack([self.scale[:, None] * (plain[:-1] - np.outer(self.mean, plain[-1])), plain[-1]])


class MatrixTask:
    """Learn all weights and the matrices from Lattices, as core.nn.training.fit asks; watch others."""

    score = "exact"

    def __init__(self, lattices, watched, start):
        self.lattices, self.watched = lattices, watched
        some = lattices[:300]
        self.hidden, self.whole = (Standard(np.concatenate([getattr(one, name) for one in some]).astype(np.float32))
                                   for name in ("hidden", "whole"))
        h, H = len(self.hidden.mean), len(self.whole.mean)
        self.theta = np.concatenate([start, np.zeros((h + 1) * (NOTHING + 1) + SIDES * (H + 1) * NOTHING)])
        self.decay_size, self.steps_per_epoch = 0, max(1, len(lattices) // SETTINGS.batch_size)

    def batches(self, epoch):
        order = np.random.default_rng([0, epoch]).permutation(len(self.lattices))
        return np.array_split(order[: self.steps_per_epoch * SETTINGS.batch_size], self.steps_per_epoch)

    def learned(self, theta):
        """Views of the two matrices, as parts of theta or of a gradient: (h + 1, 11) and (SIDES, H + 1, 10)."""
        matrix, sides = np.split(theta[PLAIN:], [(len(self.hidden.mean) + 1) * (NOTHING + 1)])
        return matrix.reshape(-1, NOTHING + 1), sides.reshape(SIDES, -1, NOTHING)

    def matrices(self):
        """Both for hidden layers as they come."""
        matrix, sides = self.learned(self.theta)
        return self.hidden.plain(matrix), np.stack([self.whole.plain(side) for side in sides])

    def loss_and_grad(self, batch):
        (matrix, sides), weights = (own.astype(FLOAT) for own in self.matrices()), unpack(self.theta)
        loss, grad = 0.0, np.zeros_like(self.theta)
        of_matrix, of_sides = np.zeros(matrix.shape), np.zeros(sides.shape)
        for number in batch:
            one = self.lattices[number]
            hidden, whole = one.hidden.astype(FLOAT), one.whole.astype(FLOAT)
            one_loss, slope = slopes(one, weights, unpack(self.theta, matrix, sides).seen(hidden, whole, one.sides))
            loss += one_loss
            grad[:PLAIN] += plain_grad(one, slope)
            of_matrix += with_constant(hidden.T @ slope.astype(FLOAT), slope)
            for side in range(SIDES):
                at, by_blob = np.flatnonzero(one.sides[:, side] >= 0), np.zeros((len(whole), NOTHING))
                np.add.at(by_blob, one.sides[at, side], slope[at, :NOTHING])
                of_sides[side] += with_constant(whole.T @ by_blob.astype(FLOAT), by_blob)
        learned = self.learned(grad)
        learned[0][...] = self.hidden.grad(of_matrix)
        learned[1][...] = [self.whole.grad(own) for own in of_sides]
        grad /= len(batch)
        grad[PLAIN:] += MATRIX_RIDGE * self.theta[PLAIN:]
        return loss / len(batch), grad

    def evaluate(self):
        weights, matrices = unpack(self.theta), self.matrices()
        return {"exact": exact(self.watched, weights, [seen_by(one, matrices) for one in self.watched])}


def with_constant(by_unit, slope):
    """The gradient (h + 1, k) by a matrix and its constant from that by the matrix (h, k) and slopes (n, k)."""
    return np.vstack([by_unit, slope.sum(axis=0)])


def seen_by(one, matrices):
    """What the hidden layers of a Lattice add to its scores: (n, 11)."""
    return unpack(START, *matrices).seen(one.hidden.astype(np.float32), one.whole.astype(np.float32), one.sides)


def exact(lattices, weights, seen):
    """The share of Lattices that are read exactly."""
    right = 0
    for one, added in zip(lattices, seen, strict=True):
        scores = weights.scores(one.probs, one.signals, added)
        path = best_path(one.count, one.segments, scores.max(axis=1))
        right += scores[path].argmax(axis=1).tolist() == list(one.signs)
    return right / len(lattices)


def learn_matrices(lattices, watched, start, on_epoch=None):
    """The matrices (h + 1, 11) and (SIDES, H + 1, 10)."""
    task = MatrixTask(lattices, watched, start)
    fit(task, SETTINGS, on_epoch=on_epoch)
    return task.matrices()
