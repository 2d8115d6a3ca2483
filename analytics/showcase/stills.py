"""The still pictures of README: a doubtful digit, a table and a training in the lab."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZE = 1280, 1010  # of the window, in pixels
FADE_IN = 2_500  # milliseconds until charts and pictures are opaque


def rest(page: "Page") -> None:
    """Wait until no script runs."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def take(page: "Page") -> bytes:
    """What the page shows when it is at rest, as PNG."""
    page.mouse.move(1, 1)  # away from what shows a hint
    rest(page)
    page.wait_for_timeout(FADE_IN)
    return page.screenshot()


def digit(page: "Page") -> bytes:
    """A 4 that might be a 9."""
    page.get_by_role("button", name="A 4, or is it a 9").click()
    page.locator("[data-testid=answer][data-name='a 4, or is it a 9']").wait_for()
    return take(page)


def table(page: "Page") -> bytes:
    """A photographed sheet and its table."""
    page.get_by_text("A table", exact=True).click()
    page.get_by_role("button", name="Try an example").click()
    page.locator(".sheet[data-ready=yes]").wait_for()
    return take(page)


def lab(page: "Page") -> bytes:
    """A network after ten epochs, with the digit of `digit`."""
    digit(page)
    page.get_by_role("tab", name="Lab").click()
    page.get_by_role("button", name="Start").click()
    page.get_by_text(re.compile(r"^epoch 1\d\.")).wait_for(timeout=120_000)
    page.get_by_role("button", name="Pause").click()
    return take(page)
