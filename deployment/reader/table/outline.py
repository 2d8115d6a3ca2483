"""Where on a picture a table may lie: its four corners, and the picture seen straight from above."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.ink import Ink
from deployment.reader.paper.opencv import cv2
from deployment.reader.table.stretches import Stretch

JOINED = 60  # a gap of one part in so many of the picture's side does not part the lines of a table
MARGIN = 0.03  # of the table's long side, around it
LARGEST, SMALLEST = 2000, 0.05  # pixels of the long side of a table; its least share of the picture's area
ENLARGED = 1.5  # times: a small table is enlarged by no more
AVERAGED = 1.4  # pixels of the picture per pixel, from which on they are averaged
SAME = 0.05  # of the picture's long side: corners as near as this are of one outline


@dataclass(frozen=True)
class Upright:
    """A part of a picture seen straight from above: picture (H, W) or (H, W, 3), and the matrix (3, 3) that takes
    places x, y of the whole picture to places on it."""

    picture: NDArray
    matrix: NDArray[np.float64]

    def in_source(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Places (n, 2), x and y, of the whole picture for those on this one."""
        return cv2.perspectiveTransform(np.asarray(points, np.float64)[None], np.linalg.inv(self.matrix))[0]

    def widened(self, picture: NDArray, margin: int) -> "Upright":
        """The same with so many pixels more around it of the whole picture."""
        height, width = self.picture.shape[:2]
        matrix = np.array([[1, 0, margin], [0, 1, margin], [0, 0, 1]]) @ self.matrix
        return Upright(_seen(picture, matrix, (width + 2 * margin, height + 2 * margin)), matrix)

    def shown(self, source: tuple[int, ...]) -> NDArray[np.bool_]:
        """A mask (H, W) of what lies on the whole picture, of the shape `source`, and not beyond its edges."""
        height, width = self.picture.shape[:2]
        return cv2.warpPerspective(np.ones(source[:2], np.uint8), self.matrix, (width, height),
                                   flags=cv2.INTER_NEAREST).view(bool)

    @property
    def enlarged(self) -> float:
        """Pixels per pixel of the whole picture, in the middle."""
        height, width = self.picture.shape[:2]
        middle = np.array([[width / 2, height / 2], [width / 2 + 1, height / 2], [width / 2, height / 2 + 1]])
        at = self.in_source(middle)
        return float(1 / np.sqrt(abs(np.linalg.det(at[1:] - at[0]))))


def outlines(shape: tuple[int, ...], stretches: list[Stretch], ink: Ink) -> list[NDArray[np.float32]]:
    """Corners (4, 2), clockwise from the upper left, of what may be a table on a picture of this shape: the largest
    group of lines that meet, all that the rules of the paper enclose, the sheet."""
    height, width = shape[:2]
    drawn = np.zeros((height, width), np.uint8)
    for stretch in stretches:
        (x, y), (x1, y1) = stretch.ends
        cv2.line(drawn, (round(x), round(y)), (round(x1), round(y1)), 1, max(3, width // 200))
    size = max(3, width // JOINED) | 1, max(3, height // JOINED) | 1
    drawn = cv2.morphologyEx(drawn, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, size))
    n, labels, stats, _ = cv2.connectedComponentsWithStats(drawn)
    groups = []
    if n > 1:
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_WIDTH] * stats[1:, cv2.CC_STAT_HEIGHT]))
        groups.append(np.argwhere(labels == largest)[:, ::-1])
    if ink.rules:
        groups.append(np.array([end for rule in ink.rules for end in rule.ends]) * ink.scale)
    if ink.sheet is not None:
        groups.append(ink.sheet * ink.scale)
    answer: list[NDArray[np.float32]] = []
    for group in groups:
        corners = _corners(group.astype(np.float32))
        near = SAME * max(shape[:2])
        if (cv2.contourArea(corners) >= SMALLEST * height * width and cv2.isContourConvex(corners)
                and not any(np.abs(corners - other).max() < near for other in answer)):
            answer.append(corners)
    return answer


def _corners(points):
    """The outermost of points (n, 2) towards each of the four corners."""
    hull = cv2.convexHull(points)[:, 0]
    down, across = hull.sum(axis=1), hull[:, 0] - hull[:, 1]
    return hull[[down.argmin(), across.argmax(), down.argmax(), across.argmin()]]


def upright(picture: NDArray, corners: NDArray[np.float32]) -> Upright:
    """The part of a picture (H, W) or (H, W, 3) within these corners, and a margin, seen straight from above."""
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    width, height = max(sides[0], sides[2]), max(sides[1], sides[3])
    scale = min(ENLARGED, LARGEST / max(width, height))
    width, height = scale * width, scale * height
    margin = MARGIN * max(width, height)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + np.float32(margin)
    matrix = cv2.getPerspectiveTransform(corners, target)
    return Upright(_seen(picture, matrix, (int(width + 2 * margin), int(height + 2 * margin))), matrix)


def _seen(picture, matrix, size):
    """A picture through a matrix, at this width and height; averaged before it is sampled where it becomes smaller."""
    middle = np.array([[[size[0] / 2, size[1] / 2], [size[0] / 2 + 1, size[1] / 2]]])
    step = float(np.hypot(*np.diff(cv2.perspectiveTransform(middle, np.linalg.inv(matrix))[0], axis=0)[0]))
    if step > AVERAGED:
        picture = cv2.resize(picture, (round(picture.shape[1] / step), round(picture.shape[0] / step)),
                             interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.diag([step, step, 1])
    return cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
