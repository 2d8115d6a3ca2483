"""Which primitives of a line belong together: sums over all ways to read it.

A segment is a run of neighbouring primitives that could be one sign, with a score for each sign. A reading of the line
is a path of segments from its first primitive to its last; its score is the sum of theirs, and its probability
exp(score) over the sum of exp(score) of all paths (LeCun, Bottou, Bengio and Haffner 1998, sections VI and VII).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.nn.context import Array
from deployment.reader.number.cuts import Primitive

LONGEST = 14  # primitives of one sign
WIDEST = 1.6  # of the line's height
GAP = 0.45  # of the line's height: nothing that far apart is one sign


@dataclass(frozen=True)
class Segment:
    """The primitives first .. last - 1 of a line, as one sign; box: (top, left, bottom, right) in pixels of the page.

    borrows: -1 or 1 where it also has the ink next to the cut on its left or right, of a stroke that two digits share.
    """

    first: int
    last: int
    box: tuple[int, int, int, int]
    borrows: int = 0


def segments(primitives: Sequence[Primitive], height: float) -> list[Segment]:
    """All Segments of a line's primitives, from left to right, that could be one sign, by their first primitive."""
    candidates = []
    for first in range(len(primitives)):
        top, left, bottom, right = 10**9, 10**9, -1, -1
        for last in range(first, min(len(primitives), first + LONGEST)):
            primitive = primitives[last]
            if last > first and primitive.left - right > GAP * height:
                break
            top, left = min(top, primitive.top), min(left, primitive.left)
            bottom, right = max(bottom, primitive.bottom), max(right, primitive.right)
            if last > first and right - left > WIDEST * max(height, bottom - top):
                break
            box, after = (top, left, bottom, right), primitives[last + 1 : last + 2]
            sides = (0, *[-1] * bool(primitives[first].crossed), *[1] * bool(after and after[0].crossed))
            candidates += [Segment(first, last + 1, box, side) for side in sides]
    return candidates


def best_path(count: int, line: Sequence[Segment], scores: Array) -> list[int]:
    """Indices of the Segments of a line on the path over `count` primitives with the largest sum of scores (n,)."""
    best, came = [0.0] + [-np.inf] * count, [0] * (count + 1)
    for i, segment in enumerate(line):
        reached = best[segment.first] + scores[i]
        if reached > best[segment.last]:
            best[segment.last], came[segment.last] = reached, i
    chosen, place = [], count
    while place:
        chosen.append(came[place])
        place = line[came[place]].first
    return chosen[::-1]


def log_sums(count: int, line: Sequence[Segment], scores: Array, backward: bool = False) -> Array:
    """The logarithm of the sum over all paths from the first primitive to each place (count + 1,); or, `backward`, from
    each place to the last primitive. scores: (n,) of all signs of a Segment together."""
    total = np.full(count + 1, -np.inf)
    total[count if backward else 0] = 0.0
    for end, chosen, starts in _steps(count, line, backward):
        total[end] = _log_sum(total[starts] + scores[chosen])
    return total


def log_sums_of(signs: Sequence[int], count: int, line: Sequence[Segment], scores: Array,
                backward: bool = False) -> Array:
    """The same over those paths that read `signs`, numbers of signs: (len(signs) + 1, count + 1), row j holding the
    paths of the first j signs (backward: of those from j on). scores: (n, signs)."""
    length = len(signs)
    total = np.full((length + 1, count + 1), -np.inf)
    total[(length, count) if backward else (0, 0)] = 0.0
    before, after = (slice(1, None), slice(None, -1)) if backward else (slice(None, -1), slice(1, None))
    for end, chosen, starts in _steps(count, line, backward):
        total[after, end] = _log_sum(total[before][:, starts] + scores[chosen][:, signs].T)
    return total


def _steps(count, line, backward):
    """For each place that Segments lead to, in the order of the sums: (place, numbers of these, where each starts)."""
    starts, stops = ends(line)[:: -1 if backward else 1]
    for place in range(count - 1, -1, -1) if backward else range(1, count + 1):
        chosen = np.flatnonzero(stops == place)
        if len(chosen):
            yield place, chosen, starts[chosen]


def _log_sum(values):
    """log sum exp over the last axis, -inf where all are."""
    top = values.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(values - top).sum(axis=-1)) + top[..., 0]


def probability(signs: Sequence[int], count: int, line: Sequence[Segment], scores: Array) -> float:
    """The share of all paths that read `signs`; scores (n, signs)."""
    every = log_sums(count, line, np.logaddexp.reduce(scores, axis=1))[-1]
    return float(np.exp(min(log_sums_of(signs, count, line, scores)[-1, -1] - every, 0.0)))


def posterior(count: int, line: Sequence[Segment], scores: Array) -> Array:
    """The probability (n, signs) of each sign at the primitives of each Segment: the share of all paths that pass
    there, whatever they borrow."""
    first, last = ends(line)
    _, place = np.unique(first * (count + 1) + last, return_inverse=True)
    together = np.zeros((place.max() + 1, scores.shape[1]))
    np.add.at(together, place, passing(count, line, scores))
    return together[place]


def passing(count: int, line: Sequence[Segment], scores: Array) -> Array:
    """The share (n, signs) of all paths that read each Segment as each sign."""
    every, (first, last) = np.logaddexp.reduce(scores, axis=1), ends(line)
    before, after = log_sums(count, line, every), log_sums(count, line, every, backward=True)
    return np.exp(scores + (before[first] + after[last] - before[-1])[:, None])


def passing_of(signs: Sequence[int], count: int, line: Sequence[Segment], scores: Array) -> Array:
    """The same of those paths that read `signs`."""
    first, last = ends(line)
    before = log_sums_of(signs, count, line, scores)
    after = log_sums_of(signs, count, line, scores, backward=True)
    share = np.zeros_like(scores)
    for j, sign in enumerate(signs):
        share[:, sign] += np.exp(before[j, first] + scores[:, sign] + after[j + 1, last] - before[-1, -1])
    return share


def ends(line: Sequence[Segment]) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """The first primitive of each Segment, and the primitive after its last: two arrays (n,)."""
    return np.array([segment.first for segment in line]), np.array([segment.last for segment in line])
