"""Any picture of a digit -> (28, 28) as MNIST has it. Application, command line and tests all come through here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.apart import Box, boxes_of
from deployment.reader.paper.frame import extent, frame
from deployment.reader.paper.ink import separate
from deployment.reader.picture.load import InputError, PictureSource, load_scaled


@dataclass(frozen=True)
class LocatedDigit:
    """A digit in a picture.

    ink: (H, W) in [0, 1], 0 off the digit; rest: boxes of other writing; grey: (H, W) in [0, 1], the loaded
    picture; scale: source pixels per pixel of `grey`. Boxes are (top, left, bottom, right) in pixels of `grey`.
    """

    ink: NDArray[np.floating]
    rest: tuple[Box, ...]
    grey: NDArray[np.float32]
    scale: float

    @property
    def image(self) -> NDArray[np.float32]:
        """(28, 28) in [0, 1], white on black, as in MNIST."""
        return frame(self.ink)

    @property
    def box(self) -> Box:
        return extent(self.ink)


def preprocess(source: PictureSource, name: str = "the picture", kind: str | None = None) -> NDArray[np.float32]:
    """`source` (see load_image) -> (28, 28) float32 in [0, 1], white ink on black, as in MNIST.

    The digit's long side is 20 px, its centre of mass in the middle. Raises InputError when there is no picture or no
    ink on it; `name` is what its sentence calls the picture. kind: "canvas" for strokes drawn white on black, where
    there is no paper to look for.
    """
    return find_digit(source, name, kind).image


def find_digit(source: PictureSource, name: str = "the picture", kind: str | None = None) -> LocatedDigit:
    """Locate the digit and other writing in a picture. Arguments as for `preprocess`."""
    grey, scale = load_scaled(source, name)
    ink = separate(grey, kind)
    if ink is None:
        raise InputError(f"No ink was detected in {name}: draw or photograph one digit, large and dark on plain paper.")
    return LocatedDigit(ink.digit, tuple(boxes_of(ink.rest)), grey, scale)
