"""Measures of a classifier: pure functions of arrays."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def accuracy(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Share of right answers, in [0, 1]. y, y_hat: (N,) integers."""
    return float(np.mean(np.asarray(y) == np.asarray(y_hat)))


def confusion_matrix(y: ArrayLike, y_hat: ArrayLike, n: int = 10) -> NDArray[np.intp]:
    """Counts (n, n); row = true class, column = answer."""
    return np.bincount(np.asarray(y) * n + np.asarray(y_hat), minlength=n * n).reshape(n, n)


def precision_recall_f1(confusion: NDArray[np.number]) -> dict[str, NDArray[np.floating]]:
    """Scores (n,) of each class, from counts (n, n). They are 0 for a class without answers or without samples."""
    hits = np.diag(confusion).astype(float)
    precision = hits / np.maximum(confusion.sum(axis=0), 1)
    recall = hits / np.maximum(confusion.sum(axis=1), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return {"precision": precision, "recall": recall, "f1": f1}


def log_loss(probs: NDArray[np.floating], y: NDArray[np.integer]) -> float:
    """Mean negative log-likelihood in nats. probs: (N, n), rows summing to 1; y: (N,)."""
    return float(-np.mean(np.log(np.maximum(probs[np.arange(len(y)), y], 1e-12))))


def brier_score(probs: ArrayLike, y: NDArray[np.integer]) -> float:
    """Mean squared distance of probs (N, n) from one-hot labels y (N,), in [0, 2], 0 is best (Brier 1950)."""
    errors = np.array(probs, dtype=np.float64)
    errors[np.arange(len(y)), y] -= 1
    return float(np.mean(np.sum(errors**2, axis=1)))


def reliability_bins(confidence: ArrayLike, correct: ArrayLike, bins: int = 15,
                     ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.integer]]:
    """Mean confidence, accuracy and size (bins,) of equal-mass bins, in order of confidence.

    confidence: (N,) in [0, 1]; correct: (N,) booleans.
    """
    confidence = np.asarray(confidence, dtype=np.float64)
    correct = np.asarray(correct, dtype=np.float64)
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(bins, len(confidence)))
    return (np.array([confidence[p].mean() for p in parts]), np.array([correct[p].mean() for p in parts]),
            np.array([len(p) for p in parts]))


def expected_calibration_error(probs: NDArray[np.floating], y: NDArray[np.integer], bins: int = 15) -> float:
    """Mean |confidence - accuracy| over equal-mass bins, in [0, 1] (Nguyen & O'Connor 2015). probs: (N, n); y: (N,)."""
    mean_confidence, bin_accuracy, size = reliability_bins(probs.max(axis=1), probs.argmax(axis=1) == y, bins)
    return float(np.sum(size * np.abs(mean_confidence - bin_accuracy)) / np.sum(size))


def ece_if_calibrated(probs: NDArray[np.floating], resamples: int, rng: np.random.Generator,
                      bins: int = 15) -> NDArray[np.floating]:
    """Expected calibration errors (resamples,) of perfectly calibrated probs (N, n).

    Labels are drawn from the probabilities (Broecker & Smith 2007).
    """
    total = np.cumsum(probs, axis=1)
    draws = ((rng.random((len(probs), 1)) * total[:, -1:] > total).sum(axis=1) for _ in range(resamples))
    return np.array([expected_calibration_error(probs, y, bins) for y in draws])


def auroc(scores: ArrayLike, positives: ArrayLike) -> float:
    """Probability that a positive has a higher score than a negative, ties counting half (Mann-Whitney).

    scores: (N,) reals; positives: (N,) booleans. nan without positives or without negatives.
    """
    positives = np.asarray(positives, dtype=bool)
    _, inverse, counts = np.unique(np.asarray(scores), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n_pos = int(positives.sum())
    n_neg = len(positives) - n_pos
    if not n_pos or not n_neg:
        return float("nan")
    return float((ranks[positives].sum() - n_pos * (n_pos + 1) / 2) / (n_pos * n_neg))


def wilson_interval(k: float, n: float, z: float = 1.96) -> tuple[float, float]:
    """(low, high) for a share of k in n, at z standard errors (1.96: 95 %) (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    p, z2 = k / n, z * z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def risk_coverage(confidence: ArrayLike,
                  correct: ArrayLike) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """(coverage, risk): the share of samples answered and the share of errors among them, (N,) each, in order of
    decreasing confidence (El-Yaniv & Wiener 2010)."""
    order = np.argsort(-np.asarray(confidence), kind="stable")
    answered = np.arange(1, len(order) + 1)
    return answered / len(order), np.cumsum(~np.asarray(correct, dtype=bool)[order]) / answered


def area_under_risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> float:
    """AURC: the mean risk over all coverages; lower is better (Geifman & El-Yaniv 2017)."""
    return float(risk_coverage(confidence, correct)[1].mean())


def hope(outputs: ArrayLike, targets: ArrayLike) -> float:
    """1 - mean |output - target| over all values."""
    return float(1 - np.mean(np.abs(np.asarray(outputs) - targets)))


def faith(confidence: ArrayLike) -> float:
    """Mean tanh(confidence), whether the answers are right or not."""
    return float(np.mean(np.tanh(confidence)))


def love(loss: float, outputs: NDArray[np.floating]) -> float:
    """exp(-loss) (1 - min(1, variance of the outputs)), the variance being the mean over outputs."""
    return float(np.exp(-loss) * (1 - min(1.0, float(np.var(outputs, axis=0).mean()))))
