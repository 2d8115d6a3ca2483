"""What a bag of words says of a sentence: ridge regression of PAD on n-grams and the mean of its words' vectors.

Versions 1 to 6 start from it. Version 7 learns without it, and their answers are joined: they err differently.
"""

import numpy as np

from core.text.language.ngrams import NGrams, Sparse, ridge, times

# Chosen on EmoBank's dev split, for valence, arousal and dominance
ALPHA = (1.0, 2.0, 4.0)
SHARES = {"word": 0.15, "char": 0.5}  # squared length of the n-gram rows beside sentence vectors of mean square 1
FOLDS = 5


class Prior:
    """ngrams: NGrams of words and of characters; mean (dim,), scale (): sentence vectors are centred and scaled to mean
    square length 1; weights: three arrays (., 3), for the n-grams and the sentence vectors; offset (3,): the mean PAD
    of the training sentences; shares (3,): how much of an answer it gives beside a network.
    """

    def __init__(self, ngrams, mean, scale, weights, offset, shares=(0.0, 0.0, 0.0)):
        self.ngrams, self.mean, self.scale, self.weights, self.offset = ngrams, mean, scale, weights, offset
        self.shares = np.asarray(shares, np.float32)

    @classmethod
    def fit(cls, texts, pad, vectors, seed=0):
        """Learn from texts (N), pad (N, 3) and sentence vectors (N, dim). Returns the Prior and its estimates (N, 3)
        for these very texts.

        Each of these estimates comes from a regression on the four fifths that lack its text: a model trained on priors
        that have seen their labels would trust them too much.
        """
        mean, offset = vectors.mean(axis=0), pad.mean(axis=0)
        scale = np.float32(1 / np.sqrt(np.mean(np.sum((vectors - mean) ** 2, axis=1))))
        prior = cls([NGrams.fit(texts, kind) for kind in SHARES], mean, scale, None, offset)
        blocks, held_out = prior.blocks(texts, vectors), np.empty_like(pad)
        for fold in np.array_split(np.random.default_rng(seed).permutation(len(texts)), FOLDS):
            others = np.setdiff1d(np.arange(len(texts)), fold)
            weights = ridge([part(block, others) for block in blocks], pad[others] - offset, ALPHA)
            held_out[fold] = offset + sum(times(part(b, fold), w) for b, w in zip(blocks, weights, strict=True))
        prior.weights = [half(w) for w in ridge(blocks, pad - offset, ALPHA)]
        return prior, held_out.astype(np.float32)

    def blocks(self, texts, vectors):
        """Word ngrams, character ngrams (Sparse) and sentence vectors (N, dim), each with its share."""
        found = []
        for ngrams in self.ngrams:
            rows = ngrams.rows(texts)
            found.append(Sparse(rows.rows, rows.columns, rows.values * np.sqrt(SHARES[ngrams.kind]), rows.shape))
        return [*found, (vectors - self.mean) * self.scale]

    def __call__(self, texts, vectors):
        """Estimates (N, 3) float32 of texts with their sentence vectors (N, dim)."""
        blocks = self.blocks(texts, vectors)
        return (self.offset + sum(times(b, w) for b, w in zip(blocks, self.weights, strict=True))).astype(np.float32)

    def join(self, estimates, said):
        """Estimates (N, K, 3) of a network, and of what the Prior said (N, 3) its share: (N, K, 3)."""
        return estimates + self.shares * (np.tanh(said)[:, None] - estimates)

    def arrays(self):
        """What a model folder keeps of it."""
        found = {"prior_shares": self.shares, "prior_mean": self.mean, "prior_scale": np.array(self.scale),
                 "prior_offset": self.offset, "prior_vector_W": self.weights[2]}
        for ngrams, W in zip(self.ngrams, self.weights, strict=False):
            found |= {f"{ngrams.kind}_gram_hash": ngrams.hash, f"{ngrams.kind}_gram_idf": ngrams.idf.astype(np.float16),
                      f"{ngrams.kind}_gram_W": W.astype(np.float16)}
        return found

    @classmethod
    def from_arrays(cls, arrays):
        ngrams = [NGrams(kind, arrays[f"{kind}_gram_hash"], arrays[f"{kind}_gram_idf"].astype(np.float32))
                  for kind in SHARES]
        weights = [arrays[f"{kind}_gram_W"].astype(np.float32) for kind in SHARES] + [arrays["prior_vector_W"]]
        return cls(ngrams, arrays["prior_mean"], np.float32(arrays["prior_scale"]), weights, arrays["prior_offset"],
                   arrays["prior_shares"])


def best_shares(network, prior, target):
    """The shares of the prior (3,), in [0, 1], with which estimates (N, 3) of both lie nearest to target (N, 3)."""
    towards = prior - network
    shares = np.sum(towards * (target - network), axis=0) / np.maximum(np.sum(towards * towards, axis=0), 1e-12)
    return np.clip(shares, 0, 1)


def half(values):
    """float32 values that 16 bits hold exactly: what is saved is what was used."""
    return values.astype(np.float16).astype(np.float32)


def part(block, chosen):
    """The chosen rows of a block."""
    return block.part(chosen) if isinstance(block, Sparse) else block[chosen]
