"""The layers that replace the gate in the other arms of the study (core/nn/layers.py describes the interface)."""

import numpy as np
from numpy.typing import DTypeLike

from core.nn.context import EVALUATION, Array, Context, Params
from core.nn.fast.layers import EmotionalGate
from core.nn.gate import Cache
from core.nn.layers import Layer, sigmoid


class ConstantGate(Layer):
    """gated = h * sigmoid(bg): a learned factor per unit, the same for every picture. h, gated: (N, n)."""

    def __init__(self, n: int) -> None:
        self.shapes = {"bg": (n,)}

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        params["bg"][...] = 1

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Cache]:
        g = sigmoid(params["bg"])
        return x * g, (x, g)

    def backward(self, params: Params, dy: Array, cache: Cache, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        h, g = cache
        ctx.write(grads, bg=(dy * h).sum(axis=0) * (g * (1 - g)))
        return dy * g


class OthersGate(EmotionalGate):
    """gated = h * sigmoid(h' Wg + bg), h' the features of the batch's next sample.

    It can do everything that a gate can do without reading its input.
    """

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Cache]:
        g = sigmoid(np.roll(x, -1, axis=0) @ params["Wg"] + params["bg"])
        return x * g, (x, g)

    def backward(self, params: Params, dy: Array, cache: Cache, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        h, g = cache
        dz = dy * h * g * (1 - g)
        ctx.write(grads, Wg=np.roll(h, -1, axis=0).T @ dz, bg=dz.sum(axis=0))
        return dy * g + np.roll(dz @ params["Wg"].T, 1, axis=0)


class FixedGate(Layer):
    """gated = h * sigmoid(h Wg + bg) with the initial values of a gate. It has no trainable parameters."""

    def __init__(self, n: int, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> None:
        gate = EmotionalGate(n)
        self.fixed: Params = {name: np.empty(shape, dtype) for name, shape in gate.shapes.items()}
        gate.initialise(self.fixed, rng)

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Cache]:
        g = sigmoid(x @ self.fixed["Wg"] + self.fixed["bg"])
        return x * g, (x, g)

    def backward(self, params: Params, dy: Array, cache: Cache, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        h, g = cache
        return dy * g + (dy * h * g * (1 - g)) @ self.fixed["Wg"].T


class ResidualGate(EmotionalGate):
    """gated = h + h * sigmoid(h Wg + bg): the gate can amplify a unit but not close it."""

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Cache]:
        gated, cache = super().forward(params, x, ctx)
        gated += x
        return gated, cache

    def backward(self, params: Params, dy: Array, cache: Cache, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array | None:
        dh = super().backward(params, dy, cache, grads, ctx)
        return None if dh is None else dh + dy


class OpenGate(EmotionalGate):
    """The gate with an initial bias of 4: g starts at 0.98, close to the network without a gate."""

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        super().initialise(params, rng)
        params["bg"][...] = 4
