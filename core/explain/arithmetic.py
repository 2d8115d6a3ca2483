"""Sums whose displayed numbers add up, the forward pass step by step, and the gradient of one weight over a batch.

Displayed numbers are whole multiples of the last displayed digit (int), so that they add up exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.explain.attribution import as_row
from core.explain.units import LayerInfo, check_unit, layers, weights
from core.nn.arguments import check_choice, check_labels, check_matrix
from core.nn.context import Array
from core.nn.gate import EmotionalGate
from core.nn.losses import Labels, softmax
from core.nn.network import Network


@dataclass(frozen=True)
class Sum:
    """A displayed sum: sum(always) + sum(terms) + rest = total, exactly, in units of 10 ** -decimals.

    indices: the positions of the displayed terms, largest absolute value first; rest: everything else (of `others`
    terms) together with what rounding takes from the displayed ones.
    """

    indices: tuple[int, ...]
    terms: tuple[int, ...]
    always: tuple[int, ...]
    rest: int
    others: int
    total: int
    decimals: int

    def text(self, value: int) -> str:
        """A number of this sum as text: 1234 with 3 decimals is "1.234"."""
        return decimal_text(value, self.decimals)


def decimal_text(value: int, decimals: int) -> str:
    """value * 10 ** -decimals as text with all decimals."""
    whole, part = divmod(abs(value), 10**decimals)
    return f"{'-' if value < 0 else ''}{whole}" + (f".{part:0{decimals}d}" if decimals else "")


def rounded(value: float, decimals: int) -> int:
    """A number in units of 10 ** -decimals. Raises ValueError if it is not finite."""
    if not np.isfinite(value):
        raise ValueError(f"{value} is not a finite number, so it cannot be displayed in a sum.")
    return round(float(value) * 10**decimals)


def shown(terms: ArrayLike, total: float, most: int = 8, decimals: int = 3, always: Sequence[float] = ()) -> Sum:
    """The `most` largest terms (n,) by absolute value, each rounded, and the rest of `total`.

    always: parts of the total that are displayed whatever their size, such as a bias. Terms of 0 are not displayed.
    """
    terms = np.asarray(terms, np.float64).ravel()
    chosen = np.argsort(-np.abs(terms), kind="stable")[: max(most, 0)]
    chosen = chosen[terms[chosen] != 0]
    displayed, fixed = ([rounded(value, decimals) for value in values] for values in (terms[chosen], always))
    whole = rounded(total, decimals)
    return Sum(tuple(map(int, chosen)), tuple(displayed), tuple(fixed), whole - sum(displayed) - sum(fixed),
               len(terms) - len(chosen), whole, decimals)


@dataclass(frozen=True, eq=False)
class Step:
    """One layer of a forward pass: its sums (n,) (None for a gate held at fixed values), the gate (n,) if it is the
    gated layer, and the resulting values (n,)."""

    layer: LayerInfo
    sums: Array | None
    gate: Array | None
    values: Array


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """A forward pass from x (784,) to the loss.

    shifted = logits - max(logits), exponentials = exp(shifted), normaliser = sum(exponentials), probs = exponentials /
    normaliser; loss = log(normaliser) - shifted[y], None without y.
    """

    x: Array
    steps: tuple[Step, ...]
    logits: Array
    shifted: Array
    exponentials: Array
    normaliser: float
    probs: Array
    loss: float | None


def forward(network: Network, x: ArrayLike, y: int | None = None) -> ForwardPass:
    """Every step from x (784,) to the probabilities and, for the label y, the cross-entropy in nats."""
    infos, row = layers(network), as_row(x, dtype=network.dtype)
    if y is not None and y not in range(infos[-1].size):
        raise ValueError(f"y is {y!r}; give a whole number from 0 to {infos[-1].size - 1}.")
    reading = network.read(row[None])
    values, inputs, steps = [*(hidden[0] for hidden in reading.hidden), reading.logits[0]], row, []
    for info, output in zip(infos, values, strict=True):
        both = weights(network, info)
        gate = reading.gate[0] if info.kind == "gated" and reading.gate is not None else None
        steps.append(Step(info, None if both is None else inputs @ both[0] + both[1], gate, output))
        inputs = output
    logits = values[-1].astype(np.float64)
    shifted = logits - logits.max()
    exponentials = np.exp(shifted)
    normaliser = float(exponentials.sum())
    loss = None if y is None else float(np.log(normaliser) - shifted[y])
    return ForwardPass(row, tuple(steps), logits, shifted, exponentials, normaliser, exponentials / normaliser, loss)


@dataclass(frozen=True, eq=False)
class WeightGradient:
    """The gradient of the mean loss over N samples with respect to one weight, sum(terms), terms = inputs * deltas / N.

    inputs (N,): the activation that the weight multiplies, 1 for a bias; deltas (N,): the derivative of each sample's
    loss with respect to the sum of the unit; weight: its present value.
    """

    inputs: Array
    deltas: Array
    terms: Array
    gradient: float
    weight: float


def weight_gradient(network: Network, X: NDArray[np.floating], y: Labels, layer: int, i: int | None,
                    j: int) -> WeightGradient:
    """The gradient of W[i, j] of a layer of units, or of b[j] if i is None, as a sum over the batch X (N, 784), y (N,).

    Softmax cross-entropy without smoothing. For the gated layer it is a weight of the gate, Wg or bg.
    """
    info = check_unit(network, layer, j)
    check_matrix("weight_gradient", "X", X)
    both = weights(network, info)
    if both is None:
        raise ValueError("the gate is held at fixed values, so it has no weights.")
    if i is not None and i not in range(len(both[0])):
        raise ValueError(f"i is {i!r}; {info.name} has the inputs 0 to {len(both[0]) - 1}.")
    logits, caches = network.forward(np.asarray(X, network.dtype))
    y = np.asarray(y)
    check_labels("weight_gradient", y, logits.shape[1], len(logits))
    dy = softmax(logits)
    dy[np.arange(len(y)), y] -= 1
    for k in reversed(range(info.product + 1, len(network.layers))):
        dy = network.layers[k].backward(network.params[k], dy, caches[k], None)
    cache = caches[info.product]
    if isinstance(network.layers[info.product], EmotionalGate):
        inputs, g = cache
        dy = dy * inputs * g * (1 - g)
    else:
        inputs = cache
    a = np.ones(len(y)) if i is None else inputs[:, i].astype(np.float64)
    deltas = dy[:, j].astype(np.float64)
    terms = a * deltas / len(y)
    value = both[1][j] if i is None else both[0][i, j]
    return WeightGradient(a, deltas, terms, float(terms.sum()), float(value))


@dataclass(frozen=True)
class OptimizerStep:
    """The step of an optimiser for one weight: its formulas as text, the values of their symbols by name, and the
    weight before and after."""

    formulas: tuple[str, ...]
    values: dict[str, float]
    before: float
    after: float


def optimizer_step(optimizer: str, weight: float, gradient: float, *, lr: float, weight_decay: float = 0.0,
                   momentum: float = 0.0, velocity: float = 0.0, beta1: float = 0.9, beta2: float = 0.999,
                   eps: float = 1e-8, m: float = 0.0, v: float = 0.0, t: int = 0) -> OptimizerStep:
    """One step of "sgd", "adam" or "adamw" (core/nn/optimizers.py) for one weight.

    velocity, m, v, t: the optimiser's state before the step; 0 is that of the first step. weight_decay must be 0 for a
    bias, which is not decayed; "adam" has none.
    """
    check_choice("optimizer", optimizer, ("sgd", "adam", "adamw"))
    decay = 0.0 if optimizer == "adam" else weight_decay
    decayed = weight * (1 - lr * decay)
    start = ("w' = w (1 - lr · decay)",) if decay else ()
    before = "w'" if decay else "w"
    values = {"w": weight, "g": gradient, "lr": lr} | ({"decay": decay, "w'": decayed} if decay else {})
    if optimizer == "sgd":
        step = momentum * velocity + gradient
        formulas = (f"u = momentum · u + g, w = {before} - lr · u" if momentum else f"w = {before} - lr · g",)
        values |= {"momentum": momentum, "u": step} if momentum else {}
        after = decayed - lr * step
    else:
        t += 1
        m, v = beta1 * m + (1 - beta1) * gradient, beta2 * v + (1 - beta2) * gradient**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        formulas = ("m = beta1 · m + (1 - beta1) · g, v = beta2 · v + (1 - beta2) · g²",
                    "m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^t)", f"w = {before} - lr · m^ / (√v^ + eps)")
        values |= {"beta1": beta1, "beta2": beta2, "eps": eps, "t": t, "m": m, "v": v, "m^": m_hat, "v^": v_hat}
        after = decayed - lr * m_hat / (np.sqrt(v_hat) + eps)
    return OptimizerStep((*start, *formulas), values, weight, float(after))
