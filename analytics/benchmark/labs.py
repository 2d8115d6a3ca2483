"""Trainings in the lab of some browser pages, while analytics.benchmark.sessions measures others who draw.

The browser has a low priority, as it stands for other people's devices.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from playwright.sync_api import sync_playwright

from analytics.benchmark.latency import QUIET, find_browser

NICE = 15  # of the browser


@contextmanager
def trainings(url: str, count: int) -> Iterator[list[str]]:
    """Train in this many pages of an app, of which at most two train at once; the list is filled at the end with what
    each has reached."""
    here, there = get_context("spawn").Pipe()
    pages = get_context("spawn").Process(target=_train, args=(url, count, there))
    pages.start()
    there.close()  # so that its end is noticed
    reached: list[str] = []
    try:
        here.recv()
        yield reached
        here.send("end")
        reached += here.recv()
    finally:
        pages.terminate()
        pages.join()


def _train(url: str, count: int, answers: Connection) -> None:
    os.nice(NICE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=QUIET)
        pages = [browser.new_page() for _ in range(count)]
        for page in pages:
            page.goto(f"{url}/?tab=Lab")
            page.get_by_role("button", name="Start").click()
            page.get_by_role("button", name="Pause").wait_for()
        answers.send("ready")
        answers.recv()
        answers.send([page.get_by_test_id("figures").inner_text() for page in pages])
