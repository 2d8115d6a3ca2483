"""The drawing as the browser sends it while the pen moves (assets/live.js), and how much of that the server can take.

Nothing here is trusted: what is not a drawing is none.
"""

import base64
import binascii
import threading
import time
from collections import deque
from dataclasses import dataclass

import numpy as np

SIDE = 112  # pixels of a digit: four for each that the network sees
SHAPES = {"digit": [(SIDE, SIDE)], "number": [(420, 140), (420, 240)]}  # width and height of what the browser sends, by
# what is drawn; the last one is that of a narrow screen
WIDTH = {"digit": 400, "number": 1080}  # pixels of the canvas, shown as wide as there is room
# Pixels of the canvas, for each of SHAPES: a digit as thick as those of MNIST; a number so thin that eleven digits stay
# apart, and thicker for a finger on a narrow screen
BRUSH = {"digit": [28], "number": [14, 20]}
MOST_BRUSH = 50
MOST_POINTS = 20_000  # of all strokes
MOST_BUSY = 0.6  # of the time, over all sessions: beyond it, drawings are read when the pen comes up, and not before
WINDOW = 1.0  # seconds
PAUSE = 1500  # milliseconds without drawings in mid-stroke, for a session that sent one too many


@dataclass(frozen=True)
class Ink:
    """A drawing: (H, W) uint8, one of SHAPES, white on black; the number it was sent with; strokes finished; done: the
    pen is up; ways: of each stroke of a number, if they are known: (points (n, 2), width), in pixels of the image."""

    image: np.ndarray
    number: int = 0
    strokes: int = 0
    done: bool = True
    ways: tuple = ()

    @property
    def empty(self):
        return not self.image.any()

    @property
    def surface(self):
        """What was drawn on: a key of SHAPES."""
        return next(name for name, shapes in SHAPES.items() if self.image.shape[::-1] in shapes)

    @classmethod
    def from_browser(cls, sent):
        """The Ink in what the component sent, or None."""
        try:
            pixels = base64.b64decode(sent["ink"], validate=True)
            sizes = (size for shapes in SHAPES.values() for size in shapes)
            width, height = next(size for size in sizes if size[0] * size[1] == len(pixels))
            image = np.frombuffer(pixels, np.uint8).reshape(height, width)
            ways = tuple(_ways(sent.get("ways") or (), width))
            return cls(image, int(sent["number"]), int(sent["strokes"]), bool(sent["done"]), ways)
        except (TypeError, KeyError, ValueError, OverflowError, StopIteration, binascii.Error):
            return None


def _ways(sent, side):
    """(points (n, 2), width) of strokes in shares of a drawing `side` pixels wide. Raises TypeError, KeyError or
    ValueError for anything else."""
    if sum(len(stroke["points"]) for stroke in sent) > MOST_POINTS:
        raise ValueError("so long a drawing is none")
    for stroke in sent:
        points, width = np.array(stroke["points"], float), float(stroke["width"])
        if points.ndim != 2 or points.shape[1] != 2 or not np.abs(points).max() <= 2 or not 0 < width <= 1:
            raise ValueError("this is no stroke")
        yield points * side, width * side


@dataclass(frozen=True)
class Pen:
    """What is drawn with, as the canvas is to show it: on which of the SHAPES of a surface, how wide in pixels of the
    canvas, and whether it erases."""

    surface: str
    shape: int
    width: int
    erase: bool

    @property
    def color(self):
        return "#000000" if self.erase else "#ffffff"

    @property
    def size(self):
        """Width and height of the canvas."""
        width, height = SHAPES[self.surface][self.shape]
        return WIDTH[self.surface], round(WIDTH[self.surface] * height / width)

    @classmethod
    def from_browser(cls, sent, surface):
        """The Pen in what the component sent; that of a first visit where it sent none for this surface."""
        try:
            shape, width = int(sent["shape"]), int(sent["width"])
            if sent["surface"] == surface and 0 <= shape < len(SHAPES[surface]) and 0 < width <= MOST_BRUSH:
                return cls(surface, shape, width, bool(sent["erase"]))
        except (TypeError, KeyError, ValueError, OverflowError):
            pass
        return cls(surface, 0, BRUSH[surface][0], False)


@dataclass(frozen=True)
class Lost:
    """What somebody was looking at whose process is gone: the source, and how often the canvas had been cleared."""

    source: str
    cleared: int

    @classmethod
    def from_browser(cls, sent):
        """The Lost in what the component sent, or None."""
        try:
            source, cleared = sent["source"], int(sent["cleared"])
        except (TypeError, KeyError, ValueError, OverflowError):
            return None
        return cls(source, cleared) if source in ("drawing", "example", "upload", "photograph") else None


class Budget:
    """How busy answering has kept the server of late; shared by all sessions and threads."""

    def __init__(self, clock=time.perf_counter):
        self._clock, self._spent, self._lock = clock, deque(), threading.Lock()

    def spend(self, started):
        """Note an answer that began at `started`, by the clock, and has just been given."""
        now = self._clock()
        with self._lock:
            self._spent.append((now, now - started))

    def exceeded(self):
        """Whether answers took more than their share of the last second."""
        now = self._clock()
        with self._lock:
            while self._spent and self._spent[0][0] < now - WINDOW:
                self._spent.popleft()
            return sum(seconds for _, seconds in self._spent) > MOST_BUSY * WINDOW

    def now(self):
        return self._clock()
