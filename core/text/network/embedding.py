"""The table of word vectors: the context-free vector of each token."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.nn.context import Array
from core.text.language.tokens import tokens
from core.text.network.ragged import Integers, Ragged

UNKNOWN = -1
MIN_STEM = 2  # letters that must remain when a suffix is removed
SUFFIXES = (("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
            ("ly", ""), ("er", ""), ("est", ""), ("ness", ""), ("'", ""))  # (suffix, replacement)


class WordTable:
    """W words in lower case with vectors (W, dim) int8 and scale (W,); the vector of a word is vectors * scale.

    The shipped table holds vectors of single words from all-MiniLM-L6-v2 (layers 0, 2, 4 and 6) with 256 values, made
    by `python -m analytics.studies.liminal words` (static vectors from a sentence model: Model2Vec, Tulkens & van
    Dongen 2024).
    """

    def __init__(self, words: Sequence[str], vectors: NDArray[np.int8], scale: Array) -> None:
        self.words, self.vectors, self.scale = list(words), vectors, scale
        self.index, self.dim = {word: i for i, word in enumerate(self.words)}, vectors.shape[1]

    def find(self, word: str) -> int:
        """The row of a word, else of its stem after removing a suffix, else UNKNOWN (-1)."""
        row = self.index.get(word)
        if row is not None:
            return row
        for suffix, replacement in SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= MIN_STEM:
                row = self.index.get(word[: len(word) - len(suffix)] + replacement)
                if row is not None:
                    return row
        return UNKNOWN

    def rows(self, words: Sequence[str]) -> Integers:
        """Rows (n,) of words; UNKNOWN for words outside the table."""
        return np.array([self.find(word) for word in words], np.int64)

    def tokenise(self, text: str) -> Integers:
        """Rows (T,) of the tokens of a text; a text without tokens counts as one unknown word."""
        return self.rows([token.word for token in tokens(text)] or [""])

    def lookup(self, rows: Integers) -> NDArray[np.float32]:
        """Vectors (n, dim) of rows; zeros for UNKNOWN."""
        known = np.where(rows >= 0, rows, 0)
        factor = np.where(rows >= 0, self.scale[known], 0).astype(np.float32)
        return self.vectors[known] * factor[:, None]

    def means(self, texts: Sequence[str], batch: int = 2000) -> Array:
        """The mean token vector of each text: (N, dim) float32."""
        means: list[Array] = [np.empty((0, self.dim), np.float32)]
        for start in range(0, len(texts), batch):
            rows = [self.tokenise(text) for text in texts[start : start + batch]]
            means.append(Ragged([len(text_rows) for text_rows in rows]).mean(self.lookup(np.concatenate(rows))))
        return np.concatenate(means)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The table as named arrays for a model folder."""
        text = np.frombuffer("\n".join(self.words).encode(), np.uint8)
        return {"words": text, "word_vectors": self.vectors, "word_scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `arrays`."""
        words = arrays["words"].tobytes().decode().split("\n")
        return cls(words, arrays["word_vectors"], arrays["word_scale"].astype(np.float32))
