"""The layers that only v1 to v6 have; the protocol is that of core/nn/layers.py."""

import math

import numpy as np

from core.nn.context import EVALUATION
from core.nn.layers import Layer


class Tanh(Layer):
    """y = tanh(x), dy/dx = 1 - y^2."""

    def forward(self, params, x, ctx=EVALUATION):
        y = np.tanh(x)
        return y, y

    def backward(self, params, dy, y, grads, ctx=EVALUATION):
        return dy * (1 - y * y)


class HistoryAttention(Layer):
    """Single-head attention of the newest state over the history (Vaswani et al. 2017), of T states of n values.

    q = h_T Wq,  k_t = h_t Wk,  v_t = h_t Wv,  weights = softmax(q k_t / sqrt(n)),  y = (sum_t weights_t v_t) Wo.
    history: (N, T, n), the newest state last; y: (N, n). The cache's last entry is the weights (N, T).
    """

    def __init__(self, n):
        self.shapes = {"Wq": (n, n), "Wk": (n, n), "Wv": (n, n), "Wo": (n, n)}

    def initialise(self, params, rng):
        for W in params.values():
            W[...] = rng.normal(0, np.sqrt(1 / len(W)), W.shape)

    def forward(self, params, history, ctx=EVALUATION):
        q, k, v = history[:, -1] @ params["Wq"], history @ params["Wk"], history @ params["Wv"]
        scores = np.einsum("nd,ntd->nt", q, k) / q.dtype.type(math.sqrt(q.shape[1]))
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        heard = np.einsum("nt,ntd->nd", weights, v)
        return heard @ params["Wo"], (history, q, k, v, heard, weights)

    def backward(self, params, dy, cache, grads, ctx=EVALUATION):
        history, q, k, v, heard, weights = cache
        N, T, n = history.shape
        flat = history.reshape(N * T, n)
        dheard = dy @ params["Wo"].T
        dweights = np.einsum("nd,ntd->nt", dheard, v)
        dscores = weights * (dweights - np.einsum("nt,nt->n", weights, dweights)[:, None])
        dscores /= q.dtype.type(math.sqrt(n))
        dq, dk = np.einsum("nt,ntd->nd", dscores, k), dscores[:, :, None] * q[:, None]
        dv = weights[:, :, None] * dheard[:, None]
        ctx.write(grads, Wo=heard.T @ dy)
        ctx.write(grads, Wq=history[:, -1].T @ dq)
        ctx.write(grads, Wk=flat.T @ dk.reshape(N * T, n))
        ctx.write(grads, Wv=flat.T @ dv.reshape(N * T, n))
        dhistory = dk @ params["Wk"].T + dv @ params["Wv"].T
        dhistory[:, -1] += dq @ params["Wq"].T
        return dhistory
