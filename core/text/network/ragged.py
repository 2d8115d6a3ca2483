"""Layers over the tokens of a batch of sentences, stored without padding in one array; each operation beside its
gradient.

Without padding a sentence's output does not depend on the other sentences of the batch. The layers follow the protocol
of core/nn/layers.py, with arrays (T, n) for all T tokens and (N, n) for N sentences.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.nn.context import EVALUATION, Array, Context, Params
from core.nn.layers import Layer

Integers = NDArray[np.integer]


class Ragged:
    """The layout of N sentences in a token array: sentence i has the tokens starts[i] to starts[i + 1].

    lengths: (N,), each at least 1; starts: (N + 1,); sentence: (T,), the sentence of each token; before, after: (T,),
    the number of tokens of the same sentence on either side. Raises ValueError if a sentence has no tokens.
    """

    def __init__(self, lengths: Sequence[int] | Integers) -> None:
        self.lengths: Integers = np.asarray(lengths, int)
        if not (self.lengths > 0).all():
            raise ValueError("Ragged needs at least one token in each sentence")
        self.starts = np.append(0, np.cumsum(self.lengths))
        self.sentence = np.repeat(np.arange(len(self.lengths)), self.lengths)
        self.before = np.arange(self.starts[-1]) - self.starts[self.sentence]
        self.after = self.lengths[self.sentence] - 1 - self.before

    def sum(self, values: Array) -> Array:
        """Sums over the tokens of each sentence: (T, n) -> (N, n)."""
        return np.add.reduceat(values, self.starts[:-1], axis=0)

    def mean(self, values: Array) -> Array:
        """Means over the tokens of each sentence: (T, n) -> (N, n)."""
        return self.sum(values) / self.lengths[:, None].astype(values.dtype)

    def mean_back(self, dmean: Array) -> Array:
        """The gradient of `mean`: (N, n) -> (T, n)."""
        return (dmean / self.lengths[:, None].astype(dmean.dtype))[self.sentence]

    def softmax(self, scores: Array) -> Array:
        """Softmax over the tokens of each sentence, for each column of scores (T, h)."""
        e = np.exp(scores - np.maximum.reduceat(scores, self.starts[:-1], axis=0)[self.sentence])
        return e / self.sum(e)[self.sentence]


class PositionEmbedding(Layer):
    """The sum of two learned vectors (T, n): one for a token's distance from the start of its sentence, one for its
    distance from the end.

    Distances of max_distance - 1 and more share one vector. The input is a Ragged.
    """

    def __init__(self, n: int, max_distance: int = 24) -> None:
        self.max_distance, self.shapes = max_distance, {"first": (max_distance, n), "last": (max_distance, n)}

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        for W in params.values():
            W[...] = rng.normal(0, 0.02, W.shape)

    def forward(self, params: Params, x: Ragged, ctx: Context = EVALUATION) -> tuple[Array, dict[str, Integers]]:
        last = self.max_distance - 1
        rows = {"first": np.minimum(x.before, last), "last": np.minimum(x.after, last)}
        return params["first"][rows["first"]] + params["last"][rows["last"]], rows

    def backward(self, params: Params, dy: Array, cache: dict[str, Integers], grads: Params | None,
                 ctx: Context = EVALUATION) -> None:
        for name, rows in cache.items():
            one_hot = (rows == np.arange(self.max_distance)[:, None]).astype(dy.dtype)
            ctx.write(grads, **{name: one_hot @ dy})


class Neighbours:
    """Each token concatenated with the `reach` tokens before and after it: x (T, n) -> (T, (2 reach + 1) n), zeros
    beyond the ends of the sentence."""

    def __init__(self, reach: int) -> None:
        self.shifts = range(-reach, reach + 1)

    @staticmethod
    def _pairs(ragged: Ragged, shift: int) -> tuple[Integers, Integers]:
        """(target, source): the tokens that have a neighbour at this distance, and those neighbours."""
        target = np.flatnonzero(ragged.before >= -shift if shift < 0 else ragged.after >= shift)
        return target, target + shift

    def forward(self, x: Array, ragged: Ragged) -> Array:
        windows = np.zeros((len(x), len(self.shifts), x.shape[1]), x.dtype)
        for i, shift in enumerate(self.shifts):
            target, source = self._pairs(ragged, shift)
            windows[target, i] = x[source]
        return windows.reshape(len(x), -1)

    def backward(self, dwindows: Array, ragged: Ragged) -> Array:
        dwindows = dwindows.reshape(len(dwindows), len(self.shifts), -1)
        dx = np.zeros((len(dwindows), dwindows.shape[2]), dwindows.dtype)
        for i, shift in enumerate(self.shifts):
            target, source = self._pairs(ragged, shift)
            dx[source] += dwindows[target, i]
        return dx


class WordAttention(Layer):
    """Multi-head attention from one state per sentence to the sentence's tokens (Vaswani et al. 2017).

    q = state Wq,  scores = q k / sqrt(n / heads) per head,  y = (sum over tokens of softmax(scores) v) Wo.

    The input is (state (N, m), keys (T, n), values (T, n), Ragged): the caller computes keys and values once for all
    rounds. y: (N, n). The cache's last entry is the attention weights (T, heads).
    """

    def __init__(self, m: int, n: int, heads: int) -> None:
        self.heads, self.shapes = heads, {"Wq": (m, n), "Wo": (n, n)}
        self.scale = 1 / math.sqrt(n / heads)

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        for W in params.values():
            W[...] = rng.normal(0, np.sqrt(1 / len(W)), W.shape)

    def _by_head(self, values: Array) -> Array:
        return values.reshape(len(values), self.heads, -1)

    def forward(self, params: Params, x: tuple[Array, Array, Array, Ragged],
                ctx: Context = EVALUATION) -> tuple[Array, tuple]:
        state, keys, values, ragged = x
        q = state @ params["Wq"]
        scores = np.einsum("thc,thc->th", self._by_head(q[ragged.sentence]), self._by_head(keys))
        weights = ragged.softmax(scores * q.dtype.type(self.scale))
        context = ragged.sum((weights[:, :, None] * self._by_head(values)).reshape(values.shape))
        return context @ params["Wo"], (state, q, keys, values, ragged, context, weights)

    def backward(self, params: Params, dy: Array, cache: tuple, grads: Params | None,
                 ctx: Context = EVALUATION) -> tuple[Array, Array, Array]:
        """(dstate, dkeys, dvalues)."""
        state, q, keys, values, ragged, context, weights = cache
        ctx.write(grads, Wo=context.T @ dy)
        dcontext = self._by_head((dy @ params["Wo"].T)[ragged.sentence])
        dvalues = (weights[:, :, None] * dcontext).reshape(values.shape)
        dweights = np.einsum("thc,thc->th", dcontext, self._by_head(values))
        dscores = weights * (dweights - ragged.sum(weights * dweights)[ragged.sentence]) * q.dtype.type(self.scale)
        dkeys = (dscores[:, :, None] * self._by_head(q[ragged.sentence])).reshape(keys.shape)
        dq = ragged.sum((dscores[:, :, None] * self._by_head(keys)).reshape(keys.shape))
        ctx.write(grads, Wq=state.T @ dq)
        return dq @ params["Wq"].T, dkeys, dvalues
