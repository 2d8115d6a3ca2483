"""The cells of a table between its lines."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.ink import find_ink, light_lost
from deployment.reader.paper.light import levelled, strongest
from deployment.reader.table.outline import Upright, outlines, upright
from deployment.reader.table.pieces import pieces_of
from deployment.reader.table.separators import Separator, inked, separators

WIDEST = 0.06  # of the picture's long side: the widest stroke or line
SIDE_INKED, CORNER = 0.6, 3  # of a side of a cell, from which on it is one; pixels at its ends that do not count
LEAST_CELLS = 4  # enclosed on at least three sides; fewer are no grid


@dataclass(frozen=True)
class Grid:
    """A table seen straight from above: separators of its rows and columns, from first to last; enclosed (rows,
    columns): how many sides of each cell are inked; corners (rows + 1, columns + 1, 2): x, y."""

    seen: Upright
    rows: list[Separator]
    columns: list[Separator]
    corners: NDArray[np.float64]
    enclosed: NDArray[np.integer]

    @property
    def score(self) -> float:
        """How much of it is cells: whole ones count 1, those without a side a half, others against it."""
        sides = self.enclosed
        return float((sides == 4).sum() + 0.5 * (sides == 3).sum() - (sides < 3).sum())


def find_grid(picture: NDArray[np.uint8]) -> Grid | None:
    """The Grid of a picture (H, W) or (H, W, 3) of a table with lines; None where there is none."""
    pieces = pieces_of(_lost(picture))
    grids = [grid for corners in outlines(picture.shape, pieces, find_ink(picture))
             if (grid := _grid(upright(picture, corners)))]
    best = max(grids, key=lambda grid: grid.score, default=None)
    return best if best is not None and (best.enclosed >= 3).sum() >= LEAST_CELLS else None


def _lost(picture):
    """The light lost to ink on a picture, (H, W)."""
    seen = np.atleast_3d(picture)
    return strongest(light_lost(seen, max(9, int(WIDEST * max(seen.shape[:2]))))[0]).astype(np.float32)


def _grid(seen: Upright) -> Grid | None:
    lost = _lost(seen.picture)
    rows, columns = separators(lost, pieces_of(lost))
    if len(rows) < 2 or len(columns) < 2:
        return None
    corners = np.array([[_crossing(row, column, lost.shape) for column in columns] for row in rows])
    ink = levelled(lost, np.ones(lost.shape, bool))[0]
    level = np.array([[_is_side(ink, row, x[j, 0], x[j + 1, 0]) for j in range(len(columns) - 1)]
                      for row, x in zip(rows, corners, strict=True)])
    down = np.array([[_is_side(ink.T, column, y[i, 1], y[i + 1, 1]) for column, y in
                      zip(columns, corners.swapaxes(0, 1), strict=True)] for i in range(len(rows) - 1)])
    enclosed = level[:-1].astype(int) + level[1:] + down[:, :-1] + down[:, 1:]
    return Grid(seen, rows, columns, corners, enclosed)


def _crossing(row, column, shape):
    """x, y of where two lines cross."""
    x = shape[1] / 2
    for _ in range(4):
        y = float(row.at(x))
        x = float(column.at(y))
    return x, y


def _is_side(ink, line, first, last):
    """Whether a line is inked between two places."""
    places = np.arange(first + CORNER, last - CORNER)
    return len(places) > 0 and float(inked(ink, places, line.at(places), CORNER).mean()) > SIDE_INKED
