"""Answers whose figures can be worked by hand."""

import numpy as np


def falling():
    """Ten answers "0" of falling confidence, the last two wrong: probabilities (10, 10) and labels (10,)."""
    probs = np.zeros((10, 10))
    probs[:, 0] = np.linspace(0.99, 0.54, 10)
    probs[:, 1] = 1 - probs[:, 0]
    return probs, np.array([0] * 8 + [1, 7])
