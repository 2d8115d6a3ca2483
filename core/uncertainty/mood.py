"""Ten probabilities as a mood: pleasure, arousal and dominance, the three axes of Mehrabian & Russell (1974).

A readout like the feelings of core/uncertainty/readout.py, in a vocabulary that texts are rated in too. Nothing is
fitted.
"""

import numpy as np


def mood(probs):
    """(pleasure, arousal, dominance), each in [-1, 1], of calibrated probabilities (n,), n >= 2, or (N, n).

        pleasure  = 2 (max p - 1/n) / (1 - 1/n) - 1     chance is -1, certainty +1
        arousal   = 2 H(p) / ln n - 1                   H the entropy in nats: certainty is -1, no idea at all +1
        dominance = 2 (p1 - p2) - 1                     the lead of the likeliest over the second: a tie is -1

    Numbers for (n,), arrays (N,) for (N, n). Raises ValueError for what is no distribution.
    """
    probs = np.asarray(probs, np.float64)
    if probs.ndim not in (1, 2) or probs.shape[-1] < 2:
        raise ValueError(f"probs has the shape {probs.shape}; give (n,) or (N, n) with at least two classes.")
    # written so that nan is refused too
    if not ((probs >= 0).all() and (np.abs(probs.sum(axis=-1) - 1) < 1e-3).all()):
        raise ValueError("probs holds values below 0 or does not sum to 1; give probabilities.")
    n = probs.shape[-1]
    second, first = np.moveaxis(np.partition(probs, -2, axis=-1)[..., -2:], -1, 0)
    entropy = -(probs * np.log(np.maximum(probs, 1e-300))).sum(axis=-1)
    axes = 2 * (first - 1 / n) / (1 - 1 / n) - 1, 2 * entropy / np.log(n) - 1, 2 * (first - second) - 1
    clipped = tuple(np.clip(axis, -1, 1) for axis in axes)  # rounding alone could leave the range
    return tuple(map(float, clipped)) if probs.ndim == 1 else clipped
