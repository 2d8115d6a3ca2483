"""Picture of a digit -> (28, 28) image in MNIST's format. Used by app, command line and tests."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.apart import boxes_of
from deployment.reader.paper.frame import extent, frame
from deployment.reader.paper.grey import by_light
from deployment.reader.picture.load import InputError, PictureSource, load_scaled


@dataclass(frozen=True)
class LocatedDigit:
    """A digit in a picture.

    ink: (H, W) in [0, 1], 0 outside the digit; rest: boxes of other writing; grey: the searched picture (H, W) in
    [0, 1]; scale: pixels of the source per pixel of `grey`. Boxes are (top, left, bottom, right) in pixels of `grey`.
    """

    ink: NDArray[np.floating]
    rest: tuple[tuple[int, int, int, int], ...]
    grey: NDArray[np.floating]
    scale: float

    @property
    def image(self) -> NDArray[np.floating]:
        """(28, 28) in [0, 1], white on black, as in MNIST."""
        return frame(self.ink)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The box of the digit."""
        return extent(self.ink)


def preprocess(source: PictureSource, name: str = "the picture", kind: str | None = None) -> NDArray[np.floating]:
    """`source` (see load_image) -> (28, 28) float32 in [0, 1], white ink on black, as in MNIST.

    The long side of the digit is 20 px and its centre of mass is in the middle. kind: "canvas" for white strokes on
    black; no paper is searched then. Raises InputError, which calls the picture `name`, if it has no ink or cannot be
    read.
    """
    return find_digit(source, name, kind).image


def find_digit(source: PictureSource, name: str = "the picture", kind: str | None = None) -> LocatedDigit:
    """The digit of a picture with its box and the boxes of other writing; arguments as of `preprocess`."""
    grey, scale = load_scaled(source, name)
    ink = by_light(grey, kind)
    if ink is None:
        raise InputError(f"No ink was found in {name}: draw or photograph one digit, large and dark on plain paper.")
    return LocatedDigit(ink.digit, tuple(boxes_of(ink.rest)), grey, scale)
