"""The loss and its gradient from one function, so that what is reported is what is differentiated."""

import numpy as np

from core.nn.arguments import check_labels, check_length, check_matrix


def softmax(logits):
    """exp(logits) normalised along the last axis, shifted by the maximum so that nothing overflows."""
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def focal_weight(logits, y, gamma):
    """Weights (N,) of mean 1 for the samples of a batch: (1 - p(y)) ** gamma (focal loss, Lin et al. 2017).

    logits: (N, n); y: (N,). What is already known weighs little; what is of no class (-1) always has the weight of what
    is not known at all. The gradient takes them as constants.
    """
    check_matrix("focal_weight", "logits", logits)
    check_labels("focal_weight", y, logits.shape[1], len(logits), least=-1)
    known = np.where(y >= 0, softmax(logits)[np.arange(len(y)), y], 0)
    weight = (1 - known) ** gamma
    return weight / max(float(weight.mean()), 1e-12)


def softmax_cross_entropy(logits, y, label_smoothing=0.0, sample_weight=None, targets=None, of=None, nothing=False):
    """Mean cross-entropy of softmax(logits) against the labels, in nats, and its gradient.

    logits: (N, n) reals; y: (N,) integers in 0..n-1. With label_smoothing s the target is 1 - s on the label plus s / n
    everywhere (Szegedy et al. 2016). targets: (N, n) distributions to meet instead, or None; y is then not looked at.
    nothing: whether the n compete with one answer more, "nothing of these", whose logit is always 0 and which y = -1
    stands for. A sample of nothing then lowers all logits and says no word on how the n share among themselves, so that
    log sum exp(logits) tells how much speaks for any of them (the energy, Liu et al. 2020).
    sample_weight: (N,) or None; the mean is then sum(weight * loss) / N. of: the size of the batch that these N are a
    part of; it stands in place of N then, so that the losses and gradients of all parts add up to those of the batch.
    Returns (loss, dlogits (N, n)) with dlogits = (softmax(logits) - target) weight / N.
    """
    who = "softmax_cross_entropy"
    check_matrix(who, "logits", logits)
    N, n = logits.shape
    if targets is None:
        check_labels(who, y, n, N, least=-1 if nothing else 0)
    else:
        check_matrix(who, "targets", targets, n + nothing, N)
    if sample_weight is not None:
        check_length(who, "sample_weight", sample_weight, N)
    if nothing:
        logits = np.column_stack([logits, np.zeros(N, logits.dtype)])
    if targets is None:
        targets = label_targets(y, n, label_smoothing, nothing)
    shifted = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    each = -(targets * (shifted - np.log(total))).sum(axis=1)
    dlogits = np.ascontiguousarray((e / total - targets.astype(logits.dtype))[:, :n])
    if sample_weight is not None:
        each = each * sample_weight
        dlogits *= sample_weight[:, None].astype(logits.dtype)
    dlogits /= of or N
    return float(each.sum() / (of or N)), dlogits


def label_targets(y, n, label_smoothing=0.0, nothing=False):
    """Distributions (N, n) for labels y (N,): 1 - s on the label plus s / n everywhere. With `nothing` (N, n + 1): all
    on the last for y = -1, none of it for the others."""
    targets = np.zeros((len(y), n + nothing))
    targets[y >= 0, :n] = label_smoothing / n
    targets[np.arange(len(y)), y] += np.where(y >= 0, 1 - label_smoothing, 1)
    return targets
