"""The light that ink takes from paper: the paper is a picture without what is dark and narrow."""

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.light import enlarge
from deployment.reader.paper.masks import grown, window
from deployment.reader.paper.opencv import cv2

DARKEST = 0.4  # of the usual light: where the paper is darker, noise would pass for ink
REDUCED = 13  # pixels: the least side of a closing on a reduced picture


def reduced(picture: NDArray, factor: int) -> NDArray:
    """A picture averaged over squares of factor x factor pixels, repeated outwards to whole squares.

    An edge stays an edge in any direction then: with squares of broken sides it would have steps.
    """
    if factor == 1:
        return picture
    below, right = (-n % factor for n in picture.shape[:2])
    whole = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return cv2.resize(whole, (whole.shape[1] // factor, whole.shape[0] // factor), interpolation=cv2.INTER_AREA)


def restored(small: NDArray, factor: int, shape: tuple[int, ...]) -> NDArray:
    """A reduced picture interpolated to the height and width of `shape`, which it had before."""
    whole = enlarge(small, (small.shape[0] * factor, small.shape[1] * factor))
    return whole[: shape[0], : shape[1]]


def light_lost(picture: NDArray[np.uint8], widest: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The share of its light that each channel of a picture (H, W, C) of dark ink lost, and the paper: a
    closing wider than the `widest` stroke in pixels."""
    _, closed, factor = small_closing(picture, widest)
    paper = np.atleast_3d(restored(cv2.blur(closed, (3, 3)), factor, picture.shape))
    floor = np.maximum(paper, np.uint8(DARKEST * np.quantile(paper[::8, ::8], 0.7)))
    left = np.atleast_3d(cv2.divide(picture, floor, dtype=cv2.CV_32F))
    return np.subtract(1, left, out=left), paper


def small_closing(picture: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], int]:
    """(a picture (h, w, C) reduced as far as a closing of `side` pixels allows, which would take long on the whole one;
    this closing of it; the factor)."""
    factor = max(1, side // REDUCED)
    small = np.atleast_3d(reduced(picture, factor))
    return small, closing(small, int(side / factor) | 1), factor


def closing(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A picture (H, W, C) without what is dark and narrower than `side` pixels.

    Beyond its edges the paper goes on as it falls off towards them; otherwise falling light would be ink there.
    """
    wide = np.atleast_3d(cv2.dilate(picture, window(side)))  # here strokes are gone
    margin = min(side // 2, min(picture.shape[:2]) - 1)
    around = ((margin, margin), (margin, margin), (0, 0))
    wide = np.pad(wide.astype(np.int16), around, mode="reflect", reflect_type="odd").clip(0, 255).astype(np.uint8)
    closed = np.atleast_3d(cv2.erode(wide, window(side)))
    return np.ascontiguousarray(closed[margin : margin + picture.shape[0], margin : margin + picture.shape[1]])


def narrow(picture: NDArray[np.uint8], side: int, least: NDArray[np.floating]) -> NDArray[np.bool_]:
    """A mask of where a picture (H, W, C) of dark ink lost `least` or more of its light to what is narrower than `side`
    pixels: a stroke has light on both sides, the edge of a shadow has not."""
    small, closed, factor = small_closing(picture, side)
    floor = np.float32(0.12 * 255)
    left = np.full(small.shape[:2], np.inf, np.float32)  # by channels, as the whole is large
    for channel in range(small.shape[2]):
        np.minimum(left, small[..., channel] / np.maximum(closed[..., channel], floor), out=left)
    near = grown(np.subtract(1, left, out=left) > cv2.resize(least, left.shape[::-1]), 3).view(np.uint8)
    return np.repeat(np.repeat(near, factor, axis=0), factor, axis=1)[: picture.shape[0], : picture.shape[1]].view(bool)
