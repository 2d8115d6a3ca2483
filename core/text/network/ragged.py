"""Layers over the tokens of many sentences at once, which lie in one array without padding; each beside its gradient.

A reading therefore does not depend on its batch, and no time goes into empty places. `Ragged` says which token belongs
where; layers follow the protocol of core/nn/layers.py, x (T, n) for T tokens in all, y (N, n) for N sentences.
"""

import math

import numpy as np

from core.nn.context import EVALUATION
from core.nn.layers import Layer


class Ragged:
    """Where the tokens of N sentences lie: sentence i has the tokens starts[i] to starts[i + 1], at least one each.

    lengths (N,); starts (N + 1,); row (T,), the sentence of each token; place and left (T,), how many tokens of its
    sentence stand before and after it.
    """

    def __init__(self, lengths):
        self.lengths = np.asarray(lengths, int)
        if not (self.lengths > 0).all():
            raise ValueError("a sentence without a token has nothing to attend to")
        self.starts = np.append(0, np.cumsum(self.lengths))
        self.row = np.repeat(np.arange(len(self.lengths)), self.lengths)
        self.place = np.arange(self.starts[-1]) - self.starts[self.row]
        self.left = self.lengths[self.row] - 1 - self.place

    def sum(self, values):
        """Sums over the tokens of each sentence: (T, n) -> (N, n)."""
        return np.add.reduceat(values, self.starts[:-1], axis=0)

    def mean(self, values):
        return self.sum(values) / self.lengths[:, None].astype(values.dtype)

    def mean_back(self, dmean):
        """The gradient of `mean`: (N, n) -> (T, n)."""
        return (dmean / self.lengths[:, None].astype(dmean.dtype))[self.row]

    def softmax(self, scores):
        """exp(scores) in shares of their sum over each sentence, for each column of scores (T, h)."""
        shares = np.exp(scores - np.maximum.reduceat(scores, self.starts[:-1], axis=0)[self.row])
        return shares / self.sum(shares)[self.row]


class Places(Layer):
    """A vector for how far a token stands from its sentence's start, plus one for how far from its end: (T, n).

    Beyond `most` tokens all distances are one.
    """

    def __init__(self, n, most=24):
        self.most, self.shapes = most, {"first": (most, n), "last": (most, n)}

    def initialise(self, params, rng):
        for W in params.values():
            W[...] = rng.normal(0, 0.02, W.shape)

    def _near(self, ragged):
        return {"first": np.minimum(ragged.place, self.most - 1), "last": np.minimum(ragged.left, self.most - 1)}

    def forward(self, params, ragged, ctx=EVALUATION):
        near = self._near(ragged)
        return params["first"][near["first"]] + params["last"][near["last"]], near

    def backward(self, params, dy, near, grads, ctx=EVALUATION):
        for name, place in near.items():
            chosen = (place == np.arange(self.most)[:, None]).astype(dy.dtype)
            ctx.write(grads, **{name: chosen @ dy})


class Neighbours:
    """Each token beside the `reach` before and after it: x (T, n) -> (T, (2 reach + 1) n), zeros beyond the edges."""

    def __init__(self, reach):
        self.shifts = range(-reach, reach + 1)

    @staticmethod
    def _pairs(ragged, shift):
        """(to, from): the tokens that have a neighbour at this distance, and those neighbours."""
        there = np.flatnonzero(ragged.place >= -shift if shift < 0 else ragged.left >= shift)
        return there, there + shift

    def forward(self, x, ragged):
        wide = np.zeros((len(x), len(self.shifts), x.shape[1]), x.dtype)
        for i, shift in enumerate(self.shifts):
            to, source = self._pairs(ragged, shift)
            wide[to, i] = x[source]
        return wide.reshape(len(x), -1)

    def backward(self, dwide, ragged):
        dwide = dwide.reshape(len(dwide), len(self.shifts), -1)
        dx = np.zeros((len(dwide), dwide.shape[2]), dwide.dtype)
        for i, shift in enumerate(self.shifts):
            to, source = self._pairs(ragged, shift)
            dx[source] += dwide[to, i]
        return dx


class WordAttention(Layer):
    """A thought (N, m) looks at the tokens of its sentence (Vaswani et al. 2017), with several heads.

    q = thought Wq,  scores = q k / sqrt(n / heads) a head,  y = (sum over tokens of softmax(scores) v) Wo. Keys and
    values (T, n) are the caller's, who computes them once for all rounds.
    """

    def __init__(self, m, n, heads):
        self.heads, self.shapes = heads, {"Wq": (m, n), "Wo": (n, n)}
        self.scale = 1 / math.sqrt(n / heads)

    def initialise(self, params, rng):
        for W in params.values():
            W[...] = rng.normal(0, np.sqrt(1 / len(W)), W.shape)

    def _by_head(self, values):
        return values.reshape(len(values), self.heads, -1)

    def forward(self, params, thought, keys, values, ragged):
        """y (N, n), and the cache, whose last entry is the shares (T, heads)."""
        q = thought @ params["Wq"]
        scores = np.einsum("thc,thc->th", self._by_head(q[ragged.row]), self._by_head(keys))
        shares = ragged.softmax(scores * q.dtype.type(self.scale))
        heard = ragged.sum((shares[:, :, None] * self._by_head(values)).reshape(values.shape))
        return heard @ params["Wo"], (thought, q, keys, values, ragged, heard, shares)

    def backward(self, params, dy, cache, grads, ctx=EVALUATION):
        """(dthought, dkeys, dvalues)."""
        thought, q, keys, values, ragged, heard, shares = cache
        ctx.write(grads, Wo=heard.T @ dy)
        dheard = self._by_head((dy @ params["Wo"].T)[ragged.row])
        dvalues = (shares[:, :, None] * dheard).reshape(values.shape)
        dshares = np.einsum("thc,thc->th", dheard, self._by_head(values))
        dscores = shares * (dshares - ragged.sum(shares * dshares)[ragged.row]) * q.dtype.type(self.scale)
        dkeys = (dscores[:, :, None] * self._by_head(q[ragged.row])).reshape(keys.shape)
        dq = ragged.sum((dscores[:, :, None] * self._by_head(keys)).reshape(keys.shape))
        ctx.write(grads, Wq=thought.T @ dq)
        return dq @ params["Wq"].T, dkeys, dvalues
