"""The loss and its gradient from one function, so that what is reported is what is differentiated."""

import numpy as np


def softmax(logits):
    """exp(logits) normalised along the last axis, shifted by the maximum so that nothing overflows."""
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def confusion(logits, y, power):
    """Weights (N,) of mean 1 that turn attention to what confuses: (1 - p(y)) ** power (focal loss, Lin et al. 2017).

    logits: (N, n); y: (N,). They are taken as constants by the gradient: a share of attention, not a part of the loss.
    """
    doubt = (1 - softmax(logits)[np.arange(len(y)), y]) ** power
    return doubt / max(float(doubt.mean()), 1e-12)


def softmax_cross_entropy(logits, y, label_smoothing=0.0, sample_weight=None, soft=None, soft_share=0.0):
    """Mean cross-entropy of softmax(logits) against the labels, in nats, and its gradient.

    logits: (N, n) reals; y: (N,) integers in 0..n-1. With label_smoothing s the target is 1 - s on the label plus s / n
    everywhere (Szegedy et al. 2016). soft: (N, n) distributions that replace a share soft_share of that target, what a
    teacher thinks (Hinton et al. 2015), or None. sample_weight: (N,) or None; the mean is then sum(weight * loss) / N.
    Returns (loss, dlogits (N, n)) with dlogits = (softmax(logits) - target) weight / N.
    """
    N, n = logits.shape
    rows = np.arange(N)
    shifted = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    log_probs = shifted - np.log(total)
    hard_share = 1.0 if soft is None else 1 - soft_share
    on_label, everywhere = hard_share * (1 - label_smoothing), hard_share * label_smoothing
    each = -on_label * log_probs[rows, y] - everywhere * log_probs.mean(axis=1)
    dlogits = e / total
    dlogits[rows, y] -= on_label
    if everywhere:
        dlogits -= logits.dtype.type(everywhere / n)
    if soft is not None:
        soft = logits.dtype.type(soft_share) * soft
        each -= (soft * log_probs).sum(axis=1)
        dlogits -= soft
    if sample_weight is not None:
        each = each * sample_weight
        dlogits *= sample_weight[:, None].astype(logits.dtype)
    dlogits /= N
    return float(each.mean()), dlogits
