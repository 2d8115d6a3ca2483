"""The layers of core/nn/layers.py and gate.py with buffers from an arena, element-wise passes in chunks that stay in
cache, and threads.

`fast(network)` exchanges the layers of a network. Tests compare both versions: the same gradients in float64, the same
weights after a hundred steps in float32.
"""

import copy

import numpy as np

from core.nn import gate, layers
from core.nn.arguments import check_matrix
from core.nn.context import EVALUATION, Array, Context, Params
from core.nn.layers import Layer, sigmoid
from core.nn.network import Network
from core.nn.parallel import for_rows, products, scratch

SPARSE = 0.6  # share of values that are not zero, below which those alone are multiplied


def product(x: Array, W: Array, ctx: Context) -> Array:
    """x W, for a single row from the rows of W that meet a value other than zero.

    A product with one row is as slow as W is read from memory. An image of a digit and what a ReLU leaves are zero in
    about two thirds of their values, whose rows of W are not read.
    """
    if len(x) == 1 and not ctx.train:
        active = np.flatnonzero(x[0])
        if active.size < SPARSE * x.size:
            return x[:, active] @ W.take(active, axis=0)
    return ctx.matmul(x, W)


def gradient_products(x: Array, dy: Array, W: Array, dW: Array | None, dx: Array | None) -> None:
    """Of y = x W with x (N, n) and dy (N, m): write x^T dy into dW (n, m) and dy W^T into dx (N, n), where they are
    given. The two products are calculated side by side."""
    tasks = ((x.T, dy, dW), (dy, W.T, dx))
    products(*[(a, b, out) for a, b, out in tasks if out is not None])


class Dense(layers.Dense):
    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Array]:
        check_matrix("Dense", "x", x, self.shapes["W"][0])
        y = product(x, params["W"], ctx)
        for_rows(lambda rows: np.add(y[rows], params["b"], out=y[rows]), y)
        return y, x

    def backward(self, params: Params, dy: Array, cache: Array, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array | None:
        if ctx.accumulate:
            return super().backward(params, dy, cache, grads, ctx)
        check_matrix("Dense", "dy", dy, self.shapes["W"][1], len(cache))
        dx = ctx.empty(cache.shape, dy.dtype) if ctx.input_gradient else None
        gradient_products(cache, dy, params["W"], None if grads is None else grads["W"], dx)
        if grads is not None:
            np.sum(dy, axis=0, out=grads["b"])
        return dx


class ReLU(layers.ReLU):
    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Array]:
        check_matrix("ReLU", "x", x)
        y = ctx.empty(x.shape, x.dtype)
        for_rows(lambda rows: np.maximum(x[rows], 0, out=y[rows]), x)
        return y, y

    def backward(self, params: Params, dy: Array, cache: Array, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        y = cache
        check_matrix("ReLU", "dy", dy, y.shape[1], len(y))
        dx = ctx.empty(dy.shape, dy.dtype)

        def mask(rows: slice) -> None:
            active = np.greater(y[rows], 0, out=scratch(y[rows].size, bool).reshape(y[rows].shape))
            np.multiply(dy[rows], active, out=dx[rows])

        for_rows(mask, dy)
        return dx


class Sigmoid(layers.Sigmoid):
    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Array]:
        y = sigmoid(x, out=ctx.empty(x.shape, x.dtype))
        return y, y

    def backward(self, params: Params, dy: Array, cache: Array, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        dx = np.subtract(1, cache, out=ctx.empty(dy.shape, dy.dtype))
        dx *= cache
        dx *= dy
        return dx


class BatchNorm(layers.BatchNorm):
    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, tuple[Array, Array, Array]]:
        self._check(x, ctx)
        mean = x.mean(axis=0)
        x = np.subtract(x, mean, out=ctx.empty(x.shape, x.dtype))
        scale = 1 / np.sqrt(np.einsum("ij,ij->j", x, x) / x.dtype.type(len(x)) + x.dtype.type(self.EPS))
        y = ctx.empty(x.shape, x.dtype)

        def normalise(rows: slice) -> None:
            x[rows] *= scale
            np.multiply(x[rows], params["gamma"], out=y[rows])
            y[rows] += params["beta"]

        for_rows(normalise, x)
        return y, (x, mean, scale)

    def backward(self, params: Params, dy: Array, cache: tuple[Array, Array, Array], grads: Params | None,
                 ctx: Context = EVALUATION) -> Array | None:
        x, _, scale = cache
        check_matrix("BatchNorm", "dy", dy, x.shape[1], len(x))
        dbeta, dgamma = dy.sum(axis=0), np.einsum("ij,ij->j", dy, x)
        ctx.write(grads, beta=dbeta, gamma=dgamma)
        if not ctx.input_gradient:
            return None
        n = dy.dtype.type(len(dy))
        dx, slope, mean_dy, gain = ctx.empty(dy.shape, dy.dtype), -dgamma / n, dbeta / n, params["gamma"] * scale

        def differentiate(rows: slice) -> None:  # gamma scale (dy - mean dy - x mean(dy x))
            part = np.multiply(x[rows], slope, out=dx[rows])
            part += dy[rows]
            part -= mean_dy
            part *= gain

        for_rows(differentiate, dy)
        return dx


class Dropout(layers.Dropout):
    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Array | None]:
        if not ctx.train:
            return x, None
        mask = self.mask(x, ctx.rng)
        return np.multiply(x, mask, out=ctx.empty(x.shape, x.dtype)), mask

    def backward(self, params: Params, dy: Array, cache: Array | None, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        return dy if cache is None else np.multiply(dy, cache, out=ctx.empty(dy.shape, dy.dtype))


class EmotionalGate(gate.EmotionalGate):
    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, gate.Cache]:
        check_matrix("EmotionalGate", "h", x, *self.shapes["bg"])
        g, gated = product(x, params["Wg"], ctx), ctx.empty(x.shape, x.dtype)

        def apply(rows: slice) -> None:
            g[rows] += params["bg"]
            sigmoid(g[rows], out=g[rows])
            np.multiply(x[rows], g[rows], out=gated[rows])

        for_rows(apply, g)
        return gated, (x, g)

    def backward(self, params: Params, dy: Array, cache: gate.Cache, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array | None:
        if ctx.accumulate:
            return super().backward(params, dy, cache, grads, ctx)
        h, g = cache
        check_matrix("EmotionalGate", "dy", dy, h.shape[1], len(h))
        dz = ctx.empty(dy.shape, dy.dtype)

        def differentiate(rows: slice) -> None:  # d gated / d z = h g (1 - g)
            part = np.subtract(1, g[rows], out=dz[rows])
            part *= g[rows]
            part *= h[rows]
            part *= dy[rows]

        for_rows(differentiate, dy)
        dh = ctx.empty(dy.shape, dy.dtype) if ctx.input_gradient else None
        gradient_products(h, dz, params["Wg"], None if grads is None else grads["Wg"], dh)
        if grads is not None:
            np.sum(dz, axis=0, out=grads["bg"])
        if dh is None:
            return None

        def add_product(rows: slice) -> None:
            dh[rows] += np.multiply(dy[rows], g[rows], out=dz[rows])

        for_rows(add_product, dy)
        return dh


FAST: dict[type[Layer], type[Layer]] = {
    layers.Dense: Dense, layers.ReLU: ReLU, layers.Sigmoid: Sigmoid, layers.BatchNorm: BatchNorm,
    layers.Dropout: Dropout, gate.EmotionalGate: EmotionalGate}


def fast(network: Network) -> Network:
    """The network with the layers of this module where there are such; it shares its weights with the argument."""
    result = copy.copy(network)
    result.layers = [copy.copy(layer) for layer in network.layers]
    for layer in result.layers:
        layer.__class__ = FAST.get(type(layer), type(layer))
    return result
