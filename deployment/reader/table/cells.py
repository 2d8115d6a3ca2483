"""What is written in each cell of a grid: its blobs, sorted into lines."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob, box_around, lines, usual_height
from deployment.reader.table.separator import Separator

OUTSIDE = 0.3  # of a row's height or a column's width: writing may stand so far outside the outermost lines
ASTRIDE = 0.15  # of a blob's ink, on the other side of a line: it may belong there
FLAT = 2.2  # times wider than high: a dash
ON_LINE = 0.15  # of the usual height: a flat remain of a line of the table is no thicker, and near it
LARGE = 0.5  # of the usual height: what is lower stands for nothing by itself
HUGS, NEAR_LINE, APART = 0.3, 0.3, 0.9  # usual heights: at a line; from a number to its parts at a line, and elsewhere
TALL, PART_HEIGHT = 1.4, 0.45  # usual heights: what is higher may be two digits on either side of a line, each so high
WIDE, PART_WIDTH = 1.4, 0.45  # the same across
CROSSING = 0.6  # of the usual height: what remains of a crossing of two lines is no larger
AT_LINE, MOSTLY = 0.25, 0.6  # usual heights from a line; the share of its ink there: it may be a remain of the line
OFF_LINE = 0.08  # of the square of the usual height: more ink than that away from the lines is writing
POINT_BELOW, POINT_ASIDE = 0.5, 0.3  # of the height of digits: a point is lower; usual heights: and not further away


@dataclass(frozen=True)
class Inside:
    """What is written in the cell at a row and column: Blobs, a list for each line; over_line: whether some of it, or
    something of a neighbour's, goes over the line between two columns; aside: whether there is more beside it, which is
    no part of it."""

    row: int
    column: int
    lines: list[list[Blob]]
    over_line: bool = False
    aside: bool = False

    @property
    def blobs(self) -> list[Blob]:
        """All Blobs."""
        return [blob for line in self.lines for blob in line]


def inside(rows: Sequence[Separator], columns: Sequence[Separator], blobs: Sequence[Blob]) -> list[Inside]:
    """What is written in the cells between the Separators of rows and columns, cell by cell."""
    usual, by_cell, astride = usual_height(blobs), defaultdict(list), []
    if not blobs:
        return []
    blobs, halves = _parted(blobs, rows, columns, usual)
    x, y = np.array([_middle(blob) for blob in blobs]).T
    down, across = np.array([line.at(x) for line in rows]).T, np.array([line.at(y) for line in columns]).T
    for blob, levels, sides, at in zip(blobs, down, across, zip(x, y, strict=True), strict=True):
        row, column = _between(levels, at[1]), _between(sides, at[0])
        if row is None or column is None:
            continue
        cells = [(row, column), *((row, other) for other in _beside(blob, sides, column))]
        if len(cells) > 1:
            astride.append((blob, cells))
        elif not _is_remain(blob, levels[row : row + 2], sides[column : column + 2], usual):
            by_cell[cells[0]].append(blob)
    written = {cell: list(here) for cell, here in by_cell.items()}
    for blob, cells in astride:  # a number that goes over a line stays together
        gaps = [min((max(other.left - blob.right, blob.left - other.right) for other in written.get(cell, [])),
                    default=np.inf) for cell in cells]
        by_cell[cells[int(np.argmin(gaps))]].append(blob)
    crossed = {cell for _, cells in astride for cell in cells}
    torn = {cell for cell, here in by_cell.items() if any(blob in halves for blob in here)}
    answer = []
    for (row, column), here in sorted(by_cell.items()):
        main = _main(here, rows[row : row + 2], columns[column : column + 2], usual)
        answer.append(Inside(row, column, [line for line in lines(main) if line], (row, column) in crossed,
                             len(main) < len(here) or (row, column) in torn))
    return answer


def tidied(cell: Inside, rows: Sequence[Separator], columns: Sequence[Separator], usual: float) -> Inside | None:
    """A cell without what may be remains of the lines of a table and without specks: with what is no lower than LARGE
    and not along a line, in the one line of writing with most ink, and with what may be points of it; None where that
    leaves the cell as it is, or nothing."""
    around = rows[cell.row : cell.row + 2], columns[cell.column : cell.column + 2]
    large = [blob for blob in cell.blobs if blob.height > LARGE * usual and not _along(blob, *around, usual)]
    main = max(lines(large), key=lambda line: sum(blob.mask.sum() for blob in line), default=[])
    if not main:
        return None
    top, left, bottom, right = box_around(main)
    low, aside = top + POINT_BELOW * (bottom - top), POINT_ASIDE * usual
    points = [blob for blob in cell.blobs if blob.height <= LARGE * usual and not _along(blob, *around, usual)
              and (blob.top + blob.bottom) / 2 > low and blob.top < bottom and left - aside < blob.left < right + aside]
    left_over = [*main, *points]
    if len(left_over) == len(cell.blobs):
        return None
    return replace(cell, lines=[line for line in lines(left_over) if line], aside=True)


def _along(blob: Blob, rows: Sequence[Separator], columns: Sequence[Separator], usual: float) -> bool:
    """Whether most of a Blob's ink is at one of the lines around its cell."""
    down, across = np.nonzero(blob.mask)
    y, x = down + float(blob.top), across + float(blob.left)
    away = [np.abs(y - line.at(x)) for line in rows] + [np.abs(x - line.at(y)) for line in columns]
    near = np.min(away, axis=0) < AT_LINE * usual
    return bool(near.mean() > MOSTLY and (~near).sum() < OFF_LINE * usual**2)


def _parted(blobs: Sequence[Blob], rows: Sequence[Separator], columns: Sequence[Separator],
            usual: float) -> tuple[list[Blob], list[Blob]]:
    """Blobs, and in the place of those that hang together over a line between two cells the parts of these; and these
    parts."""
    answer, parts = [], []
    for blob in blobs:
        shares = [blob]
        if blob.height > TALL * usual:
            shares = [part for share in shares for part in _cut(share, rows, True, PART_HEIGHT * usual)]
        if blob.width > WIDE * usual:
            shares = [part for share in shares for part in _cut(share, columns, False, PART_WIDTH * usual)]
        answer += shares
        parts += shares if len(shares) > 1 else []
    return answer, parts


def _cut(blob: Blob, separators: Sequence[Separator], level: bool, least: float) -> list[Blob]:
    """The parts of a Blob on either side of the Separators, if each of them is so high (wide)."""
    mask = blob.mask if level else blob.mask.T
    across, along = (blob.top, blob.left) if level else (blob.left, blob.top)
    places = np.arange(mask.shape[1]) + along
    of = np.zeros(mask.shape, int)
    for line in separators:
        of += np.arange(len(mask))[:, None] + across > line.at(places)
    here = [np.where(of == i, mask, False) for i in np.unique(of[mask])]
    if len(here) < 2 or min(np.ptp(np.flatnonzero(part.any(axis=1))) for part in here) + 1 < least:
        return [blob]
    return [Blob.of(part if level else part.T, blob.top, blob.left) for part in here]


def _main(blobs: Sequence[Blob], rows: Sequence[Separator], columns: Sequence[Separator], usual: float) -> list[Blob]:
    """The Blobs of a cell without those that stand apart: specks, and ends of lines in a corner or along a side."""
    large = [blob for blob in blobs if blob.height > LARGE * usual]
    if not large or len(large) == len(blobs):
        return list(blobs)
    main = [blob for blob in large if not _hugs(blob, rows, columns, usual)] or large
    return [blob for blob in blobs if blob in main or min(_gap(blob, other) for other in main) < (
        NEAR_LINE if _hugs(blob, rows, columns, usual) else APART) * usual]


def _gap(one: Blob, other: Blob) -> float:
    """The distance of the boxes of two Blobs in pixels."""
    return max(one.left - other.right, other.left - one.right, one.top - other.bottom, other.top - one.bottom, 0)


def _hugs(blob: Blob, rows: Sequence[Separator], columns: Sequence[Separator], usual: float) -> bool:
    """Whether a Blob lies at one of the lines around its cell."""
    x, y = _middle(blob)
    away = [abs(y - float(line.at(x))) for line in rows] + [abs(x - float(line.at(y))) for line in columns]
    return min(away) < HUGS * usual


def _middle(blob):
    """x and y of the middle of a blob's ink."""
    down, across = np.nonzero(blob.mask)
    return float(across.mean()) + blob.left, float(down.mean()) + blob.top


def _beside(blob, sides, column):
    """The columns beside the one it is in, beyond a line, in which a part of a blob's ink is."""
    columns = np.nonzero(blob.mask)[1] + blob.left
    for other, line in ((column - 1, column), (column + 1, column + 1)):
        if 0 <= other < len(sides) - 1 and np.mean((columns < sides[line]) == (other < column)) > ASTRIDE:
            yield other


def _between(places: NDArray[np.floating], at: float) -> int | None:
    """Between which two of `places` another lies."""
    i = int(np.searchsorted(places, at)) - 1
    if i < 0 and places[0] - at < OUTSIDE * (places[1] - places[0]):
        return 0
    last = len(places) - 1
    if i >= last and at - places[-1] < OUTSIDE * (places[-1] - places[-2]):
        return last - 1
    return i if 0 <= i < last else None


def _is_remain(blob: Blob, levels: NDArray[np.floating], sides: NDArray[np.floating], usual: float) -> bool:
    """Whether a Blob is what remains of a line of the table: thin, along it and near it; levels, sides: where the lines
    above and below it run, and left and right of it."""
    near = ON_LINE * usual
    if max(blob.height, blob.width) < CROSSING * usual:  # where two lines cross, both have ends
        at = np.abs(levels - blob.top - blob.height / 2).min(), np.abs(sides - blob.left - blob.width / 2).min()
        if max(at) < near:
            return True
    if blob.height < near and blob.width > FLAT * blob.height:
        return bool(np.abs(levels - blob.top - blob.height / 2).min() < near)
    if blob.width < near and blob.height > FLAT * blob.width:
        return bool(np.abs(sides - blob.left - blob.width / 2).min() < near)
    return False
