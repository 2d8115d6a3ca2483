"""A bag-of-words estimate of PAD: ridge regression on n-grams and the mean word vector of a sentence.

Versions 1 to 6 start from it. Version 7 is trained without it and averaged with it, as their errors differ.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.text.language.ngrams import Block, NGrams, Sparse, ridge, times

# Chosen on EmoBank's dev split, for valence, arousal and dominance
ALPHA = (1.0, 2.0, 4.0)
SHARES = {"word": 0.15, "char": 0.5}  # squared length of the n-gram rows beside sentence vectors of mean square 1
FOLDS = 5


class Prior:
    """ngrams: NGrams of words and of characters; mean (dim,), scale: centre and scale sentence vectors to mean square
    length 1; weights: three arrays (., 3), for the two kinds of n-grams and the sentence vectors; offset (3,): the mean
    PAD of the training sentences; shares (3,): the weight of the prior in an average with a network.
    """

    def __init__(self, ngrams: list[NGrams], mean: NDArray[np.floating], scale: np.floating,
                 weights: list[NDArray[np.floating]], offset: NDArray[np.floating],
                 shares: ArrayLike = (0.0, 0.0, 0.0)) -> None:
        self.ngrams, self.mean, self.scale, self.weights, self.offset = ngrams, mean, scale, weights, offset
        self.shares = np.asarray(shares, np.float32)

    @classmethod
    def fit(cls, texts: Sequence[str], pad: NDArray[np.floating], vectors: NDArray[np.floating],
            seed: int = 0) -> tuple["Prior", NDArray[np.float32]]:
        """Fit on texts (N), pad (N, 3) and sentence vectors (N, dim). Returns the Prior and held-out estimates (N, 3).

        Each held-out estimate comes from a regression without the text's fold, so that a model trained on the estimates
        does not rely on them too much.
        """
        mean, offset = vectors.mean(axis=0), pad.mean(axis=0)
        scale = np.float32(1 / np.sqrt(np.mean(np.sum((vectors - mean) ** 2, axis=1))))
        prior = cls([NGrams.fit(texts, kind) for kind in SHARES], mean, scale, [], offset)
        blocks, held_out = prior.blocks(texts, vectors), np.empty_like(pad)
        for fold in np.array_split(np.random.default_rng(seed).permutation(len(texts)), FOLDS):
            others = np.setdiff1d(np.arange(len(texts)), fold)
            weights = ridge([part(block, others) for block in blocks], pad[others] - offset, ALPHA)
            held_out[fold] = offset + sum(times(part(b, fold), w) for b, w in zip(blocks, weights, strict=True))
        prior.weights = [half(w) for w in ridge(blocks, pad - offset, ALPHA)]
        return prior, held_out.astype(np.float32)

    def blocks(self, texts: Sequence[str], vectors: NDArray[np.floating]) -> list[Block]:
        """Weighted word and character n-grams (Sparse), and scaled sentence vectors (N, dim)."""
        sparse = []
        for ngrams in self.ngrams:
            rows = ngrams.rows(texts)
            sparse.append(Sparse(rows.rows, rows.columns, rows.values * np.sqrt(SHARES[ngrams.kind]), rows.shape))
        return [*sparse, (vectors - self.mean) * self.scale]

    def __call__(self, texts: Sequence[str], vectors: NDArray[np.floating]) -> NDArray[np.float32]:
        """Estimates (N, 3) for texts with sentence vectors (N, dim)."""
        blocks = self.blocks(texts, vectors)
        return (self.offset + sum(times(b, w) for b, w in zip(blocks, self.weights, strict=True))).astype(np.float32)

    def join(self, network: NDArray[np.floating], prior: NDArray[np.floating]) -> NDArray[np.floating]:
        """The average (N, K, 3) of estimates (N, K, 3) of a network and (N, 3) of the prior, weighted by `shares`."""
        return network + self.shares * (np.tanh(prior)[:, None] - network)

    def arrays(self) -> dict[str, NDArray]:
        arrays = {"prior_shares": self.shares, "prior_mean": self.mean, "prior_scale": np.array(self.scale),
                  "prior_offset": self.offset, "prior_vector_W": self.weights[2]}
        for ngrams, W in zip(self.ngrams, self.weights, strict=False):
            arrays |= {f"{ngrams.kind}_gram_hash": ngrams.hash,
                       f"{ngrams.kind}_gram_idf": ngrams.idf.astype(np.float16),
                       f"{ngrams.kind}_gram_W": W.astype(np.float16)}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray]) -> "Prior":
        ngrams = [NGrams(kind, arrays[f"{kind}_gram_hash"], arrays[f"{kind}_gram_idf"].astype(np.float32))
                  for kind in SHARES]
        weights = [arrays[f"{kind}_gram_W"].astype(np.float32) for kind in SHARES] + [arrays["prior_vector_W"]]
        return cls(ngrams, arrays["prior_mean"], np.float32(arrays["prior_scale"]), weights, arrays["prior_offset"],
                   arrays["prior_shares"])


def best_shares(network: NDArray[np.floating], prior: NDArray[np.floating],
                target: NDArray[np.floating]) -> NDArray[np.floating]:
    """The shares of the prior (3,) in [0, 1] that minimise the squared error of the averaged estimates (N, 3)."""
    towards = prior - network
    shares = np.sum(towards * (target - network), axis=0) / np.maximum(np.sum(towards * towards, axis=0), 1e-12)
    return np.clip(shares, 0, 1)


def half(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Values rounded to 16 bits, as in the saved file, in float32."""
    return values.astype(np.float16).astype(np.float32)


def part(block: Block, chosen: NDArray[np.integer]) -> Block:
    """Rows of a block."""
    return block.part(chosen) if isinstance(block, Sparse) else block[chosen]
