"""Cells that nobody can read: what was crossed out or written over."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob, box_around
from deployment.reader.paper.opencv import cv2

LONG, THROUGH = 1.2, 0.75  # usual heights, and of the width of all that is written: a stroke that crosses it out
STEEP = 0.25  # rows a column: it may climb by so much
MIDDLE = (0.2, 0.8)  # of the height of what is written: where it runs
REST = 0.2  # of the ink, at least, both above it and below
FULL, LEAST = 0.75, 0.8  # of its box that is inked, and usual heights of its sides: a blot, or writing over writing


def is_unreadable(blobs: Sequence[Blob], usual: float) -> bool:
    """Whether the Blobs of a cell are crossed out by one long stroke, or written over."""
    if any(blob.mask.mean() > FULL and min(blob.height, blob.width) > LEAST * usual for blob in blobs):
        return True
    top, left, bottom, right = box_around(blobs)
    mask = np.zeros((bottom - top, right - left), bool)
    for blob in blobs:
        blob.draw(mask, top, left)
    length = max(LONG * usual, THROUGH * mask.shape[1])
    return mask.shape[1] >= length and any(_crosses(mask, slope, int(length)) for slope in (-STEEP, -STEEP / 2, 0.0,
                                                                                          STEEP / 2, STEEP))


def _crosses(mask: NDArray[np.bool_], slope: float, length: int) -> bool:
    """Whether a stroke with this slope, so long, runs through the middle of a mask, with ink above and below it."""
    height, width = mask.shape
    matrix = np.array([[1.0, 0.0, 0.0], [-slope, 1.0, max(slope * width, 0.0)]])
    level = cv2.warpAffine(mask.view(np.uint8), matrix, (width, height + int(abs(slope) * width) + 1),
                           flags=cv2.INTER_NEAREST)
    level = cv2.dilate(level, np.ones((3, 1), np.uint8))
    rows = np.flatnonzero(cv2.morphologyEx(level, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)).any(axis=1))
    if not len(rows):
        return False
    inked = np.flatnonzero(level.any(axis=1))
    place = (rows.mean() - inked[0]) / max(np.ptp(inked), 1)
    ink = level.sum()
    return bool(MIDDLE[0] < place < MIDDLE[1] and min(level[: rows[0]].sum(), level[rows[-1] + 1 :].sum()) > REST * ink)
