"""Input features of versions 1 to 6: a sentence embedding and a first estimate of PAD."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np

from core.nn.context import Array
from core.text.language.ngrams import WORDS
from core.text.network.embedding import WordTable
from core.text.prior import Prior, half


class Embedder(Protocol):
    """Sentence vectors: `WordVectors` needs NumPy alone, deployment/pages/text/embedders.py has others."""

    name: str
    dim: int

    def embed(self, texts: Sequence[str]) -> Array:
        """(N, dim) float32."""
        ...


class WordVectors:
    """The sentence vector as the mean of its word vectors weighted by rarity; unknown words are ignored.

    weight: (W,), the rarity of the words of the table.
    """

    name = "words"

    def __init__(self, table: WordTable, weight: Array) -> None:
        self.table, self.weight, self.dim = table, weight, table.dim

    @classmethod
    def of(cls, table: WordTable, texts: Sequence[str]) -> Self:
        """With the rarity log((1 + number of texts) / (1 + number of texts with the word))."""
        counts = Counter(word for text in texts for word in set(words_of(text)))
        rarity = np.log([(1 + len(texts)) / (1 + counts[word]) for word in table.words])
        return cls(table, half(rarity))

    def embed(self, texts: Sequence[str]) -> Array:
        """(N, dim) float32; zeros for a text without known words."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            known = [self.table.index[word] for word in words_of(text) if word in self.table.index]
            if known:
                rows, count = np.unique(known, return_counts=True)
                weight = count * self.weight[rows]
                vector[:] = (weight / np.sqrt(np.sum(weight**2))) @ self.table.lookup(rows)
        return vectors


class Featurizer:
    """An embedder, the Prior on its vectors, and their projection for the model: basis (dim, n_in) or None."""

    def __init__(self, embedder: Embedder, prior: Prior, basis: Array | None) -> None:
        self.embedder, self.prior, self.basis = embedder, prior, basis

    @classmethod
    def fit(cls, texts: Sequence[str], pad: Array, embedder: Embedder, n_in: int = 256, seed: int = 0,
            vectors: Array | None = None) -> tuple[Self, Array]:
        """Learn from texts (N) and pad (N, 3). Returns the Featurizer and held-out priors (N, 3) of these texts, from
        cross-validation. vectors: embedder.embed(texts), if already computed."""
        vectors = embedder.embed(texts) if vectors is None else vectors
        prior, held_out = Prior.fit(texts, pad, vectors, seed)
        basis = None
        if vectors.shape[1] > n_in:
            centred = (vectors - prior.mean).astype(np.float64)
            basis = half(np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :n_in])
        return cls(embedder, prior, basis), held_out

    def __call__(self, texts: Sequence[str], vectors: Array | None = None) -> tuple[Array, Array]:
        """Embedding (N, n_in), each value of about unit variance, and prior (N, 3), both float32."""
        vectors = self.embedder.embed(texts) if vectors is None else vectors
        dense = (vectors - self.prior.mean) * self.prior.scale
        dense = dense if self.basis is None else dense @ self.basis
        return (dense * np.sqrt(np.float32(dense.shape[1]))).astype(np.float32), self.prior(texts, vectors)


def words_of(text: str) -> list[str]:
    """The words of a text in lower case."""
    return WORDS.findall(text.lower().replace("’", "'"))
