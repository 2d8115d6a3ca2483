"""Word and character n-grams of sentences as sparse TF-IDF rows, with NumPy alone, and ridge regression on them."""

import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

WORDS = re.compile(r"\w+(?:['’]\w+)*")
PIECES = re.compile(r"\w+(?:['’]\w+)*|[!?.,;:]+")


def crc32(pieces):
    """Strings as 32-bit hashes (n,)."""
    return np.array([zlib.crc32(piece.encode(errors="replace")) for piece in pieces], np.uint32)


def char_ngrams(token):
    """Hashes of the 2- to 5-grams of characters of one token, its edges marked by spaces."""
    padded = f" {token} "
    return crc32([padded[i : i + n] for n in range(2, 6) for i in range(len(padded) - n + 1)])


# Words come again: 20,000 of at most 24 letters are kept, some 12 MB. Longer ones are hardly words.
REMEMBERED, LONGEST_REMEMBERED = 20_000, 24
remembered = lru_cache(maxsize=REMEMBERED)(char_ngrams)


def hashes(text, kind):
    """The n-grams of one text as 32-bit hashes (n,), with repetitions. kind: "word" (1- and 2-grams) or "char"."""
    text = text.lower()
    if kind == "char":
        found = [(remembered if len(token) <= LONGEST_REMEMBERED else char_ngrams)(token) for token in text.split()]
        return np.concatenate(found) if found else crc32([])
    pieces = PIECES.findall(text)
    return crc32([*pieces, *(f"{first} {second}" for first, second in pairwise(pieces))])


@dataclass(frozen=True)
class Sparse:
    """N rows of G columns: values[i] stands at (rows[i], columns[i])."""

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    shape: tuple

    def times(self, w):
        """This (N, G) times w (G, k) -> (N, k)."""
        return _sum_by(self.rows, self.values, self.columns, w, self.shape[0])

    def transposed_times(self, r):
        """This, transposed (G, N), times r (N, k) -> (G, k)."""
        return _sum_by(self.columns, self.values, self.rows, r, self.shape[1])

    def part(self, chosen):
        """The rows `chosen` (integers), in that order."""
        place = np.full(self.shape[0], -1)
        place[chosen] = np.arange(len(chosen))
        kept = place[self.rows] >= 0
        return Sparse(place[self.rows[kept]], self.columns[kept], self.values[kept], (len(chosen), self.shape[1]))


def _sum_by(target, values, source, matrix, size):
    return np.stack([np.bincount(target, values * column[source], size) for column in np.asarray(matrix).T], axis=1)


@dataclass(frozen=True)
class NGrams:
    """The n-grams that a set of texts taught: hash (G,) uint32, sorted, and idf (G,) float32; `kind` as in `hashes`."""

    kind: str
    hash: np.ndarray
    idf: np.ndarray

    @classmethod
    def fit(cls, texts, kind, least=3):
        """Keep the n-grams that stand in at least `least` texts. idf = 1 + log((1 + N) / (1 + number of texts))."""
        found = np.concatenate([np.unique(hashes(text, kind)) for text in texts])
        values, counts = np.unique(found, return_counts=True)
        values, counts = values[counts >= least], counts[counts >= least]
        idf = 1 + np.log((1 + len(texts)) / (1 + counts))  # kept in 16 bits, as it is saved
        return cls(kind, values, idf.astype(np.float16).astype(np.float32))

    def rows(self, texts):
        """(N, G) Sparse: (1 + log count) idf, each row scaled to length 1 (Salton & Buckley 1988)."""
        G, lists = len(self.hash), [hashes(text, self.kind) for text in texts]
        row = np.repeat(np.arange(len(lists)), [len(found) for found in lists])
        gram = np.concatenate([crc32([]), *lists])
        if not G or not len(gram):
            return Sparse(np.empty(0, int), np.empty(0, int), np.empty(0), (len(lists), G))
        place = np.minimum(np.searchsorted(self.hash, gram), G - 1)
        known = self.hash[place] == gram
        cell, count = np.unique(row[known] * G + place[known], return_counts=True)
        row, column = cell // G, cell % G
        value = (1 + np.log(count)) * self.idf[column]
        length = np.sqrt(np.bincount(row, value * value, len(lists)))
        return Sparse(row, column, value / length[row], (len(lists), G))


def ridge(blocks, Y, alpha, iterations=60):
    """Weights of a ridge regression of Y (N, k) on blocks side by side, by conjugate gradients (Hestenes & Stiefel).

    blocks: Sparse, or arrays (N, n); alpha: (k,), one penalty a target. Minimises |X W - Y|^2 + alpha |W|^2; returns
    one (n, k) array a block.
    """
    def forward(parts):
        return sum(times(block, part) for block, part in zip(blocks, parts, strict=True))

    def normal(w):
        return back(forward(np.split(w, cuts))) + alpha * w

    def back(r):
        return np.concatenate([block.transposed_times(r) if isinstance(block, Sparse)
                               else block.T @ r.astype(block.dtype) for block in blocks])

    alpha = np.asarray(alpha, float)
    cuts = np.cumsum([block.shape[1] for block in blocks])[:-1]
    residual = back(np.asarray(Y, float))
    w, direction, size = np.zeros_like(residual), residual.copy(), np.sum(residual**2, axis=0)
    enough = 1e-10 * size
    for _ in range(iterations):
        turned = normal(direction)
        step = size / np.maximum(np.sum(direction * turned, axis=0), 1e-300)
        w += step * direction
        residual -= step * turned
        before, size = size, np.sum(residual**2, axis=0)
        if (size <= enough).all():
            break
        direction = residual + size / np.maximum(before, 1e-300) * direction
    return np.split(w, cuts)


def times(block, w):
    """block (Sparse or array (N, n)) times w (n, k)."""
    return block.times(w) if isinstance(block, Sparse) else block @ w.astype(block.dtype)
