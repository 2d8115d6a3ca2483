"""300 contrast pairs, 30 of each of ten kinds: of two sentences, which is the more pleasant?

The grammar of orderings was extended with these results in view, and has the same ten kinds. They share no sentence
with core/text/data/orderings.txt; a test says so.
"""

import csv
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("contrast_pairs.csv")


def load():
    """A list of (kind, pleasanter, less pleasant)."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def right(pleasure):
    """{kind: [right, of how many]}. pleasure: a function from texts to an array (N,)."""
    pairs, found = load(), {}
    better, worse = (np.asarray(pleasure([pair[i] for pair in pairs])) for i in (1, 2))
    for (kind, _, _), won in zip(pairs, better > worse, strict=True):
        cell = found.setdefault(kind, [0, 0])
        cell[0] += int(won)
        cell[1] += 1
    return found


def share(found):
    """The share right over all kinds."""
    return sum(won for won, _ in found.values()) / sum(n for _, n in found.values())
