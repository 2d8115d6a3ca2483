"""Measure the app's latency in a real browser: `python -m analytics.benchmark.latency [--strokes 20]`.

Starts the app on a free port and prints the time from opening the page to its first answer, for a cold and a warm
server; and, with mouse and touch, from the end of a stroke to its result and between answers while drawing. With
--beside-upload, another session uploads a ZIP of 300 large photographs meanwhile. The server times of the lab follow.
"""

import argparse
import contextlib
import io
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from analytics.benchmark.app import APP, QUIET, find_browser, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Page

EXAMPLES = APP.parent / "assets" / "examples"
ANSWER = "[data-testid=answer]"
# A stroke's latency is measured inside the page, from the release of the pen to the first frame with its result.
NOTE_RELEASE = "() => document.addEventListener('pointerup', () => { window.released = performance.now(); }, true)"
NOTE_ANSWERS = """() => new MutationObserver(() => {
  const now = performance.now();
  if (document.querySelector("[data-live=yes]") && !(now - window.answers.at(-1) < 20)) window.answers.push(now);
}).observe(document.querySelector(".st-key-answer"), {subtree: true, childList: true, characterData: true})"""
SHOWN = """(strokes) => {
  const answer = document.querySelector(`[data-testid=answer][data-strokes="${strokes}"]`);
  return answer && performance.now() - window.released;
}"""


def first_answer(browser: "Browser", url: str) -> float:
    """Seconds from opening the page, with an empty cache, to the answer of its example."""
    page = browser.new_page()
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_selector(ANSWER)
    seconds = time.perf_counter() - start
    page.close()
    return seconds


class Mouse:
    """A mouse on a desktop."""

    window = 1280, 900  # pixels

    def __init__(self, page: "Page"):
        self._mouse = page.mouse

    def down(self, x: float, y: float) -> None:
        self._mouse.move(x, y)
        self._mouse.down()

    def move(self, x: float, y: float) -> None:
        self._mouse.move(x, y)

    def up(self) -> None:
        self._mouse.up()


class Finger:
    """A finger on a phone."""

    window = 390, 844

    def __init__(self, page: "Page"):
        self._session = page.context.new_cdp_session(page)

    def _send(self, kind: str, *points: dict[str, float]) -> None:
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    def down(self, x: float, y: float) -> None:
        self._send("touchStart", {"x": x, "y": y})

    def move(self, x: float, y: float) -> None:
        self._send("touchMove", {"x": x, "y": y})

    def up(self) -> None:
        self._send("touchEnd")


Pen = Mouse | Finger

def canvas_page(browser: "Browser", url: str, script: str, device: type[Pen] = Mouse
                ) -> tuple["Page", "FloatRect", Pen]:
    """A page that shows its first answer and has run the script, the box of its canvas, and a pen on it."""
    width, height = device.window
    page = browser.new_page(viewport={"width": width, "height": height}, has_touch=device is Finger)
    page.goto(url)
    page.wait_for_selector(ANSWER)
    page.evaluate(script)
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    return page, box, device(page)


def stroke_to_result(browser: "Browser", url: str, strokes: int, device: type[Pen] = Mouse) -> list[float]:
    """Milliseconds from the release of the pen to the result, for each stroke on one canvas."""
    page, box, pen = canvas_page(browser, url, NOTE_RELEASE, device)
    times = []
    for stroke in range(1, strokes + 1):
        x, y = box["x"] + 40 + 10 * stroke % (box["width"] - 80), box["y"] + 60
        pen.down(x, y)
        for step in range(1, 7):
            pen.move(x - 3 * step, y + 27 * step)
        pen.up()
        times.append(page.wait_for_function(SHOWN, arg=stroke, polling="raf").json_value())
    page.close()
    return times


def live_answers(browser: "Browser", url: str, strokes: int, device: type[Pen] = Mouse) -> list[float]:
    """Milliseconds between answers while the pen moves, over strokes of about a second."""
    page, box, pen = canvas_page(browser, url, NOTE_ANSWERS, device)
    gaps = []
    for _ in range(strokes):
        page.evaluate("() => { window.answers = []; }")
        pen.down(box["x"] + 80, box["y"] + 80)
        for step in range(50):
            pen.move(box["x"] + 80 + 4 * step, box["y"] + 80 + 5 * (step % 40))
            page.wait_for_timeout(20)
        times = page.evaluate("window.answers")
        pen.up()
        gaps += [after - before for before, after in pairwise(times)]
        page.get_by_role("button", name="Clear", exact=True).click()
        page.get_by_text("The canvas is empty").wait_for()
    page.close()
    return gaps


def photographs(count: int, path: Path, side: int = 1400) -> Path:
    """Write a ZIP of `count` JPEG photographs of examples on grainy paper; returns its path."""
    rng = np.random.default_rng(0)
    digits = [Image.open(file).convert("L").resize((side, side)) for file in sorted(EXAMPLES.glob("*.png"))]
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(count):
            grain = Image.fromarray(rng.integers(0, 12, (side // 8, side // 8), np.uint8)).resize((side, side))
            buffer = io.BytesIO()
            Image.fromarray(np.minimum(np.asarray(digits[i % len(digits)]), 240) + np.asarray(grain)).save(
                buffer, "JPEG")
            archive.writestr(f"{i}.jpg", buffer.getvalue())
    return path


@contextlib.contextmanager
def uploading(browser: "Browser", url: str, path: Path) -> Iterator["Page"]:
    """Upload a ZIP in another session; yields its page while the pictures are being read."""
    page = browser.new_page()
    page.goto(url)
    page.wait_for_selector(ANSWER)
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("progressbar").wait_for()
    yield page
    page.close()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m analytics.benchmark.latency", description="Measure the app's latency.")
    parser.add_argument("--strokes", type=int, default=20)
    parser.add_argument("--beside-upload", action="store_true", help="measure strokes during another session's upload")
    args = parser.parse_args(argv)
    from playwright.sync_api import sync_playwright

    with serve() as server, sync_playwright() as playwright:
        url, strokes = server.url, args.strokes
        browser = playwright.chromium.launch(executable_path=find_browser(), args=QUIET)
        cold = first_answer(browser, url)
        warm = [first_answer(browser, url) for _ in range(5)]
        devices: tuple[type[Pen], ...] = (Mouse, Finger)
        times = {device: stroke_to_result(browser, url, strokes, device) for device in devices}
        gaps = {device: live_answers(browser, url, 10, device) for device in devices}
        during_upload = still_reading = None
        if args.beside_upload:
            with tempfile.TemporaryDirectory() as folder:
                path = photographs(300, Path(folder) / "photographs.zip")
                with uploading(browser, url, path) as other:
                    during_upload = stroke_to_result(browser, url, strokes)
                    still_reading = other.get_by_role("progressbar").count() > 0
        browser.close()
    print(f"first answer, cold server {cold:.2f} s, median of {len(warm)} warm {statistics.median(warm):.2f} s")
    for device in devices:
        name, up, between = device.__name__.lower(), times[device], gaps[device]
        print(f"{name}: pen-up to result, median of {strokes} {statistics.median(up):.0f} ms "
              f"(largest {max(up):.0f} ms); between answers while drawing {statistics.median(between):.0f} ms "
              f"(largest {max(between):.0f} ms of {len(between)})")
    if during_upload:
        until = "still in progress" if still_reading else "which ended before the last stroke"
        print(f"during an upload, {until}: median {statistics.median(during_upload):.0f} ms "
              f"(largest {max(during_upload):.0f} ms)")
    subprocess.run([sys.executable, "-m", "analytics.benchmark.lab"], check=True)  # NumPy on one thread


if __name__ == "__main__":
    main()
