"""The drawing that the browser sends while the pen moves (assets/live.js), and the load that the server accepts.

The data of the browser is not trusted: anything malformed counts as no drawing.
"""

import base64
import binascii
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 112  # pixels of a digit's drawing: four per pixel of the network's input
# width and height of the image that the browser sends, by surface; the last one is for a narrow screen
SHAPES = {"digit": [(SIDE, SIDE)], "number": [(420, 140), (420, 240)]}
WIDTH = {"digit": 400, "number": 1080}  # pixels of the canvas, scaled to the page
# pixels of the canvas, for each of SHAPES: MNIST's thickness for a digit; thin enough for eleven digits in a number,
# thicker for a finger on a narrow screen
BRUSH = {"digit": [28], "number": [14, 20]}
MOST_BRUSH = 50
MOST_POINTS = 20_000  # of all strokes
MOST_BUSY = 0.6  # share of the time, over all sessions; above it, drawings are read at pen-up only
WINDOW = 1.0  # seconds
PAUSE = 1500  # milliseconds in which a session that exceeds MOST_BUSY sends nothing in mid-stroke


@dataclass(frozen=True)
class Drawing:
    """image: (H, W) uint8, one of SHAPES, white on black; number: its serial number; strokes: finished strokes; done: pen
    up; ways: (points (n, 2), width) of each stroke of a number in pixels of the image, if known."""

    image: NDArray[np.uint8]
    number: int = 0
    strokes: int = 0
    done: bool = True
    ways: tuple[tuple[NDArray[np.floating], float], ...] = ()

    @property
    def empty(self) -> bool:
        return not self.image.any()

    @property
    def surface(self) -> str:
        """The drawing area: a key of SHAPES."""
        return next(name for name, shapes in SHAPES.items() if self.image.shape[::-1] in shapes)

    @classmethod
    def from_browser(cls, sent: Any) -> "Drawing | None":
        """The Drawing in the component's data, or None."""
        try:
            pixels = base64.b64decode(sent["ink"], validate=True)
            sizes = (size for shapes in SHAPES.values() for size in shapes)
            width, height = next(size for size in sizes if size[0] * size[1] == len(pixels))
            image = np.frombuffer(pixels, np.uint8).reshape(height, width)
            ways = tuple(_ways(sent.get("ways") or (), width))
            return cls(image, int(sent["number"]), int(sent["strokes"]), bool(sent["done"]), ways)
        except (TypeError, KeyError, ValueError, OverflowError, StopIteration, binascii.Error):
            return None


def _ways(sent: Sequence[Any], side: int) -> Iterator[tuple[NDArray[np.floating], float]]:
    """(points (n, 2), width) in pixels, from strokes in shares of a drawing `side` pixels wide. Raises TypeError,
    KeyError or ValueError for malformed strokes."""
    if sum(len(stroke["points"]) for stroke in sent) > MOST_POINTS:
        raise ValueError("the drawing has too many points")
    for stroke in sent:
        points, width = np.array(stroke["points"], float), float(stroke["width"])
        if points.ndim != 2 or points.shape[1] != 2 or not np.abs(points).max() <= 2 or not 0 < width <= 1:
            raise ValueError("a stroke is malformed")
        yield points * side, width * side


@dataclass(frozen=True)
class Pen:
    """The pen of the canvas. shape: index into SHAPES[surface]; width: pixels of the canvas; erase: an eraser."""

    surface: str
    shape: int
    width: int
    erase: bool

    @property
    def color(self) -> str:
        return "#000000" if self.erase else "#ffffff"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas."""
        width, height = SHAPES[self.surface][self.shape]
        return WIDTH[self.surface], round(WIDTH[self.surface] * height / width)

    @classmethod
    def from_browser(cls, sent: Any, surface: str) -> "Pen":
        """The Pen in the component's data, or the default one of this surface."""
        try:
            shape, width = int(sent["shape"]), int(sent["width"])
            if sent["surface"] == surface and 0 <= shape < len(SHAPES[surface]) and 0 < width <= MOST_BRUSH:
                return cls(surface, shape, width, bool(sent["erase"]))
        except (TypeError, KeyError, ValueError, OverflowError):
            pass
        return cls(surface, 0, BRUSH[surface][0], False)


@dataclass(frozen=True)
class Lost:
    """The state of a session whose process ended: its source, and the number of times its canvas was cleared."""

    source: str
    cleared: int

    @classmethod
    def from_browser(cls, sent: Any) -> "Lost | None":
        """The Lost in the component's data, or None."""
        try:
            source, cleared = sent["source"], int(sent["cleared"])
        except (TypeError, KeyError, ValueError, OverflowError):
            return None
        return cls(source, cleared) if source in ("drawing", "example", "upload", "photograph") else None


class Budget:
    """The share of time spent on answers, over all sessions and threads."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._spent: deque[tuple[float, float]] = deque()

    def spend(self, started: float) -> None:
        """Record an answer that began at time `started` and ends now."""
        now = self._clock()
        with self._lock:
            self._spent.append((now, now - started))

    def exceeded(self) -> bool:
        """Whether answers took more than MOST_BUSY of the last WINDOW."""
        now = self._clock()
        with self._lock:
            while self._spent and self._spent[0][0] < now - WINDOW:
                self._spent.popleft()
            return sum(seconds for _, seconds in self._spent) > MOST_BUSY * WINDOW

    def now(self) -> float:
        return self._clock()
