"""Rows and columns that no line parts: where all that is written leaves a gap in the same place."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob, boxes_of, usual_height
from deployment.reader.table.separator import Separator

STEPS = 400  # places across a row or column where a gap is searched
ACROSS, DOWN = 0.6, 0.5  # of the usual height: the least gap between two columns, and between two rows
NARROW, USUALLY = 0.35, 1.2  # of that; of the usual height: where gaps are usually so wide, the least one is narrower
PERHAPS = 0.8  # of the usual height: where gaps are usually so wide, what stands beside them may be two columns
AROUND_SIGN = 0.3  # usual heights beside a sign: no gap between columns
CROSSED, MANY = 0.15, 5  # of the rows may cross the gap between two columns, as headings do; one of so many
BOTH = 0.5  # of the rows with writing have some on both sides
LEAST_ROWS, LEAST_COLUMNS = 3, 2  # with writing on both sides


def divided(rows: list[Separator], columns: list[Separator], blobs: Sequence[Blob],
            ruled: bool = True) -> tuple[list[Separator], list[Separator]]:
    """The Separators of rows and columns with more where writing is parted, as by lines, without any; not ruled: where
    no line parts the columns, they may stand closer."""
    usual = usual_height(blobs)
    boxes = boxes_of(blobs)
    rows = _divided(rows, columns, boxes, DOWN * usual, LEAST_COLUMNS, 0.0)
    if ruled:
        return rows, _columns(rows, columns, boxes, usual, np.inf)
    return rows, _columns(rows, columns, _with_signs(boxes, blobs, usual), usual, USUALLY)


def may_be_two(rows: list[Separator], column: Sequence[Separator], blobs: Sequence[Blob], usual: float) -> bool:
    """Whether what stands between two Separators, with no line beside it, may be two columns: all gaps are in the same
    place, but narrower than between columns that are divided."""
    return len(_columns(rows, column, _with_signs(boxes_of(blobs), blobs, usual), usual, PERHAPS)) > len(column)


def _columns(rows, columns, boxes, usual, usually):
    """The Separators of columns with more in each gap between boxes; usually: as USUALLY."""
    return _divided(columns, rows, boxes[:, [1, 0, 3, 2]], ACROSS * usual, LEAST_ROWS, CROSSED, usually * usual)


def _with_signs(boxes: NDArray[np.floating], blobs: Sequence[Blob], usual: float) -> NDArray[np.floating]:
    """Boxes with those of signs and a margin beside these: a point stands between digits that belong together."""
    around = usual * np.array([0, -AROUND_SIGN, 0, AROUND_SIGN])
    return np.concatenate([boxes, boxes_of(blobs, signs=True) + around])


def _divided(lines, others, boxes, least, least_cells, crossed, usually=np.inf):
    """The lines with one more in each gap. boxes: (n, 4), from and to across the lines in columns 0 and 2, along them
    in 1 and 3; least: pixels of a gap, or of NARROW of it where it is usually so wide."""
    along = (boxes[:, 1] + boxes[:, 3]) / 2
    cell = np.array([line.at((boxes[:, 0] + boxes[:, 2]) / 2) < along for line in others]).sum(axis=0) - 1
    answer = [lines[0]]
    for before, after in pairwise(lines):
        low, high = before.at(along), after.at(along)
        middle = (boxes[:, 0] + boxes[:, 2]) / 2
        here = (middle > low) & (middle < high) & (cell >= 0) & (cell < len(others) - 1)
        if here.sum() >= 2 * least_cells:
            size = float(np.median(high[here] - low[here]))
            ends = (boxes[here][:, [0, 2]] - low[here, None]) / (high - low)[here, None]
            answer += [_between(before, after, at) for at in
                       _gaps(ends, cell[here], least / size, least_cells, crossed, usually / size)]
        answer.append(after)
    return answer


def _gaps(ends: NDArray[np.floating], cell: NDArray[np.integer], least: float, least_cells: int,
          crossed: float, usually: float) -> list[float]:
    """The middles of the gaps, from 0 to 1, in what lies between `ends` (n, 2) in the cells (n,)."""
    at, cells = (np.arange(STEPS) + 0.5) / STEPS, np.unique(cell)
    covered = np.zeros((len(cells), STEPS), bool)
    for (first, last), of in zip(ends, cell, strict=True):
        covered[np.searchsorted(cells, of)] |= (at >= first) & (at <= last)
    before = np.maximum.accumulate(covered, axis=1)
    after = np.maximum.accumulate(covered[:, ::-1], axis=1)[:, ::-1]
    both = (before & after & ~covered).sum(axis=0)
    most = max(crossed * len(cells), float(crossed > 0 and len(cells) >= MANY))
    free = ((covered.sum(axis=0) <= most) & (both >= max(least_cells, BOTH * len(cells)))).astype(int)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free, [0]]))).reshape(-1, 2)
    between = before & after & ~covered
    chosen = [(first, last) for first, last in edges if last - first >= least * STEPS or (
        last - first >= NARROW * least * STEPS and _usual_gap(between, (first + last) // 2) >= usually * STEPS)]
    middle = STEPS * ends.mean(axis=1)
    stay: list[tuple[int, int]] = []
    for gap in chosen:  # with hardly anything between two of them they are one, which something crosses
        if stay and len(np.unique(cell[(middle > stay[-1][1]) & (middle < gap[0])])) <= most:
            gap = max(gap, stay.pop(), key=lambda one: one[1] - one[0])
        stay.append(gap)
    stay = _parting(stay, covered, middle, np.searchsorted(cells, cell), least * STEPS)
    return [(first + last) / 2 / STEPS for first, last in stay]


def _parting(gaps: Sequence[tuple[int, int]], covered: NDArray[np.bool_], middle: NDArray[np.floating],
             cell: NDArray[np.integer], least: float) -> list[tuple[int, int]]:
    """The gaps that have something on both sides in one cell at least, not joined by a word; what never stands beside
    something else is one column: now on its left, now on its right."""
    answer: list[tuple[int, int]] = list(gaps)
    i = 0
    while i < len(answer):
        low = answer[i - 1][1] if i else 0
        high = answer[i + 1][0] if i + 1 < len(answer) else STEPS
        at = sum(answer[i]) / 2
        joined = np.any(covered[:, int(at - least / 2) : int(at + least / 2) + 1], axis=1)
        both = np.intersect1d(cell[(middle > low) & (middle < at)], cell[(middle > at) & (middle < high)])
        if joined[both].all():
            answer.pop(i)
            i = max(i - 1, 0)
        else:
            i += 1
    return answer


def _usual_gap(free: NDArray[np.bool_], at: int) -> float:
    """The median over the cells of how many steps around a place are free in each, where it is."""
    here = free[free[:, at]]
    left = at - np.where(here[:, :at], -1, np.arange(at)).max(axis=1, initial=-1)
    right = np.where(here[:, at:], here.shape[1], np.arange(at, here.shape[1])).min(axis=1) - at
    return float(np.median(left + right - 1))


def _between(before: Separator, after: Separator, share: float) -> Separator:
    return Separator(np.asarray(np.polyadd((1 - share) * before.course, share * after.course), np.float64), None)
