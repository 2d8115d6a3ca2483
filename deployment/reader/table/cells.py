"""What is written in each cell of a grid: its blobs, sorted into lines."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob, lines, usual_height
from deployment.reader.table.grid import Grid

OUTSIDE = 0.3  # of a row's height or a column's width: writing may stand so far outside the outermost lines
SPECK = 0.12  # of the usual height of what is written: less is a speck
FLAT = 2.2  # times wider than high: a dash
ON_LINE = 0.25  # of the usual height: a flat remain of a line of the table is no thicker, and near it


@dataclass(frozen=True)
class Inside:
    """What is written in the cell at a row and column: Blobs, a list for each line."""

    row: int
    column: int
    lines: list[list[Blob]]

    @property
    def blobs(self) -> list[Blob]:
        """All Blobs."""
        return [blob for line in self.lines for blob in line]


def inside(grid: Grid, blobs: Sequence[Blob]) -> list[Inside]:
    """What is written in the cells of a Grid, cell by cell; Blobs are those of the picture of the grid."""
    usual, by_cell = usual_height(blobs), defaultdict(list)
    for blob in blobs:
        if max(blob.height, blob.width) < SPECK * usual:
            continue
        cell = _cell_of(grid, blob)
        if cell is not None and not _is_remain(grid, blob, cell, usual):
            by_cell[cell].append(blob)
    return [Inside(*cell, [line for line in lines(found) if line]) for cell, found in sorted(by_cell.items())]


def _cell_of(grid: Grid, blob: Blob) -> tuple[int, int] | None:
    """The row and column of the middle of a Blob's ink, or None outside the grid."""
    rows, columns = np.nonzero(blob.mask)
    x, y = float(columns.mean()) + blob.left, float(rows.mean()) + blob.top
    down, across = (np.array([float(line.at(at)) for line in lines]) for lines, at in
                    ((grid.rows, x), (grid.columns, y)))
    row, column = _between(down, y), _between(across, x)
    return None if row is None or column is None else (row, column)


def _between(places: NDArray[np.floating], at: float) -> int | None:
    """Between which two of `places` another lies."""
    i = int(np.searchsorted(places, at)) - 1
    if i < 0 and places[0] - at < OUTSIDE * (places[1] - places[0]):
        return 0
    last = len(places) - 1
    if i >= last and at - places[-1] < OUTSIDE * (places[-1] - places[-2]):
        return last - 1
    return i if 0 <= i < last else None


def _is_remain(grid: Grid, blob: Blob, cell: tuple[int, int], usual: float) -> bool:
    """Whether a Blob is what remains of a line of the table: thin, along it and near it."""
    x, y = blob.left + blob.width / 2, blob.top + blob.height / 2
    near = ON_LINE * usual
    if blob.height < near and blob.width > FLAT * blob.height:
        return min(abs(float(grid.rows[i].at(x)) - y) for i in (cell[0], cell[0] + 1)) < near
    if blob.width < near and blob.height > FLAT * blob.width:
        return min(abs(float(grid.columns[i].at(y)) - x) for i in (cell[1], cell[1] + 1)) < near
    return False
