"""Upload phone-like photographs of MNIST digits and numbers to the app in a browser.

Used by analytics.benchmark.sessions to measure the server's memory.
"""

import io
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pillow_heif
from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from analytics.benchmark.app import QUIET, find_browser
from analytics.benchmark.latency import ANSWER
from analytics.numbers.compose import TOUCHING, WIDE, compose
from core.digits.data import load_split, read_checked

MEGAPIXELS = (3.0, 12.0)  # minimum and maximum of a picture
FORMATS = ("jpg", "heic", "tiff", "png")  # of the pictures outside a ZIP
ROUND = 25  # pictures: 13 in one ZIP, then three of each format
IDLE_SECONDS = 120  # after the tab is closed, before memory is measured again
TIMEOUT_MS = 300_000  # for one upload
MODES = ("One digit", "A number")  # alternating reading modes

pillow_heif.register_heif_opener(thumbnails=False)


def photograph(digits: np.ndarray, megapixels: float, rng: np.random.Generator) -> Image.Image:
    """A colour picture, 4:3, of digits (n, 28, 28) uint8 in a row, dark on grainy, unevenly lit paper."""
    width, height = round(1000 * (megapixels * 4 / 3) ** 0.5), round(1000 * (megapixels * 3 / 4) ** 0.5)
    row = compose(digits, rng.choice([WIDE, TOUCHING], len(digits) - 1), rng)
    scale = min(0.7 * width / row.shape[1], 0.5 * height / row.shape[0])
    ink = Image.fromarray(row).resize([round(n * scale) for n in row.shape[::-1]], Image.Resampling.BICUBIC)
    light = Image.fromarray(rng.integers(140, 225, (3, 4), np.uint8)).resize((width, height), Image.Resampling.BILINEAR)
    grain = Image.fromarray(rng.integers(0, 24, (height // 2, width // 2), np.uint8)).resize((width, height))
    paper = np.asarray(light) + np.asarray(grain)
    top, left = rng.integers(0, height - ink.height), rng.integers(0, width - ink.width)
    place = paper[top : top + ink.height, left : left + ink.width]
    place -= np.minimum(place, np.asarray(ink) // 2)
    return Image.merge("RGB", [Image.fromarray(paper)] * 3)


def encoded(picture: Image.Image, kind: str) -> bytes:
    """The picture as a file in a format of FORMATS."""
    options = {"jpg": {"format": "JPEG", "quality": 90}, "png": {"format": "PNG", "compress_level": 1},
               "tiff": {"format": "TIFF", "compression": "tiff_lzw"},
               "heic": {"format": "HEIF", "quality": 60, "enc_params": {"preset": "ultrafast"}}}
    buffer = io.BytesIO()
    picture.save(buffer, **options[kind])
    return buffer.getvalue()


def uploads(count: int, folder: Path, seed: int = 0) -> Iterator[tuple[str, list[Path], list[str]]]:
    """Yield uploads, `count` pictures in total: (reading mode, files, names of their pictures).

    The files are written to `folder` as the uploads are consumed.
    """
    rng = np.random.default_rng(seed)
    split, images = load_split()["validation"], read_checked("train-images-idx3-ubyte")

    def picture(name: str) -> bytes:
        number, _, kind = name.partition(".")
        digits = images[rng.choice(split, 1 if int(number) % 2 else int(rng.integers(3, 7)), replace=False)]
        return encoded(photograph(digits, rng.uniform(*MEGAPIXELS), rng), kind)

    done = 0
    while done < count:
        mode = MODES[done // ROUND % 2]
        for kind in ("zip", *FORMATS):
            numbers = range(done, min(done + (ROUND - 3 * len(FORMATS) if kind == "zip" else 3), count))
            names = [f"{number}.{'jpg' if kind == 'zip' else kind}" for number in numbers]
            done += len(names)
            if kind == "zip":
                files = [folder / f"{done}.zip"]
                with zipfile.ZipFile(files[0], "w") as archive:
                    for name in names:
                        archive.writestr(name, picture(name))
            else:
                files = [folder / name for name in names]
                for file in files:
                    file.write_bytes(picture(file.name))
            if names:
                yield mode, files, names


class Tab:
    """A page of the app in a browser."""

    def __init__(self, browser: Browser, url: str):
        self._page = browser.new_page(viewport={"width": 1280, "height": 900})
        self._page.set_default_timeout(TIMEOUT_MS)
        self._page.goto(url)
        self._page.wait_for_selector(ANSWER)
        self._page.wait_for_selector("[data-testid=why]")
        self._wait_until_idle()

    def _wait_until_idle(self) -> None:
        self._page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")

    def upload(self, mode: str, files: list[Path], names: list[str]) -> None:
        """Upload the files with pictures of these names, wait for the answers, then remove the files from the list."""
        self._page.get_by_role("radio", name=mode).click()
        self._page.get_by_text(f"drop or paste pictures of {mode.lower()} each").wait_for()
        self._wait_until_idle()
        self._page.locator("input[type=file]").set_input_files(files)
        if len(names) > 1:  # unreadable pictures are not counted there
            self._page.get_by_text(re.compile("^[0-9]+ pictures read")).wait_for()
        else:
            self._page.wait_for_selector(f".st-key-answer :is([data-name='{names[0]}'], .q-notice)")
        self._wait_until_idle()
        remove = self._page.get_by_role("button", name=re.compile("^Remove "))
        while left := remove.count():
            remove.first.click()
            expect(remove).to_have_count(left - 1, timeout=TIMEOUT_MS)
            self._wait_until_idle()

    def close(self) -> None:
        self._page.close()


def watch(url: str, count: int, memory: Callable[[], float], report: Callable[[str], object] = print
          ) -> dict[str, float]:
    """Upload `count` pictures in one tab, close it and wait; returns memory() in MB at each stage."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=QUIET)
        tab = Tab(browser, url)
        stages, done = {"first page": memory()}, 0
        for mode, files, names in uploads(count, Path(folder)):
            tab.upload(mode, files, names)
            for file in files:
                file.unlink()
            done += len(names)
            report(f"{done} pictures, the last {files[0].suffix}: {memory():.0f} MB")
        stages[f"{done} pictures"] = memory()
        tab.close()
        stages["tab closed"] = memory()
        time.sleep(IDLE_SECONDS)
        stages[f"{IDLE_SECONDS} s later"] = memory()
        browser.close()
    return stages
