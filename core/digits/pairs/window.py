"""The window of the pair reader: ink of any size -> (24, 40), its box scaled to fit and in the middle.

Ink is an array (N, H, W) of floats, 0 for paper and 1 for the full strength of the pen. NumPy alone, so that training
and reader use the same function.
"""

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 24, 40
MARGIN = 2  # rows and columns around the ink
VISIBLE = 0.1  # of full strength: paler ink does not count for the box


def window(ink: NDArray[np.floating]) -> NDArray[np.float32]:
    """Ink (N, H, W) as the pair reader sees it: (N, 24, 40) float32 in [0, 1]; the strongest ink of each is 1.

    The box of the ink fits the window without its margin, its proportions unchanged. Each pixel is the mean of what it
    covers, or, where the ink is enlarged, lies between its neighbours. All zero where there is no ink.
    """
    n, height, width = ink.shape
    visible = ink > VISIBLE
    (top, bottom), (left, right) = (_ends(visible.any(axis)) for axis in (2, 1))
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
