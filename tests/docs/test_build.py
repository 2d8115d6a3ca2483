"""The built documentation: no broken link, nothing from another host, nothing off the side of a phone, a search that
works without a network."""

import functools
import importlib.util
import os
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.ci, pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None,
                                                 reason="mkdocs is not installed: make .venv/docs")]
LOADS = {"script": "src", "link": "href", "img": "src", "source": "src", "iframe": "src", "object": "data"}
ELSEWHERE = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)


class Loaded(HTMLParser):
    """The addresses that a page loads by itself."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attrs):
        address = dict(attrs).get(LOADS.get(tag, ""))
        if address:
            self.addresses.append(address)


def foreign(page):
    """The addresses of a page of HTML or CSS that lead to another host."""
    parser = Loaded()
    parser.feed(page)
    addresses = parser.addresses + re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")\s]+)", page)
    return [address for address in addresses if ELSEWHERE.match(address)]


@pytest.mark.parametrize("page", [
    '<script src="https://a.example/x.js">', '<link rel="stylesheet" href="//a.example/x.css">',
    "<img src='http://a.example/x.png'>", "<style>@font-face {src: url(https://a.example/x.woff2)}</style>",
    "@import 'https://a.example/x.css'"])
def test_an_address_elsewhere_is_noticed(page):
    assert len(foreign(page)) == 1


def test_a_link_and_a_file_of_the_page_are_not():
    page = '<a href="https://a.example/">x</a><img src="../x.png"><style>a {background: url(x.png)}</style>'
    assert foreign(page) == []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The documentation, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)], cwd=ROOT,
                           env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder


def test_nothing_is_loaded_from_elsewhere(site):
    pages = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    assert len(pages) > 30
    assert {path.name: found for path in pages if (found := foreign(path.read_text(encoding="utf-8")))} == {}
    assert not list(site.rglob("*.py"))


def test_reports_and_docstrings_are_shown(site):
    report = (site / "analytics" / "reports" / "gate.html").read_text(encoding="utf-8")
    assert "../../images/gate/forest.png" in report and (site / "images" / "gate" / "forest.png").exists()
    assert "makes its gradient" not in report and "../EXPERIMENTS.html" in (
        site / "analytics" / "reports" / "champion.html").read_text(encoding="utf-8")
    assert 'id="core.nn.gate.EmotionalGate"' in (site / "api" / "nn.html").read_text(encoding="utf-8")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def address(site):
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_in_a_browser(browser, address, screen):
    context = browser.new_context(viewport={"width": screen.width, "height": screen.height}, color_scheme=screen.theme)
    page, errors, asked = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in ("index", "engine", "api/nn", "analytics/reports/tables", "analytics/EXPERIMENTS"):
        page.goto(f"{address}/{name}.html")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= screen.width, name
    dark = page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    assert dark == (screen.theme == "dark")
    page.goto(f"{address}/index.html")
    page.wait_for_load_state("networkidle")  # the script of the search, and its index
    if screen.touch:
        page.locator("label.md-header__button[for=__search]").click()
    page.locator(".md-search__input").press_sequentially("prediction sets")  # the search hears keys
    page.locator(".md-search-result__item a").first.wait_for()
    context.close()
    assert errors == []
    assert len(asked) > 20 and not [url for url in asked if not url.startswith((address, "data:", "blob:"))]
