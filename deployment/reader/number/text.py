"""From a line's lattice to its text: the likeliest one, how probable it is, and what else each place may be."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Self

import numpy as np

from core.digits.data import DIGITS
from core.nn.context import Array
from deployment.reader.number.lattice import Lattice, Text
from deployment.reader.number.score import NO_SIGN, TEXTS
from deployment.reader.number.shapes import shape
from deployment.reader.prediction import ALTERNATIVE_FROM

EXACT = 3  # of the likeliest texts, whose probability is summed over all paths
Words = Callable[[list[tuple[int, int]]], list[int]]


@dataclass(frozen=True)
class LineText:
    """The likeliest text of a lattice. path: its segments, with the number of signs of each; log_probability: of the
    text; shares (len(text), len(TEXTS)): the probability of each sign at each place; others: other likely texts and
    their probabilities; unclear: the probability that the line holds what is neither a digit nor a sign."""

    text: Text
    path: list[tuple[int, int]]
    log_probability: float
    shares: Array
    others: list[tuple[Text, float]]
    unclear: float

    @classmethod
    def of(cls, lattice: Lattice, shapes: Array, words: Words = lambda path: [sum(signs for _, signs in path)]) -> Self:
        """The LineText of a Lattice. shapes: by how many nats each of SHAPES is likelier; words: the count of signs of
        each number of a path, where a line holds several."""
        scores = dict(lattice.texts())
        scores |= {text: lattice.log_probability(text) for text in [*scores][:EXACT]}
        before = {text: math.exp(score) for text, score in scores.items()}
        if any(max(text) >= DIGITS for text in scores):
            after = {text: share * math.exp(shapes[shapes_of(text, words(lattice.path(text)))].sum())
                     for text, share in before.items()}
        else:
            after = before
        total = sum(after.values()) + max(1 - sum(before.values()), 0.0)
        ranked = sorted(after, key=lambda text: -after[text])
        chosen, path = ranked[0], lattice.path(ranked[0])
        shares = _shares(lattice, path)
        for text in ranked:
            _add(shares, chosen, text, after[text] - before[text])
        return cls(chosen, path, math.log(min(after[chosen] / total, 1.0)), np.clip(shares / total, 0.0, 1.0),
                   [(text, after[text] / total) for text in ranked[1:]], _unclear(lattice))

    @property
    def first_signs(self) -> list[int]:
        """The first sign of each segment of the path."""
        starts = np.cumsum([0, *(signs for _, signs in self.path)])[:-1]
        return [self.text[start] for start in starts]

    def alternatives(self) -> dict[int, list[str]]:
        """{place: what stands there, most likely first, with a probability of at least 5 %} of the doubtful places; ""
        for no sign, several signs where there may be more."""
        found: dict[int, dict[str, float]] = defaultdict(dict)
        for place, share in enumerate(self.shares):
            found[place] = {TEXTS[sign]: float(share[sign]) for sign in range(NO_SIGN)}
        for other, share in self.others:
            for _, i, stop, j, until in SequenceMatcher(None, self.text, other, autojunk=False).get_opcodes():
                if stop - i == until - j:
                    continue
                # an insertion is shown at the place before it, or after it at the beginning
                if stop == i:
                    i, j = (i - 1, j - 1) if i else (i, j)
                    stop, until = i + 1, until if j < until and i else until + 1
                for place in range(i, stop):
                    name = written(other[j:until]) if place == i else ""
                    found[place][name] = found[place].get(name, 0.0) + share
        answer = {}
        for place, options in found.items():
            likely = [name for name, share in sorted(options.items(), key=lambda one: -one[1])
                      if share >= ALTERNATIVE_FROM]
            if likely and likely != [TEXTS[self.text[place]]]:
                answer[place] = likely
        return answer


def written(text: Iterable[int]) -> str:
    """A Text as characters."""
    return "".join(TEXTS[sign] for sign in text)


def shapes_of(text: Text, words: Sequence[int]) -> list[int]:
    """The shape of each number of a text; words: the count of signs of each."""
    return [shape(written(text[end - size : end])) for size, end in zip(words, np.cumsum(words), strict=True)]


def _add(shares: Array, chosen: Text, text: Text, more: float) -> None:
    """Add to the shares of the places of a chosen text those signs that another text has there."""
    if more:
        for _, i, stop, j, until in SequenceMatcher(None, chosen, text, autojunk=False).get_opcodes():
            if stop - i == until - j:
                shares[range(i, stop), text[j:until]] += more


def _unclear(lattice: Lattice) -> float:
    """The share of the paths of a line on which something is no sign."""
    clear = lattice.weighted(np.where(np.arange(len(TEXTS)) == NO_SIGN, -np.inf, 0.0))
    return float(1 - np.exp(min(clear.before[-1] - lattice.before[-1], 0.0)))


def _shares(lattice: Lattice, path: list[tuple[int, int]]) -> Array:
    """The share of all paths that read each sign at each place of a path: on the same primitives, or, for each of two
    digits read at once, from the same first one or up to the same last one."""
    one, two = lattice.passing()
    rows = []
    for i, signs in path:
        first, last = lattice.first[i], lattice.last[i]
        starts, stops = lattice.first == first, lattice.last == last
        if signs == 1:
            rows.append(one[starts & stops].sum(axis=0))
            rows[-1][:DIGITS] += two[starts & (lattice.last > last)].sum(axis=(0, 2))
            rows[-1][:DIGITS] += two[stops & (lattice.first < first)].sum(axis=(0, 1))
            continue
        left, right = one[starts & (lattice.last <= last)].sum(axis=0), one[stops & (lattice.first > first)].sum(axis=0)
        left[:DIGITS] += two[starts].sum(axis=(0, 2))
        right[:DIGITS] += two[stops].sum(axis=(0, 1))
        rows += [left, right]
    return np.array(rows)
