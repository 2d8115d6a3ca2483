"""Measures of PAD estimates, each a pure function of pad and target (N, 3) in [-1, 1]."""

import numpy as np

from core import metrics

NAMES = ("V", "A", "D")
SHOWN = ("hope", "faith", "love", "mae", "mse", "r2", "r", *(f"r_{name}" for name in NAMES))  # of each epoch


def pearson(pad, target):
    """Pearson's r a dimension (3,); 0 where the estimates do not vary."""
    a, b = np.asarray(pad, float), np.asarray(target, float)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    spread = np.sqrt(np.sum(a * a, axis=0) * np.sum(b * b, axis=0))
    return np.sum(a * b, axis=0) / np.maximum(spread, 1e-12) * (spread > 1e-12)


def mae_rating(pad, target):
    """Mean absolute error a dimension (3,), on the 1..5 scale of the ratings, which is twice that of PAD."""
    return 2 * np.mean(np.abs(np.asarray(pad, float) - target), axis=0)


def mse(pad, target):
    """Mean squared error over sentences and dimensions, in PAD."""
    return float(np.mean((np.asarray(pad, float) - target) ** 2))


def r2(pad, target):
    """Share of the variance explained, a dimension (3,)."""
    error = np.sum((np.asarray(pad, float) - target) ** 2, axis=0)
    return 1 - error / np.maximum(np.sum((target - np.mean(target, axis=0)) ** 2, axis=0), 1e-12)


def hope(pad, target):
    """1 - mean |pad - target|."""
    return metrics.hope(np.asarray(pad, float), target)


def faith(confidence):
    """Mean tanh(confidence); confidence (N, K) are the affect gates. 0 without rounds."""
    return metrics.faith(confidence) if np.size(confidence) else 0.0


def love(pad, target):
    """exp(-loss) (1 - min(1, variance)): loss is the mean squared error, variance that of the estimates in each
    dimension, averaged over the three."""
    return metrics.love(mse(pad, target), pad)


def measure(pad, target, confidence=()):
    """All of them as a dict of numbers, dimensions by their letters: r_V, r_A, r_D, mae_V, ..."""
    found = {"mse": mse(pad, target), "hope": hope(pad, target), "faith": faith(confidence),
             "love": love(pad, target)}
    for name, values in (("r", pearson(pad, target)), ("mae", mae_rating(pad, target)), ("r2", r2(pad, target))):
        found[name] = float(np.mean(values))
        found |= {f"{name}_{letter}": float(v) for letter, v in zip(NAMES, values, strict=True)}
    return found


def pad_loss(pad, target, variance):
    """Mean over sentences and dimensions of (pad - target)^2 / variance (3,), and its gradient (N, 3)."""
    error = pad - target
    return float(np.mean(error * error / variance)), 2 * error / variance / error.dtype.type(error.size)


def resampled(documents, n, rng):
    """n times the numbers of sentences in as many documents, drawn with replacement: sentences of one document are
    alike. documents: (N,) integers, that of each sentence."""
    _, index, sizes = np.unique(documents, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(index, kind="stable"), np.cumsum(sizes)[:-1])
    for _ in range(n):
        yield np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])


def bootstrap_difference(pad, other, target, documents, seed=0, n=2000):
    """95 % interval of pearson(pad) - pearson(other) over resampled documents (N,), paired: (2, 3)."""
    draws = resampled(documents, n, np.random.default_rng(seed))
    return np.percentile([pearson(pad[i], target[i]) - pearson(other[i], target[i]) for i in draws], [2.5, 97.5],
                         axis=0)
