"""Word and character n-grams of sentences as sparse TF-IDF rows, and ridge regression on them."""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]
WORDS = re.compile(r"\w+(?:['’]\w+)*")
WORDS_AND_MARKS = re.compile(r"\w+(?:['’]\w+)*|[!?.,;:]+")


def crc32(strings: Iterable[str]) -> NDArray[np.uint32]:
    """Strings as 32-bit hashes (n,)."""
    return np.array([zlib.crc32(string.encode(errors="replace")) for string in strings], np.uint32)


def char_ngrams(token: str) -> NDArray[np.uint32]:
    """Hashes of the character 2- to 5-grams of one token between spaces."""
    padded = f" {token} "
    return crc32([padded[i : i + n] for n in range(2, 6) for i in range(len(padded) - n + 1)])


CACHED_TOKENS, LONGEST_CACHED = 20_000, 24  # tokens in the cache, about 12 MB; characters, longer tokens rarely repeat
cached_char_ngrams = lru_cache(maxsize=CACHED_TOKENS)(char_ngrams)


def hashes(text: str, kind: str) -> NDArray[np.uint32]:
    """The n-grams of one text as 32-bit hashes (n,), with repetitions. kind: "word" (1- and 2-grams) or "char"."""
    text = text.lower()
    if kind == "char":
        lists = [(cached_char_ngrams if len(token) <= LONGEST_CACHED else char_ngrams)(token) for token in text.split()]
        return np.concatenate(lists) if lists else crc32([])
    tokens = WORDS_AND_MARKS.findall(text)
    return crc32([*tokens, *(f"{first} {second}" for first, second in pairwise(tokens))])


@dataclass(frozen=True)
class Sparse:
    """A sparse matrix (N, G) with values[i] at (rows[i], columns[i])."""

    rows: Integers
    columns: Integers
    values: Floats
    shape: tuple[int, int]

    def times(self, w: Floats) -> Floats:
        """The product with w (G, k) -> (N, k)."""
        return _sum_by(self.rows, self.values, self.columns, w, self.shape[0])

    def transposed_times(self, r: Floats) -> Floats:
        """The product of the transpose with r (N, k) -> (G, k)."""
        return _sum_by(self.columns, self.values, self.rows, r, self.shape[1])

    def part(self, rows: Integers) -> "Sparse":
        """The rows with these indices, in that order."""
        new_row = np.full(self.shape[0], -1)
        new_row[rows] = np.arange(len(rows))
        selected = new_row[self.rows] >= 0
        return Sparse(new_row[self.rows[selected]], self.columns[selected], self.values[selected],
                      (len(rows), self.shape[1]))


def _sum_by(target: Integers, values: Floats, source: Integers, matrix: Floats, size: int) -> Floats:
    """(size, k): row t is the sum of values[i] * matrix[source[i]] over all i with target[i] = t."""
    columns = [np.bincount(target, values * column[source], size) for column in np.asarray(matrix).T]
    return np.stack(columns, axis=1)  # pyright: ignore[reportReturnType] - the stubs miss that weights give floats


Block = Sparse | Floats


@dataclass(frozen=True)
class NGrams:
    """A vocabulary of n-grams: hash (G,) uint32, sorted, and idf (G,) float32; `kind` as in `hashes`."""

    kind: str
    hash: NDArray[np.uint32]
    idf: Floats

    @classmethod
    def fit(cls, texts: Sequence[str], kind: str, least: int = 3) -> "NGrams":
        """The n-grams that occur in at least `least` texts. idf = 1 + log((1 + N) / (1 + number of texts))."""
        grams = np.concatenate([np.unique(hashes(text, kind)) for text in texts])
        values, counts = np.unique(grams, return_counts=True)
        values, counts = values[counts >= least], counts[counts >= least]
        idf = 1 + np.log((1 + len(texts)) / (1 + counts))  # rounded to float16, as it is saved
        return cls(kind, values, idf.astype(np.float16).astype(np.float32))

    def rows(self, texts: Sequence[str]) -> Sparse:
        """(N, G) Sparse: (1 + log count) idf, each row scaled to length 1 (Salton & Buckley 1988)."""
        G, lists = len(self.hash), [hashes(text, self.kind) for text in texts]
        row = np.repeat(np.arange(len(lists)), [len(grams) for grams in lists])
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


def ridge(blocks: Sequence[Block], Y: ArrayLike, alpha: ArrayLike, iterations: int = 60) -> list[Floats]:
    """Weights of a ridge regression of Y (N, k) on X, the concatenation of blocks (N, n), by conjugate gradients
    (Hestenes & Stiefel 1952).

    alpha: (k,), one penalty per target. Minimises |X W - Y|^2 + alpha |W|^2; returns one (n, k) array per block.
    """
    def forward(parts: Sequence[Floats]) -> Floats:
        products = (times(block, part) for block, part in zip(blocks, parts, strict=True))
        return cast(Floats, sum(products))  # not 0: there is at least one block

    def normal(w: Floats) -> Floats:
        return back(forward(np.split(w, cuts))) + penalty * w

    def back(r: Floats) -> Floats:
        return np.concatenate([block.transposed_times(r) if isinstance(block, Sparse)
                               else block.T @ r.astype(block.dtype) for block in blocks])

    penalty = np.asarray(alpha, float)
    cuts = np.cumsum([block.shape[1] for block in blocks])[:-1]
    residual = back(np.asarray(Y, float))
    w, direction, size = np.zeros_like(residual), residual.copy(), np.sum(residual**2, axis=0)
    tolerance = 1e-10 * size
    for _ in range(iterations):
        product = normal(direction)
        step = size / np.maximum(np.sum(direction * product, axis=0), 1e-300)
        w += step * direction
        residual -= step * product
        before, size = size, np.sum(residual**2, axis=0)
        if (size <= tolerance).all():
            break
        direction = residual + size / np.maximum(before, 1e-300) * direction
    return np.split(w, cuts)


def times(block: Block, w: Floats) -> Floats:
    """block (Sparse or array (N, n)) times w (n, k)."""
    return block.times(w) if isinstance(block, Sparse) else block @ w.astype(block.dtype)
