"""What is written in each cell of a grid: its blobs, sorted into lines."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob, lines, usual_height
from deployment.reader.table.separators import Separator

OUTSIDE = 0.3  # of a row's height or a column's width: writing may stand so far outside the outermost lines
SPECK = 0.12  # of the usual height of what is written: less is a speck
ASTRIDE = 0.15  # of a blob's ink, on the other side of a line: it may belong there
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


def inside(rows: Sequence[Separator], columns: Sequence[Separator], blobs: Sequence[Blob]) -> list[Inside]:
    """What is written in the cells of a Grid, cell by cell; Blobs are those of the picture of the grid."""
    usual, by_cell, astride = usual_height(blobs), defaultdict(list), []
    for blob in blobs:
        if max(blob.height, blob.width) < SPECK * usual:
            continue
        cells = _cells_of(rows, columns, blob)
        if len(cells) > 1:
            astride.append((blob, cells))
        elif cells and not _is_remain(rows, columns, blob, cells[0], usual):
            by_cell[cells[0]].append(blob)
    written = {cell: list(found) for cell, found in by_cell.items()}
    for blob, cells in astride:  # a number that goes over a line stays together
        gaps = [min((max(other.left - blob.right, blob.left - other.right) for other in written.get(cell, [])),
                    default=np.inf) for cell in cells]
        by_cell[cells[int(np.argmin(gaps))]].append(blob)
    return [Inside(*cell, [line for line in lines(found) if line]) for cell, found in sorted(by_cell.items())]


def _cells_of(rows: Sequence[Separator], columns: Sequence[Separator], blob: Blob) -> list[tuple[int, int]]:
    """The rows and columns of the cells that a Blob is in, that with most of its ink first: one, or two where it goes
    over the line between two columns; none outside the grid."""
    down_ink, across_ink = np.nonzero(blob.mask)
    x, y = float(across_ink.mean()) + blob.left, float(down_ink.mean()) + blob.top
    down, across = (np.array([float(line.at(at)) for line in lines]) for lines, at in
                    ((rows, x), (columns, y)))
    row, column = _between(down, y), _between(across, x)
    if row is None or column is None:
        return []
    cells = [(row, column)]
    for other, line in ((column - 1, column), (column + 1, column + 1)):
        beyond = np.mean((across_ink + blob.left < across[line]) == (other < column))
        if 0 <= other < len(across) - 1 and beyond > ASTRIDE:
            cells.append((row, other))
    return cells


def _between(places: NDArray[np.floating], at: float) -> int | None:
    """Between which two of `places` another lies."""
    i = int(np.searchsorted(places, at)) - 1
    if i < 0 and places[0] - at < OUTSIDE * (places[1] - places[0]):
        return 0
    last = len(places) - 1
    if i >= last and at - places[-1] < OUTSIDE * (places[-1] - places[-2]):
        return last - 1
    return i if 0 <= i < last else None


def _is_remain(rows: Sequence[Separator], columns: Sequence[Separator], blob: Blob, cell: tuple[int, int], usual: float) -> bool:
    """Whether a Blob is what remains of a line of the table: thin, along it and near it."""
    x, y = blob.left + blob.width / 2, blob.top + blob.height / 2
    near = ON_LINE * usual
    if blob.height < near and blob.width > FLAT * blob.height:
        return min(abs(float(rows[i].at(x)) - y) for i in (cell[0], cell[0] + 1)) < near
    if blob.width < near and blob.height > FLAT * blob.width:
        return min(abs(float(columns[i].at(y)) - x) for i in (cell[1], cell[1] + 1)) < near
    return False
