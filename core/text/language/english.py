"""A classifier of English texts, because the text model reads English only.

Logistic regression on two features of the words: the mean weight of their hashed character 1- to 4-grams, and the share
of words that are not in the table of vectors.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

BUCKETS = 2**15  # hash values of n-grams


class Vocabulary(Protocol):
    """The part of core.text.network.embedding.WordTable that is needed here."""

    index: dict[str, int]


def buckets(word: str) -> list[int]:
    """The hashed character n-grams of one word, with spaces at its edges."""
    padded = f" {word} "
    grams = [padded[i : i + n] for n in range(1, 5) for i in range(len(padded) - n + 1)]
    return [zlib.crc32(gram.encode(errors="replace")) % BUCKETS for gram in grams]


class English:
    """weights (BUCKETS,), one for each bucket; unknown: the weight of the share of unknown words; bias."""

    def __init__(self, weights: ArrayLike, unknown: float, bias: float) -> None:
        self.weights, self.unknown, self.bias = np.asarray(weights, np.float32), float(unknown), float(bias)
        if self.weights.shape != (BUCKETS,):
            raise ValueError(f"its English has {self.weights.shape}, not {BUCKETS} weights")

    def score(self, words: Sequence[str], table: Vocabulary) -> float:
        """Log odds that words (at least one, in lower case) are English."""
        weight = np.mean([self.weights[buckets(word)].mean() for word in words])
        return self.bias + float(weight) + self.unknown * share_unknown(words, table)

    def arrays(self) -> dict[str, NDArray]:
        return {"english": self.weights.astype(np.float16), "english_rest": np.array([self.unknown, self.bias])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray]) -> "English":
        return cls(arrays["english"], *arrays["english_rest"])

    @classmethod
    def anything(cls) -> "English":
        """A classifier that accepts every text."""
        return cls(np.zeros(BUCKETS), 0.0, 1.0)


def share_unknown(words: Sequence[str], table: Vocabulary) -> float:
    """The share of words that are not in the table."""
    return float(np.mean([word not in table.index for word in words]))
