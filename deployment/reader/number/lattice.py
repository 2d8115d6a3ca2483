"""Which primitives of a line belong together: sums over all ways to read it.

A segment is a run of neighbouring primitives that could be one sign, or two digits, with a score for each. A path leads
over segments from the first primitive of the line to its last. The probability of a text is the sum of exp(score) over
the paths that read it, divided by the sum over all paths (LeCun, Bottou, Bengio and Haffner 1998, sections VI and VII).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.nn.context import Array

LIKELY = 1e-4  # share of the paths below which a segment is not part of a likely text
CHOSEN = 12  # texts that are followed from left to right at once
Text = tuple[int, ...]  # numbers of signs


@dataclass(frozen=True)
class Lattice:
    """The n segments of a line of `count` primitives. first, last (n,): segment i holds primitives first .. last - 1;
    one (n, signs): its score as each sign; two (n, 10, 10): as two digits, -inf where it cannot be two."""

    count: int
    first: NDArray[np.integer]
    last: NDArray[np.integer]
    one: Array
    two: Array

    def weighted(self, by: Array) -> "Lattice":
        """The Lattice in which the score of each sign is higher by so many nats: (signs,)."""
        digits = by[: self.two.shape[1]]
        return replace(self, one=self.one + by, two=self.two + digits[:, None] + digits)

    @cached_property
    def every(self) -> Array:
        """The score of each segment over all that it can be: (n,)."""
        return np.logaddexp(_log_sum(self.one), _log_sum(self.two.reshape(len(self.two), -1)))

    @cached_property
    def before(self) -> Array:
        """The logarithm of the sum over all paths from the first primitive to each place: (count + 1,)."""
        return self._sums(backward=False)

    @cached_property
    def after(self) -> Array:
        """The same from each place to the last primitive."""
        return self._sums(backward=True)

    def _sums(self, backward: bool) -> Array:
        total = np.full(self.count + 1, -np.inf)
        total[self.count if backward else 0] = 0.0
        for place, chosen, starts in self._steps(backward):
            total[place] = _log_sum(total[starts] + self.every[chosen])
        return total

    def sums_of(self, text: Sequence[int], backward: bool = False) -> Array:
        """`before` or `after` over those paths that read a text: (len(text) + 1, count + 1), row j holding the paths of
        its first j signs (backward: of those from j on)."""
        signs, length = np.array(text, int), len(text)
        total = np.full((length + 1, self.count + 1), -np.inf)
        total[(length, self.count) if backward else (0, 0)] = 0.0
        for place, chosen, starts in self._steps(backward):
            one, two = self.one[np.ix_(chosen, signs)].T, self._two(chosen, signs)
            if backward:
                total[:-1, place] = _log_sum(total[1:, starts] + one)
                total[:-2, place] = np.logaddexp(total[:-2, place], _log_sum(total[2:, starts] + two))
            else:
                total[1:, place] = _log_sum(total[:-1, starts] + one)
                total[2:, place] = np.logaddexp(total[2:, place], _log_sum(total[:-2, starts] + two))
        return total

    def _two(self, chosen, signs):
        """Scores (len(signs) - 1, chosen) as each two neighbours of the signs; -inf where one is no digit."""
        if len(signs) < 2:
            return np.empty((0, len(chosen)))
        left, right = signs[:-1], signs[1:]
        digits = (left < 10) & (right < 10)
        return np.where(digits, self.two[chosen][:, np.minimum(left, 9), np.minimum(right, 9)], -np.inf).T

    def _steps(self, backward: bool) -> Iterator[tuple[int, NDArray[np.integer], NDArray[np.integer]]]:
        """For each place that segments lead to, in the order of the sums: (place, these segments, where each starts).
        """
        starts, stops = (self.last, self.first) if backward else (self.first, self.last)
        order = np.argsort(stops, kind="stable")
        bounds = np.searchsorted(stops[order], np.arange(self.count + 2))
        for place in range(self.count - 1, -1, -1) if backward else range(1, self.count + 1):
            chosen = order[bounds[place] : bounds[place + 1]]
            if len(chosen):
                yield place, chosen, starts[chosen]

    def log_probability(self, text: Sequence[int]) -> float:
        """The logarithm of the share of all paths that read a text."""
        return float(min(self.sums_of(text)[-1, -1] - self.before[-1], 0.0))

    def passing(self) -> tuple[Array, Array]:
        """The share of all paths that read each segment as each sign (n, signs), and as two digits (n, 10, 10)."""
        around = self.before[self.first] + self.after[self.last] - self.before[-1]
        return np.exp(self.one + around[:, None]), np.exp(self.two + around[:, None, None])

    def passing_of(self, text: Sequence[int]) -> tuple[Array, Array]:
        """The same of those paths that read a text."""
        before, after = self.sums_of(text), self.sums_of(text, backward=True)
        one, two = np.zeros_like(self.one), np.zeros_like(self.two)
        for j, sign in enumerate(text):
            one[:, sign] += np.exp(before[j, self.first] + self.one[:, sign] + after[j + 1, self.last] - before[-1, -1])
            if j + 1 < len(text) and max(sign, text[j + 1]) < 10:
                two[:, sign, text[j + 1]] += np.exp(before[j, self.first] + self.two[:, sign, text[j + 1]]
                                                    + after[j + 2, self.last] - before[-1, -1])
        return one, two

    def texts(self) -> list[tuple[Text, float]]:
        """The likeliest texts, most likely first, with the logarithm of the probability of each: a lower bound, as only
        CHOSEN texts are followed at once."""
        best: list[dict[Text, float]] = [{(): 0.0}, *({} for _ in range(self.count))]
        for place, arcs in self._likely.items():
            merged: dict[Text, float] = {}
            for i, signs, score in arcs:
                for text, total in best[self.first[i]].items():
                    before = merged.get(text + signs)
                    merged[text + signs] = total + score if before is None else _log_add(before, total + score)
            best[place] = dict(sorted(merged.items(), key=lambda one: -one[1])[:CHOSEN])
        return [(text, total - float(self.before[-1])) for text, total in best[-1].items()]

    @cached_property
    def _likely(self) -> dict[int, list[tuple[int, Text, float]]]:
        """{place: (segment, signs, score) of the likely readings of segments that end there}, from left to right; the
        best sign of each segment is among them, so that there is a path."""
        one, two = self.passing()
        one[np.arange(len(one)), self.one.argmax(axis=1)] = 1.0
        arcs = [(int(i), (int(sign),), float(self.one[i, sign]))
                for i, sign in zip(*np.nonzero(one > LIKELY), strict=True)]
        arcs += [(int(i), (int(left), int(right)), float(self.two[i, left, right]))
                 for i, left, right in zip(*np.nonzero(two > LIKELY), strict=True)]
        by_end: dict[int, list[tuple[int, Text, float]]] = {}
        for arc in sorted(arcs, key=lambda arc: self.last[arc[0]]):
            by_end.setdefault(int(self.last[arc[0]]), []).append(arc)
        return by_end

    def path(self, text: Text) -> list[tuple[int, int]]:
        """The best path that reads one of `texts`: each segment with the number of its signs, 1 or 2."""
        best: list[dict[int, tuple[float, list[tuple[int, int]]]]] = [{0: (0.0, [])}]  # {signs read: score, path}
        best += [{} for _ in range(self.count)]
        for place, arcs in self._likely.items():
            for i, signs, score in arcs:
                for read, (total, steps) in best[self.first[i]].items():
                    after = read + len(signs)
                    if text[read:after] == signs and total + score > best[place].get(after, (-np.inf, []))[0]:
                        best[place][after] = total + score, [*steps, (i, len(signs))]
        return best[-1][len(text)][1]


def _log_add(a: float, b: float) -> float:
    return max(a, b) + math.log1p(math.exp(-abs(a - b)))


def _log_sum(values):
    """log sum exp over the last axis, -inf where all are."""
    top = values.max(axis=-1, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(values - top).sum(axis=-1)) + top[..., 0]
