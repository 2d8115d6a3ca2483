"""The input of the pair reader: ink of any size, and its size and place on its line -> (N, 984).

The ink's box is scaled to fit a window of 24 x 40 pixels; three numbers say how large the box is and where it stands,
each as weights of a row of knots. NumPy alone, so that training and reader use the same functions.
"""

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 24, 40
MARGIN = 2  # rows and columns around the ink
VISIBLE = 0.1  # of full strength: paler ink does not count for the box
# Knots for the height and width of the box, as log2 of heights of the line, and for how far its middle is below the
# line's, in heights of the line
SIZES, PLACES = np.linspace(-4, 1.25, 8), np.linspace(-0.8, 0.8, 8)
INPUTS = ROWS * COLUMNS + 2 * len(SIZES) + len(PLACES)


def pair_input(ink: NDArray[np.floating], middle: float | NDArray[np.floating], unit: float) -> NDArray[np.float32]:
    """The input (N, 984) for ink (N, H, W), 0 for paper and 1 for the full strength of the pen; middle, unit: as of
    `geometry`."""
    return np.concatenate([window(ink).reshape(len(ink), -1), knots(geometry(ink, middle, unit))], axis=1)


def geometry(ink: NDArray[np.floating], middle: float | NDArray[np.floating], unit: float) -> NDArray[np.floating]:
    """The height and width of the box of ink (N, H, W), and how far its middle is below the line's, in heights of the
    line: (N, 3). middle: the line's, in rows of `ink`, the same for all or (N,); unit: the line's height, in pixels."""
    top, bottom, left, right = ends(ink > VISIBLE)
    return np.stack([bottom - top, right - left, (top + bottom) / 2 - middle], axis=1, dtype=np.float64) / unit


def knots(sizes_and_places: NDArray[np.floating]) -> NDArray[np.float32]:
    """A `geometry` (N, 3) as weights (N, 24) that sum to 1 for each of its values."""
    sizes = np.log2(np.maximum(sizes_and_places[:, :2], 1e-3))
    return np.concatenate([_weights(sizes[:, 0], SIZES), _weights(sizes[:, 1], SIZES),
                           _weights(sizes_and_places[:, 2], PLACES)], axis=1)


def _weights(values: NDArray[np.floating], at: NDArray[np.floating]) -> NDArray[np.float32]:
    """Weights (N, k) of the knots beside each value, linear between them."""
    step = at[1] - at[0]
    away = np.abs(np.clip(values, at[0], at[-1])[:, None] - at) / step
    return np.maximum(1 - away, 0).astype(np.float32)


def ends(visible: NDArray[np.bool_]) -> tuple[NDArray[np.integer], ...]:
    """The boxes of what is set in (N, H, W): first and one past the last row, first and one past the last column."""
    return tuple(end for axis in (2, 1) for end in _ends(np.any(visible, axis=axis)))


def window(ink: NDArray[np.floating]) -> NDArray[np.float32]:
    """Ink (N, H, W) as the pair reader sees it: (N, 24, 40) float32 in [0, 1]; the strongest ink of each is 1.

    The box of the ink fits the window without its margin, its proportions unchanged. Each pixel is the mean of what it
    covers, or, where the ink is enlarged, lies between its neighbours. All zero where there is no ink.
    """
    _, height, width = ink.shape
    top, bottom, left, right = ends(ink > VISIBLE)
    step = np.maximum((bottom - top) / (ROWS - 2 * MARGIN), (right - left) / (COLUMNS - 2 * MARGIN))
    step = np.maximum(step, 1e-3)
    down = _means((top + bottom) / 2, step, ROWS, height)
    across = _means((left + right) / 2, step, COLUMNS, width)
    out = down @ ink.astype(np.float32, copy=False) @ across.transpose(0, 2, 1)
    return out / np.maximum(out.max(axis=(1, 2), keepdims=True), 1e-6)


def _ends(along: NDArray[np.bool_]) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """The first and one past the last of what is set in rows (N, n)."""
    return along.argmax(axis=1), along.shape[1] - along[:, ::-1].argmax(axis=1)


def _means(middle: NDArray[np.floating], step: NDArray[np.floating], size: int, length: int) -> NDArray[np.float32]:
    """Weights (N, size, length) of means over pieces of a line of `length` pixels: `size` pieces of `step` pixels
    around `middle`, each at least one pixel wide."""
    centre = middle[:, None] + (np.arange(size) - (size - 1) / 2) * step[:, None]
    half = np.maximum(step, 1.0)[:, None] / 2
    places = np.arange(length)
    low = np.maximum((centre - half)[..., None], places)
    high = np.minimum((centre + half)[..., None], places + 1)
    return (np.maximum(high - low, 0) / (2 * half)[..., None]).astype(np.float32)
