"""Layers, each operation beside its gradient, written as the equations read. core/nn/fast/layers.py has the same
layers with reused buffers and threads; tests compare the two.

A layer stores the shapes of its parameters. Parameters and activations are passed in, so that one layer object serves
many threads and can be applied repeatedly with shared weights:

    y, cache = layer.forward(params, x, ctx)
    dx = layer.backward(params, dy, cache, grads, ctx)

x: (N, n_in), y: (N, n_out). `backward` writes the gradient of the loss with respect to each parameter into `grads`
(nowhere if `grads` is None) and returns the gradient with respect to x.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.nn.arguments import check_choice, check_matrix, check_rng, check_sizes
from core.nn.context import EVALUATION, Array, Context, Params


class Layer:
    """Base class of all layers.

    shapes: the parameters' shapes by name. is_hidden: whether the output is a hidden activation that `Network.read`
    reports.
    """

    shapes: dict[str, tuple[int, ...]] = {}
    is_hidden = False

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        """Draw initial values into `params`."""

    def forward(self, params: Params, x: Any, ctx: Context = EVALUATION) -> tuple[Array, Any]:
        raise NotImplementedError

    def backward(self, params: Params, dy: Array, cache: Any, grads: Params | None, ctx: Context = EVALUATION) -> Any:
        raise NotImplementedError

    def with_gate(self, value: Array | float) -> "Layer":
        """The layer with its gate values replaced by `value`; a layer that is not a gate returns itself."""
        return self

    def gate_values(self, cache: Any) -> Array | None:
        """The gate values (N, n) in a cache of `forward`, None for a layer that is not a gate."""
        return None


class Dense(Layer):
    """y = x W + b.

    init: "he" draws W from N(0, 2 / n_in) (He et al. 2015, for ReLU), "xavier" from U(-a, a) with
    a = sqrt(6 / (n_in + n_out)) (Glorot & Bengio 2010, for sigmoid). b starts at zero.
    """

    def __init__(self, n_in: int, n_out: int, init: str = "he") -> None:
        check_sizes("Dense", n_in=n_in, n_out=n_out)
        check_choice("init", init, ("he", "xavier"))
        self.shapes = {"W": (n_in, n_out), "b": (n_out,)}
        self.init = init

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        check_rng("Dense.initialise", rng)
        n_in, n_out = self.shapes["W"]
        if self.init == "he":
            params["W"][...] = rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))
        else:
            limit = np.sqrt(6 / (n_in + n_out))
            params["W"][...] = rng.uniform(-limit, limit, (n_in, n_out))
        params["b"][...] = 0

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Array]:
        check_matrix("Dense", "x", x, self.shapes["W"][0])
        return x @ params["W"] + params["b"], x

    def backward(self, params: Params, dy: Array, cache: Array, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array | None:
        x = cache
        check_matrix("Dense", "dy", dy, self.shapes["W"][1], len(x))
        ctx.write(grads, W=x.T @ dy, b=dy.sum(axis=0))
        return dy @ params["W"].T


class ReLU(Layer):
    """y = max(x, 0). The derivative at 0 is 0."""

    is_hidden = True

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Array]:
        check_matrix("ReLU", "x", x)
        y = np.maximum(x, 0)
        return y, y

    def backward(self, params: Params, dy: Array, cache: Array, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        y = cache
        check_matrix("ReLU", "dy", dy, y.shape[1], len(y))
        return dy * (y > 0)


def sigmoid(z: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-z)) as (1 + tanh(z / 2)) / 2, which cannot overflow."""
    out = np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5
    return out


class Sigmoid(Layer):
    """y = 1 / (1 + exp(-x)), dy/dx = y (1 - y)."""

    is_hidden = True

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Array]:
        y = sigmoid(x)
        return y, y

    def backward(self, params: Params, dy: Array, cache: Array, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        y = cache
        return dy * y * (1 - y)


class BatchNorm(Layer):
    """y = gamma (x - mean) / sqrt(variance + eps) + beta over the batch, per unit (Ioffe & Szegedy 2015).

    It normalises with the statistics of the batch and keeps no running averages: `Network.fold_batch_norm` merges it
    into the Dense layer before it, with the statistics of a sample of training images. The cache is (x normalised,
    mean (n,), scale (n,)).
    """

    EPS = 1e-5

    def __init__(self, n: int) -> None:
        check_sizes("BatchNorm", n=n)
        self.shapes = {"gamma": (n,), "beta": (n,)}

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        params["gamma"][...], params["beta"][...] = 1, 0

    def _check(self, x: Array, ctx: Context) -> None:
        if not ctx.train:
            raise RuntimeError("batch normalisation works in training only; call Network.fold_batch_norm before use")
        check_matrix("BatchNorm", "x", x, *self.shapes["gamma"])

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, tuple[Array, Array, Array]]:
        self._check(x, ctx)
        mean = x.mean(axis=0)
        variance = np.einsum("ij,ij->j", x - mean, x - mean) / x.dtype.type(len(x))
        scale = 1 / np.sqrt(variance + x.dtype.type(self.EPS))
        normal = (x - mean) * scale
        return params["gamma"] * normal + params["beta"], (normal, mean, scale)

    def backward(self, params: Params, dy: Array, cache: tuple[Array, Array, Array], grads: Params | None,
                 ctx: Context = EVALUATION) -> Array | None:
        normal, _, scale = cache
        check_matrix("BatchNorm", "dy", dy, normal.shape[1], len(normal))
        dgamma, dbeta, n = np.einsum("ij,ij->j", dy, normal), dy.sum(axis=0), dy.dtype.type(len(dy))
        ctx.write(grads, gamma=dgamma, beta=dbeta)
        return params["gamma"] * scale * (dy - normal * (dgamma / n) - dbeta / n)


class Dropout(Layer):
    """In training, set each value to zero with probability `rate` and scale the rest by 1 / (1 - rate) (Srivastava et
    al. 2014)."""

    def __init__(self, rate: float) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout needs a rate in [0, 1), not {rate!r}")
        self.rate = rate

    def mask(self, x: Array, rng: np.random.Generator | None) -> Array:
        """Factors for x: 0 or 1 / (1 - rate). 16 random bits a value take half the time of a random float."""
        generator = check_rng("Dropout, while training,", rng)
        bits: NDArray[np.uint16] = np.frombuffer(generator.bytes(2 * x.size), np.uint16).reshape(x.shape)
        mask = (bits >= round(self.rate * 65536)).astype(x.dtype)
        mask *= x.dtype.type(1 / (1 - self.rate))
        return mask

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Array | None]:
        if not ctx.train:
            return x, None
        mask = self.mask(x, ctx.rng)
        return x * mask, mask

    def backward(self, params: Params, dy: Array, cache: Array | None, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        return dy if cache is None else dy * cache
