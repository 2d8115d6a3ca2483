"""Attribution: which pixels and which units of the last layer speak for an answer.

Everything is asked of the network in hand: its own gradient, its own answers to changed images. Images are network
input, x (784,) in the range that the network was trained on; nothing here keeps state, so many threads may ask at once.
"""

import numpy as np

from core.digits.data import DIGITS, PIXELS, SIDE
from core.nn.layers import Dense


def as_row(x, n=PIXELS, dtype=np.float32, what="the image"):
    """One image (784,) or (28, 28) as a finite row (n,). Raises ValueError with a sentence."""
    x = np.asarray(x)
    if x.size != n:
        raise ValueError(f"{what} holds {x.size} values of shape {x.shape}; give one, {n} values.")
    if not np.isfinite(x).all():
        raise ValueError(f"{what} holds values that are not finite; replace them first.")
    return x.reshape(n).astype(dtype)


def check_digits(digit, against=None):
    """Raises ValueError unless digit is 0..9 and against is None or another digit."""
    for name, value in (("digit", digit), ("against", against)):
        if value is not None and value not in range(DIGITS):
            raise ValueError(f"{name} is {value!r}; give a whole number from 0 to 9.")
    if digit == against:
        raise ValueError(f"against is {against}, the digit itself; give another digit, or None.")


def vjp(network, caches, weights):
    """The vector-Jacobian product: gradients (N, n_in) of the sum of weights (N, 10) times logits, from the caches that
    `forward` returned."""
    return network.backward(weights, caches, None)


def input_gradient(network, X, digit, against=None):
    """Gradients (N, 784) of logit[digit], or of logit[digit] - logit[against], at the rows of X (N, 784)."""
    logits, caches = network.forward(X)
    weights = np.zeros_like(logits)
    weights[:, digit] = 1
    if against is not None:
        weights[:, against] = -1
    return vjp(network, caches, weights)


def gradient_x_input(network, x, digit, against=None):
    """Each pixel times the slope of the logit (or logit difference) there: x (784,) -> (784,).

    Fast and local: pixels of value 0 get 0 whatever their slope (Shrikumar et al. 2016). Its sum is the value itself
    where the network is linear without a bias, and otherwise nothing in particular; see integrated_gradients.
    """
    check_digits(digit, against)
    x = as_row(x, dtype=network.dtype)
    return x * input_gradient(network, x[None], digit, against)[0]


def integrated_gradients(network, x, digit, against=None, steps=64, baseline=0):
    """What each pixel adds to the logit (or logit difference) on the way from the baseline to x: (784,).

        a_i = (x_i - b_i) * integral over t in (0, 1) of df/dx_i (b + t (x - b))

    (Sundararajan, Taly & Yan 2017), by the midpoint rule with `steps` points, all in one batch. Complete: the sum is
    f(x) - f(baseline) up to the error of the rule. baseline: a number or (784,), in the units of x.
    """
    check_digits(digit, against)
    if steps < 1:
        raise ValueError(f"steps is {steps}; the integral needs at least 1.")
    x = as_row(x, dtype=network.dtype)
    start = as_row(np.broadcast_to(baseline, x.shape) if np.ndim(baseline) == 0 else baseline, dtype=network.dtype,
                   what="the baseline")
    t = ((np.arange(steps) + 0.5) / steps).astype(network.dtype)
    slopes = input_gradient(network, start + t[:, None] * (x - start), digit, against)
    return (x - start) * slopes.mean(axis=0)


def occlusion(model, x, size=4, stride=2):
    """How far the calibrated probability of the answer falls when a patch is blanked: x (784,) -> (28, 28).

    Square patches of `size` pixels, `stride` apart, are set to blank paper (Zeiler & Fergus 2014); a pixel gets the
    mean fall over the patches that cover it, at the network's first look. Negative where blanking makes the network
    surer. Patches without ink are not tried: nothing changes.
    """
    if not 1 <= stride <= size <= SIDE:
        raise ValueError(f"size {size} and stride {stride} leave pixels out; 1 <= stride <= size <= {SIDE} is needed.")
    x, paper = as_row(x), np.float32(model.config.input_range[0])
    starts = np.unique([*range(0, SIDE - size + 1, stride), SIDE - size])
    inside = (np.arange(SIDE) >= starts[:, None]) & (np.arange(SIDE) < starts[:, None] + size)
    patches = (inside[:, None, :, None] & inside[None, :, None, :]).reshape(-1, SIDE * SIDE)
    touched = (patches & (x != paper)).any(axis=1)
    probs = model.first_look(np.concatenate([x[None], np.where(patches[touched], paper, x)]))
    answer = probs[0].argmax()
    fall = np.zeros(len(patches), np.float32)
    fall[touched] = probs[0, answer] - probs[1:, answer]
    return (fall @ patches / patches.sum(axis=0)).reshape(SIDE, SIDE)


def logit_contributions(network, x, digit, against):
    """What each unit of the last hidden layer adds to logit[digit] - logit[against]: (h,), exact.

    The output layer is linear, so the difference is the sum of these and of the difference of two biases.
    """
    check_digits(digit, against)
    if not isinstance(network.layers[-1], Dense):
        raise ValueError("the network does not end in a Dense layer, so its units have no contributions of their own.")
    last, W = network.read(as_row(x, dtype=network.dtype)[None]).hidden[-1][0], network.params[-1]["W"]
    return last * (W[:, digit] - W[:, against])
