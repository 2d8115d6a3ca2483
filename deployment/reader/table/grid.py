"""The cells of a table between its lines."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.ink import Area, find_ink
from deployment.reader.paper.light import levelled, strongest
from deployment.reader.paper.lost import light_lost
from deployment.reader.paper.opencv import cv2
from deployment.reader.table.outline import Upright, outlines, upright
from deployment.reader.table.separator import Separator, inked
from deployment.reader.table.separators import separators
from deployment.reader.table.stretches import stretches_of

RIM = 0.4  # times the usual width of a sheet's edge, in which no line is
WIDEST = 0.06  # of the picture's long side: the widest stroke or line
SIDE_INKED, CORNER = 0.6, 3  # of a side of a cell, from which on it is one; pixels at its ends that do not count
AROUND = 1.3  # of the usual height of a row or width of a column, around a grid
LEAST_CELLS = 4  # enclosed on at least three sides; fewer are no grid


@dataclass(frozen=True)
class Grid:
    """A table seen straight from above: separators of its rows and columns, from first to last; every: line
    that is seen; enclosed (rows, columns): how many sides of each cell are inked."""

    seen: Upright
    rows: list[Separator]
    columns: list[Separator]
    every: list[Separator]
    enclosed: NDArray[np.integer]

    @property
    def score(self) -> float:
        """How much of it is cells: whole ones count 1, those without a side a half, others against it."""
        sides = self.enclosed
        return float((sides == 4).sum() + 0.5 * (sides == 3).sum() - (sides < 3).sum())


def find_grid(picture: NDArray[np.uint8]) -> Grid | None:
    """The Grid of a picture (H, W) or (H, W, 3) of a table with lines; None where there is none."""
    stretches = stretches_of(_lost(picture))
    grids = [grid for corners in outlines(picture.shape, stretches, find_ink(picture, rim=RIM))
             if (grid := _grid(upright(picture, corners)))]
    best = max(grids, key=lambda grid: grid.score, default=None)
    return best if best is not None and (best.enclosed >= 3).sum() >= LEAST_CELLS else None


def widened(grid: Grid, picture: NDArray[np.uint8]) -> Grid:
    """The same Grid on a picture that goes on around it, by more than a row and a column."""
    middle = np.array(grid.seen.picture.shape[:2]) / 2
    margin = int(max(np.median(np.diff([line.at(middle[1]) for line in grid.rows])),
                     np.median(np.diff([line.at(middle[0]) for line in grid.columns]))) * AROUND)
    margin = min(margin, min(grid.seen.picture.shape[:2]) // 2)
    return replace(grid, seen=grid.seen.widened(picture, margin),
                   rows=[line.moved(margin, margin) for line in grid.rows],
                   columns=[line.moved(margin, margin) for line in grid.columns],
                   every=[line.moved(margin, margin) for line in grid.every])


def corners_of(rows: list[Separator], columns: list[Separator], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Where the lines cross: (rows, columns, 2), x and y."""
    return np.array([[_crossing(row, column, shape) for column in columns] for row in rows])


def area_of(grid: Grid, source: tuple[int, ...]) -> Area:
    """What the outermost lines enclose, and as much around it as an outermost row or column is high or wide, as these
    may have no line beyond; of that, what a picture of the shape `source` shows."""
    rows, columns, shape = grid.rows, grid.columns, grid.seen.picture.shape
    (top, below), (above, bottom) = ([float(line.at(shape[1] / 2)) for line in two] for two in (rows[:2], rows[-2:]))
    (left, right), (before, last) = ([float(line.at(shape[0] / 2)) for line in two]
                                     for two in (columns[:2], columns[-2:]))
    around = ([rows[0].beside(AROUND * (top - below)), rows[-1].beside(AROUND * (bottom - above))],
              [columns[0].beside(AROUND * (left - right)), columns[-1].beside(AROUND * (last - before))])
    shown = grid.seen.shown(source)
    return Area(_enclosed(*around, shape) & shown,
                _enclosed([rows[0], rows[-1]], [columns[0], columns[-1]], shape) & shown)


def _enclosed(rows, columns, shape):
    """A mask (H, W) of what is between two rows and two columns."""
    corners = corners_of(rows, columns, shape)[[0, 0, 1, 1], [0, 1, 1, 0]]
    return cv2.fillConvexPoly(np.zeros(shape[:2], np.uint8), np.rint(corners).astype(np.int32), 1).view(bool)


def lines_of(picture: NDArray[np.uint8]) -> list[Separator]:
    """All lines that are seen on a picture (H, W) or (H, W, 3), of a table or of its paper."""
    lost = _lost(picture)
    return separators(lost, stretches_of(lost))[2]


def _lost(picture):
    """The light lost to ink on a picture, (H, W)."""
    seen = np.atleast_3d(picture)
    return strongest(light_lost(seen, max(9, int(WIDEST * max(seen.shape[:2]))))[0]).astype(np.float32)


def _grid(seen: Upright) -> Grid | None:
    lost = _lost(seen.picture)
    rows, columns, every = separators(lost, stretches_of(lost))
    if len(rows) < 2 or len(columns) < 2:
        return None
    corners = corners_of(rows, columns, lost.shape)
    ink = levelled(lost, np.ones(lost.shape, bool))[0]
    level = np.array([[_is_side(ink, row, x[j, 0], x[j + 1, 0]) for j in range(len(columns) - 1)]
                      for row, x in zip(rows, corners, strict=True)])
    down = np.array([[_is_side(ink.T, column, y[i, 1], y[i + 1, 1]) for column, y in
                      zip(columns, corners.swapaxes(0, 1), strict=True)] for i in range(len(rows) - 1)])
    enclosed = level[:-1].astype(int) + level[1:] + down[:, :-1] + down[:, 1:]
    return Grid(seen, rows, columns, every, enclosed)


def _crossing(row, column, shape):
    """x, y of where two lines cross."""
    x, y = shape[1] / 2, 0.0
    for _ in range(4):
        y = float(row.at(x))
        x = float(column.at(y))
    return x, y


def _is_side(ink, line, first, last):
    """Whether a line is inked between two places."""
    places = np.arange(first + CORNER, last - CORNER)
    return len(places) > 0 and float(inked(ink, places, line.at(places), CORNER).mean()) > SIDE_INKED
