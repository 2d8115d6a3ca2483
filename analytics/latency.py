"""How quickly the app answers, in a real browser: `python -m analytics.latency [--strokes 20]`.

Starts the app on a free port, as a person would, and prints the time from opening the page to the first answer on it,
for a cold and a warm server, and from the end of a stroke to its result. 200 ms of the latter are a pause fixed in the
drawing component, which waits whether another stroke follows.
"""

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

APP = Path(__file__).parent.parent / "deployment" / "app.py"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = [  # no window, and no requests of the browser's own
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
ANSWER = "[data-testid=answer]"
# Both ends of a stroke's time are taken inside the page: the release of the pen, and the first frame with its result.
NOTE_RELEASE = "() => document.addEventListener('mouseup', () => { window.released = performance.now(); }, true)"
SHOWN = """(strokes) => {
  const answer = document.querySelector(`[data-testid=answer][data-strokes="${strokes}"]`);
  return answer && performance.now() - window.released;
}"""


def find_browser() -> str | None:
    """The path of a Chromium, from the variable CHROMIUM or the usual names; None if there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def serve(seconds: float = 30):
    """The app on a free port, started in a directory that is not the project's: yields its address once it is healthy.

    Raises RuntimeError with the server's log if it does not come up in time.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + seconds
            while not _healthy(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"the app did not start:\n{log.read()}")
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(10)


def _healthy(port: int) -> bool:
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).status == 200
    except OSError:
        return False


def first_answer(browser, url: str) -> float:
    """Seconds from opening the page, with an empty cache, to the example's answer on it."""
    page = browser.new_page()
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_selector(ANSWER)
    seconds = time.perf_counter() - start
    page.close()
    return seconds


def stroke_to_result(browser, url: str, strokes: int) -> list[float]:
    """Milliseconds from the release of the pen to the result, for each of so many strokes on one canvas."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(url)
    page.wait_for_selector(ANSWER)
    box = page.locator("canvas.upper-canvas").bounding_box()
    page.evaluate(NOTE_RELEASE)
    times = []
    for stroke in range(1, strokes + 1):
        x, y = box["x"] + 40 + 10 * stroke, box["y"] + 60
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 20, y + 160, steps=6)
        page.mouse.up()
        times.append(page.wait_for_function(SHOWN, arg=stroke, polling="raf").json_value())
    page.close()
    return times


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.latency", description="How quickly does the app answer?")
    parser.add_argument("--strokes", type=int, default=20)
    strokes = parser.parse_args(argv).strokes
    from playwright.sync_api import sync_playwright

    with serve() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=QUIET)
        cold = first_answer(browser, url)
        warm = [first_answer(browser, url) for _ in range(5)]
        times = stroke_to_result(browser, url, strokes)
        browser.close()
    print(f"first answer, server just started   {cold:.2f} s")
    print(f"first answer, median of {len(warm)}           {statistics.median(warm):.2f} s")
    median = statistics.median(times)
    print(f"stroke to result, median of {strokes:<3}     {median:.0f} ms (largest {max(times):.0f} ms)")


if __name__ == "__main__":
    main()
