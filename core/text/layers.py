"""The layers a tiny recursive model needs beside those of core/nn/layers.py, each operation beside its gradient.

They keep the same protocol: forward(params, x, ...) -> y, cache; backward(params, dy, cache, grads, ...) -> dx.
x: (N, n), except for HistoryAttention, which hears a history (N, T, n).
"""

import math

import numpy as np

from core.nn.layers import Layer, sigmoid, store

GELU_SCALE, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715


class GELU(Layer):
    """y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks & Gimpel 2016, their tanh form)."""

    def forward(self, params, x, *, train=False, rng=None, arena=None):
        t = x * x
        t *= x.dtype.type(GELU_SCALE * GELU_CUBE)
        t += x.dtype.type(GELU_SCALE)
        t *= x
        np.tanh(t, out=t)
        y = t + 1
        y *= x
        y *= x.dtype.type(0.5)
        return y, (x, t)

    def backward(self, params, dy, cache, grads, *, accumulate=False, need_dx=True, arena=None):
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


class Tanh(Layer):
    """y = tanh(x), dy/dx = 1 - y^2."""

    def forward(self, params, x, *, train=False, rng=None, arena=None):
        y = np.tanh(x)
        return y, y

    def backward(self, params, dy, y, grads, *, accumulate=False, need_dx=True, arena=None):
        return dy * (1 - y * y)


class LayerNorm(Layer):
    """y = gain (x - mean) / sqrt(variance + eps) + bias, over the values of each row (Ba, Kiros & Hinton 2016)."""

    EPS = 1e-5

    def __init__(self, n):
        self.shapes = {"gain": (n,), "bias": (n,)}

    def initialise(self, params, rng):
        params["gain"][...], params["bias"][...] = 1, 0

    def forward(self, params, x, *, train=False, rng=None, arena=None):
        x = x - x.mean(axis=1, keepdims=True)
        scale = 1 / np.sqrt(np.einsum("ij,ij->i", x, x) / x.dtype.type(x.shape[1]) + x.dtype.type(self.EPS))
        x *= scale[:, None]
        y = x * params["gain"]
        y += params["bias"]
        return y, (x, scale)

    def backward(self, params, dy, cache, grads, *, accumulate=False, need_dx=True, arena=None):
        x, scale = cache
        store(grads, "bias", lambda out: np.sum(dy, axis=0, out=out), accumulate)
        store(grads, "gain", lambda out: np.einsum("ij,ij->j", dy, x, out=out), accumulate)
        d = dy * params["gain"]
        n = d.dtype.type(d.shape[1])
        dx = d - d.mean(axis=1, keepdims=True)
        dx -= x * (np.einsum("ij,ij->i", d, x) / n)[:, None]
        dx *= scale[:, None]
        return dx


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

    def forward(self, params, x, *, train=False, rng=None, arena=None):
        caches = []
        for i, part in enumerate(self.parts):
            x, cache = part.forward(self._own(params, i), x, train=train, rng=rng, arena=arena)
            caches.append(cache)
        return x, caches

    def backward(self, params, dy, cache, grads, *, accumulate=False, need_dx=True, arena=None):
        for i in reversed(range(len(self.parts))):
            dy = self.parts[i].backward(self._own(params, i), dy, cache[i], self._own(grads, i), accumulate=accumulate,
                                        need_dx=need_dx or i > 0, arena=arena)
        return dy


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

    def forward(self, params, history, *, train=False, rng=None, arena=None):
        q, k, v = history[:, -1] @ params["Wq"], history @ params["Wk"], history @ params["Wv"]
        scores = np.einsum("nd,ntd->nt", q, k) / q.dtype.type(math.sqrt(q.shape[1]))
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        heard = np.einsum("nt,ntd->nd", weights, v)
        return heard @ params["Wo"], (history, q, k, v, heard, weights)

    def backward(self, params, dy, cache, grads, *, accumulate=False, need_dx=True, arena=None):
        history, q, k, v, heard, weights = cache
        N, T, n = history.shape
        flat = history.reshape(N * T, n)
        dheard = dy @ params["Wo"].T
        dweights = np.einsum("nd,ntd->nt", dheard, v)
        dscores = weights * (dweights - np.einsum("nt,nt->n", weights, dweights)[:, None])
        dscores /= q.dtype.type(math.sqrt(n))
        dq, dk = np.einsum("nt,ntd->nd", dscores, k), dscores[:, :, None] * q[:, None]
        dv = weights[:, :, None] * dheard[:, None]
        store(grads, "Wo", lambda out: np.matmul(heard.T, dy, out=out), accumulate)
        store(grads, "Wq", lambda out: np.matmul(history[:, -1].T, dq, out=out), accumulate)
        store(grads, "Wk", lambda out: np.matmul(flat.T, dk.reshape(N * T, n), out=out), accumulate)
        store(grads, "Wv", lambda out: np.matmul(flat.T, dv.reshape(N * T, n), out=out), accumulate)
        dhistory = dk @ params["Wk"].T + dv @ params["Wv"].T
        dhistory[:, -1] += dq @ params["Wq"].T
        return dhistory


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

    def forward(self, params, x, *, train=False, rng=None, arena=None):
        z, a = x[:, : self.n], x[:, self.n :]
        m = np.tanh(a @ params["W"])
        both = np.concatenate([z, m], axis=1)
        g = sigmoid(both @ params["w"] + params["b"])
        return z + x.dtype.type(self.strength) * g * m, (a, both, g[:, 0])

    def backward(self, params, dy, cache, grads, *, accumulate=False, need_dx=True, arena=None, dgate=None):
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
        store(grads, "w", lambda out: np.matmul(both.T, dlogit, out=out), accumulate)
        store(grads, "b", lambda out: np.sum(dlogit, axis=0, out=out), accumulate)
        store(grads, "W", lambda out: np.matmul(a.T, dm, out=out), accumulate)
        return np.concatenate([dy + dboth[:, : self.n], dm @ params["W"].T], axis=1)
