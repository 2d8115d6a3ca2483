"""The frame that MNIST's digits stand in: ink of any size -> (28, 28), its long side 20 pixels, centred by mass.

Ink is an array (H, W) of floats, 0 for paper and 1 for the full strength of the pen.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.digits.data import BOX

STROKE = (1.8, 3.3)  # MNIST: widths of stroke, in pixels, that are left as they are (most digits lie here)
NEAR = 9  # pixels: wider windows are built by doubling
REMEMBERED = 256  # pixels: resampling weights of longer sides are not cached, to limit memory
FINE = 4  # strokes are widened and thinned on a grid this many times finer than the result


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
    padded = _padded(ink, 1)
    dy, dx = padded[1:, :-1] - padded[:-1, :-1], padded[:-1, 1:] - padded[:-1, :-1]
    return np.hypot(dy, dx)


def _padded(ink, margin):
    """(H, W) with so much paper around it."""
    out = np.zeros((ink.shape[0] + 2 * margin, ink.shape[1] + 2 * margin), ink.dtype)
    out[margin:-margin, margin:-margin] = ink
    return out


def slide(image: NDArray, side: int, pick: np.ufunc, axes: tuple[int, ...] = (0, 1)) -> NDArray:
    """Minimum or maximum (`pick`: np.minimum, np.maximum) over a window of `side` (odd) pixels along each of `axes`."""
    for axis in axes:
        image = _slide_near(image, side // 2, pick, axis) if side <= NEAR else _slide_far(image, side, pick, axis)
    return image


def _slide_near(image, half, pick, axis):
    """By comparing with each neighbour: no copies with margins, which cost most where pictures are small."""
    turned = image.T if axis else image
    out = turned.copy()
    for step in range(1, min(half, len(turned) - 1) + 1):
        pick(out[step:], turned[:-step], out=out[step:])
        pick(out[:-step], turned[step:], out=out[:-step])
    return out.T if axis else out


def _slide_far(image, side, pick, axis):
    """By windows that double (van Herk 1992 has it in even fewer steps)."""
    half = side // 2
    image = np.pad(image, [(half, half) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
    image = np.moveaxis(image, axis, 0)
    width = 1
    while width < side:
        step = min(width, side - width)
        image = pick(image[:-step], image[step:])
        width += step
    return np.moveaxis(image, 0, axis)


def widen(ink: NDArray[np.floating], radius: float) -> NDArray[np.floating]:
    """Strokes wider by `radius` pixels on each side, thinner when it is negative (octagons; fractions are blended)."""
    pick = np.maximum if radius > 0 else np.minimum
    ink = _padded(ink, int(np.ceil(max(radius, 0))) + 1)
    for step in range(int(np.ceil(abs(radius)))):
        across, along = slide(ink, 3, pick, axes=(0,)), slide(ink, 3, pick, axes=(1,))
        grown = slide(across, 3, pick, axes=(1,)) if step % 2 else pick(across, along)  # square and cross in turns
        ink = ink + min(abs(radius) - step, 1) * (grown - ink)
    return ink


def extent(ink: NDArray[np.floating]) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of the part of (H, W) that holds ink above a tenth of full strength."""
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis)) for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def crop(ink: NDArray[np.floating]) -> NDArray[np.floating]:
    """The part of (H, W) within its `extent`."""
    top, left, bottom, right = extent(ink)
    return ink[top:bottom, left:right]


def box(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """The kernel of means over an area; half-width 0.5."""
    return ((x > -0.5) & (x <= 0.5)).astype(float)


def bicubic(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Keys' cubic convolution kernel with a = -1/2 (Keys 1981); half-width 2."""
    x = np.abs(x)
    return np.where(x < 1, (1.5 * x - 2.5) * x * x + 1, np.where(x < 2, ((-0.5 * x + 2.5) * x - 4) * x + 2, 0))


def resampling(n_in: int, n_out: int, kernel: Callable[[NDArray], NDArray]) -> NDArray[np.floating]:
    """Weights (n_out, n_in) that bring n_in values to n_out; where it shrinks, the kernel is as wide as its source."""
    scale = n_in / n_out
    stretch = max(scale, 1)
    reach = (0.5 if kernel is box else 2) * stretch
    middle = (np.arange(n_out) + 0.5) * scale
    first = np.maximum((middle - reach + 0.5).astype(int), 0)
    last = np.minimum((middle + reach + 0.5).astype(int), n_in)
    places = np.arange(n_in)
    weights = kernel((places - middle[:, None] + 0.5) / stretch)
    weights[(places < first[:, None]) | (places >= last[:, None])] = 0
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    weights.flags.writeable = False  # whoever asks again is given the same
    return weights


remembered = lru_cache(maxsize=256)(resampling)


def rescale(ink: NDArray[np.floating], scale: float) -> NDArray[np.floating]:
    """(H, W) ink times `scale` in both directions: means where it shrinks by more than half, else cubic."""
    shape = [max(1, round(n * scale)) for n in ink.shape]
    if shape == [*ink.shape]:
        return ink
    kernel = box if scale < 0.5 else bicubic
    weights = remembered if max(ink.shape) <= REMEMBERED else resampling
    rows, columns = (weights(n_in, n_out, kernel) for n_in, n_out in zip(ink.shape, shape, strict=True))
    return np.clip(rows @ (ink.astype(np.float32) @ columns.T), 0, 1)


def centre_of_mass(ink: NDArray[np.floating]) -> NDArray[np.floating]:
    """(row, column) of the ink's middle, in pixels."""
    return np.array([np.arange(n) @ ink.sum(1 - axis) for axis, n in enumerate(ink.shape)]) / ink.sum()


def centre(digit: NDArray[np.floating]) -> NDArray[np.floating]:
    """The digit in a field of 28 x 28, its centre of mass as near (14, 14) as whole pixels allow, as in MNIST."""
    field = np.zeros((84, 84), np.float32)
    top, left = np.ceil(28 + 13.5 - centre_of_mass(digit)).astype(int)
    field[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return field[28:56, 28:56].copy()
