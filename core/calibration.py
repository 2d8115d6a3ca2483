"""From scores to probabilities that keep their word: temperature, logistic calibration, conformal thresholds."""

import numpy as np

from core.layers import sigmoid


def fit_temperature(logits, y):
    """The temperature in [0.2, 5] of least negative log-likelihood (Guo et al. 2017).

    logits: (N, n); y: (N,). Golden-section search over the logarithm.
    """
    rows = np.arange(len(y))

    def loss(log_t):
        scaled = logits / np.exp(log_t)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, y]))

    low, high, ratio = np.log(0.2), np.log(5), (np.sqrt(5) - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return float(np.exp((low + high) / 2))


def fit_logistic(features, correct, ridge=1e-3, rounds=50):
    """(weights (k,), offset) of P(correct) = sigmoid(features @ weights + offset), by Newton's method.

    features: (N, k); correct: (N,) booleans. Targets are drawn in from 0 and 1 as Platt (1999) does, and the weights
    shrunk by ridge / 2 |w|^2, so that a part without a single error still gives finite numbers.
    """
    X = np.column_stack([features, np.ones(len(features))]).astype(np.float64)
    hits = int(np.sum(correct))
    target = np.where(correct, (hits + 1) / (hits + 2), 1 / (len(X) - hits + 2))
    penalty = np.append(np.full(X.shape[1] - 1, ridge), 0.0)

    def loss(w):
        z = X @ w
        return float(np.mean(np.logaddexp(0, z) - target * z) + 0.5 * penalty @ w**2)

    w = np.zeros(X.shape[1])
    for _ in range(rounds):
        p = sigmoid(X @ w)
        slope = X.T @ (p - target) / len(X) + penalty * w
        curvature = (X * (p * (1 - p))[:, None]).T @ X / len(X) + np.diag(penalty + 1e-9)
        move, share = np.linalg.solve(curvature, slope), 1.0
        while share > 1e-6 and loss(w - share * move) > loss(w):
            share /= 2  # far from the minimum a whole Newton step may overshoot
        w -= share * move
    return w[:-1], float(w[-1])


def confidence_threshold(confidence, max_error=0.001):
    """The smallest confidence above which calibrated ones promise at most a share max_error of errors; 1 if none.

    The promise is their own mean doubt, not a count of errors: at one in a thousand, a calibration part of some
    thousand images has too few to count.
    """
    ordered = np.sort(confidence)[::-1]
    doubt = np.cumsum(1 - ordered) / np.arange(1, len(ordered) + 1)
    kept = np.flatnonzero(doubt <= max_error)
    return float(ordered[kept[-1]]) if len(kept) else 1.0


def conformal_threshold(probs, y, error):
    """The smallest probability a digit of the set may have, at an error level (split conformal prediction).

    Of scores 1 - probs[y] on n exchangeable calibration samples, the ceil((n + 1) (1 - error))-th smallest bounds the
    score of a new sample with probability of at least 1 - error (Vovk et al. 2005; Sadinle et al. 2019). probs: (N, n).
    Returns 0, all digits, where the calibration part is too small for the level.
    """
    scores = np.sort(1 - probs[np.arange(len(y)), y])
    rank = int(np.ceil((len(scores) + 1) * (1 - error)))
    return float(1 - scores[rank - 1]) if rank <= len(scores) else 0.0


def conformal_sets(probs, threshold):
    """Which digits each sample can be: booleans (N, n). The likeliest always belongs, so that no set is empty."""
    return (probs >= threshold) | (probs == probs.max(axis=1, keepdims=True))
