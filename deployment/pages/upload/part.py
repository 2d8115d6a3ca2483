"""A part of a picture, which is read alone."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.upload.run import TURN
from deployment.reader.number.hint import noticed
from deployment.reader.paper.apart import distance, moved
from deployment.reader.picture.load import load_pixels
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import Box, NumberReading, Prediction

STEP = 0.5  # per cent of the picture: what a slider moves by
LEAST = 2.0  # per cent of the picture: a narrower part is widened to this
MARGIN, LEAST_MARGIN = 0.3, 0.04  # of the longer side of a component of ink, around it
SIDE = 4096  # pixels: the long side of larger pictures is reduced before a part is cut out
OUTSIDE = 0.25  # of the contrast is left of what is not read

Result = Prediction | NumberReading | InputError
Reading = TypeVar("Reading", Prediction, NumberReading)


class Part(NamedTuple):
    """A rectangle in per cent of a picture's width and height."""

    left: float = 0.0
    right: float = 100.0
    top: float = 0.0
    bottom: float = 100.0

    def box(self, size: tuple[float, float]) -> Box:
        """The rectangle in a picture of this height and width, at least a pixel each way."""
        height, width = size
        top, left = min(int(self.top / 100 * height), round(height) - 1), min(
            int(self.left / 100 * width), round(width) - 1)
        return (top, left, max(round(self.bottom / 100 * height), top + 1),
                max(round(self.right / 100 * width), left + 1))


WHOLE = Part()


def between(across: tuple[float, float], down: tuple[float, float]) -> Part:
    """The Part between two places across and two down, in per cent, widened to LEAST where it is narrower."""
    sides = []
    for first, last in (across, down):
        first = min(first, 100 - LEAST)
        sides += [first, max(last, first + LEAST)]
    return Part(*sides)


def around(boxes: Sequence[Box], index: int, size: tuple[float, float]) -> Part:
    """The Part around a component of ink, with a margin that ends half-way to the next component.

    Parameters
    ----------
    boxes : sequence of Box
        Of all components.
    index : int
        Of the component.
    size : tuple of float
        Height and width of the picture, in the same pixels.

    Returns
    -------
    Part
        On the steps of the sliders.
    """
    top, left, bottom, right = box = boxes[index]
    longer = max(bottom - top, right - left)
    gaps = {"top": MARGIN * longer, "left": MARGIN * longer, "bottom": MARGIN * longer, "right": MARGIN * longer}
    for other in (other for i, other in enumerate(boxes) if i != index):
        away = {"top": top - other[2], "left": left - other[3], "bottom": other[0] - bottom, "right": other[1] - right}
        side = max(away, key=lambda side: away[side])
        if distance(box, other) < MARGIN * longer:
            gaps[side] = min(gaps[side], max(away[side] / 2, LEAST_MARGIN * longer))
    height, width = size

    def down_to(value: float, most: float) -> float:
        return max(0.0, STEP * floor(100 * value / most / STEP))

    def up_to(value: float, most: float) -> float:
        return min(100.0, STEP * ceil(100 * value / most / STEP))

    return between((down_to(left - gaps["left"], width), up_to(right + gaps["right"], width)),
                   (down_to(top - gaps["top"], height), up_to(bottom + gaps["bottom"], height)))


def read(deployer: MNISTDeployer, data: bytes, name: str, part: Part, quarter: int = 0,
         numbers: bool = False, **options: Any) -> tuple[Result, NumberReading | None]:
    """Read a part of a picture as if it were all.

    Parameters
    ----------
    deployer : MNISTDeployer
    data : bytes
        The file of the picture.
    name : str
        Of the picture, for messages.
    part : Part
        Of the turned picture.
    quarter : int
        Quarter turns of the picture, as numpy.rot90 counts them.
    numbers : bool
        Read numbers instead of one digit.
    **options
        Of MNISTDeployer.read_numbers.

    Returns
    -------
    result : Prediction, NumberReading or InputError
        Its boxes are those in the whole picture, turned, in pixels of the source.
    more : NumberReading or None
        Of a part that was read as one digit and is probably more.
    """
    with TURN:
        try:
            pixels = load_pixels(data, f"“{name}”", SIDE)
        except InputError as error:
            return error, None
        values = turned(pixels.values, quarter)
        height, width = values.shape[:2]
        top, left, bottom, right = part.box((height, width))
        values = np.ascontiguousarray(values[top:bottom, left:right])
        called = f"“{name}”" if part == WHOLE else f"the marked part of “{name}”"
        if numbers:
            result = deployer.read_numbers([values], [called], skip_errors=True, **options)[0]
            return result if isinstance(result, InputError) else in_whole(result, (top, left), pixels.scale), None
        result = deployer.predict_batch([values], [called], skip_errors=True)[0]
        if isinstance(result, InputError):
            return result, None
        more = noticed(deployer, values, result)
        return in_whole(result, (top, left), pixels.scale), more


def turned(values: NDArray, quarter: int) -> NDArray:
    """A picture (H, W) or (H, W, 3) turned by quarters, counterclockwise."""
    return np.ascontiguousarray(np.rot90(values, quarter))


def in_whole(reading: Reading, corner: tuple[int, int], scale: float) -> Reading:
    """The reading of a part with its boxes in the whole picture.

    Parameters
    ----------
    reading : Prediction or NumberReading
    corner : tuple of int
        Row and column of the part's corner, in pixels of the picture of which it is a part.
    scale : float
        Pixels of the source per pixel of that picture.

    Returns
    -------
    Prediction or NumberReading
        As given, with boxes in pixels of the source.
    """
    def whole(box: Box) -> Box:
        top, left, bottom, right = (round(value * scale) for value in moved(box, corner))
        return top, left, bottom, right

    left_over = tuple(map(whole, reading.left_over))
    if isinstance(reading, NumberReading):
        return replace(reading, digits=[replace(place, box=whole(place.box)) for place in reading.digits],
                       left_over=left_over)
    return replace(reading, box=whole(reading.box), left_over=left_over)


def on_page(reading: NumberReading, grey: NDArray[np.floating], scale: float) -> NumberReading:
    """A reading with another page: a picture (H, W) in [0, 1], and pixels of the source per pixel of it."""
    return replace(reading, page=np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8), scale=scale)


def faded(grey: NDArray[np.floating], part: Part) -> NDArray[np.floating]:
    """A picture (H, W) in [0, 1] with what is outside the part in little contrast."""
    if part == WHOLE:
        return grey
    top, left, bottom, right = part.box(grey.shape)
    outside = 0.5 + OUTSIDE * (grey - 0.5)
    outside[top:bottom, left:right] = grey[top:bottom, left:right]
    return outside
