"""The animation at the top of README: the app reads a 3, a 4 that might be a 9, and a sum, while they are drawn."""

import base64
import io
import math
from collections.abc import Sequence
from itertools import pairwise
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.digits.strokes.styles import curve, evenly

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZE = 940, 760  # of the window, in pixels
BOX = 0, 172, 940, 752  # what is shown of it: left, top, right, bottom
STEP, EVERY = 36, 0.03  # pixels and seconds between two movements of the pen
LIFT, LOOK, LAST = 60, 1200, 2500  # milliseconds: between two strokes, at an answer, of the last frame
LEAST = 50  # milliseconds of a frame
COLOURS = 256
# Strokes are written as in core/digits/strokes/styles.txt: points x,y in a box of 100 x 100, y down; * is a corner
THREE = "16,16 40,0 72,8 76,30 46,47* 80,60 84,84 52,100 14,88"
FOUR_OR_NINE = "50,2 22,30 16,50 30,60 56,50 74,26* 76,64 72,100"
DIGIT = 0.31, 0.23, 0.38, 0.54  # box of a digit on its canvas: left, top, width, height, in shares of the canvas
SUM = (  # strokes, and their box
    (THREE, (0.07, 0.24, 0.11, 0.52)),
    ("0,50 100,50 / 50,0 50,100", (0.25, 0.32, 0.12, 0.36)),
    ("38,0 8,56* 92,54 / 72,18 66,100", (0.41, 0.24, 0.13, 0.52)),
    ("0,30 100,28 / 2,70 100,68", (0.62, 0.32, 0.12, 0.36)),
    ("8,4 88,4* 56,50 42,100", (0.80, 0.24, 0.11, 0.52)),
)


class Frame(NamedTuple):
    picture: Image.Image
    duration: int  # milliseconds


class Recording:
    """What a page shows from now on, frame by frame as Chromium paints it."""

    def __init__(self, page: "Page"):
        self._frames: list[tuple[float, bytes]] = []  # seconds, PNG
        self._session = page.context.new_cdp_session(page)
        self._session.on("Page.screencastFrame", self._add)
        self._session.send("Page.startScreencast", {"format": "png"})

    def _add(self, frame: dict) -> None:
        self._frames.append((frame["metadata"]["timestamp"], base64.b64decode(frame["data"])))
        self._session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    def stop(self, last: int) -> list[Frame]:
        """The frames that differ inside BOX. last: duration of the last one in milliseconds."""
        self._session.send("Page.stopScreencast")
        shown: list[tuple[float, Image.Image]] = []
        for second, png in sorted(self._frames, key=lambda frame: frame[0]):
            picture = Image.open(io.BytesIO(png)).convert("RGB").crop(BOX)
            if shown and 1000 * (second - shown[-1][0]) < LEAST:
                second = shown.pop()[0]
            if not shown or picture != shown[-1][1]:
                shown.append((second, picture))
        starts = [round(1000 * (second - shown[0][0])) for second, _ in shown]
        return [Frame(picture, end - start) for (_, picture), (start, end) in
                zip(shown, pairwise([*starts, starts[-1] + last]), strict=True)]


def points_of(stroke: str, box: NDArray[np.floating]) -> list[NDArray[np.floating]]:
    """Points (x, y) along a stroke, at most STEP apart and at each of its corners. box: left, top, width, height."""
    points = []
    words = stroke.split()
    corners = [0, *(i for i, word in enumerate(words) if word.endswith("*")), len(words) - 1]
    for start, stop in pairwise(corners):
        part = box[:2] + curve(words[start : stop + 1]) / 100 * box[2:]
        length = np.hypot(*np.diff(part, axis=0).T).sum()
        points.extend(evenly(part, 1 + max(1, math.ceil(length / STEP)))[bool(points):])
    return points


def draw(page: "Page", strokes: str, box: tuple[float, float, float, float]) -> None:
    """Draw strokes with the mouse into a box (left, top, width, height), in shares of the canvas."""
    canvas = page.locator("canvas.upper-canvas").bounding_box()
    assert canvas is not None
    place = np.array(box) * ([canvas["width"], canvas["height"]] * 2) + [canvas["x"], canvas["y"], 0, 0]
    for stroke in strokes.split("/"):
        first, *rest = points_of(stroke, place)
        page.mouse.move(*first)
        page.mouse.down()
        for point in rest:
            started = monotonic()
            page.mouse.move(*point)
            page.wait_for_timeout(max(0.0, 1000 * (EVERY - monotonic() + started)))
        page.mouse.up()
        page.wait_for_timeout(LIFT)


def record(page: "Page") -> list[Frame]:
    """Draw on the first tab of the app, which is open; what the page shows meanwhile.

    Raises playwright's TimeoutError if the app reads something else than README says.
    """
    def choose(mode: str, surface: str) -> None:
        page.get_by_text(mode, exact=True).click()
        page.locator(f".st-key-canvas_{surface} canvas.upper-canvas").wait_for()
        clear()

    def clear() -> None:
        page.get_by_role("button", name="Clear", exact=True).click()
        page.get_by_text("The canvas is empty").wait_for()
        page.wait_for_timeout(3 * LIFT)

    def read(*answer: str) -> None:
        for words in answer:
            page.locator(".st-key-answer").get_by_text(words).first.wait_for()
        page.wait_for_timeout(LOOK)

    def draw_sum() -> None:
        for strokes, box in SUM:
            draw(page, strokes, box)
        read("confident", "The sum is right")

    choose("A number", "number")
    draw_sum()  # not recorded: the first number of a process also loads the weights
    choose("One digit", "digit")
    digits = Recording(page)
    draw(page, THREE, DIGIT)
    read("confident")
    clear()
    draw(page, FOUR_OR_NINE, DIGIT)
    read("Probably a 4; it may be a 9")
    frames = digits.stop(LOOK)

    choose("A number", "number")
    number = Recording(page)
    draw_sum()
    return frames + number.stop(LAST)


def encode(frames: Sequence[Frame]) -> bytes:
    """Frames as an animated WebP that starts again at its end."""
    pictures = in_few_colours([frame.picture for frame in frames])
    file = io.BytesIO()
    pictures[0].save(file, "WEBP", save_all=True, append_images=pictures[1:], lossless=True, loop=0,
                     duration=[frame.duration for frame in frames])
    return file.getvalue()


def in_few_colours(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Pictures in COLOURS that all share, which makes the file a fifth; those of every fourth decide which."""
    sample = Image.fromarray(np.concatenate([np.asarray(picture) for picture in pictures[::4]]))
    palette = sample.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    return [picture.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB") for picture in pictures]
