"""Which primitives of a line belong together: sums over all ways to read it.

A segment is a run of neighbouring primitives that could be one sign, or two digits, with a score for each. A path leads
over segments from the first primitive of the line to its last. The probability of a text is the sum of exp(score) over
the paths that read it, divided by the sum over all paths (LeCun, Bottou, Bengio and Haffner 1998, sections VI and VII).
"""

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

    def less_likely(self, signs: slice, by: float) -> "Lattice":
        """The Lattice in which the score of these signs is lower by so many nats."""
        one = self.one.copy()
        one[:, signs] -= by
        return replace(self, one=one)

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
        one, two = self.passing()
        options: list[list[tuple[Text, float]]] = [[] for _ in self.first]
        for i, sign in zip(*np.nonzero(one > LIKELY), strict=True):
            options[i].append(((int(sign),), float(self.one[i, sign])))
        for i, left, right in zip(*np.nonzero(two > LIKELY), strict=True):
            options[i].append(((int(left), int(right)), float(self.two[i, left, right])))
        best: list[dict[Text, float]] = [{(): 0.0}, *({} for _ in range(self.count))]
        for place, chosen, starts in self._steps(backward=False):
            merged: dict[Text, float] = {}
            for i, start in zip(chosen, starts, strict=True):
                for signs, score in options[i]:
                    for text, total in best[start].items():
                        merged[text + signs] = float(np.logaddexp(merged.get(text + signs, -np.inf), total + score))
            best[place] = dict(sorted(merged.items(), key=lambda one: -one[1])[:CHOSEN])
        return [(text, total - float(self.before[-1])) for text, total in best[-1].items()]

    def path(self, text: Sequence[int]) -> list[tuple[int, int]]:
        """The best path that reads a text: each segment with the number of its signs, 1 or 2."""
        length = len(text)
        best = np.full((length + 1, self.count + 1), -np.inf)
        best[0, 0], came = 0.0, {}
        for place, chosen, starts in self._steps(backward=False):
            for i, start in zip(chosen, starts, strict=True):
                for j in range(length):
                    options = [(1, self.one[i, text[j]])]
                    if j + 1 < length and max(text[j : j + 2]) < 10:
                        options.append((2, self.two[i, text[j], text[j + 1]]))
                    for signs, score in options:
                        if best[j, start] + score > best[j + signs, place]:
                            best[j + signs, place], came[j + signs, place] = best[j, start] + score, (i, signs)
        steps, j, place = [], length, self.count
        while place:
            i, signs = came[j, place]
            steps.append((int(i), signs))
            j, place = j - signs, int(self.first[i])
        return steps[::-1]


def _log_sum(values):
    """log sum exp over the last axis, -inf where all are."""
    top = values.max(axis=-1, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(values - top).sum(axis=-1)) + top[..., 0]
