"""Masks, arrays (H, W) of booleans, through OpenCV."""

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.opencv import cv2


def window(side: int) -> NDArray[np.uint8]:
    """A square window for OpenCV's morphology."""
    return np.ones((side, side), np.uint8)


def grown(mask: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """A mask (H, W) dilated by a window of this side, in pixels."""
    return cv2.dilate(np.ascontiguousarray(mask).view(np.uint8), window(side)).view(bool)


def rim(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The outermost pixels of a mask (H, W)."""
    return mask & ~cv2.erode(np.ascontiguousarray(mask).view(np.uint8), window(3)).view(bool)


def labelled(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Connected components (8 neighbours) of a mask (H, W): labels (H, W), 0 off the mask, and their number."""
    n, labels = cv2.connectedComponents(np.ascontiguousarray(mask).view(np.uint8), connectivity=8)
    return labels, n - 1


def boxes_by_label(mask: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """(top, left, bottom, right) of each connected component of a mask (H, W), in the order of `labelled`."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(mask).view(np.uint8), connectivity=8)
    left, top, width, height = stats[1:, :4].T.tolist()
    return [(y, x, y + h, x + w) for y, x, h, w in zip(top, left, height, width, strict=True)]


def box_of(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of what is set in a mask (H, W), which is not empty."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
