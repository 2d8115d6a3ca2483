"""Attribution: the contribution of each pixel, and of each unit of the last layer, to an answer.

Images are network input, x (784,) in the range that the network was trained on. The functions are pure, so they are
thread-safe.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from core.digits.config import Config
from core.digits.data import DIGITS, PIXELS, SIDE
from core.nn.layers import Dense
from core.nn.network import Network
from core.uncertainty.readout import Readout


class ExplainableModel(Protocol):
    """The part of core.models.model.Model that explanations use."""

    @property
    def network(self) -> Network: ...
    @property
    def config(self) -> Config: ...
    @property
    def readout(self) -> Readout: ...
    @property
    def gate_mean(self) -> NDArray[np.floating] | None: ...
    def unaugmented_probabilities(self, X: NDArray[np.floating], /) -> NDArray[np.floating]: ...


def as_row(x: ArrayLike, n: int = PIXELS, dtype: DTypeLike = np.float32,
           what: str = "the image") -> NDArray[np.floating]:
    """One image (784,) or (28, 28) as a row (n,). Raises ValueError for another size and values that are not finite."""
    x = np.asarray(x)
    if x.size != n:
        raise ValueError(f"{what} has {x.size} values of shape {x.shape}; give one, {n} values.")
    if not np.isfinite(x).all():
        raise ValueError(f"{what} has values that are not finite; replace them first.")
    return x.reshape(n).astype(dtype)


def check_digits(digit: int, against: int | None = None) -> None:
    """Raises ValueError unless digit is 0..9 and against is None or another digit."""
    for name, value in (("digit", digit), ("against", against)):
        if value is not None and value not in range(DIGITS):
            raise ValueError(f"{name} is {value!r}; give a whole number from 0 to 9.")
    if digit == against:
        raise ValueError(f"against is {against}, the digit itself; give another digit, or None.")


def vjp(network: Network, caches: list[Any], weights: NDArray[np.floating]) -> NDArray[np.floating]:
    """The vector-Jacobian product: gradients (N, n_in) of sum(weights * logits), weights (N, 10). caches: returned by
    `forward`."""
    gradient = network.backward(weights, caches, None)
    assert gradient is not None, "the input gradient is asked for"
    return gradient


def input_gradient(network: Network, X: NDArray[np.floating], digit: int,
                   against: int | None = None) -> NDArray[np.floating]:
    """Gradients (N, 784) of logit[digit], or of logit[digit] - logit[against], at the rows of X (N, 784)."""
    logits, caches = network.forward(X)
    weights = np.zeros_like(logits)
    weights[:, digit] = 1
    if against is not None:
        weights[:, against] = -1
    return vjp(network, caches, weights)


def gradient_x_input(network: Network, x: ArrayLike, digit: int, against: int | None = None) -> NDArray[np.floating]:
    """Pixel values times the gradient of the logit (or logit difference): x (784,) -> (784,).

    Fast and local; pixels of value 0 get 0 (Shrikumar et al. 2016). The sum is the logit only for a linear network
    without a bias; see integrated_gradients.
    """
    check_digits(digit, against)
    row = as_row(x, dtype=network.dtype)
    return row * input_gradient(network, row[None], digit, against)[0]


def integrated_gradients(network: Network, x: ArrayLike, digit: int, against: int | None = None, steps: int = 64,
                         baseline: ArrayLike = 0) -> NDArray[np.floating]:
    """The contribution of each pixel to the change of the logit (or logit difference) from the baseline to x: (784,).

        a_i = (x_i - b_i) * integral over t in (0, 1) of df/dx_i (b + t (x - b))

    (Sundararajan, Taly & Yan 2017), by the midpoint rule with `steps` points, in one batch. The sum is
    f(x) - f(baseline) up to the error of the rule. baseline: a number or (784,), in the units of x.
    """
    check_digits(digit, against)
    if steps < 1:
        raise ValueError(f"steps is {steps}; the integral needs at least 1.")
    row = as_row(x, dtype=network.dtype)
    start = as_row(np.broadcast_to(baseline, row.shape) if np.ndim(baseline) == 0 else baseline, dtype=network.dtype,
                   what="the baseline")
    t = ((np.arange(steps) + 0.5) / steps).astype(network.dtype)
    gradients = input_gradient(network, start + t[:, None] * (row - start), digit, against)
    return (row - start) * gradients.mean(axis=0)


def occlusion(model: ExplainableModel, x: ArrayLike, size: int = 4, stride: int = 2) -> NDArray[np.floating]:
    """The decrease of the answer's calibrated probability when a patch is blanked: x (784,) -> (28, 28).

    Square patches of `size` pixels, `stride` apart, are set to blank paper (Zeiler & Fergus 2014). A pixel gets the
    mean decrease over the patches that cover it, without test-time augmentation; it is negative where blanking
    increases the probability. Patches without ink are skipped.
    """
    if not 1 <= stride <= size <= SIDE:
        raise ValueError(f"size {size} and stride {stride} leave pixels out; 1 <= stride <= size <= {SIDE} is needed.")
    row, paper = as_row(x), np.float32(model.config.input_range[0])
    starts = np.unique([*range(0, SIDE - size + 1, stride), SIDE - size])
    inside = (np.arange(SIDE) >= starts[:, None]) & (np.arange(SIDE) < starts[:, None] + size)
    patches = (inside[:, None, :, None] & inside[None, :, None, :]).reshape(-1, SIDE * SIDE)
    touched = (patches & (row != paper)).any(axis=1)
    probs = model.unaugmented_probabilities(np.concatenate([row[None], np.where(patches[touched], paper, row)]))
    answer = probs[0].argmax()
    fall = np.zeros(len(patches), np.float32)
    fall[touched] = probs[0, answer] - probs[1:, answer]
    return (fall @ patches / patches.sum(axis=0)).reshape(SIDE, SIDE)


def logit_contributions(network: Network, x: ArrayLike, digit: int, against: int) -> NDArray[np.floating]:
    """The contribution (h,) of each unit of the last hidden layer to logit[digit] - logit[against].

    Exact: the output layer is linear, so the logit difference is their sum plus the difference of two biases.
    """
    check_digits(digit, against)
    if not isinstance(network.layers[-1], Dense):
        raise ValueError("the network does not end in a Dense layer, so its units have no separate contributions.")
    last, W = network.read(as_row(x, dtype=network.dtype)[None]).hidden[-1][0], network.params[-1]["W"]
    return last * (W[:, digit] - W[:, against])
