"""The layers a tiny recursive model needs beside those of core/nn/layers.py, each operation beside its gradient.

They keep the same protocol: forward(params, x, ...) -> y, cache; backward(params, dy, cache, grads, ...) -> dx; x:
(N, n).
"""

import math

import numpy as np

from core.nn.context import ACCUMULATION, EVALUATION
from core.nn.layers import Layer, sigmoid
from core.nn.network import Network

GELU_SCALE, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715


class GELU(Layer):
    """y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks & Gimpel 2016, their tanh form)."""

    def forward(self, params, x, ctx=EVALUATION):
        t = x * x
        t *= x.dtype.type(GELU_SCALE * GELU_CUBE)
        t += x.dtype.type(GELU_SCALE)
        t *= x
        np.tanh(t, out=t)
        y = t + 1
        y *= x
        y *= x.dtype.type(0.5)
        return y, (x, t)

    def backward(self, params, dy, cache, grads, ctx=EVALUATION):
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
    """y = gain (x - mean) / sqrt(variance + eps) + bias, over the values of each row (Ba, Kiros & Hinton 2016)."""

    EPS = 1e-5

    def __init__(self, n):
        self.shapes = {"gain": (n,), "bias": (n,)}

    def initialise(self, params, rng):
        params["gain"][...], params["bias"][...] = 1, 0

    def forward(self, params, x, ctx=EVALUATION):
        x = x - x.mean(axis=1, keepdims=True)
        scale = 1 / np.sqrt(np.einsum("ij,ij->i", x, x) / x.dtype.type(x.shape[1]) + x.dtype.type(self.EPS))
        x *= scale[:, None]
        y = x * params["gain"]
        y += params["bias"]
        return y, (x, scale)

    def backward(self, params, dy, cache, grads, ctx=EVALUATION):
        x, scale = cache
        ctx.write(grads, bias=dy.sum(axis=0))
        ctx.write(grads, gain=np.einsum("ij,ij->j", dy, x))
        d = dy * params["gain"]
        n = d.dtype.type(d.shape[1])
        dx = d - d.mean(axis=1, keepdims=True)
        dx -= x * (np.einsum("ij,ij->i", d, x) / n)[:, None]
        dx *= scale[:, None]
        return dx


class Parts:
    """Layers by name, their weights in one vector `theta`, called as often as the model that is made of them likes."""

    def __init__(self, parts, dtype):
        """parts: {name: layer}; dtype: float32, or float64 to check gradients."""
        self.net = Network(list(parts.items()), dtype)
        self.index = {name: i for i, name in enumerate(parts)}
        self.theta, self.dtype = self.net.theta, self.net.dtype

    def call(self, name, *inputs):
        """forward of one part: y, cache."""
        i = self.index[name]
        return self.net.layers[i].forward(self.net.params[i], *inputs)

    def back(self, name, dy, cache, grads, **options):
        """backward of one part, the gradients of its weights added to grads, a list as `net.views` gives."""
        i = self.index[name]
        return self.net.layers[i].backward(self.net.params[i], dy, cache, grads[i], ACCUMULATION, **options)


class Chain(Layer):
    """Layers one after another as one layer; the arrays of part i are named "i.NAME"."""

    def __init__(self, *parts):
        self.parts = parts
        self.shapes = {f"{i}.{name}": shape for i, part in enumerate(parts) for name, shape in part.shapes.items()}

    def _own(self, values, i):
        return {name: values[f"{i}.{name}"] for name in self.parts[i].shapes}

    def initialise(self, params, rng):
        for i, part in enumerate(self.parts):
            part.initialise(self._own(params, i), rng)

    def forward(self, params, x, ctx=EVALUATION):
        caches = []
        for i, part in enumerate(self.parts):
            x, cache = part.forward(self._own(params, i), x, ctx)
            caches.append(cache)
        return x, caches

    def backward(self, params, dy, cache, grads, ctx=EVALUATION):
        for i in reversed(range(len(self.parts))):
            dy = self.parts[i].backward(self._own(params, i), dy, cache[i], self._own(grads, i), ctx)
        return dy


class AffectGate(Layer):
    """Affect a (N, 3) modulates the latent z (N, n) through a scalar gate; x is [z, a] (N, n + 3).

    m = tanh(a W),  g = sigmoid([z, m] w + b),  y = z + strength g m. The cache's last entry is g (N,), the round's
    confidence.
    """

    def __init__(self, n, strength):
        self.n, self.strength = n, strength
        self.shapes = {"W": (3, n), "w": (2 * n, 1), "b": (1,)}

    def initialise(self, params, rng):
        params["W"][...] = rng.normal(0, 1, params["W"].shape)
        params["w"][...] = rng.normal(0, np.sqrt(1 / len(params["w"])), params["w"].shape)
        params["b"][...] = 0

    def forward(self, params, x, ctx=EVALUATION):
        z, a = x[:, : self.n], x[:, self.n :]
        m = np.tanh(a @ params["W"])
        both = np.concatenate([z, m], axis=1)
        g = sigmoid(both @ params["w"] + params["b"])
        return z + x.dtype.type(self.strength) * g * m, (a, both, g[:, 0])

    def backward(self, params, dy, cache, grads, ctx=EVALUATION, dgate=None):
        """dgate: (N,), a further gradient towards g, which is read as the confidence; None: none."""
        a, both, g = cache
        m, strength = both[:, self.n :], dy.dtype.type(self.strength)
        dg = strength * np.einsum("ij,ij->i", dy, m)
        if dgate is not None:
            dg = dg + dgate
        dlogit = (dg * g * (1 - g))[:, None]
        dboth = dlogit @ params["w"].T
        dm = dboth[:, self.n :] + strength * g[:, None] * dy
        dm *= 1 - m * m
        ctx.write(grads, w=both.T @ dlogit)
        ctx.write(grads, b=dlogit.sum(axis=0))
        ctx.write(grads, W=a.T @ dm)
        return np.concatenate([dy + dboth[:, : self.n], dm @ params["W"].T], axis=1)
