"""Images of strokes: each point is drawn as a disc with a soft edge of one pixel."""

import numpy as np
from numpy.typing import NDArray

from core.digits.data import SIDE
from core.digits.strokes.model import Variation, write
from core.digits.strokes.styles import read_styles

REACH = 4  # pixels; largest extent of a disc to each side of its point
CHUNK = 64  # figures drawn together; their discs stay in cache
MARGIN = 2 * REACH  # pixels around the image, so that discs across its edge need no bounds check


def render(points: NDArray[np.floating], width: NDArray[np.floating],
           ink: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Images (n, 28, 28) of points (n, P, 2) as (row, column), width (n, P) in pixels, ink (n, P) in [0, 1]."""
    side = SIDE + 2 * MARGIN
    offsets = np.stack(np.meshgrid(*2 * [np.arange(1 - REACH, REACH + 1)], indexing="ij"), axis=-1).reshape(-1, 2)
    out = np.empty((len(points), SIDE, SIDE), np.uint8)
    for start in range(0, len(points), CHUNK):
        part = slice(start, start + CHUNK)
        at = np.clip(points[part] + MARGIN, REACH, side - REACH - 1.01)
        corner = at.astype(np.int32)
        rest = (at - corner).astype(np.float32)
        row = rest[..., :1] - offsets[:, 0].astype(np.float32)
        column = rest[..., 1:] - offsets[:, 1].astype(np.float32)
        row *= row
        column *= column
        row += column
        disc = np.subtract((width[part, :, None] + 1) / 2, np.sqrt(row, out=row), out=row)
        np.clip(disc, 0, 1, out=disc)
        disc *= ink[part, :, None]
        first = (corner[..., 0] * side + corner[..., 1]) + np.arange(len(at), dtype=np.int32)[:, None] * side * side
        index = first[..., None] + (offsets[:, 0] * side + offsets[:, 1]).astype(np.int32)
        field = np.zeros(len(at) * side * side, np.float32)
        np.maximum.at(field, index.ravel().astype(np.intp), disc.ravel())
        field = field.reshape(-1, side, side)[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
        out[part] = np.rint(255 * field)
    return out


def figures(n: int, rng: np.random.Generator, name: str = "styles.txt", variation: Variation | None = None,
            ) -> tuple[NDArray[np.uint8], NDArray[np.int8], NDArray[np.integer]]:
    """Draw n figures from the styles of a file, by their weights within a digit and uniformly over digits.

    Returns X (n, 28, 28), y (n,) (-1: no digit) and style (n,), indices of read_styles(name).
    """
    styles = read_styles(name)
    digits = np.array([style.digit for style in styles])
    share = np.array([style.weight for style in styles])
    for digit in np.unique(digits):
        share[digits == digit] /= share[digits == digit].sum()
    chosen = np.sort(rng.choice(len(styles), n, p=share / share.sum()))
    X = np.empty((n, SIDE, SIDE), np.uint8)
    for number in np.unique(chosen):
        where = np.flatnonzero(chosen == number)
        X[where] = render(*write(styles[number], len(where), rng, variation or Variation()))
    return X, digits[chosen].astype(np.int8), chosen
