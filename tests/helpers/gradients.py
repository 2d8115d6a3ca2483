"""The gradient check that the tests share."""

import numpy as np

STEP = 1e-5  # of central differences


def directional_error(f, x, gradient, seed=0):
    """Relative difference between the slope of f along random directions and what `gradient` says of it."""
    rng, worst = np.random.default_rng(seed), 0.0
    for _ in range(5):
        direction = rng.standard_normal(x.shape)
        kept = x.copy()
        x[...] = kept + STEP * direction
        above = f()
        x[...] = kept - STEP * direction
        below = f()
        x[...] = kept
        slope, claimed = (above - below) / (2 * STEP), float(np.sum(gradient * direction))
        worst = max(worst, abs(slope - claimed) / max(abs(slope), abs(claimed), 1e-8))
    return worst
