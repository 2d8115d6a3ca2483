"""Find the straight lines of a sheet: rules, squares, margins, boxes, grids.

Lines of two directions are searched, along the rows and along the columns, on a reduced picture, and measured on the
whole one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.light import shrink
from deployment.reader.paper.lines import NOISE, PART, THICKEST, Lines, accepted, lines_along
from deployment.reader.paper.opencv import cv2

LEAST_RULED = 100  # pixels: a smaller picture shows no paper around its digit
SIDE = 800  # pixels of the long side of the picture on which lines are searched
STROKES = 0.7  # of a line's length: on more of it there are no strokes, but other lines
EVEN = 1.5  # times the strength of a line: ink beyond this is a stroke's
SAME = 3.0  # pixels: two rules that are as near are one
THICKER = 1.5  # times the median of its direction: a line that seems thicker has ink beside it


@dataclass(frozen=True)
class Rule:
    """A straight line. level: along the rows, otherwise along the columns; first, last: the columns (or rows) between
    which it is seen; path: its middle row (or column) at each of them; thickness in pixels; strength: its ink, in
    [0, 1]."""

    level: bool
    first: int
    last: int
    path: NDArray[np.float32]
    thickness: float
    strength: float

    @property
    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """((x, y), (x, y)) of its ends."""
        first, last, start, end = float(self.first), float(self.last), float(self.path[0]), float(self.path[-1])
        return ((first, start), (last, end)) if self.level else ((start, first), (end, last))


def noise_of(image: NDArray[np.floating]) -> float:
    """The standard deviation of the noise in (H, W), from a kernel that straight lines do not answer (Immerkaer 1996);
    the median in the place of the mean, so that strokes count for little."""
    curve = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    answer = cv2.filter2D(image, -1, curve)[1:-1:2, 1:-1:2]
    return float(np.median(np.abs(answer)) / 0.6745 / 6) if answer.size else 0.0


def find_rules(ink: NDArray[np.floating], least: float, paper: NDArray[np.bool_] | None = None) -> list[Rule]:
    """The Rules in ink (H, W) in [0, 1] whose strength is `least` or more; paper: where it is, if not everywhere."""
    if min(ink.shape) < LEAST_RULED:
        return []
    small = shrink(ink, SIDE)
    least = max(least, NOISE * noise_of(small) / 3)  # a mean over nine pixels has a third of their noise
    small = cv2.blur(small, (3, 3))
    zoom = ink.shape[1] / small.shape[1]
    inside = np.ones(small.shape, bool) if paper is None else shrink(paper.view(np.uint8), SIDE).astype(bool)
    views = small, np.ascontiguousarray(small.T)
    level, upright = (lines_along(view, least, on) for view, on in zip(views, (inside, inside.T), strict=True))
    both = accepted(level, upright, views[0].shape), accepted(upright, level, views[1].shape)
    rules = [measured(view, lines, zoom, along)
             for lines, view, along in zip(both, (ink, ink.T), (True, False), strict=True)]
    return [replace(rule, thickness=min(rule.thickness, 1 + THICKER * float(np.median([r.thickness for r in family]))))
            for family in rules for rule in family]


def measured(ink: NDArray[np.floating], lines: Lines, zoom: float, level: bool) -> list[Rule]:
    """The Rules of lines on a picture reduced by `zoom`: thickness and strength as the median across each has it."""
    rules = []
    reach = int(THICKEST * zoom) + 3
    for row, first, last in zip(lines.rows, lines.first, lines.last, strict=True):
        start, end = lines.at[first] - 1.5 * PART, lines.at[last] + 1.5 * PART  # the ends may lie between two points
        x = np.arange(max(int(start * zoom), 0), min(int(end * zoom), ink.shape[1]))
        path = (np.interp(x / zoom, lines.at, row) + 0.5) * zoom - 0.5
        path += _aside(_sampled(ink, path, x, int(1.5 * zoom) + 1))
        values = _sampled(ink, path, x, reach)[:, :: max(1, len(x) // 200)]
        beside = values[[0, 1, -2, -1]].max(axis=0) > 0.5 * np.median(values[reach])  # there are strokes here
        if beside.mean() < STROKES:
            values = values[:, ~beside]
        rank = int(0.6 * values.shape[1])
        profile = np.partition(values, rank, axis=1)[:, rank]
        middle = reach - 2 + int(profile[reach - 2 : reach + 3].argmax())
        peak = float(profile[middle])
        thin = profile <= 0.5 * peak
        above, below = int(thin[middle::-1].argmax()), int(thin[middle:].argmax())
        if peak > 0 and above and below and above + below - 1 <= THICKEST * zoom:
            path += middle - reach + (below - above) / 2
            path += centred(ink, path, x, (above + below) // 2 + 1, EVEN * peak)
            rules.append(Rule(level, int(x[0]), int(x[-1]) + 1, path.astype(np.float32), float(above + below - 1),
                              peak))
    return rules


def is_new(rule: Rule, others: Sequence[Rule]) -> bool:
    """Whether no other Rule runs where this one does."""
    middle = (rule.first + rule.last) // 2
    return not any(other.level == rule.level and other.first <= middle < other.last and
                   abs(other.path[middle - other.first] - rule.path[middle - rule.first]) < SAME for other in others)


def _sampled(ink, path, x, reach):
    """Ink (H, W) at most `reach` rows from a path at the columns x: (2 reach + 1, columns)."""
    rows = np.rint(path).astype(int) + np.arange(-reach, reach + 1)[:, None]
    return ink[np.clip(rows, 0, len(ink) - 1), x] * ((rows >= 0) & (rows < len(ink)))


def _aside(band):
    """By how many rows the darkest place of a band (2 n + 1, columns) is off its middle, for each column; the median of
    several parts."""
    n = _parts(band.shape[1])
    length = band.shape[1] // n
    parts = band[:, : n * length].reshape(len(band), n, length).mean(axis=2)
    return _smooth((parts.argmax(axis=0) - len(band) // 2).astype(np.float32), band.shape[1])


def centred(ink: NDArray[np.floating], path: NDArray[np.floating], x: NDArray[np.integer], reach: int,
            most: float) -> NDArray[np.floating]:
    """By how many rows the centre of the ink within `reach` rows of a path is off it, for each column."""
    rows = np.rint(path) + np.arange(-reach, reach + 1)[:, None]
    weight = np.clip(_sampled(ink, path, x, reach), 0, most)
    n = _parts(len(x))
    length = len(x) // n
    moment, total = (values[:, : n * length].reshape(-1, n, length).sum(axis=(0, 2))
                     for values in (weight * (rows - path), weight))
    return _smooth(moment / np.maximum(total, 1e-6), len(x))


def _parts(columns: int) -> int:
    """Into how many parts so many columns of a line are divided."""
    return max(1, columns // (2 * PART))


def _smooth(shift, columns):
    """The median of each part of a line and its four neighbours, interpolated to so many columns."""
    n = len(shift)
    shift = np.median([shift[np.clip(np.arange(n) + i, 0, n - 1)] for i in (-2, -1, 0, 1, 2)], axis=0)
    return np.interp(np.arange(columns), (np.arange(n) + 0.5) * (columns // n), shift)
