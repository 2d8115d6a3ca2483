"""Take a screenshot of the app for the README: `python -m analytics.showcase.screenshot [--out images/app.png]`.

Other views: `--width 390 --theme dark --tab "Scientific audit" --whole`; a table: `--table --out images/table.png`; a
training in the lab: `--lab --out images/lab.png`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from analytics.benchmark.latency import QUIET, find_browser, serve
from core.shipped import data

OUT = data("images/app.png")
HEIGHT = {"desktop": 1010, "phone": 844}  # pixels
TRAINING = 6_000  # milliseconds


def take(out: Path, width: int = 1280, theme: Literal["light", "dark"] = "light", example: str = "A 4, or is it a 9",
         tab: str | None = None, whole: bool = False, table: bool = False, lab: bool = False) -> None:
    """Open the app with an example and a tab, with the example of a table, or with a training in the lab of some
    seconds, and save the visible part or the whole page as a picture."""
    from playwright.sync_api import sync_playwright

    height = HEIGHT["phone" if width < 640 else "desktop"]
    with serve() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=QUIET)
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
        page.goto(server.url)
        if table:
            page.wait_for_selector("[data-testid=answer]")
            page.get_by_text("A table", exact=True).click()
            page.get_by_role("button", name="Try an example").click()
            page.wait_for_selector(".sheet[data-ready=yes]")
        else:
            page.get_by_role("button", name=example).click()
            page.wait_for_selector(f"[data-testid=answer][data-name='{example[0].lower()}{example[1:]}']")
        if tab or lab:
            page.get_by_role("tab", name=tab or "Lab").click()
        if lab:
            page.get_by_role("button", name="Start").click()
            page.wait_for_timeout(TRAINING)
            page.get_by_role("button", name="Pause").click()
        page.get_by_test_id("stStatusWidget").wait_for(state="hidden")
        page.wait_for_timeout(2500)  # charts and pictures fade in
        if whole:
            total = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({"width": width, "height": total})
            page.wait_for_timeout(1500)
        page.screenshot(path=out)
        browser.close()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.showcase.screenshot",
                                     description="Take a screenshot of the app.")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE.png")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--example", default="A 4, or is it a 9")
    parser.add_argument("--table", action="store_true", help="the example of a table")
    parser.add_argument("--lab", action="store_true", help="a training in the lab")
    parser.add_argument("--tab")
    parser.add_argument("--whole", action="store_true", help="the whole page")
    take(**vars(parser.parse_args(argv)))


if __name__ == "__main__":
    main()
