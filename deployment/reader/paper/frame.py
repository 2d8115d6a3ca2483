"""The frame that MNIST's digits stand in: ink of any size -> (28, 28), its long side 20 pixels, centred by mass.

Ink is an array (H, W) of floats, 0 for paper and 1 for the full strength of the pen.
"""

import numpy as np
from numpy.typing import NDArray

from core.digits.data import BOX
from deployment.reader.paper.opencv import cv2

STROKE = (1.8, 3.3)  # MNIST: widths of stroke, in pixels, that are left as they are (most digits lie here)
FINE = 4  # strokes are widened and thinned on a grid this many times finer than the result
TIE = 1e-4  # pixels: a centre of mass between two pixels is moved the same way whatever its last bits
SQUARE = np.ones((3, 3), np.uint8)
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def frame(ink: NDArray[np.floating]) -> NDArray[np.floating]:
    """(H, W) ink in [0, 1] on 0 -> (28, 28): cropped, scaled, stroke width brought near MNIST's, centred by mass."""
    digit = crop(ink)
    scale = BOX / max(digit.shape)
    if ink.shape == (28, 28) and scale == 1 and np.abs(centre_of_mass(ink) - 14).max() < 0.6:
        return ink.astype(np.float32)  # in MNIST's form already: another rounding of its centre could only move it
    width = stroke_width(digit) * scale
    change = np.clip(width, *STROKE) - width
    if abs(change) > 0.1:
        digit = crop(widen(rescale(digit, FINE * scale), change * FINE / 2))
        scale = BOX / max(digit.shape)
    digit = rescale(digit, scale)
    return centre(digit / digit.max())  # shrinking pales a thin pen; MNIST's strokes reach full white


def stroke_width(ink: NDArray[np.floating]) -> float:
    """Mean width in pixels of the strokes in (H, W): twice their area over the length of their outline.

    Area and outline are sums of the grey values and of their gradient (coarea formula), so that soft edges count
    rightly.
    """
    return float(2 * ink.sum() / _steepness(ink).sum())


def steepness(ink: NDArray[np.floating]) -> NDArray[np.floating]:
    """The gradient's length at each pixel of (H, W), whose sum is the length of the strokes' outline."""
    return _steepness(ink)[1:, 1:]


def _steepness(ink):
    padded = np.zeros((ink.shape[0] + 2, ink.shape[1] + 2), np.float32)
    padded[1:-1, 1:-1] = ink
    dy, dx = padded[1:, :-1] - padded[:-1, :-1], padded[:-1, 1:] - padded[:-1, :-1]
    return cv2.magnitude(dy, dx)


def widen(ink: NDArray[np.floating], radius: float) -> NDArray[np.floating]:
    """Strokes wider by `radius` pixels on each side, thinner when it is negative (octagons; fractions are blended)."""
    change, margin = cv2.dilate if radius > 0 else cv2.erode, int(np.ceil(max(radius, 0))) + 1
    ink = cv2.copyMakeBorder(ink.astype(np.float32), *[margin] * 4, cv2.BORDER_CONSTANT, value=0)
    for step in range(int(np.ceil(abs(radius)))):
        ink = ink + min(abs(radius) - step, 1) * (change(ink, SQUARE if step % 2 else CROSS) - ink)
    return ink


def extent(ink: NDArray[np.floating]) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of the part of (H, W) that holds ink above a tenth of full strength."""
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis)) for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def crop(ink: NDArray[np.floating]) -> NDArray[np.floating]:
    """The part of (H, W) within its `extent`."""
    top, left, bottom, right = extent(ink)
    return ink[top:bottom, left:right]


def rescale(ink: NDArray[np.floating], scale: float) -> NDArray[np.floating]:
    """(H, W) ink times `scale` in both directions: means where it shrinks, else cubic."""
    shape = [max(1, round(n * scale)) for n in ink.shape]
    if shape == [*ink.shape]:
        return ink
    kernel = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.clip(cv2.resize(ink.astype(np.float32), shape[::-1], interpolation=kernel), 0, 1)


def centre_of_mass(ink: NDArray[np.floating]) -> NDArray[np.floating]:
    """(row, column) of the ink's middle, in pixels."""
    return np.array([np.arange(n) @ ink.sum(1 - axis) for axis, n in enumerate(ink.shape)]) / ink.sum()


def centre(digit: NDArray[np.floating]) -> NDArray[np.floating]:
    """The digit in a field of 28 x 28, its centre of mass as near (14, 14) as whole pixels allow, as in MNIST."""
    field = np.zeros((84, 84), np.float32)
    top, left = np.ceil(28 + 13.5 - centre_of_mass(digit) - TIE).astype(int)
    field[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return field[28:56, 28:56].copy()
