"""Components of ink that stand apart from a digit: a point, a comma, a dash, another digit; or the bar of a 5.

Whether a component belongs to the digit is decided by deployment.reader.left_over, which reads the digit with and
without it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.frame import crop, extent, steepness
from deployment.reader.paper.masks import box_of, boxes_by_label, grown, labelled, rim
from deployment.reader.paper.opencv import cv2
from deployment.reader.paper.pick import LEAST

GAP, LEAST_GAP = 0.55, 2.5  # of the stroke's width, and pixels: ink that is nearer is a stroke that ran dry
THIN, THIN_GAP = 1.5, 4  # pixels: strokes thinner than this are broken by the picture's pixels, over so many of them
FAR = 0.35  # of the digit's height: what is farther away is no part of a digit
SOLID = 0.2  # of full ink: less is the soft edge of a stroke
MOST_POINTS = 1500  # of outlines, between which distances are measured
MOST_GROUPS = 32  # of a digit's parts, each a mask: further ones, with shorter strokes, stay with the digit

Box = tuple[int, int, int, int]  # (top, left, bottom, right), pixels


@dataclass(frozen=True)
class Apart:
    """A digit with separate components: ink (h, w), masks (h, w) of the components, whether each is too far away to be
    a part of the digit, and the corner of `ink` in the picture (row, column)."""

    ink: NDArray[np.floating]
    components: list[NDArray[np.bool_]]
    far: list[bool]
    corner: tuple[int, int]

    @classmethod
    def of(cls, ink: NDArray[np.floating]) -> "Apart | None":
        """The Apart of ink (H, W) in [0, 1], 1 at a pen's full strength; None where no component stands apart.

        A component stands about a stroke's width or more away from the rest and is large enough for a sign.
        """
        top, left, _, _ = extent(ink)
        ink = crop(ink)
        groups = groups_of(ink)
        if len(groups) < 2:
            return None
        main = box_of(groups[0])
        height = main[2] - main[0]
        components = [group for group in groups[1:] if sign_sized(box_of(group), height)]
        far = [distance(box_of(component), main) > FAR * height for component in components]
        return cls(ink, components, far, (top, left)) if components else None

    def without(self, indices: Iterable[int]) -> NDArray[np.floating]:
        """The ink (h, w) without these components and without their soft edges."""
        removed = np.any([self.components[i] for i in indices], axis=0)
        return np.where(grown(removed, 5) & (removed | (self.ink <= SOLID)), 0, self.ink)

    def box(self, index: int) -> Box:
        """(top, left, bottom, right) of a component in the picture."""
        return self._in_picture(box_of(self.components[index]))

    def box_without(self, indices: Iterable[int]) -> Box:
        """(top, left, bottom, right) of the digit without these components."""
        return self._in_picture(extent(self.without(indices)))

    def _in_picture(self, box: Box) -> Box:
        return moved(box, self.corner)


def groups_of(ink: NDArray[np.floating]) -> list[NDArray[np.bool_]]:
    """Masks (h, w) of the parts of ink (h, w) in [0, 1] that have a gap between them, that with the longest strokes for
    their width first: of a digit and a blot, the digit."""
    mask = ink > SOLID
    labels, n = labelled(mask)
    if n < 2:
        return [mask]
    outermost, near = rim(mask), cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8)).astype(int)
    area, outline = (np.bincount(near.ravel(), weights.ravel(), n + 1)[1:] for weights in (ink, steepness(ink)))
    # as frame.stroke_width of each component; of the thinner ones, so that a blot counts for little
    width = _weighted_quantile(2 * area / outline, outline, 0.25)
    points, of = np.argwhere(outermost), labels[outermost] - 1
    step = -(-len(points) // MOST_POINTS)
    group = _joined(points[::step], of[::step], n, max(GAP * width, THIN_GAP if width < THIN else LEAST_GAP))
    thin = np.bincount(labels[outermost], minlength=n + 1)[1:] / np.bincount(labels[mask], minlength=n + 1)[1:]
    length = np.bincount(group, outline * thin, n)  # what is wide counts for less
    longest = np.argsort(-length, kind="stable")[:MOST_GROUPS]
    return [np.isin(labels, np.flatnonzero(group == i) + 1) for i in longest if length[i]]


def _joined(points, of, n, gap):
    """A group's number (n,) for each of n components: those are joined between whose points (m, 2) there are `gap`
    pixels or less. of: (m,) the component of each point."""
    group = np.arange(n)
    y, x = points.T.astype(np.float32)
    near = (y[:, None] - y) ** 2 + (x[:, None] - x) ** 2 < (gap + 1) ** 2
    for i, j in np.unique(of[np.argwhere(near)], axis=0):
        group[group == group[i]] = group[j]
    return group


def _weighted_quantile(values, weights, q):
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    return values[order][np.searchsorted(share, share[-1] * q)]


def sign_sized(box: Box, height: float) -> bool:
    """Whether a box is large enough for a sign beside a digit of this height in pixels."""
    top, left, bottom, right = box
    return max(bottom - top, right - left) >= LEAST * height


def distance(box: Box, other: Box) -> int:
    """Pixels between two boxes, the larger of those across and along; below 0 where they overlap."""
    return max(box[0] - other[2], other[0] - box[2], box[1] - other[3], other[1] - box[3])


def moved(box: Box, corner: tuple[int, int]) -> Box:
    """A box in a part of a picture, in pixels of the picture: the part's corner lies at (row, column)."""
    (top, left, bottom, right), (row, column) = box, corner
    return top + row, left + column, bottom + row, right + column


def boxes_of(mask: NDArray[np.bool_]) -> list[Box]:
    """A box for each part of a mask (H, W) that hangs together, from left to right."""
    return sorted(boxes_by_label(mask), key=lambda box: box[1])
