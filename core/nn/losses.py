"""Softmax cross-entropy: the loss and its gradient from one function."""

import numpy as np
from numpy.typing import NDArray

from core.nn.arguments import check_labels, check_length, check_matrix
from core.nn.context import Array

Labels = NDArray[np.integer]


def softmax(logits: Array) -> Array:
    """exp(logits) normalised along the last axis, shifted by the maximum to avoid overflow."""
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(logits: Array) -> Array:
    """The logarithm of softmax(logits)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def focal_weight(logits: Array, y: Labels, gamma: float) -> Array:
    """Sample weights (N,) of mean 1: (1 - p(y)) ** gamma (focal loss, Lin et al. 2017).

    logits: (N, n); y: (N,), where -1 (no class) counts as p(y) = 0. The gradient treats the weights as constants.
    """
    check_matrix("focal_weight", "logits", logits)
    check_labels("focal_weight", y, logits.shape[1], len(logits), least=-1)
    p = np.where(y >= 0, softmax(logits)[np.arange(len(y)), y], 0)
    weight = (1 - p) ** gamma
    return weight / max(float(weight.mean()), 1e-12)


def softmax_cross_entropy(logits: Array, y: Labels | None, label_smoothing: float = 0.0,
                          sample_weight: Array | None = None, targets: Array | None = None, of: int | None = None,
                          nothing: bool = False) -> tuple[float, Array]:
    """Mean cross-entropy of softmax(logits) in nats, and its gradient (softmax(logits) - target) weight / N: (N, n).

    logits: (N, n); y: (N,) integers in 0..n-1. With label_smoothing s the target is 1 - s on the label plus s / n
    everywhere (Szegedy et al. 2016). targets: (N, n) target distributions, which replace y.
    nothing: adds a class "none of these" with a constant logit of 0, whose label is y = -1. Such a sample lowers all
    logits and leaves the relative probabilities of the n classes unchanged, so that log sum exp(logits) measures the
    evidence for any class (the energy, Liu et al. 2020). targets are then (N, n + 1).
    sample_weight: (N,), the loss is sum(weight * loss) / N. of: the size of the batch that these N samples are a part
    of; it is the divisor instead of N, so that losses and gradients of all parts sum to those of the batch.
    """
    who = "softmax_cross_entropy"
    check_matrix(who, "logits", logits)
    N, n = logits.shape
    if targets is None:
        if y is None:
            raise ValueError(f"{who} needs y or targets")
        check_labels(who, y, n, N, least=-1 if nothing else 0)
        targets = label_targets(y, n, label_smoothing, nothing)
    else:
        check_matrix(who, "targets", targets, n + nothing, N)
    if sample_weight is not None:
        check_length(who, "sample_weight", sample_weight, N)
    if nothing:
        logits = np.column_stack([logits, np.zeros(N, logits.dtype)])
    shifted = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    losses = -(targets * (shifted - np.log(total))).sum(axis=1)
    dlogits = np.ascontiguousarray((e / total - targets.astype(logits.dtype))[:, :n])
    if sample_weight is not None:
        losses = losses * sample_weight
        dlogits *= sample_weight[:, None].astype(logits.dtype)
    dlogits /= of or N
    return float(losses.sum() / (of or N)), dlogits


def label_targets(y: Labels, n: int, label_smoothing: float = 0.0, nothing: bool = False) -> Array:
    """Target distributions (N, n) for labels y (N,): 1 - s on the label plus s / n everywhere. With `nothing`
    (N, n + 1), whose last column is 1 for y = -1 and 0 for the others."""
    targets = np.zeros((len(y), n + nothing))
    targets[y >= 0, :n] = label_smoothing / n
    targets[np.arange(len(y)), y] += np.where(y >= 0, 1 - label_smoothing, 1)
    return targets
