"""Language identification: whether a text is English.

A logistic regression on hashed character 1- to 4-grams, averaged over each word and then over the words of the text,
and on the share of words outside the table of word vectors.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

BUCKETS = 2**15


class Vocabulary(Protocol):
    """A table of words, such as a WordTable."""

    index: dict[str, int]


def buckets(word: str) -> list[int]:
    """The hashed character n-grams of one word between spaces."""
    padded = f" {word} "
    grams = [padded[i : i + n] for n in range(1, 5) for i in range(len(padded) - n + 1)]
    return [zlib.crc32(gram.encode(errors="replace")) % BUCKETS for gram in grams]


class English:
    """weights: (2^15,), one per bucket; unknown: the weight of the share of unknown words; bias: a number. Raises
    ValueError for weights of another shape."""

    def __init__(self, weights: ArrayLike, unknown: float, bias: float) -> None:
        self.weights, self.unknown, self.bias = np.asarray(weights, np.float32), float(unknown), float(bias)
        if self.weights.shape != (BUCKETS,):
            raise ValueError(f"English needs {BUCKETS} weights, not {self.weights.shape}")

    def score(self, words: Sequence[str], table: Vocabulary) -> float:
        """Log odds that words in lower case, at least one, are English."""
        evidence = np.mean([self.weights[buckets(word)].mean() for word in words])
        return self.bias + float(evidence) + self.unknown * share_unknown(words, table)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The model as named arrays for a model folder."""
        return {"english": self.weights.astype(np.float16), "english_rest": np.array([self.unknown, self.bias])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `arrays`."""
        return cls(arrays["english"], *arrays["english_rest"])

    @classmethod
    def anything(cls) -> Self:
        """A model that classifies every text as English."""
        return cls(np.zeros(BUCKETS), 0.0, 1.0)


def share_unknown(words: Sequence[str], table: Vocabulary) -> float:
    """The share of words that are not in the table, suffixes included."""
    return float(np.mean([word not in table.index for word in words]))
