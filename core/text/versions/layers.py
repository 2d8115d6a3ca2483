"""Layers of versions 1 to 6 only; they follow the protocol of core/nn/layers.py."""

import math

import numpy as np

from core.nn.context import EVALUATION, Array, Context, Params
from core.nn.layers import Layer


class Tanh(Layer):
    """y = tanh(x), dy/dx = 1 - y^2."""

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Array]:
        y = np.tanh(x)
        return y, y

    def backward(self, params: Params, dy: Array, cache: Array, grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        y = cache
        return dy * (1 - y * y)


class HistoryAttention(Layer):
    """Single-head attention of the newest state over a history of T states (Vaswani et al. 2017).

    q = h_T Wq,  k_t = h_t Wk,  v_t = h_t Wv,  weights = softmax(q k_t / sqrt(n)),  y = (sum_t weights_t v_t) Wo.
    The input is the history (N, T, n), the newest state last; y: (N, n). The cache's last entry is the weights (N, T).
    """

    def __init__(self, n: int) -> None:
        self.shapes = {"Wq": (n, n), "Wk": (n, n), "Wv": (n, n), "Wo": (n, n)}

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        for W in params.values():
            W[...] = rng.normal(0, np.sqrt(1 / len(W)), W.shape)

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, tuple[Array, ...]]:
        history = x
        q, k, v = history[:, -1] @ params["Wq"], history @ params["Wk"], history @ params["Wv"]
        scores = np.einsum("nd,ntd->nt", q, k) / q.dtype.type(math.sqrt(q.shape[1]))
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        context = np.einsum("nt,ntd->nd", weights, v)
        return context @ params["Wo"], (history, q, k, v, context, weights)

    def backward(self, params: Params, dy: Array, cache: tuple[Array, ...], grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        history, q, k, v, context, weights = cache
        N, T, n = history.shape
        flat = history.reshape(N * T, n)
        dcontext = dy @ params["Wo"].T
        dweights = np.einsum("nd,ntd->nt", dcontext, v)
        dscores = weights * (dweights - np.einsum("nt,nt->n", weights, dweights)[:, None])
        dscores /= q.dtype.type(math.sqrt(n))
        dq, dk = np.einsum("nt,ntd->nd", dscores, k), dscores[:, :, None] * q[:, None]
        dv = weights[:, :, None] * dcontext[:, None]
        ctx.write(grads, Wq=history[:, -1].T @ dq, Wk=flat.T @ dk.reshape(N * T, n), Wv=flat.T @ dv.reshape(N * T, n),
                  Wo=context.T @ dy)
        dhistory = dk @ params["Wk"].T + dv @ params["Wv"].T
        dhistory[:, -1] += dq @ params["Wq"].T
        return dhistory
