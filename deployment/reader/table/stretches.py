"""Straight stretches of thin lines, along the rows and along the columns of a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.light import otsu
from deployment.reader.paper.opencv import cv2

LENGTH, LEAST = 45, 18  # a stretch is longer than one part in so many of the picture's side, and than so many pixels
PART = 6  # times that: longer ones are divided, as they may be bent
LONGER = 1.2  # times that: shorter ones are strokes
INK = 0.06  # of the light: less is no ink
FAINT = 0.45  # of the threshold between ink and paper: lines are paler than strokes
STRAIGHT = 2.5  # pixels off a straight line, in the median
THICK, THICKEST = 0.02, 4  # of the picture's long side, and pixels more: no line is as thick


@dataclass(frozen=True)
class Stretch:
    """A straight stretch of a line. level: along the rows; first, last: columns (or rows) of its ends; slope, row: its
    row (or column) is row + slope times the column (or row)."""

    level: bool
    first: int
    last: int
    slope: float
    row: float

    def at(self, places: NDArray[np.floating]) -> NDArray[np.floating]:
        """Its rows at these columns, or its columns at these rows."""
        return self.row + self.slope * places

    @property
    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """((x, y), (x, y)) of its ends."""
        start, end = (float(row) for row in self.at(np.array([self.first, self.last])))
        first, last = float(self.first), float(self.last)
        return ((first, start), (last, end)) if self.level else ((start, first), (end, last))


def stretches_of(lost: NDArray[np.float32]) -> list[Stretch]:
    """The Stretches in the light lost (H, W) to ink."""
    some = lost[lost > INK]
    if some.size < 10:
        return []
    mask = (lost > max(0.8 * INK, FAINT * otsu(some))).view(np.uint8)
    return [*_along(mask, True), *_along(np.ascontiguousarray(mask.T), False)]


def _along(mask, level):
    """Stretches along the rows of a mask (H, W)."""
    length = max(LEAST, mask.shape[1] // LENGTH)
    thickest = THICK * max(mask.shape) + THICKEST
    steps = cv2.dilate(mask, np.ones((3, 1), np.uint8))  # a line that is not level goes on in the next row
    runs = cv2.morphologyEx(steps, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    n, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    answer = []
    for i in range(1, n):
        x, y, width, height = stats[i, :4]
        if width < LONGER * length:
            continue
        rows, columns = np.nonzero(labels[y : y + height, x : x + width] == i)
        count = np.bincount(columns, minlength=width)
        at = np.flatnonzero(count)
        middle = np.bincount(columns, rows, minlength=width)[at] / count[at]
        for part in np.array_split(np.arange(len(at)), max(1, round(width / (PART * length)))):
            slope, row = np.polyfit(at[part], middle[part], 1)
            off = np.median(np.abs(middle[part] - row - slope * at[part]))
            if off < STRAIGHT and np.median(count[at[part]]) < thickest:
                first, last = int(at[part[0]]), int(at[part[-1]]) + 1
                answer.append(Stretch(level, int(x) + first, int(x) + last, float(slope), float(row + y - slope * x)))
    return answer
