"""LIMINAL v7: a tiny recursive model with attention to the words of the sentence.

    tokens m = p + mix(neighbours of LN(p)),  p = word vectors W + position embedding   (once per sentence)
    x = mean of m,  y = x,  z = 0,  e_0 = PAD(y)
    K rounds with shared weights:
        c = attention from [y, z] to the tokens                                          (WordAttention)
        z <- LN(z + 0.3 think(LN[x, y, z, c]))
        z <- z + 0.3 g tanh(W e)                                                         (AffectGate)
        y <- y + 0.4 answer(LN[y, z]),  e <- PAD(y)

PAD(y) = tanh(head(y)): pleasure, arousal and dominance. The estimate of every round has a loss (deep supervision).
After A. Jolicoeur-Martineau, "Less is More: Recursive Reasoning with Tiny Networks" (arXiv 2510.04871). Three more
heads are used in training only: they predict a sentence encoder's states of the sentence and of each word, and the
polarity that a lexicon gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from core.nn.context import EVALUATION, Array, Context, Params
from core.nn.layers import Dense, Dropout, Layer
from core.text.config import TextConfig
from core.text.data.lessons import SENTENCE, WORD
from core.text.network.layers import GELU, AffectGate, Chain, LayerNorm, Parts
from core.text.network.ragged import Neighbours, PositionEmbedding, Ragged, WordAttention

LATENT_STEP, ANSWER_STEP = 0.3, 0.4  # factors of the updates of z and y


@dataclass(frozen=True)
class Thought:
    """The model's output for N sentences of T tokens in all.

    rounds: (N, K + 1, 3) in [-1, 1], the estimates e_0..e_K; confidence: (N, K), the affect gates; attention: (T, K),
    the weight of each token in each round, which sums to 1 over a sentence (zeros without attention); tokens: (T, dim);
    response: (N, dim), the last y.
    """

    rounds: Array
    confidence: Array
    attention: Array
    tokens: Array
    response: Array

    @property
    def pad(self) -> Array:
        """The last estimate (N, 3): pleasure, arousal, dominance."""
        return self.rounds[:, -1]


class TextModel(Parts):
    """The model that a TextConfig describes, for word vectors of n_in values; all weights are in one vector `theta`."""

    TEACHERS = {"states": SENTENCE, "words": WORD, "polarity": 1}  # widths of training-only heads

    def __init__(self, config: TextConfig, n_in: int, dtype: DTypeLike = np.float32) -> None:
        self.config, self.n_in, d = config, n_in, config.dim
        self.neighbours = Neighbours(config.reach)
        h, window = config.width * d, (2 * config.reach + 1) * d
        parts: dict[str, Layer] = {
            "input": Chain(Dropout(config.dropout), Dense(n_in, d, "xavier")),
            "places": PositionEmbedding(d), "near": LayerNorm(d),
            "mix": Chain(Dense(window, h), GELU(), Dropout(config.dropout), Dense(h, d, "xavier")),
            "head": Chain(Dense(d, d, "xavier"), GELU(), Dense(d, 3, "xavier")),
            **{name: Dense(d, size, "xavier") for name, size in self.TEACHERS.items()}}
        if config.outer:
            parts |= {"think": Chain(LayerNorm(4 * d), Dense(4 * d, h), GELU(), Dropout(config.dropout),
                                     Dense(h, d, "xavier")),
                      "norm": LayerNorm(d), "affect": AffectGate(d, LATENT_STEP),
                      "answer": Chain(LayerNorm(2 * d), Dense(2 * d, h), GELU(), Dense(h, d, "xavier"))}
            if config.attention:
                parts |= {"keys": Dense(d, d, "xavier"), "values": Dense(d, d, "xavier"),
                          "attend": WordAttention(2 * d, d, config.heads)}
        super().__init__(parts, dtype)

    def initialise(self, rng: np.random.Generator, centre: ArrayLike) -> Self:
        """Draw initial weights. The first estimate is `centre` (3,), the mean rating, for every sentence."""
        self.net.initialise(rng)
        head = self.net.params[self.index["head"]]
        head["2.W"][...], head["2.b"][...] = 0, np.arctanh(centre)
        return self

    def _estimate(self, y: Array) -> tuple[Array, tuple[Any, Array]]:
        logits, cache = self.call("head", y)
        pad = np.tanh(logits)
        return pad, (cache, pad)

    def _estimate_back(self, dpad: Array, cache: tuple[Any, Array], grads: Sequence[Params]) -> Array:
        return self.back("head", dpad * (1 - cache[1] ** 2), cache[0], grads)

    def _encode(self, vectors: Array, ragged: Ragged, ctx: Context) -> tuple[Array, tuple]:
        """Tokens mixed with their neighbours: vectors (T, n_in) -> (T, dim), cache."""
        p, input_cache = self.call("input", vectors, ctx)
        positions, places = self.call("places", ragged)
        p = p + positions
        if not self.config.reach:
            return p, (input_cache, places, None, None)
        normal, near = self.call("near", p)
        mixed, mix = self.call("mix", self.neighbours.forward(normal, ragged), ctx)
        return p + mixed, (input_cache, places, near, mix)

    def _encode_back(self, dtokens: Array, cache: tuple, ragged: Ragged, grads: Sequence[Params]) -> Array:
        input_cache, places, near, mix = cache
        dp = dtokens
        if self.config.reach:
            dwindows = self.back("mix", dtokens, mix, grads)
            dp = dtokens + self.back("near", self.neighbours.backward(dwindows, ragged), near, grads)
        self.back("places", dp, places, grads)
        return self.back("input", dp, input_cache, grads)

    def forward(self, vectors: Array, ragged: Ragged, ctx: Context = EVALUATION) -> tuple[Thought, tuple]:
        """vectors (T, n_in) of the tokens of N sentences, ragged: their layout -> Thought, cache."""
        c, N = self.config, len(ragged.lengths)
        tokens, encoding = self._encode(vectors, ragged, ctx)
        x = ragged.mean(tokens)
        y, z = x, np.zeros_like(x)
        pad, first = self._estimate(y)
        estimates, gates, rounds = [pad], [], []
        attention = np.zeros((len(vectors), c.outer), self.dtype)
        keys = values = tokens
        shared: dict[str, Any] = {}
        if c.outer and c.attention:
            (keys, shared["keys"]), (values, shared["values"]) = self.call("keys", tokens), self.call("values", tokens)
        for k in range(c.outer):
            caches: dict[str, Any] = {}
            context = np.zeros_like(x)
            if c.attention:
                query = np.concatenate([y, z], axis=1)
                context, caches["attend"] = self.call("attend", (query, keys, values, ragged))
                attention[:, k] = caches["attend"][-1].mean(axis=1)
            update, caches["think"] = self.call("think", np.concatenate([x, y, z, context], axis=1), ctx)
            z, caches["norm"] = self.call("norm", z + LATENT_STEP * update)
            z, caches["affect"] = self.call("affect", np.concatenate([z, estimates[-1]], axis=1))
            gates.append(caches["affect"][-1])
            update, caches["answer"] = self.call("answer", np.concatenate([y, z], axis=1))
            y = y + ANSWER_STEP * update
            pad, caches["head"] = self._estimate(y)
            estimates.append(pad)
            rounds.append(caches)
        confidence = np.stack(gates, axis=1) if gates else np.zeros((N, 0), self.dtype)
        return (Thought(np.stack(estimates, axis=1), confidence, attention, tokens, y),
                (ragged, encoding, first, shared, rounds))

    def backward(self, drounds: Array, dresponse: Array, dtokens: Array, cache: tuple,
                 grads: Sequence[Params]) -> Array:
        """The gradient with respect to the word vectors (T, n_in); those of the weights are added to grads, a list as
        of `net.views`.

        drounds (N, K + 1, 3), dresponse (N, dim), dtokens (T, dim): the gradients with respect to the Thought.
        """
        ragged, encoding, first, shared, rounds = cache
        c, d = self.config, self.config.dim
        dy, dz, dx = dresponse, np.zeros_like(dresponse), np.zeros_like(dresponse)
        dtokens = dtokens.copy()
        destimates = [drounds[:, k].copy() for k in range(c.outer + 1)]
        dkeys, dvalues = np.zeros_like(dtokens), np.zeros_like(dtokens)
        for k in reversed(range(c.outer)):
            caches = rounds[k]
            dy = dy + self._estimate_back(destimates[k + 1], caches["head"], grads)
            dboth = self.back("answer", ANSWER_STEP * dy, caches["answer"], grads)
            dy, dz = dy + dboth[:, :d], dz + dboth[:, d:]
            dboth = self.back("affect", dz, caches["affect"], grads)
            dz = dboth[:, :d]
            destimates[k] += dboth[:, d:]
            dz = self.back("norm", dz, caches["norm"], grads)
            dall = self.back("think", LATENT_STEP * dz, caches["think"], grads)
            dx, dy, dz = dx + dall[:, :d], dy + dall[:, d : 2 * d], dz + dall[:, 2 * d : 3 * d]
            if c.attention:
                dquery, dkey, dvalue = self.back("attend", dall[:, 3 * d :], caches["attend"], grads)
                dy, dz = dy + dquery[:, :d], dz + dquery[:, d:]
                dkeys += dkey
                dvalues += dvalue
        if shared:
            dtokens += self.back("keys", dkeys, shared["keys"], grads)
            dtokens += self.back("values", dvalues, shared["values"], grads)
        dy = dy + self._estimate_back(destimates[0], first, grads)
        dtokens += ragged.mean_back(dx + dy)
        return self._encode_back(dtokens, encoding, ragged, grads)
