"""The table on a picture: seen straight from above, its ink, and the lines of its rows and columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob, blobs, usual_height
from deployment.reader.paper.ink import find_ink
from deployment.reader.table.aligned import aligned, straightened, tilt
from deployment.reader.table.divide import divided
from deployment.reader.table.grid import RIM, area_of, find_grid, lines_of, widened
from deployment.reader.table.outer import completed
from deployment.reader.table.outline import Upright
from deployment.reader.table.remains import without_remains
from deployment.reader.table.separator import Separator

LARGE, CROSSED, MOSTLY = 0.5, 0.2, 0.25  # of the usual height; of its width, from its sides; of what is written
LINES, NEARLY = 3, 0.002  # level lines that show how a sheet is turned; rows a column: it needs not be turned


@dataclass(frozen=True)
class Sheet:
    """A table as it is read: the picture seen straight, its ink, blobs, and the Separators of its rows and columns."""

    seen: Upright
    ink: NDArray[np.float32]
    mask: NDArray[np.bool_]
    blobs: list[Blob]
    rows: list[Separator]
    columns: list[Separator]
    ruled: bool


def find_sheet(picture: NDArray[np.uint8]) -> Sheet | None:
    """The Sheet of a picture (H, W) or (H, W, 3); None where no table is seen."""
    sheet = _with_lines(picture)
    if sheet is None or _is_paper(sheet):  # numbers in columns on squared paper
        return _without_lines(picture, squared=sheet is not None) or sheet
    return sheet


def _with_lines(picture: NDArray[np.uint8]) -> Sheet | None:
    """The Sheet of a table with lines."""
    grid = find_grid(picture)
    if grid is None:
        return None
    grid = widened(grid, picture)
    seen = grid.seen.picture
    rules = [line.seen for line in grid.every]
    ink = find_ink(seen, side=max(seen.shape), rules=rules, rim=RIM, area=area_of(grid, picture.shape))
    mask = without_remains(ink.mask, rules)
    marks = blobs(ink.ink, mask, points=True)
    return Sheet(grid.seen, ink.ink, mask, marks, *divided(*completed(grid.rows, grid.columns, marks), marks), True)


def _is_paper(sheet: Sheet) -> bool:
    """Whether the lines of a Sheet are those of squared paper: what is written goes over them."""
    usual = usual_height(sheet.blobs)
    large = [blob for blob in sheet.blobs if LARGE * usual < blob.height < 2 * usual]
    columns = [line for line in sheet.columns if line.rule]
    crossed = [any(blob.left + CROSSED * blob.width < line.at((blob.top + blob.bottom) / 2) < blob.right -
                   CROSSED * blob.width for line in columns) for blob in large]
    return bool(crossed and np.mean(crossed) > MOSTLY)


def _without_lines(picture: NDArray[np.uint8], squared: bool = False) -> Sheet | None:
    """The Sheet of a table without lines, or with lines between its rows alone; or on squared paper."""
    lines = lines_of(picture)
    written = _written(picture, lines, squared)
    level = [line.slope for line in lines if line.seen.level]
    slope = float(np.median(level)) if len(level) >= LINES else tilt(blobs(*written))
    slope = slope if abs(slope) > NEARLY else 0.0
    seen = straightened(picture, slope)
    if slope:
        written = _written(seen.picture, lines_of(seen.picture), squared)
    marks = blobs(*written, points=True)
    parts = aligned(marks) if marks else None
    return Sheet(seen, *written, marks, *parts, False) if parts else None


def _written(picture: NDArray[np.uint8], lines: Sequence[Separator],
             squared: bool) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Ink and mask (H, W) of a picture without its level lines, or without all."""
    rules = [line.seen for line in lines if line.seen and (squared or line.seen.level)]
    ink = find_ink(picture, side=max(picture.shape), rules=rules, rim=RIM)
    return ink.ink, ink.mask
