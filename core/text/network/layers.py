"""Layers of the recursive text models beside those of core/nn/layers.py, each operation beside its gradient.

They follow the protocol of core/nn/layers.py, with x (N, n).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from core.nn.context import ACCUMULATION, EVALUATION, Array, Context, Params
from core.nn.layers import Layer, sigmoid
from core.nn.network import Network

GELU_SCALE, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715


class GELU(Layer):
    """y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks & Gimpel 2016, tanh approximation)."""

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, tuple[Array, Array]]:
        t = x * x
        t *= x.dtype.type(GELU_SCALE * GELU_CUBE)
        t += x.dtype.type(GELU_SCALE)
        t *= x
        np.tanh(t, out=t)
        y = t + 1
        y *= x
        y *= x.dtype.type(0.5)
        return y, (x, t)

    def backward(self, params: Params, dy: Array, cache: tuple[Array, Array], grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        x, t = cache
        slope = x * x
        slope *= x.dtype.type(3 * GELU_SCALE * GELU_CUBE)
        slope += x.dtype.type(GELU_SCALE)
        slope *= x
        slope *= 1 - t * t
        slope += t
        slope += 1
        slope *= x.dtype.type(0.5)
        slope *= dy
        return slope


class LayerNorm(Layer):
    """y = gain (x - mean) / sqrt(variance + eps) + bias, with mean and variance of each row (Ba et al. 2016)."""

    EPS = 1e-5

    def __init__(self, n: int) -> None:
        self.shapes = {"gain": (n,), "bias": (n,)}

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        params["gain"][...], params["bias"][...] = 1, 0

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, tuple[Array, Array]]:
        x = x - x.mean(axis=1, keepdims=True)
        scale = 1 / np.sqrt(np.einsum("ij,ij->i", x, x) / x.dtype.type(x.shape[1]) + x.dtype.type(self.EPS))
        x *= scale[:, None]
        y = x * params["gain"]
        y += params["bias"]
        return y, (x, scale)

    def backward(self, params: Params, dy: Array, cache: tuple[Array, Array], grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        x, scale = cache
        ctx.write(grads, gain=np.einsum("ij,ij->j", dy, x), bias=dy.sum(axis=0))
        d = dy * params["gain"]
        n = d.dtype.type(d.shape[1])
        dx = d - d.mean(axis=1, keepdims=True)
        dx -= x * (np.einsum("ij,ij->i", d, x) / n)[:, None]
        dx *= scale[:, None]
        return dx


class Parts:
    """Named layers over one vector `theta`, which a model calls in any order and any number of times.

    parts: {name: layer}; dtype: float32, or float64 to check gradients.
    """

    def __init__(self, parts: Mapping[str, Layer], dtype: DTypeLike) -> None:
        self.net = Network(list(parts.items()), dtype)
        self.index = {name: i for i, name in enumerate(parts)}
        self.theta, self.dtype = self.net.theta, self.net.theta.dtype

    def call(self, name: str, x: Any, ctx: Context = EVALUATION) -> tuple[Array, Any]:
        """The forward pass of one layer: (y, cache)."""
        i = self.index[name]
        return self.net.layers[i].forward(self.net.params[i], x, ctx)

    def back(self, name: str, dy: Array, cache: Any, grads: Sequence[Params], **options: Any) -> Any:
        """The backward pass of one layer: dx. The gradients of its parameters are added to grads, a list as of
        `net.views`."""
        i = self.index[name]
        return self.net.layers[i].backward(self.net.params[i], dy, cache, grads[i], ACCUMULATION, **options)


class Chain(Layer):
    """Several layers in sequence as one layer; the parameters of layer i are named "i.NAME"."""

    def __init__(self, *parts: Layer) -> None:
        self.parts = parts
        self.shapes = {f"{i}.{name}": shape for i, part in enumerate(parts) for name, shape in part.shapes.items()}

    def _part(self, values: Params, i: int) -> Params:
        """The parameters or gradients of layer i."""
        return {name: values[f"{i}.{name}"] for name in self.parts[i].shapes}

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        for i, part in enumerate(self.parts):
            part.initialise(self._part(params, i), rng)

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, list[Any]]:
        caches = []
        for i, part in enumerate(self.parts):
            x, cache = part.forward(self._part(params, i), x, ctx)
            caches.append(cache)
        return x, caches

    def backward(self, params: Params, dy: Array, cache: list[Any], grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        for i in reversed(range(len(self.parts))):
            part_grads = None if grads is None else self._part(grads, i)
            dy = self.parts[i].backward(self._part(params, i), dy, cache[i], part_grads, ctx)
        return dy


class AffectGate(Layer):
    """A scalar gate through which affect a (N, 3) changes the latent state z (N, n); the input is [z, a] (N, n + 3).

    m = tanh(a W),  g = sigmoid([z, m] w + b),  y = z + strength g m. The cache's last entry is g (N,), the confidence
    of the round.
    """

    def __init__(self, n: int, strength: float) -> None:
        self.n, self.strength = n, strength
        self.shapes = {"W": (3, n), "w": (2 * n, 1), "b": (1,)}

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        params["W"][...] = rng.normal(0, 1, params["W"].shape)
        params["w"][...] = rng.normal(0, np.sqrt(1 / len(params["w"])), params["w"].shape)
        params["b"][...] = 0

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, tuple[Array, Array, Array]]:
        z, a = x[:, : self.n], x[:, self.n :]
        m = np.tanh(a @ params["W"])
        both = np.concatenate([z, m], axis=1)
        g = sigmoid(both @ params["w"] + params["b"])
        return z + x.dtype.type(self.strength) * g * m, (a, both, g[:, 0])

    def backward(self, params: Params, dy: Array, cache: tuple[Array, Array, Array], grads: Params | None,
                 ctx: Context = EVALUATION, dgate: Array | None = None) -> Array:
        """dgate: (N,), an additional gradient with respect to g."""
        a, both, g = cache
        m, strength = both[:, self.n :], dy.dtype.type(self.strength)
        dg = strength * np.einsum("ij,ij->i", dy, m)
        if dgate is not None:
            dg = dg + dgate
        dlogit = (dg * g * (1 - g))[:, None]
        dboth = dlogit @ params["w"].T
        dm = dboth[:, self.n :] + strength * g[:, None] * dy
        dm *= 1 - m * m
        ctx.write(grads, W=a.T @ dm, w=both.T @ dlogit, b=dlogit.sum(axis=0))
        return np.concatenate([dy + dboth[:, : self.n], dm @ params["W"].T], axis=1)
