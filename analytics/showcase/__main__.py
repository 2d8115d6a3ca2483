"""Make the pictures of README from the app: `python -m analytics.showcase [--only NAME ...]`; about a minute.

The app is started on a free port and used in Chromium with the mouse.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from analytics.benchmark.app import BROWSERS, QUIET, find_browser, serve
from analytics.showcase import animation, stills
from core.files import write_atomic
from core.shipped import data

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Picture(NamedTuple):
    size: tuple[int, int]  # width and height of the window, in pixels
    make: Callable[["Page"], bytes]


PICTURES = {
    "drawing.webp": Picture(animation.SIZE, lambda page: animation.encode(animation.record(page))),
    "app.png": Picture(stills.SIZE, stills.digit),
    "table.png": Picture(stills.SIZE, stills.table),
    "lab.png": Picture(stills.SIZE, stills.lab),
}


def make(names: Sequence[str], folder: Path) -> None:
    """Write these PICTURES into a folder; raises ValueError without a browser."""
    from playwright.sync_api import sync_playwright

    path = find_browser()
    if path is None:
        raise ValueError(f"there is no browser: install one of {', '.join(BROWSERS)}, or set CHROMIUM to its path")
    with serve() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        for name in names:
            width, height = PICTURES[name].size
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
            page.goto(server.url)
            page.locator("[data-testid=answer]").wait_for()
            stills.rest(page)
            picture = PICTURES[name].make(page)
            page.close()
            write_atomic(folder / name, picture)
            print(f"{folder / name}: {len(picture) / 1000:.0f} kB", flush=True)
        browser.close()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.showcase",
                                     description="Make the pictures of README from the app.")
    parser.add_argument("--only", nargs="+", choices=PICTURES, default=list(PICTURES), metavar="NAME",
                        help=f"of {', '.join(PICTURES)}; default: all")
    parser.add_argument("--out", type=Path, default=data("images"), metavar="DIR", help="%(default)s")
    args = parser.parse_args(argv)
    try:
        make(args.only, args.out)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
