"""Rows and columns of a table beyond its outermost lines, where the paper or the picture ends before a line."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob, boxes_of
from deployment.reader.table.separator import Separator

NEAR = 1.1  # of the usual distance of two lines: writing beyond it is in no row or column of the table
FILLED, LEAST = 0.2, 2  # of the rows (columns) have writing there, and at least so many, in a column (row) of the table
CROSSING = 0.2  # of a blob's width on either side of a line: it is in no column
MOST = 2  # rows or columns beyond each side


def completed(rows: list[Separator], columns: list[Separator],
              blobs: Sequence[Blob]) -> tuple[list[Separator], list[Separator]]:
    """The Separators of rows and columns, with those that are missing beyond the outermost ones."""
    boxes = boxes_of(blobs)
    across = boxes[:, [1, 0, 3, 2]]
    for _ in range(MOST):
        columns = _beyond(columns, rows, across, LEAST)
        rows = _beyond(rows, columns, boxes, LEAST)
        rows = _beyond(rows, columns, boxes, 1, last_only=True)
    return rows, columns


def _beyond(lines, others, boxes, least, last_only=False):
    """Separators with one more before the first and after the last, where there is writing in the cells that these and
    the others enclose. boxes: (n, 4), first and last places across the lines in columns 0 and 2, along them in 1 and
    3."""
    middle = np.mean([boxes[:, 1], boxes[:, 3]], axis=0)
    usual = float(np.median(np.diff([line.at(float(np.mean(middle)) if len(middle) else 0.0) for line in lines])))
    for side in (1,) if last_only else (-1, 1):
        line = lines[0] if side < 0 else lines[-1]
        away = side * ((boxes[:, 0] + boxes[:, 2]) / 2 - line.at(middle))
        outside = boxes[(away > 0) & (away < NEAR * usual)]
        cells = _cells(outside, others)
        if len(cells) and len(np.unique(cells)) >= max(least, FILLED * (len(others) - 1) if least > 1 else 1):
            reach = max(float(np.max(side * (outside[:, 2 if side > 0 else 0] - line.at(outside[:, 1])))), 0.6 * usual)
            added = line.beside(side * min(1.05 * reach, 1.5 * usual))
            lines = [added, *lines] if side < 0 else [*lines, added]
    return lines


def _cells(boxes: NDArray[np.floating], others: Sequence[Separator]) -> NDArray[np.integer]:
    """Between which of the other lines each box lies; none of them where any crosses one."""
    if not len(boxes):
        return np.zeros(0, int)
    at = (boxes[:, 0] + boxes[:, 2]) / 2
    places = np.array([line.at(at) for line in others])
    low, high = boxes[:, 1], boxes[:, 3]
    crossing = ((places > low + CROSSING * (high - low)) & (places < high - CROSSING * (high - low))).any(axis=0)
    cells = (places < (low + high) / 2).sum(axis=0) - 1
    inside = (cells >= 0) & (cells < len(others) - 1)
    return cells[inside] if not crossing.any() else np.zeros(0, int)
