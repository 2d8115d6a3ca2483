"""Measures of PAD estimates: pure functions of pad and target (N, 3) in [-1, 1]."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core import metrics

NAMES = ("V", "A", "D")
SHOWN = ("hope", "faith", "love", "mae", "mse", "r2", "r", *(f"r_{name}" for name in NAMES))  # in each epoch


def pearson(pad: ArrayLike, target: ArrayLike) -> NDArray[np.floating]:
    """Pearson's r of each dimension (3,); 0 where the estimates are constant."""
    a, b = np.asarray(pad, float), np.asarray(target, float)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    spread = np.sqrt(np.sum(a * a, axis=0) * np.sum(b * b, axis=0))
    return np.sum(a * b, axis=0) / np.maximum(spread, 1e-12) * (spread > 1e-12)


def mae_rating(pad: ArrayLike, target: NDArray[np.floating]) -> NDArray[np.floating]:
    """Mean absolute error of each dimension (3,), on the 1..5 scale of the ratings: twice that in PAD."""
    return 2 * np.mean(np.abs(np.asarray(pad, float) - target), axis=0)


def mse(pad: ArrayLike, target: NDArray[np.floating]) -> float:
    """Mean squared error over sentences and dimensions, in PAD."""
    return float(np.mean((np.asarray(pad, float) - target) ** 2))


def r2(pad: ArrayLike, target: NDArray[np.floating]) -> NDArray[np.floating]:
    """Explained share of the variance of each dimension (3,)."""
    error = np.sum((np.asarray(pad, float) - target) ** 2, axis=0)
    return 1 - error / np.maximum(np.sum((target - np.mean(target, axis=0)) ** 2, axis=0), 1e-12)


def hope(pad: ArrayLike, target: ArrayLike) -> float:
    """1 - mean |pad - target|."""
    return metrics.hope(np.asarray(pad, float), target)


def faith(confidence: ArrayLike) -> float:
    """Mean tanh(confidence) of affect gates (N, K); 0 without rounds."""
    return metrics.faith(confidence) if np.size(confidence) else 0.0


def love(pad: NDArray[np.floating], target: NDArray[np.floating]) -> float:
    """exp(-loss) (1 - min(1, variance)), with the mean squared error and the mean variance of the three dimensions."""
    return metrics.love(mse(pad, target), pad)


def measure(pad: NDArray[np.floating], target: NDArray[np.floating], confidence: ArrayLike = ()) -> dict[str, float]:
    """All measures by name; those of one dimension with its letter: r_V, r_A, r_D, mae_V, ..."""
    values = {"mse": mse(pad, target), "hope": hope(pad, target), "faith": faith(confidence),
              "love": love(pad, target)}
    for name, each in (("r", pearson(pad, target)), ("mae", mae_rating(pad, target)), ("r2", r2(pad, target))):
        values[name] = float(np.mean(each))
        values |= {f"{name}_{letter}": float(v) for letter, v in zip(NAMES, each, strict=True)}
    return values


def pad_loss(pad: NDArray[np.floating], target: NDArray[np.floating],
             variance: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
    """Mean over sentences and dimensions of (pad - target)^2 / variance (3,), and its gradient (N, 3)."""
    error = pad - target
    return float(np.mean(error * error / variance)), 2 * error / variance / error.dtype.type(error.size)


def resampled(documents: NDArray[np.integer], n: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """n bootstrap samples of sentence indices. Documents are drawn with replacement, as their sentences are similar.

    documents: (N,) integers, the document of each sentence.
    """
    _, index, sizes = np.unique(documents, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(index, kind="stable"), np.cumsum(sizes)[:-1])
    for _ in range(n):
        yield np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])


def bootstrap_difference(pad: NDArray[np.floating], other: NDArray[np.floating], target: NDArray[np.floating],
                         documents: NDArray[np.integer], seed: int = 0, n: int = 2000) -> NDArray[np.floating]:
    """95 % interval of pearson(pad) - pearson(other) over resampled documents (N,), paired: (2, 3)."""
    draws = resampled(documents, n, np.random.default_rng(seed))
    return np.percentile([pearson(pad[i], target[i]) - pearson(other[i], target[i]) for i in draws], [2.5, 97.5],
                         axis=0)
