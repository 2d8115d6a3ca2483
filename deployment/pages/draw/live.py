"""The drawing that the browser sends while the pen moves (assets/live.js).

Browser data is untrusted; anything invalid counts as no drawing.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 112  # pixels of a drawn digit: four times the network's 28
# Width and height in pixels of the drawing sent by the browser; the last one of a kind is for a narrow screen
SHAPES = {"digit": [(SIDE, SIDE)], "number": [(420, 140), (420, 240)]}
WIDTH = {"digit": 400, "number": 1080}  # pixels of the canvas
# Pixels of the canvas, for each of SHAPES: a digit as thick as in MNIST; a number thin enough for eleven separate
# digits, and thicker on a narrow screen, where a finger draws
BRUSH = {"digit": [28], "number": [14, 20]}
MOST_BRUSH = 50  # pixels of the canvas
MOST_POINTS = 20_000  # of all strokes
# Milliseconds in which a session sends no drawing in mid-stroke after the budget (deployment/ui/budget.py) was exceeded
PAUSE = 1500


@dataclass(frozen=True)
class Drawing:
    """A drawing.

    image: (H, W) uint8, one of SHAPES, white on black; number: its sequence number; strokes: finished strokes; done:
    the pen is up; ways: the strokes of a number, if known, as (points (n, 2), width) in pixels of the image.
    """

    image: NDArray[np.uint8]
    number: int = 0
    strokes: int = 0
    done: bool = True
    ways: tuple[tuple[NDArray[np.floating], float], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is drawn."""
        return not self.image.any()

    @property
    def surface(self) -> str:
        """The kind of drawing area: a key of SHAPES."""
        return next(name for name, shapes in SHAPES.items() if self.image.shape[::-1] in shapes)

    @classmethod
    def from_browser(cls, sent: Any) -> "Drawing | None":
        """The Drawing sent by the component, or None."""
        try:
            pixels = base64.b64decode(sent["ink"], validate=True)
            sizes = (size for shapes in SHAPES.values() for size in shapes)
            width, height = next(size for size in sizes if size[0] * size[1] == len(pixels))
            image = np.frombuffer(pixels, np.uint8).reshape(height, width)
            ways = tuple(_ways(sent.get("ways") or (), width))
            return cls(image, int(sent["number"]), int(sent["strokes"]), bool(sent["done"]), ways)
        except (TypeError, KeyError, ValueError, OverflowError, StopIteration, binascii.Error):
            return None


def _ways(sent: Any, side: int) -> Iterator[tuple[NDArray[np.floating], float]]:
    """Strokes (points (n, 2), width), sent as shares of the width of the drawing, `side` pixels. Raises TypeError,
    KeyError or ValueError for invalid data."""
    if sum(len(stroke["points"]) for stroke in sent) > MOST_POINTS:
        raise ValueError("too many points")
    for stroke in sent:
        points, width = np.array(stroke["points"], float), float(stroke["width"])
        if points.ndim != 2 or points.shape[1] != 2 or not np.abs(points).max() <= 2 or not 0 < width <= 1:
            raise ValueError("not a stroke")
        yield points * side, width * side


@dataclass(frozen=True)
class Pen:
    """The pen: kind of drawing area, index of its shape in SHAPES, width in pixels of the canvas, whether it erases."""

    surface: str
    shape: int
    width: int
    erase: bool

    @property
    def color(self) -> str:
        """Colour of the strokes."""
        return "#000000" if self.erase else "#ffffff"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas in pixels."""
        width, height = SHAPES[self.surface][self.shape]
        return WIDTH[self.surface], round(WIDTH[self.surface] * height / width)

    @classmethod
    def from_browser(cls, sent: Any, surface: str) -> "Pen":
        """The Pen sent by the component, or the default pen of this drawing area."""
        try:
            shape, width = int(sent["shape"]), int(sent["width"])
            if sent["surface"] == surface and 0 <= shape < len(SHAPES[surface]) and 0 < width <= MOST_BRUSH:
                return cls(surface, shape, width, bool(sent["erase"]))
        except (TypeError, KeyError, ValueError, OverflowError):
            pass
        return cls(surface, 0, BRUSH[surface][0], False)


@dataclass(frozen=True)
class Lost:
    """The state of a session whose process has ended: its source, and how often the canvas was cleared."""

    source: str
    cleared: int

    @classmethod
    def from_browser(cls, sent: Any) -> "Lost | None":
        """The Lost sent by the component, or None."""
        try:
            source, cleared = sent["source"], int(sent["cleared"])
        except (TypeError, KeyError, ValueError, OverflowError):
            return None
        return cls(source, cleared) if source in ("drawing", "example", "upload", "photograph") else None
