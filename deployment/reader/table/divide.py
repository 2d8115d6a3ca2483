"""Rows and columns that no line parts: where all that is written leaves a gap in the same place."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob, usual_height
from deployment.reader.table.separators import Separator

STEPS = 400  # places across a row or column where a gap is searched
ACROSS, DOWN = 0.6, 0.5  # of the usual height: the least gap between two columns, and between two rows
CROSSED, MANY = 0.15, 5  # of the rows may cross the gap between two columns, as headings do; one of so many
BOTH = 0.5  # of the rows with writing have some on both sides
LEAST_ROWS, LEAST_COLUMNS = 3, 2  # with writing on both sides
SMALL = 0.4  # of the usual height: what is lower is a sign and shows nothing


def divided(rows: list[Separator], columns: list[Separator],
            blobs: Sequence[Blob]) -> tuple[list[Separator], list[Separator]]:
    """The Separators of rows and columns with more where writing is parted, as by lines, without any."""
    usual = usual_height(blobs)
    boxes = np.array([blob.box for blob in blobs if blob.height > SMALL * usual], float).reshape(-1, 4)
    rows = _divided(rows, columns, boxes, DOWN * usual, LEAST_COLUMNS, 0.0)
    columns = _divided(columns, rows, boxes[:, [1, 0, 3, 2]], ACROSS * usual, LEAST_ROWS, CROSSED)
    return rows, columns


def _divided(lines, others, boxes, least, least_cells, crossed):
    """The lines with one more in each gap. boxes: (n, 4), from and to across the lines in columns 0 and 2, along them
    in 1 and 3; least: pixels of a gap."""
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
                       _gaps(ends, cell[here], least / size, least_cells, crossed)]
        answer.append(after)
    return answer


def _gaps(ends: NDArray[np.floating], cell: NDArray[np.integer], least: float, least_cells: int,
          crossed: float) -> list[float]:
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
    return [(first + last) / 2 / STEPS for first, last in edges if last - first >= least * STEPS]


def _between(before: Separator, after: Separator, share: float) -> Separator:
    return Separator(np.polyadd((1 - share) * before.course, share * after.course), None)
