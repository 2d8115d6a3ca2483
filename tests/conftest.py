"""A running app and a real browser, for the tests that need them. Nothing here starts unless a test asks for it.

`make test` looks at each browser check on one screen, `make test-all` (pytest --all) on all four, and runs what is
marked slow or ci; `make test-ci` runs what is marked ci.
"""

import os
import zlib
from dataclasses import dataclass
from functools import cache

from core.blas import use_one_thread

if "PYTEST_XDIST_WORKER" in os.environ:  # each of several processes gets one core; NumPy is not imported yet
    use_one_thread()

import pytest
from browser import at_rest
from strokes import INK, read_as_it_stands

from analytics.benchmark.app import BROWSERS, QUIET, find_browser, serve

PATIENCE = 60_000  # ms: a busy machine is slow, not wrong
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # a moving pattern, without asking


@dataclass(frozen=True)
class Screen:
    """What a person looks at: size in pixels, a finger or a mouse, the theme of the system."""

    width: int
    height: int
    touch: bool
    theme: str

    def __str__(self):
        return f"{'phone' if self.touch else 'desktop'} {self.theme}"


DESKTOP_LIGHT, DESKTOP_DARK = Screen(1280, 900, False, "light"), Screen(1280, 900, False, "dark")
PHONE_LIGHT, PHONE_DARK = Screen(390, 844, True, "light"), Screen(390, 844, True, "dark")


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="every screen for the browser checks, and the slow tests")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: run by make test-all alone")
    config.addinivalue_line("markers", "ci: run by make test-all and, before each change is taken, by make test-ci")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--all"):
        for item in items:
            if item.get_closest_marker("slow") or item.get_closest_marker("ci"):
                item.add_marker(pytest.mark.skip(reason="slow: make test-all runs it"))


def pytest_generate_tests(metafunc):
    """Half of the browser checks on a light desktop, half on a dark phone, always the same half; with --all,
    everywhere."""
    if "screen" in metafunc.fixturenames:
        screens = [DESKTOP_LIGHT, PHONE_DARK, DESKTOP_DARK, PHONE_LIGHT]
        if not metafunc.config.getoption("--all"):
            screens = [screens[zlib.crc32(metafunc.function.__name__.encode()) % 2]]
        metafunc.parametrize("screen", screens, ids=str)


@pytest.fixture(scope="session")
def app_url():
    """The address of the app, served on a free port."""
    with serve() as server:
        yield server.url


@pytest.fixture(scope="session")
def browser():
    """A Chromium; tests that need one are skipped, with the reason, where there is none."""
    path = find_browser()
    if path is None:
        pytest.skip(f"no browser: install one of {', '.join(BROWSERS)} or set CHROMIUM to its path")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *CAMERA])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def contexts(browser):
    """A function from a Screen to its browser context, one for all tests: the page's scripts are fetched and compiled
    once."""
    @cache
    def of(screen):
        return browser.new_context(viewport={"width": screen.width, "height": screen.height}, has_touch=True,
                                   color_scheme=screen.theme)

    return of


def is_of_canvas(error):
    """Whether an error is of the drawing component: its pencil draws the first point of a stroke of which there are no
    points any more, where the canvas was set up again while the stroke was drawn. What stands on the canvas is checked
    by read_as_it_stands."""
    return "reading 'x'" in str(error) and "streamlit_drawable_canvas" in (error.stack or "")


@pytest.fixture
def page(contexts, app_url, screen):
    """The app at its first visit. Afterwards: nothing went wrong, nothing was asked from elsewhere, nothing ran off the
    side, and a drawing that was read is the one on the canvas."""
    context, errors, foreign = contexts(screen), [], []

    def ask(request):
        if not is_local(request.url):
            foreign.append(request.url)

    context.on("request", ask)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: None if is_of_canvas(error) else errors.append(f"{error}\n{error.stack}"))
    page.goto(app_url)
    page.wait_for_selector("[data-testid=answer][data-name='a clear 7']")
    page.wait_for_selector(INK)
    at_rest(page)
    yield page
    try:
        assert errors == []  # first: a page that broke down has nothing else to look at
        assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= screen.width
        if page.locator(f"{INK}:visible:not([data-read=''])").count():
            read_as_it_stands(page)
    finally:
        page.evaluate("localStorage.clear()")
        for opened in context.pages:
            opened.close()
        context.clear_cookies()
        context.remove_listener("request", ask)
    assert errors == [] and foreign == []


def is_local(url):
    return url.startswith(("data:", "blob:", "http://127.0.0.1:", "ws://127.0.0.1:", "http://localhost:"))
