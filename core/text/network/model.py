"""LIMINAL v7: a tiny recursive model that looks back at the words.

    tokens m = p + mix(neighbours of LN(p)),  p = word vectors W + where they stand      (once a sentence)
    x = mean of m,  y = x,  z = 0,  e_0 = PAD(y)
    each of K rounds, with the same weights:
        heard = what [y, z] looks up among the tokens                                    (WordAttention)
        z <- LN(z + 0.3 think(LN[x, y, z, heard]))
        z <- z + 0.3 g tanh(W e)                                                         (affect gate)
        y <- y + 0.4 answer(LN[y, z]),  e <- PAD(y)

PAD(y) = tanh(head(y)). Each round answers and is taught (deep supervision). After A. Jolicoeur-Martineau, "Less is
More: Recursive Reasoning with Tiny Networks" (arXiv 2510.04871). Beside the head stand three that only training asks:
what a sentence encoder makes of the sentence and of each word, and a lexicon's polarity.
"""

from dataclasses import dataclass

import numpy as np

from core.nn.context import EVALUATION
from core.nn.layers import Dense, Dropout
from core.text.data.lessons import SENTENCE, WORD
from core.text.network.layers import GELU, AffectGate, Chain, LayerNorm, Parts
from core.text.network.ragged import Neighbours, Places, WordAttention

THINK, ANSWER = 0.3, 0.4


@dataclass(frozen=True)
class Thought:
    """What the model made of N sentences of T tokens in all.

    rounds: (N, K + 1, 3) in [-1, 1], the estimates e_0..e_K; confidence: (N, K), the affect gates; attention: (T, K),
    how much each round looked at each token, 1 over a sentence (zeros without attention); tokens: (T, dim);
    response: (N, dim), the last y.
    """

    rounds: np.ndarray
    confidence: np.ndarray
    attention: np.ndarray
    tokens: np.ndarray
    response: np.ndarray

    @property
    def pad(self):
        """The answer (N, 3): pleasure, arousal, dominance."""
        return self.rounds[:, -1]


class TextModel(Parts):
    """The model that a TextConfig describes, for word vectors of n_in values; its weights lie in one vector `theta`."""

    TEACHERS = {"states": SENTENCE, "words": WORD, "polarity": 1}  # heads that only training uses, and their widths

    def __init__(self, config, n_in, dtype=np.float32):
        self.config, self.n_in, d = config, n_in, config.dim
        self.neighbours = Neighbours(config.reach)
        h, wide = config.width * d, (2 * config.reach + 1) * d
        parts = {"input": Chain(Dropout(config.dropout), Dense(n_in, d, "xavier")),
                 "places": Places(d), "near": LayerNorm(d),
                 "mix": Chain(Dense(wide, h), GELU(), Dropout(config.dropout), Dense(h, d, "xavier")),
                 "head": Chain(Dense(d, d, "xavier"), GELU(), Dense(d, 3, "xavier")),
                 **{name: Dense(d, size, "xavier") for name, size in self.TEACHERS.items()}}
        if config.outer:
            parts |= {"think": Chain(LayerNorm(4 * d), Dense(4 * d, h), GELU(), Dropout(config.dropout),
                                     Dense(h, d, "xavier")),
                      "norm": LayerNorm(d), "affect": AffectGate(d, THINK),
                      "answer": Chain(LayerNorm(2 * d), Dense(2 * d, h), GELU(), Dense(h, d, "xavier"))}
            if config.attention:
                parts |= {"keys": Dense(d, d, "xavier"), "values": Dense(d, d, "xavier"),
                          "attend": WordAttention(2 * d, d, config.heads)}
        super().__init__(parts, dtype)

    def initialise(self, rng, centre):
        """Draw first weights; the first answer is the `centre` (3,) of the ratings, whatever the sentence."""
        self.net.initialise(rng)
        head = self.net.params[self.index["head"]]
        head["2.W"][...], head["2.b"][...] = 0, np.arctanh(centre)
        return self

    def _answer(self, y):
        said, cache = self.call("head", y)
        pad = np.tanh(said)
        return pad, (cache, pad)

    def _answer_back(self, dpad, cache, grads):
        return self.back("head", dpad * (1 - cache[1] ** 2), cache[0], grads)

    def _read(self, vectors, ragged, ctx):
        """The tokens with their neighbours: vectors (T, n_in) -> (T, dim), cache."""
        p, input_cache = self.call("input", vectors, ctx)
        stands, places = self.call("places", ragged)
        p = p + stands
        if not self.config.reach:
            return p, (input_cache, places, None, None)
        normal, near = self.call("near", p)
        mixed, mix = self.call("mix", self.neighbours.forward(normal, ragged), ctx)
        return p + mixed, (input_cache, places, near, mix)

    def _read_back(self, dtokens, cache, ragged, grads):
        input_cache, places, near, mix = cache
        dp = dtokens
        if self.config.reach:
            dwide = self.back("mix", dtokens, mix, grads)
            dp = dtokens + self.back("near", self.neighbours.backward(dwide, ragged), near, grads)
        self.back("places", dp, places, grads)
        return self.back("input", dp, input_cache, grads)

    def forward(self, vectors, ragged, ctx=EVALUATION):
        """vectors (T, n_in) of the tokens of N sentences, ragged: where they lie -> Thought, cache."""
        c, N = self.config, len(ragged.lengths)
        tokens, read = self._read(vectors, ragged, ctx)
        x = ragged.mean(tokens)
        y, z = x, np.zeros_like(x)
        pad, first = self._answer(y)
        estimates, gates, rounds = [pad], [], []
        attention = np.zeros((len(vectors), c.outer), self.dtype)
        shared = {}
        if c.outer and c.attention:
            (keys, shared["keys"]), (values, shared["values"]) = self.call("keys", tokens), self.call("values", tokens)
        for k in range(c.outer):
            kept, heard = {}, np.zeros_like(x)
            if c.attention:
                looking = np.concatenate([y, z], axis=1)
                heard, kept["attend"] = self.call("attend", looking, keys, values, ragged)
                attention[:, k] = kept["attend"][-1].mean(axis=1)
            thought, kept["think"] = self.call("think", np.concatenate([x, y, z, heard], axis=1), ctx)
            z, kept["norm"] = self.call("norm", z + THINK * thought)
            z, kept["affect"] = self.call("affect", np.concatenate([z, estimates[-1]], axis=1))
            gates.append(kept["affect"][-1])
            said, kept["answer"] = self.call("answer", np.concatenate([y, z], axis=1))
            y = y + ANSWER * said
            pad, kept["head"] = self._answer(y)
            estimates.append(pad)
            rounds.append(kept)
        confidence = np.stack(gates, axis=1) if gates else np.zeros((N, 0), self.dtype)
        return (Thought(np.stack(estimates, axis=1), confidence, attention, tokens, y),
                (ragged, read, first, shared, rounds))

    def backward(self, drounds, dresponse, dtokens, cache, grads):
        """Gradients of the loss into grads, a list as `net.views` gives, from those towards Thought.rounds (N, K + 1,
        3), response (N, dim) and tokens (T, dim); what `grads` holds is added to."""
        ragged, read, first, shared, rounds = cache
        c, d = self.config, self.config.dim
        dy, dz, dx = dresponse, np.zeros_like(dresponse), np.zeros_like(dresponse)
        dtokens = dtokens.copy()
        destimates = [drounds[:, k].copy() for k in range(c.outer + 1)]
        dkeys, dvalues = np.zeros_like(dtokens), np.zeros_like(dtokens)
        for k in reversed(range(c.outer)):
            kept = rounds[k]
            dy = dy + self._answer_back(destimates[k + 1], kept["head"], grads)
            dboth = self.back("answer", ANSWER * dy, kept["answer"], grads)
            dy, dz = dy + dboth[:, :d], dz + dboth[:, d:]
            dboth = self.back("affect", dz, kept["affect"], grads)
            dz = dboth[:, :d]
            destimates[k] += dboth[:, d:]
            dz = self.back("norm", dz, kept["norm"], grads)
            dall = self.back("think", THINK * dz, kept["think"], grads)
            dx, dy, dz = dx + dall[:, :d], dy + dall[:, d : 2 * d], dz + dall[:, 2 * d : 3 * d]
            if c.attention:
                dlooking, dkey, dvalue = self.back("attend", dall[:, 3 * d :], kept["attend"], grads)
                dy, dz = dy + dlooking[:, :d], dz + dlooking[:, d:]
                dkeys += dkey
                dvalues += dvalue
        if shared:
            dtokens += self.back("keys", dkeys, shared["keys"], grads)
            dtokens += self.back("values", dvalues, shared["values"], grads)
        dy = dy + self._answer_back(destimates[0], first, grads)
        dtokens += ragged.mean_back(dx + dy)
        return self._read_back(dtokens, read, ragged, grads)
