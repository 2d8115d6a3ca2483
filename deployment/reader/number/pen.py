"""Strokes of a pen whose way is known: each stroke is a separate blob, even if it touches others."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from deployment.reader.number.sheet import Blob

Stroke = tuple[ArrayLike, float]  # points (n, 2), x and y, and width, in pixels
COVERED = 0.85  # of the ink: less, and something was drawn or erased that the strokes do not tell


def stroke_blobs(strokes: Iterable[Stroke], mask: NDArray[np.bool_]) -> list[Blob] | None:
    """Blobs of a drawing's mask (H, W), one for each of strokes: (points (n, 2): x and y in pixels, width in pixels).

    Ink that two strokes share belongs to both. None where strokes and ink are not those of one drawing.
    """
    shapes, covered = [], np.zeros_like(mask)
    for points, width in strokes:
        image = Image.new("1", mask.shape[::-1])
        pen, places, half = ImageDraw.Draw(image), [tuple(point) for point in np.asarray(points, float)], width / 2
        if len(places) > 1:
            pen.line(places, fill=1, width=max(1, round(width)), joint="curve")
        for x, y in (places[0], places[-1]):
            pen.ellipse([x - half, y - half, x + half, y + half], fill=1)
        ink = np.asarray(image) & mask
        if ink.any():
            shapes.append(Blob.of(ink))
            covered |= ink
    return shapes if covered.sum() >= COVERED * mask.sum() else None
