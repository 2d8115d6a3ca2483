"""What is dark on a picture beside the text of a cell, whether or not it was taken for ink of that cell.

A digit of the number may have been lost with a line of the table, with a shadow or to another cell. Then what remains
reads well, and is wrong.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob, box_around
from deployment.reader.paper.masks import grown, window
from deployment.reader.paper.opencv import cv2
from deployment.reader.paper.rules import Rule

REACH = 0.8  # heights of the text: so far to its left and right
WIDEST = 0.5  # of the usual height: what is wider is no stroke
DARK = 0.5  # of the light that strokes of the text take: what takes less is paper, or a paler line of it
HALO = 5  # pixels around ink of the text that are soft edges of it
CORE = 0.1  # of the text's height: its uppermost and lowermost part is left out, where a line may touch it


def light_taken(picture: NDArray[np.uint8], usual: float, rules: Iterable[Rule]) -> NDArray[np.uint8]:
    """(H, W) in [0, 255] of a picture (H, W) or (H, W, 3): by how much it is darker than what surrounds strokes; 0 on
    the Rules. usual: the usual height of what is written, in pixels."""
    grey = picture if picture.ndim == 2 else picture.min(axis=2)
    side = max(9, int(WIDEST * usual)) | 1
    taken = cv2.morphologyEx(np.ascontiguousarray(grey), cv2.MORPH_BLACKHAT, window(side))
    for rule in rules:
        along = np.arange(rule.first, rule.last)
        points = np.column_stack([along, rule.path] if rule.level else [rule.path, along])
        cv2.polylines(taken, [np.rint(points[::4]).astype(np.int32)], False, 0, int(np.ceil(rule.thickness)) + HALO)
    return taken


def dark_beside(taken: NDArray[np.uint8], blobs: list[Blob], signs: int) -> float:
    """How much beside the Blobs of a text with so many signs takes light as they do: in [0, 1], of the ink of one sign.
    taken (H, W): see light_taken."""
    top, left, bottom, right = box_around(blobs)
    reach, core = int(REACH * (bottom - top)), int(CORE * (bottom - top))
    start, stop = max(left - reach, 0), min(right + reach, taken.shape[1])
    text = np.zeros((bottom - top, stop - start), bool)
    for blob in blobs:
        blob.draw(text, top, start)
    here = taken[top:bottom, start:stop]
    if here.shape != text.shape or not text.any():
        return 0.0
    dark = (here > DARK * np.percentile(here[text], 75)) & ~grown(text, HALO)
    dark[:, left - start : right - start] = False
    inked = (text & (here > 0)).sum()
    return float(min(signs * dark[core : len(dark) - core].sum() / max(inked, 1), 1.0))
