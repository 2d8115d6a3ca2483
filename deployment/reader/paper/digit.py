"""Picture of a digit -> (28, 28) image in MNIST's format. Used by app, command line and tests.

There are two hypotheses of where the ink is: by light (deployment.reader.paper.grey), and by colour without the lines
of the paper (deployment.reader.paper.ink). deployment.reader.hypotheses chooses between them by reading both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.apart import Box, boxes_of, moved
from deployment.reader.paper.frame import extent, frame
from deployment.reader.paper.grey import by_light
from deployment.reader.paper.ink import Ink, find_ink
from deployment.reader.paper.light import shrink
from deployment.reader.paper.pick import Picked, pick
from deployment.reader.picture.load import PictureSource, Pixels, load_grey, load_pixels
from deployment.reader.picture.opening import WORK_SIDE, InputError

LEAST_DIGIT = 0.015  # of the picture's long side: a smaller component is a grain of noise
MARGIN = 2  # pixels around a digit that is cut out


@dataclass(frozen=True)
class LocatedDigit:
    """A digit in a picture.

    ink: (h, w) in [0, 1], the part of the picture around the digit, 0 outside it; corner: its place in the picture
    (row, column); rest: boxes of other writing; scale: pixels of the source per pixel; method: the hypothesis, "light"
    or "colour". Boxes are (top, left, bottom, right) in pixels of the picture.
    """

    ink: NDArray[np.floating]
    corner: tuple[int, int]
    rest: tuple[Box, ...]
    scale: float
    method: str

    @classmethod
    def of(cls, picked: Picked, scale: float, method: str) -> "LocatedDigit":
        """The LocatedDigit of a digit that was picked from a picture."""
        top, left, bottom, right = extent(picked.digit)
        top, left = max(top - MARGIN, 0), max(left - MARGIN, 0)
        ink = picked.digit[top : bottom + MARGIN, left : right + MARGIN]
        whole = picked.digit if picked.digit.shape == (28, 28) else ink  # an image in MNIST's form stays as it is
        corner = (0, 0) if whole is picked.digit else (top, left)
        return cls(whole.copy(), corner, tuple(boxes_of(picked.rest)), scale, method)

    @property
    def image(self) -> NDArray[np.floating]:
        """(28, 28) in [0, 1], white on black, as in MNIST."""
        return frame(self.ink)

    @property
    def box(self) -> Box:
        """The box of the digit."""
        return moved(extent(self.ink), self.corner)


def preprocess(source: PictureSource, name: str = "the picture", kind: str | None = None) -> NDArray[np.floating]:
    """`source` (see load_image) -> (28, 28) float32 in [0, 1], white ink on black, as in MNIST.

    The long side of the digit is 20 px and its centre of mass is in the middle. kind: "canvas" for white strokes on
    black; no paper is searched then. Raises InputError, which calls the picture `name`, if it has no ink or cannot be
    read.
    """
    return find_digit(source, name, kind).image


def find_digit(source: PictureSource, name: str = "the picture", kind: str | None = None) -> LocatedDigit:
    """The digit of a picture by the first hypothesis that finds one; arguments as of `preprocess`."""
    if kind == "canvas":
        digit, _ = locate_by_light(load_grey(source, name), kind)
    else:
        pixels = load_pixels(source, name)
        digit, only = locate_by_light(pixels, kind)
        if digit is None and not only:
            digit = locate_by_colour(pixels, find_ink(pixels.values))
    if digit is None:
        raise InputError(f"No ink was found in {name}: draw or photograph one digit, large and dark on plain paper.")
    return digit


def locate_by_light(pixels: Pixels, kind: str | None = None) -> tuple[LocatedDigit | None, bool]:
    """(the digit by light alone, at low resolution; whether there is no other hypothesis of this picture)."""
    grey = shrink(pixels.grey, WORK_SIDE)
    picked, only = by_light(grey, kind)
    scale = pixels.scale * max(pixels.grey.shape) / max(grey.shape)
    return None if picked is None else LocatedDigit.of(picked, scale, "light"), only


def locate_by_colour(pixels: Pixels, ink: Ink) -> LocatedDigit | None:
    """The digit in the Ink of a picture."""
    picked = pick(ink.ink, 0.0, speck=LEAST_DIGIT)
    return None if picked is None else LocatedDigit.of(picked, pixels.scale * ink.scale, "colour")
