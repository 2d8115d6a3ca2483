"""300 contrast pairs, 30 of each of ten kinds: which of two sentences is more pleasant?

The grammar of orderings was extended with knowledge of these results and has the same ten kinds. No sentence is also in
core/text/data/orderings.txt, as a test checks.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

FILE = Path(__file__).with_name("contrast_pairs.csv")


def load() -> list[tuple[str, ...]]:
    """A list of (kind, more pleasant sentence, less pleasant sentence)."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def right(pleasure: Callable[[Sequence[str]], ArrayLike]) -> dict[str, list[int]]:
    """{kind: [correct pairs, all pairs]}. pleasure: a function from texts to an array (N,)."""
    pairs, counts = load(), {}
    better, worse = (np.asarray(pleasure([pair[i] for pair in pairs])) for i in (1, 2))
    for (kind, _, _), won in zip(pairs, better > worse, strict=True):
        cell = counts.setdefault(kind, [0, 0])
        cell[0] += int(won)
        cell[1] += 1
    return counts


def share(counts: Mapping[str, Sequence[int]]) -> float:
    """The share of correct pairs over all kinds."""
    return sum(won for won, _ in counts.values()) / sum(n for _, n in counts.values())
