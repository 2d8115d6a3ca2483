"""A running app and a real browser, for the tests that need them. Nothing here starts unless a test asks for it."""

import pytest

from analytics.latency import BROWSERS, QUIET, find_browser, serve


@pytest.fixture(scope="session")
def app_url():
    """The address of the app, served on a free port."""
    with serve() as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    """A Chromium; tests that need one are skipped, with the reason, where there is none."""
    path = find_browser()
    if path is None:
        pytest.skip(f"no browser: install one of {', '.join(BROWSERS)} or set CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()
