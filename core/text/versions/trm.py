"""The tiny recursive model: a small network that thinks K rounds about one sentence, with the same weights each round.

    x = embedding W + b,  y = x,  z = 0,  e_0 = PAD(y)
    each of K rounds:  z <- pulled by the memory                         (v6, Bond)
                       n times  z <- LN(z + 0.3 think(LN[x, y, z]))
                       z <- z + 0.3 attend(history of z)                 (v2)
                       z <- z + 0.3 g tanh(W e)                          (affect gate; e is its own last estimate)
                       y <- y + 0.4 answer(LN[y, z]),  e <- PAD(y)
    r = tanh([mean z, mean e, mean g] Wr + br),  y <- y + 0.4 r Wc       (v4, RINSE)
    y <- coloured by the memory                                         (v6, Bond),  pad = PAD(y)

PAD(y) = tanh(prior + head(y)), where the prior (N, 3) is a ridge regression on the same embedding or zero: what
recursion adds is then exactly what the head says. After A. Jolicoeur-Martineau, "Less is More: Recursive Reasoning with
Tiny Networks" (arXiv 2510.04871), without its halting. The label is never an input, and no row of a batch sees another.
"""

from dataclasses import dataclass

import numpy as np

from core.nn.context import EVALUATION
from core.nn.layers import Dense, Dropout
from core.text.network.layers import GELU, AffectGate, Chain, LayerNorm, Parts
from core.text.versions.layers import HistoryAttention, Tanh
from core.text.versions.memory import RECENT, Bond

THINK, ANSWER = 0.3, 0.4


@dataclass(frozen=True)
class Thought:
    """What the model made of N sentences.

    pad: (N, 3) in [-1, 1]; rounds: (N, K + 1, 3), the estimates e_0..e_K; confidence: (N, K), the affect gates;
    attention: (N, K, K), row k the weights of round k over rounds 0..k, zero without attention; rinse: (N, dim / 4) or
    None; response: (N, dim), what a memory keeps.
    """

    pad: np.ndarray
    rounds: np.ndarray
    confidence: np.ndarray
    attention: np.ndarray
    rinse: np.ndarray | None
    response: np.ndarray


class TinyRecursiveModel(Parts):
    """The model that a VersionConfig describes, for embeddings of n_in values; weights lie in one vector `theta`."""

    def __init__(self, config, n_in, dtype=np.float32):
        self.config, self.n_in, d = config, n_in, config.dim
        h = config.width * d
        head = Chain(Dense(d, d, "xavier"), GELU(), Dense(d, 3, "xavier")) if config.pad_head else Dense(d, 3, "xavier")
        parts = {"input": Chain(Dropout(config.input_dropout), Dense(n_in, d, "xavier")), "head": head}
        if config.outer:
            parts |= {"think": Chain(LayerNorm(3 * d), Dense(3 * d, h), GELU(), Dense(h, d, "xavier")),
                      "norm": LayerNorm(d), "affect": AffectGate(d, THINK),
                      "answer": Chain(LayerNorm(2 * d), Dense(2 * d, h), GELU(), Dense(h, d, "xavier"))}
            if config.attention:
                parts["attend"] = HistoryAttention(d)
            if config.rinse:
                parts["rinse"] = Chain(Dense(d + 4, d // 4, "xavier"), Tanh())
                parts["recolour"] = Dense(d // 4, d, "xavier")
            if config.memory:
                parts |= {"bond": Bond(d), "colour": Bond(d)}
        super().__init__(parts, dtype)

    def initialise(self, rng):
        """Draw first weights. The head's last layer starts at zero: the first answer is the prior."""
        self.net.initialise(rng)
        head = self.net.params[self.index["head"]]
        for name in ("2.W", "2.b") if self.config.pad_head else ("W", "b"):
            head[name][...] = 0
        return self

    def _estimate(self, y, prior):
        said, cache = self.call("head", y)
        pad = np.tanh(said + prior)
        return pad, (cache, pad)

    def _estimate_back(self, dpad, cache, grads):
        return self.back("head", dpad * (1 - cache[1] ** 2), cache[0], grads)

    def forward(self, embedding, prior=None, recent=None, ctx=EVALUATION):
        """embedding (N, n_in), prior (N, 3) or None, recent (N, 3 dim + 1) as SoulKernel gives -> Thought, cache."""
        c, N, d = self.config, len(embedding), self.config.dim
        prior = np.zeros((N, 3), self.dtype) if prior is None else prior
        if recent is None:
            recent = np.zeros((N, RECENT * d + 1), self.dtype)
        x, input_cache = self.call("input", embedding, ctx)
        y, z, rounds, gates, history = x, np.zeros_like(x), [], [], []
        pad, first = self._estimate(y, prior)
        estimates = [pad]
        weights = np.zeros((N, c.outer, c.outer), self.dtype)
        for k in range(c.outer):
            kept = {}
            if c.memory:
                z, kept["bond"] = self.call("bond", np.concatenate([z, recent], axis=1))
            kept["think"] = []
            for _ in range(c.inner):
                thought, think = self.call("think", np.concatenate([x, y, z], axis=1))
                z, norm = self.call("norm", z + THINK * thought)
                kept["think"].append((think, norm))
            if c.attention:
                history.append(z)
                heard, kept["attend"] = self.call("attend", np.stack(history, axis=1))
                weights[:, k, : k + 1] = kept["attend"][-1]
                z = z + THINK * heard
            affect = estimates[-1] if c.affect else np.zeros_like(pad)
            z, kept["affect"] = self.call("affect", np.concatenate([z, affect], axis=1))
            gates.append(kept["affect"][-1])
            said, kept["answer"] = self.call("answer", np.concatenate([y, z], axis=1))
            y = y + ANSWER * said
            pad, kept["estimate"] = self._estimate(y, prior)
            estimates.append(pad)
            rounds.append((kept, z))
        ending, reflection = {}, None
        if c.outer and c.rinse:
            mean = np.concatenate([np.mean([z for _, z in rounds], axis=0), np.mean(estimates[1:], axis=0),
                                   np.mean(gates, axis=0)[:, None]], axis=1)
            reflection, ending["rinse"] = self.call("rinse", mean)
            said, ending["recolour"] = self.call("recolour", reflection)
            y = y + ANSWER * said
        if c.outer and c.memory:
            y, ending["colour"] = self.call("colour", np.concatenate([y, recent], axis=1))
        pad, ending["estimate"] = self._estimate(y, prior)
        confidence = np.stack(gates, axis=1) if gates else np.zeros((N, 0), self.dtype)
        thought = Thought(pad, np.stack(estimates, axis=1), confidence, weights, reflection, y)
        return thought, (input_cache, first, [kept for kept, _ in rounds], ending)

    def backward(self, dpad, drounds, cache, grads):
        """Gradients of the loss into grads, a list as `net.views` gives, from those towards pad (N, 3) and rounds.

        drounds: (N, K + 1, 3). With deep supervision no gradient passes from a round to the one before it.
        """
        c, (input_cache, first, rounds, ending), d = self.config, cache, self.config.dim
        for part in grads:
            for gradient in part.values():
                gradient[...] = 0
        cut, dz_mean, dgate_mean = c.deep_supervision, 0, None
        destimates = [drounds[:, k].copy() for k in range(c.outer + 1)]
        dy = self._estimate_back(dpad, ending["estimate"], grads)
        if c.outer and c.memory:
            dy = self.back("colour", dy, ending["colour"], grads)[:, :d]
        if c.outer and c.rinse:
            dr = self.back("recolour", ANSWER * dy, ending["recolour"], grads)
            dmean = self.back("rinse", dr, ending["rinse"], grads) / dr.dtype.type(c.outer)
            dz_mean, dgate_mean = dmean[:, :d], dmean[:, -1]
            for destimate in destimates[c.outer if cut else 1 :]:
                destimate += dmean[:, d : d + 3]
        dx, dz, dhistory = np.zeros_like(dy), np.zeros_like(dy), [0] * c.outer
        for k in reversed(range(c.outer)):
            kept, from_mean = rounds[k], not cut or k == c.outer - 1
            dy = dy + self._estimate_back(destimates[k + 1], kept["estimate"], grads)
            dboth = self.back("answer", ANSWER * dy, kept["answer"], grads)
            dy, dz = dy + dboth[:, :d], dz + dboth[:, d:]
            if from_mean:
                dz = dz + dz_mean
            dgate = dgate_mean if from_mean else None
            dboth = self.back("affect", dz, kept["affect"], grads, dgate=dgate)
            dz, daffect = dboth[:, :d], dboth[:, d:]
            if c.affect and not cut:
                destimates[k] += daffect
            if c.attention:
                dpast = self.back("attend", THINK * dz, kept["attend"], grads)
                for t in range(k if cut else 0, k + 1):
                    dhistory[t] = dhistory[t] + dpast[:, t]
                dz = dz + dhistory[k]
            for think, norm in reversed(kept["think"]):
                dz = self.back("norm", dz, norm, grads)
                dall = self.back("think", THINK * dz, think, grads)
                dx += dall[:, :d]
                dy, dz = dy + dall[:, d : 2 * d], dz + dall[:, 2 * d :]
            if c.memory:
                dz = self.back("bond", dz, kept["bond"], grads)[:, :d]
            if cut and k:
                dy, dz = np.zeros_like(dy), np.zeros_like(dz)
        dy = dy + self._estimate_back(destimates[0], first, grads)
        return self.back("input", dx + dy, input_cache, grads)
