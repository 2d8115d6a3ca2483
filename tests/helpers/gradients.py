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


def layer_errors(layer, shape):
    """The worst directional_error of a layer towards its input of this shape and each of its parameters."""
    rng = np.random.default_rng(1)
    params = {key: 0.5 * rng.standard_normal(size) for key, size in layer.shapes.items()}
    x = rng.standard_normal(shape)
    y, cache = layer.forward(params, x)
    pull = rng.standard_normal(y.shape)
    grads = {key: np.full(size, np.nan) for key, size in layer.shapes.items()}
    dx = layer.backward(params, pull, cache, grads)

    def loss():
        return float(np.sum(pull * layer.forward(params, x)[0]))

    pairs = [(x, dx), *((params[key], grads[key]) for key in params)]
    return np.max([directional_error(loss, value, gradient) for value, gradient in pairs])  # a NaN is the worst
