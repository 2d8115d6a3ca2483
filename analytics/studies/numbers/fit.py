"""The weights that make the right readings likeliest: gradients of log P(text), by sums over all paths."""

import numpy as np

from core.digits.config import Config
from core.nn.training import fit
from deployment.number.path import best_path, passing, passing_of, probability
from deployment.number.score import FLOOR, NOTHING, SIGNALS, Weights

RIDGE, MATRIX_RIDGE = 1e-3, 1e-5
HOPELESS = 0.01  # a reading less probable than this pulls at the weights no more: some numbers nobody could read
START = np.concatenate([[1.0, 0.0], np.eye(len(SIGNALS))[1], -5 * np.eye(len(SIGNALS))[0]])
PLAIN = len(START)  # weights without the matrix
SETTINGS = Config(preset="numbers", optimizer="adam", lr=0.01, beta2=0.99, schedule="cosine", batch_size=20, epochs=9,
                  keep="last")
STEEP = 3.0  # a step changes the matrix by as much more than the other weights


def unpack(theta, matrix=None):
    return Weights(theta[0], theta[1], *np.split(theta[2:PLAIN], 2), matrix)


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


class MatrixTask:
    """Learn all weights and the matrix from Lattices, as core.nn.training.fit asks; watch others."""

    score = "exact"

    def __init__(self, lattices, watched, start):
        self.lattices, self.watched = lattices, watched
        some = np.concatenate([one.hidden.astype(np.float32) for one in lattices[:300]])
        self.mean, width = some.mean(axis=0), some.shape[1]
        self.scale = STEEP / (some.std(axis=0) + 0.05) / np.sqrt(width)
        self.theta = np.concatenate([start, np.zeros((width + 1) * (NOTHING + 1))])
        self.decay_size, self.steps_per_epoch = 0, max(1, len(lattices) // SETTINGS.batch_size)

    def batches(self, epoch):
        order = np.random.default_rng([0, epoch]).permutation(len(self.lattices))
        return np.array_split(order[: self.steps_per_epoch * SETTINGS.batch_size], self.steps_per_epoch)

    def matrix(self):
        """The matrix for hidden layers as they come."""
        learned = self.theta[PLAIN:].reshape(-1, NOTHING + 1)
        by_unit = self.scale[:, None] * learned[:-1]
        return np.vstack([by_unit, learned[-1] - self.mean @ by_unit])

    def loss_and_grad(self, batch):
        learned, weights = self.theta[PLAIN:].reshape(-1, NOTHING + 1), unpack(self.theta)
        loss, grad, of_matrix = 0.0, np.zeros_like(self.theta), np.zeros(learned.shape)
        for number in batch:
            one = self.lattices[number]
            hidden = np.column_stack([(one.hidden - self.mean) * self.scale, np.ones(len(one.segments))])
            one_loss, slope = slopes(one, weights, hidden @ learned)
            loss += one_loss
            grad[:PLAIN] += plain_grad(one, slope)
            of_matrix += hidden.T @ slope
        grad[PLAIN:] = (of_matrix / len(batch) + MATRIX_RIDGE * learned).ravel()
        grad[:PLAIN] = grad[:PLAIN] / len(batch)
        return loss / len(batch), grad

    def evaluate(self):
        weights, matrix = unpack(self.theta), self.matrix()
        return {"exact": exact(self.watched, weights, [seen_by(one, matrix) for one in self.watched])}


def seen_by(one, matrix):
    """What the hidden layers of a Lattice add to its scores: (n, 11)."""
    return unpack(START, matrix).seen(one.hidden.astype(np.float32))


def exact(lattices, weights, seen):
    """The share of Lattices that are read exactly."""
    right = 0
    for one, added in zip(lattices, seen, strict=True):
        scores = weights.scores(one.probs, one.signals, added)
        path = best_path(one.count, one.segments, scores.max(axis=1))
        right += scores[path].argmax(axis=1).tolist() == list(one.signs)
    return right / len(lattices)


def learn_matrix(lattices, watched, start, on_epoch=None):
    """The matrix (h + 1, 11)."""
    task = MatrixTask(lattices, watched, start)
    fit(task, SETTINGS, on_epoch=on_epoch)
    return task.matrix()
