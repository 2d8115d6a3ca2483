"""What stands in the gate's place in other arms of the study; each is a layer like any other (core/nn/layers.py)."""

import numpy as np

from core.nn.context import EVALUATION
from core.nn.fast.layers import EmotionalGate
from core.nn.layers import Layer, sigmoid


class ConstantGate(Layer):
    """gated = h * sigmoid(bg): a share for each unit, learned, the same for every picture. h, gated: (N, n)."""

    def __init__(self, n):
        self.shapes = {"bg": (n,)}

    def initialise(self, params, rng):
        params["bg"][...] = 1

    def forward(self, params, h, ctx=EVALUATION):
        g = sigmoid(params["bg"])
        return h * g, (h, g)

    def backward(self, params, dy, cache, grads, ctx=EVALUATION):
        h, g = cache
        ctx.write(grads, bg=(dy * h).sum(axis=0) * g * (1 - g))
        return dy * g


class OthersGate(EmotionalGate):
    """gated = h * sigmoid(h' Wg + bg), h' the features of the batch's next sample: a gate that sees another picture.

    Whatever a gate does that needs no look at its own picture, this one can do as well.
    """

    def forward(self, params, h, ctx=EVALUATION):
        g = sigmoid(np.roll(h, -1, axis=0) @ params["Wg"] + params["bg"])
        return h * g, (h, g)

    def backward(self, params, dy, cache, grads, ctx=EVALUATION):
        h, g = cache
        dz = dy * h * g * (1 - g)
        ctx.write(grads, Wg=np.roll(h, -1, axis=0).T @ dz)
        ctx.write(grads, bg=dz.sum(axis=0))
        return dy * g + np.roll(dz @ params["Wg"].T, 1, axis=0)


class FixedGate(Layer):
    """gated = h * sigmoid(h Wg + bg) with the values that a gate begins with: it is never trained, and has no
    parameters."""

    def __init__(self, n, rng, dtype=np.float32):
        gate = EmotionalGate(n)
        self.kept = {name: np.empty(shape, dtype) for name, shape in gate.shapes.items()}
        gate.initialise(self.kept, rng)

    def forward(self, params, h, ctx=EVALUATION):
        g = sigmoid(h @ self.kept["Wg"] + self.kept["bg"])
        return h * g, (h, g)

    def backward(self, params, dy, cache, grads, ctx=EVALUATION):
        h, g = cache
        return dy * g + (dy * h * g * (1 - g)) @ self.kept["Wg"].T


class ResidualGate(EmotionalGate):
    """gated = h + h * sigmoid(h Wg + bg): the gate can add to a unit and never shut it."""

    def forward(self, params, h, ctx=EVALUATION):
        gated, cache = super().forward(params, h, ctx)
        gated += h
        return gated, cache

    def backward(self, params, dy, cache, grads, ctx=EVALUATION):
        dh = super().backward(params, dy, cache, grads, ctx)
        return dh if dh is None else dh + dy


class OpenGate(EmotionalGate):
    """The gate with its bias at 4: it begins at .98, nearly as the network without one."""

    def initialise(self, params, rng):
        super().initialise(params, rng)
        params["bg"][...] = 4
