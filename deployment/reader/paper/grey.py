"""The first hypothesis of where the ink is: by light alone, at low resolution. Fast, and best on plain paper."""

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.frame import stroke_width
from deployment.reader.paper.light import has_edges, ink_is_dark, is_plain, lift, opened, smooth_paper
from deployment.reader.paper.pick import MIN_CONTRAST, Picked, pick

TRACE = 0.01  # of full ink: the last trace of a soft edge, which would only make the digit seem larger
WIDE_PEN = 0.12  # of the picture's side
CROPPED = 64  # pixels: an image of this side or less is a crop, of a digit that may fill it
SMALL = 32  # pixels: an image of this side holds one digit and nothing else


def by_light(grey: NDArray[np.floating], kind: str | None = None) -> tuple[Picked | None, bool]:
    """(the digit of `grey` (H, W) in [0, 1], None if there is none; whether that is all there can be, as on a plain
    ground and in an image of a digit). Soft edges of strokes keep their softness.

    kind: "canvas" for bright strokes on a ground that is nothing but black; None to find out.
    """
    if kind == "canvas":
        return pick_plain(grey), True
    bright = 1 - grey if ink_is_dark(grey) else grey
    if is_plain(bright):
        return pick_plain((bright - bright.min()) / (bright.max() - bright.min())), True
    picked = on_paper(bright)
    if picked is None:
        picked = on_paper(1 - bright)  # a lamp's light may have passed for bright ink
    return picked, max(grey.shape) <= SMALL


def on_paper(bright: NDArray[np.floating]) -> Picked | None:
    """The digit of a picture (H, W) of bright ink on whatever paper, or None."""
    # First, paper is what is wider than nearly a third of the picture, which strokes are not. Then, with the pen known,
    # it is what is wider than a few strokes: that takes out shadows, even those with a sharp edge.
    widest = max(9, int(0.3 * max(bright.shape)) | 1)
    first = pick(*lift(bright, smooth_paper(bright)))
    side = widest if first is None else max(9, int(4 * stroke_width(first.digit)) | 1)
    again = pick(*lift(bright, opened(bright, side))) if side < widest else None
    if max(bright.shape) <= CROPPED:
        return first if again is None else again
    for picked in (again, first):
        if picked is not None and has_edges(bright, picked.digit > 0.5):
            return picked
    # both are light, not ink: whatever is wider than any pen counts as paper
    picked = pick(*lift(bright, opened(bright, max(9, int(WIDE_PEN * max(bright.shape)) | 1))))
    return picked if picked is not None and has_edges(bright, picked.digit > 0.5) else None


def pick_plain(bright: NDArray[np.floating]) -> Picked | None:
    """The digit of a picture (H, W) whose ground is 0, or None. Nothing on it is paper, so ink at its edge is ink."""
    if bright.max() < MIN_CONTRAST:
        return None
    ink = (bright / bright.max()).astype(np.float32)
    return Picked(ink, np.zeros(ink.shape, bool)) if max(ink.shape) <= SMALL else pick(ink, TRACE, plain=True)
