"""The emotional gate: it weighs the features of the last hidden layer before the output layer reads them.

    gated = h * g,   g = sigmoid(h Wg + bg)

Each unit of the last hidden layer is multiplied by a factor g in (0, 1) that depends on the whole layer. The name is a
metaphor; the equation is the complete definition. The gate is a layer like any other. `HeldGate` replaces it with fixed
values; at 1 the result is the network without a gate, bit for bit, because h * 1 = h.
"""

import numpy as np

from core.nn.arguments import check_matrix, check_rng, check_sizes
from core.nn.context import EVALUATION, Array, Context, Params
from core.nn.layers import Layer, sigmoid

Cache = tuple[Array, Array]  # (h, g), each (N, n)


class EmotionalGate(Layer):
    """gated = h * sigmoid(h Wg + bg), h and gated: (N, n). The cache is (h, g) with the gate values g: (N, n).

    Wg starts small (Glorot & Bengio 2010) and bg at 1, so that the gate is mostly open at first.
    """

    is_hidden = True

    def __init__(self, n: int) -> None:
        check_sizes("EmotionalGate", n=n)
        self.shapes = {"Wg": (n, n), "bg": (n,)}

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        check_rng("EmotionalGate.initialise", rng)
        n = len(params["bg"])
        params["Wg"][...] = rng.normal(0, np.sqrt(1 / n), (n, n))
        params["bg"][...] = 1

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Cache]:
        check_matrix("EmotionalGate", "h", x, *self.shapes["bg"])
        g = sigmoid(x @ params["Wg"] + params["bg"])
        return x * g, (x, g)

    def backward(self, params: Params, dy: Array, cache: Cache, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array | None:
        h, g = cache
        check_matrix("EmotionalGate", "dy", dy, h.shape[1], len(h))
        dz = dy * h * g * (1 - g)
        ctx.write(grads, Wg=h.T @ dz, bg=dz.sum(axis=0))
        return dy * g + dz @ params["Wg"].T  # through the product and through the gate

    def with_gate(self, value: Array | float) -> Layer:
        return HeldGate(value)

    def gate_values(self, cache: Cache) -> Array:
        return cache[1]


class HeldGate(Layer):
    """A gate with fixed values: gated = h * value, value a number, (n,) or (N, n). It has no parameters."""

    is_hidden = True

    def __init__(self, value: Array | float) -> None:
        self.value = value

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Cache]:
        value = np.asarray(self.value, x.dtype)
        if value.shape not in ((), x.shape[1:], x.shape):
            raise ValueError(f"HeldGate needs a value that is a number or of shape {x.shape[1:]} or {x.shape}, not "
                             f"{value.shape}")
        return x * value, (x, np.broadcast_to(value, x.shape))

    def backward(self, params: Params, dy: Array, cache: Cache, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        return dy * cache[1]

    def gate_values(self, cache: Cache) -> Array:
        return cache[1]
