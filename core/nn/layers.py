"""The layers: each operation beside its gradient.

A layer is a description (`shapes` of its parameters) and two functions. It holds neither weights nor activations:

    y, cache = layer.forward(params, x, train=..., rng=..., arena=...)
    dx = layer.backward(params, dy, cache, grads, accumulate=..., need_dx=..., arena=...)

x: (N, n_in), y: (N, n_out); `params` and `grads` are dicts of arrays of the layer's `shapes`, usually views of one flat
vector. `backward` writes the gradient of the loss with respect to each parameter into `grads` (adds to it with
`accumulate`, for weights used more than once; nowhere when `grads` is None) and returns the one with respect to x, or
None without `need_dx`.
So a layer can be called repeatedly, with shared weights, and from many threads.
"""

import numpy as np

from core.nn.arguments import check_choice, check_matrix, check_rng, check_sizes
from core.nn.parallel import for_rows, scratch


class Arena:
    """Buffers handed out in order and, after `reset`, handed out again: a training step that allocates nothing.

    One arena belongs to one thread; whatever came from it is overwritten after the next `reset`.
    """

    def __init__(self):
        self._buffers, self._next = [], 0

    def reset(self):
        self._next = 0

    def empty(self, shape, dtype):
        if self._next == len(self._buffers):
            self._buffers.append(None)
        buffer = self._buffers[self._next]
        if buffer is None or buffer.shape != shape or buffer.dtype != dtype:
            buffer = self._buffers[self._next] = np.empty(shape, dtype)
        self._next += 1
        return buffer


def empty(arena, shape, dtype):
    """A new array, from the arena where there is one."""
    return np.empty(shape, dtype) if arena is None else arena.empty(shape, dtype)


def product(a, b, arena):
    """a @ b of two matrices, into the arena."""
    return np.matmul(a, b, out=empty(arena, (a.shape[0], b.shape[1]), a.dtype))


def add_bias(y, b):
    def add(rows):
        y[rows] += b

    for_rows(add, y)


def store(grads, name, value, accumulate):
    """Write (or add) one gradient; `value` is a function of the array to write into. Nothing to do without `grads`."""
    if grads is None:
        return
    if accumulate:
        gradient = np.empty_like(grads[name])
        value(gradient)
        grads[name] += gradient
    else:
        value(grads[name])


class Layer:
    """A layer without parameters; the others fill in `shapes` and `initialise`."""

    shapes = {}

    def initialise(self, params, rng):
        """Draw first values into `params`."""


class Dense(Layer):
    """y = x W + b.

    init: "he" draws W from N(0, 2 / n_in) (He et al. 2015, for ReLU), "xavier" from
    U(-a, a), a = sqrt(6 / (n_in + n_out)) (Glorot & Bengio 2010, for sigmoid); b starts at zero.
    """

    def __init__(self, n_in, n_out, init="he"):
        check_sizes("Dense", n_in=n_in, n_out=n_out)
        check_choice("init", init, ("he", "xavier"))
        self.shapes = {"W": (n_in, n_out), "b": (n_out,)}
        self.init = init

    def initialise(self, params, rng):
        check_rng("Dense.initialise", rng)
        n_in, n_out = self.shapes["W"]
        if self.init == "he":
            params["W"][...] = rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))
        else:
            limit = np.sqrt(6 / (n_in + n_out))
            params["W"][...] = rng.uniform(-limit, limit, (n_in, n_out))
        params["b"][...] = 0

    def forward(self, params, x, *, train=False, rng=None, arena=None):
        check_matrix("Dense", "x", x, self.shapes["W"][0])
        y = product(x, params["W"], arena)
        add_bias(y, params["b"])
        return y, x

    def backward(self, params, dy, x, grads, *, accumulate=False, need_dx=True, arena=None):
        check_matrix("Dense", "dy", dy, self.shapes["W"][1], len(x))
        store(grads, "W", lambda out: np.matmul(x.T, dy, out=out), accumulate)
        store(grads, "b", lambda out: np.sum(dy, axis=0, out=out), accumulate)
        return product(dy, params["W"].T, arena) if need_dx else None


class ReLU(Layer):
    """y = max(x, 0). The derivative at 0 is taken as 0."""

    def forward(self, params, x, *, train=False, rng=None, arena=None):
        check_matrix("ReLU", "x", x)
        y = empty(arena, x.shape, x.dtype)
        for_rows(lambda rows: np.maximum(x[rows], 0, out=y[rows]), x)
        return y, y

    def backward(self, params, dy, y, grads, *, accumulate=False, need_dx=True, arena=None):
        check_matrix("ReLU", "dy", dy, y.shape[1], len(y))
        dx = empty(arena, dy.shape, dy.dtype)

        def pass_on(rows):
            active = np.greater(y[rows], 0, out=scratch(y[rows].size, bool).reshape(y[rows].shape))
            np.multiply(dy[rows], active, out=dx[rows])

        for_rows(pass_on, dy)
        return dx


class BatchNorm(Layer):
    """y = gamma (x - mean) / sqrt(variance + eps) + beta over the batch, unit by unit (Ioffe & Szegedy 2015).

    It normalises with the batch it is given and remembers nothing: for use, `Network.fold_batch_norm` turns it into
    part of the Dense layer before it, with the statistics of a sample of training images. The cache is (x normalised,
    mean, scale).
    """

    EPS = 1e-5

    def __init__(self, n):
        check_sizes("BatchNorm", n=n)
        self.shapes = {"gamma": (n,), "beta": (n,)}

    def initialise(self, params, rng):
        params["gamma"][...], params["beta"][...] = 1, 0

    def forward(self, params, x, *, train=False, rng=None, arena=None):
        if not train:
            raise RuntimeError("a network with batch normalisation is for training; Network.fold_batch_norm makes one "
                               "for use")
        check_matrix("BatchNorm", "x", x, *self.shapes["gamma"])
        mean = x.mean(axis=0)
        x = np.subtract(x, mean, out=empty(arena, x.shape, x.dtype))
        scale = 1 / np.sqrt(np.einsum("ij,ij->j", x, x) / x.dtype.type(len(x)) + x.dtype.type(self.EPS))
        y = empty(arena, x.shape, x.dtype)

        def normalise(rows):
            x[rows] *= scale
            np.multiply(x[rows], params["gamma"], out=y[rows])
            y[rows] += params["beta"]

        for_rows(normalise, x)
        return y, (x, mean, scale)

    def backward(self, params, dy, cache, grads, *, accumulate=False, need_dx=True, arena=None):
        x, _, scale = cache
        check_matrix("BatchNorm", "dy", dy, x.shape[1], len(x))
        dbeta, dgamma = dy.sum(axis=0), np.einsum("ij,ij->j", dy, x)
        store(grads, "beta", lambda out: np.copyto(out, dbeta), accumulate)
        store(grads, "gamma", lambda out: np.copyto(out, dgamma), accumulate)
        if not need_dx:
            return None
        n = dy.dtype.type(len(dy))
        dx, slope, mean_dy, gain = empty(arena, dy.shape, dy.dtype), -dgamma / n, dbeta / n, params["gamma"] * scale

        def differentiate(rows):  # dx = gamma scale (dy - mean dy - x mean(dy x))
            part = np.multiply(x[rows], slope, out=dx[rows])
            part += dy[rows]
            part -= mean_dy
            part *= gain

        for_rows(differentiate, dy)
        return dx


def sigmoid(z, out=None):
    """1 / (1 + exp(-z)) as (1 + tanh(z / 2)) / 2, which cannot overflow."""
    out = np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5
    return out


class Sigmoid(Layer):
    """y = 1 / (1 + exp(-x)), dy/dx = y (1 - y)."""

    def forward(self, params, x, *, train=False, rng=None, arena=None):
        y = sigmoid(x, out=empty(arena, x.shape, x.dtype))
        return y, y

    def backward(self, params, dy, y, grads, *, accumulate=False, need_dx=True, arena=None):
        dx = np.subtract(1, y, out=empty(arena, dy.shape, dy.dtype))
        dx *= y
        dx *= dy
        return dx


class Dropout(Layer):
    """While training, zero each value with probability `rate`, scale the rest by 1 / (1 - rate) (Srivastava 2014)."""

    def __init__(self, rate):
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout needs a rate in [0, 1), not {rate!r}")
        self.rate = rate

    def forward(self, params, x, *, train=False, rng=None, arena=None):
        if not train:
            return x, None
        check_rng("Dropout, while training,", rng)
        # 16 random bits a value are plenty, and half the work of a random float
        bits = np.frombuffer(rng.bytes(2 * x.size), np.uint16).reshape(x.shape)
        mask = (bits >= round(self.rate * 65536)).astype(x.dtype)
        mask *= x.dtype.type(1 / (1 - self.rate))
        return np.multiply(x, mask, out=empty(arena, x.shape, x.dtype)), mask

    def backward(self, params, dy, mask, grads, *, accumulate=False, need_dx=True, arena=None):
        return dy if mask is None else np.multiply(dy, mask, out=empty(arena, dy.shape, dy.dtype))
