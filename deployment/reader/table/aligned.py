"""A table without lines: rows by their base lines, columns by the gaps between what is written."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob, box_around, lines, usual_height
from deployment.reader.paper.opencv import cv2
from deployment.reader.table.divide import divided
from deployment.reader.table.outline import Upright
from deployment.reader.table.separator import Separator

LEAST_ROWS, LEAST_COLUMNS = 3, 2  # fewer, and what is written is no table
SMALL = 0.4  # of the usual height: what is lower does not show where a row runs
TILT = 0.35  # rows a column: text that runs steeper is not straightened
LONG = 6.0  # usual heights: a row is so long, from its first to its last blob, if it shows the tilt
NEAR = 0.6  # usual heights: parts of a line are no farther apart, up and down
CLOSE = 0.7  # of the usual distance of two lines: parts of one line, that stand beside each other, are nearer
AROUND = 0.5  # usual heights around the outermost blobs


def tilt(blobs: Sequence[Blob]) -> float:
    """By how many rows a column the lines of writing fall, the median of long ones; 0 where there is none."""
    usual, slopes = usual_height(blobs), []
    for row in lines(blobs):
        feet = np.array([(blob.left + blob.width / 2, blob.bottom) for blob in row if blob.height > SMALL * usual])
        if len(feet) >= LEAST_COLUMNS and np.ptp(feet[:, 0]) > LONG * usual:
            slopes.append(float(np.polyfit(feet[:, 0], feet[:, 1], 1)[0]))
    slope = float(np.median(slopes)) if slopes else 0.0
    return slope if abs(slope) < TILT else 0.0


def straightened(picture: NDArray[np.uint8], slope: float) -> Upright:
    """A picture turned so that lines with this slope are level."""
    height, width = picture.shape[:2]
    matrix = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), float(np.degrees(np.arctan(slope))), 1.0),
                        [0.0, 0.0, 1.0]])
    return Upright(cv2.warpPerspective(picture, matrix, (width, height), flags=cv2.INTER_LINEAR,
                                       borderMode=cv2.BORDER_REPLICATE), matrix)


def aligned(blobs: Sequence[Blob]) -> tuple[list[Separator], list[Separator]] | None:
    """The Separators of the rows and columns in which Blobs stand; None where they are no table."""
    usual = usual_height(blobs)
    middles = _middles(blobs, usual)
    if len(middles) < LEAST_ROWS:
        return None
    top, left, bottom, right = box_around(blobs)
    between = (middles[:-1] + middles[1:]) / 2
    levels = [_level(at) for at in (top - AROUND * usual, *between, bottom + AROUND * usual)]
    columns = divided(levels, [_level(left - AROUND * usual), _level(right + AROUND * usual)], blobs, ruled=False)[1]
    return (levels, columns) if len(columns) > LEAST_COLUMNS else None


def _middles(blobs: Sequence[Blob], usual: float) -> NDArray[np.floating]:
    """The rows of the middles of lines of writing; parts of a line that are far apart are one."""
    written = [[blob for blob in row if blob.height > SMALL * usual] for row in lines(blobs)]
    groups = _joined(sorted(filter(None, written), key=_middle), NEAR * usual)
    spacing = np.diff([_middle(group) for group in groups])
    if len(spacing):
        groups = _joined(groups, CLOSE * float(np.median(spacing)), beside=True)
    return np.array([_middle(group) for group in groups])


def _joined(rows: Sequence[list[Blob]], near: float, beside: bool = False) -> list[list[Blob]]:
    """Rows of blobs, from above to below, joined with the next one if their middles are nearer than this; beside: and
    if nothing of one stands above something of the other."""
    answer = [rows[0]] if rows else []
    for row in rows[1:]:
        before = answer[-1]
        apart = all(one.right < other.left or other.right < one.left for one in before for other in row)
        if _middle(row) - _middle(before) < near and (apart or not beside):
            answer[-1] = [*before, *row]
        else:
            answer.append(row)
    return answer


def _middle(row: Sequence[Blob]) -> float:
    return float(np.mean([blob.top + blob.bottom for blob in row])) / 2


def _level(at: float) -> Separator:
    return Separator(np.array([0.0, float(at)]), None)
