"""From sentences to what v1 to v6 are given: an embedding and a first estimate of PAD.

A `Featurizer` takes the sentence vectors of an embedder, which is anything with `name`, `dim` and `embed(texts) -> (N,
dim) float32`; `WordVectors` needs NumPy alone, deployment/pages/text/embedders.py has those that need libraries.
"""

from collections import Counter

import numpy as np

from core.text.language.ngrams import WORDS
from core.text.prior import Prior, half


class WordVectors:
    """A sentence as the mean of its words' vectors, weighted by how rare they are; unknown words are passed over.

    table: a WordTable; weight (W,): the rarity of its words.
    """

    name = "words"

    def __init__(self, table, weight):
        self.table, self.weight, self.dim = table, weight, table.dim

    @classmethod
    def of(cls, table, texts):
        """Rarity as log of (1 + number of texts) / (1 + number of texts with the word)."""
        seen = Counter(word for text in texts for word in set(words_of(text)))
        rarity = np.log([(1 + len(texts)) / (1 + seen[word]) for word in table.words])
        return cls(table, half(rarity))

    def embed(self, texts):
        """(N, dim) float32; a text without a known word is a row of zeros."""
        out = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(out, texts, strict=True):
            known = [self.table.index[word] for word in words_of(text) if word in self.table.index]
            if known:
                chosen, count = np.unique(known, return_counts=True)
                share = count * self.weight[chosen]
                row[:] = (share / np.sqrt(np.sum(share**2))) @ self.table.lookup(chosen)
        return out


class Featurizer:
    """An embedder, the Prior on its vectors, and basis (dim, n_in) or None: their projection for the model."""

    def __init__(self, embedder, prior, basis):
        self.embedder, self.prior, self.basis = embedder, prior, basis

    @classmethod
    def fit(cls, texts, pad, embedder, n_in=256, seed=0, vectors=None):
        """Learn from texts (N) and pad (N, 3). Returns the Featurizer and priors (N, 3) for these very texts, from
        regressions that lacked them. vectors: embedder.embed(texts), where already known."""
        vectors = embedder.embed(texts) if vectors is None else vectors
        prior, held_out = Prior.fit(texts, pad, vectors, seed)
        basis = None
        if vectors.shape[1] > n_in:
            centred = (vectors - prior.mean).astype(np.float64)
            basis = half(np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :n_in])
        return cls(embedder, prior, basis), held_out

    def __call__(self, texts, vectors=None):
        """Embedding (N, n_in), of about unit variance a value, and prior (N, 3), both float32."""
        vectors = self.embedder.embed(texts) if vectors is None else vectors
        dense = (vectors - self.prior.mean) * self.prior.scale
        dense = dense if self.basis is None else dense @ self.basis
        return (dense * np.sqrt(np.float32(dense.shape[1]))).astype(np.float32), self.prior(texts, vectors)


def words_of(text):
    return WORDS.findall(text.lower().replace("’", "'"))
