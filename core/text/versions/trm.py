"""The tiny recursive model of versions 1 to 6: a small network applied for K rounds with shared weights.

    x = embedding W + b,  y = x,  z = 0,  e_0 = PAD(y)
    K rounds:  z <- Bond of z and the memory                             (v6)
               n times  z <- LN(z + 0.3 think(LN[x, y, z]))
               z <- z + 0.3 attend(history of z)                         (v2)
               z <- z + 0.3 g tanh(W e)                                  (AffectGate; e is the last estimate)
               y <- y + 0.4 answer(LN[y, z]),  e <- PAD(y)
    r = tanh([mean z, mean e, mean g] Wr + br),  y <- y + 0.4 r Wc       (v4, RINSE)
    y <- Bond of y and the memory                                        (v6),  pad = PAD(y)

PAD(y) = tanh(prior + head(y)), where the prior (N, 3) is a ridge regression on the same embedding, or zero: the head
then shows what the recursion adds. After A. Jolicoeur-Martineau, "Less is More: Recursive Reasoning with Tiny Networks"
(arXiv 2510.04871), without halting. Labels are not an input, and the rows of a batch are independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from core.nn.context import EVALUATION, Array, Context, Params
from core.nn.layers import Dense, Dropout, Layer
from core.text.network.layers import GELU, AffectGate, Chain, LayerNorm, Parts
from core.text.versions.config import VersionConfig
from core.text.versions.layers import HistoryAttention, Tanh
from core.text.versions.memory import RECENT, Bond

LATENT_STEP, ANSWER_STEP = 0.3, 0.4  # factors of the updates of z and y


@dataclass(frozen=True)
class Thought:
    """The model's output for N sentences.

    pad: (N, 3) in [-1, 1]; rounds: (N, K + 1, 3), the estimates e_0..e_K; confidence: (N, K), the affect gates;
    attention: (N, K, K), row k the weights of round k over rounds 0..k, zero without attention; rinse: (N, dim / 4) or
    None; response: (N, dim), the state that a memory stores.
    """

    pad: Array
    rounds: Array
    confidence: Array
    attention: Array
    rinse: Array | None
    response: Array


class TinyRecursiveModel(Parts):
    """The model that a VersionConfig describes, for embeddings of n_in values; all weights are in one vector."""

    def __init__(self, config: VersionConfig, n_in: int, dtype: DTypeLike = np.float32) -> None:
        self.config, self.n_in, d = config, n_in, config.dim
        h = config.width * d
        head = Chain(Dense(d, d, "xavier"), GELU(), Dense(d, 3, "xavier")) if config.pad_head else Dense(d, 3, "xavier")
        embed = Chain(Dropout(config.input_dropout), Dense(n_in, d, "xavier"))
        parts: dict[str, Layer] = {"input": embed, "head": head}
        if config.outer:
            parts |= {"think": Chain(LayerNorm(3 * d), Dense(3 * d, h), GELU(), Dense(h, d, "xavier")),
                      "norm": LayerNorm(d), "affect": AffectGate(d, LATENT_STEP),
                      "answer": Chain(LayerNorm(2 * d), Dense(2 * d, h), GELU(), Dense(h, d, "xavier"))}
            if config.attention:
                parts["attend"] = HistoryAttention(d)
            if config.rinse:
                parts["rinse"] = Chain(Dense(d + 4, d // 4, "xavier"), Tanh())
                parts["recolour"] = Dense(d // 4, d, "xavier")
            if config.memory:
                parts |= {"bond": Bond(d), "colour": Bond(d)}
        super().__init__(parts, dtype)

    def initialise(self, rng: np.random.Generator) -> Self:
        """Draw initial weights. The head's last layer starts at zero, so that the first estimate is the prior."""
        self.net.initialise(rng)
        head = self.net.params[self.index["head"]]
        for name in ("2.W", "2.b") if self.config.pad_head else ("W", "b"):
            head[name][...] = 0
        return self

    def _estimate(self, y: Array, prior: Array) -> tuple[Array, tuple[Any, Array]]:
        logits, cache = self.call("head", y)
        pad = np.tanh(logits + prior)
        return pad, (cache, pad)

    def _estimate_back(self, dpad: Array, cache: tuple[Any, Array], grads: Sequence[Params]) -> Array:
        return self.back("head", dpad * (1 - cache[1] ** 2), cache[0], grads)

    def forward(self, embedding: Array, prior: Array | None = None, recent: Array | None = None,
                ctx: Context = EVALUATION) -> tuple[Thought, tuple]:
        """embedding (N, n_in), prior (N, 3), recent (N, 3 dim + 1) as of SoulKernel.recent -> Thought, cache."""
        c, N, d = self.config, len(embedding), self.config.dim
        prior = np.zeros((N, 3), self.dtype) if prior is None else prior
        if recent is None:
            recent = np.zeros((N, RECENT * d + 1), self.dtype)
        x, input_cache = self.call("input", embedding, ctx)
        y, z, gates, history = x, np.zeros_like(x), [], []
        latents: list[Array] = []
        rounds: list[dict[str, Any]] = []
        pad, first = self._estimate(y, prior)
        estimates = [pad]
        weights = np.zeros((N, c.outer, c.outer), self.dtype)
        for k in range(c.outer):
            caches: dict[str, Any] = {}
            if c.memory:
                z, caches["bond"] = self.call("bond", np.concatenate([z, recent], axis=1))
            caches["think"] = []
            for _ in range(c.inner):
                update, think = self.call("think", np.concatenate([x, y, z], axis=1))
                z, norm = self.call("norm", z + LATENT_STEP * update)
                caches["think"].append((think, norm))
            if c.attention:
                history.append(z)
                context, caches["attend"] = self.call("attend", np.stack(history, axis=1))
                weights[:, k, : k + 1] = caches["attend"][-1]
                z = z + LATENT_STEP * context
            affect = estimates[-1] if c.affect else np.zeros_like(pad)
            z, caches["affect"] = self.call("affect", np.concatenate([z, affect], axis=1))
            gates.append(caches["affect"][-1])
            update, caches["answer"] = self.call("answer", np.concatenate([y, z], axis=1))
            y = y + ANSWER_STEP * update
            pad, caches["estimate"] = self._estimate(y, prior)
            estimates.append(pad)
            latents.append(z)
            rounds.append(caches)
        ending: dict[str, Any] = {}
        reflection = None
        if c.outer and c.rinse:
            mean = np.concatenate([np.mean(latents, axis=0), np.mean(estimates[1:], axis=0),
                                   np.mean(gates, axis=0)[:, None]], axis=1)
            reflection, ending["rinse"] = self.call("rinse", mean)
            update, ending["recolour"] = self.call("recolour", reflection)
            y = y + ANSWER_STEP * update
        if c.outer and c.memory:
            y, ending["colour"] = self.call("colour", np.concatenate([y, recent], axis=1))
        pad, ending["estimate"] = self._estimate(y, prior)
        confidence = np.stack(gates, axis=1) if gates else np.zeros((N, 0), self.dtype)
        output = Thought(pad, np.stack(estimates, axis=1), confidence, weights, reflection, y)
        return output, (input_cache, first, rounds, ending)

    def backward(self, dpad: Array, drounds: Array, cache: tuple, grads: Sequence[Params]) -> Array:
        """The gradient with respect to the embedding (N, n_in); those of the weights are written into grads, a list as
        of `net.views`.

        dpad (N, 3), drounds (N, K + 1, 3): the gradients with respect to the Thought. With deep supervision no
        gradient passes from a round to the one before it.
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
            dr = self.back("recolour", ANSWER_STEP * dy, ending["recolour"], grads)
            dmean = self.back("rinse", dr, ending["rinse"], grads) / dr.dtype.type(c.outer)
            dz_mean, dgate_mean = dmean[:, :d], dmean[:, -1]
            for destimate in destimates[c.outer if cut else 1 :]:
                destimate += dmean[:, d : d + 3]
        dx, dz, dhistory = np.zeros_like(dy), np.zeros_like(dy), [0] * c.outer
        for k in reversed(range(c.outer)):
            caches, from_mean = rounds[k], not cut or k == c.outer - 1
            dy = dy + self._estimate_back(destimates[k + 1], caches["estimate"], grads)
            dboth = self.back("answer", ANSWER_STEP * dy, caches["answer"], grads)
            dy, dz = dy + dboth[:, :d], dz + dboth[:, d:]
            if from_mean:
                dz = dz + dz_mean
            dgate = dgate_mean if from_mean else None
            dboth = self.back("affect", dz, caches["affect"], grads, dgate=dgate)
            dz, daffect = dboth[:, :d], dboth[:, d:]
            if c.affect and not cut:
                destimates[k] += daffect
            if c.attention:
                dpast = self.back("attend", LATENT_STEP * dz, caches["attend"], grads)
                for t in range(k if cut else 0, k + 1):
                    dhistory[t] = dhistory[t] + dpast[:, t]
                dz = dz + dhistory[k]
            for think, norm in reversed(caches["think"]):
                dz = self.back("norm", dz, norm, grads)
                dall = self.back("think", LATENT_STEP * dz, think, grads)
                dx += dall[:, :d]
                dy, dz = dy + dall[:, d : 2 * d], dz + dall[:, 2 * d :]
            if c.memory:
                dz = self.back("bond", dz, caches["bond"], grads)[:, :d]
            if cut and k:
                dy, dz = np.zeros_like(dy), np.zeros_like(dz)
        dy = dy + self._estimate_back(destimates[0], first, grads)
        return self.back("input", dx + dy, input_cache, grads)
