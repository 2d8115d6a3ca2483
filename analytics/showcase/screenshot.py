"""A picture of the app in use, for the README: `python -m analytics.showcase.screenshot [--out images/app.png]`.

The other options show what others see: `--width 390 --theme dark --tab "Scientific audit" --whole`.
"""

import argparse
from pathlib import Path

from analytics.benchmark.latency import QUIET, find_browser, serve

OUT = Path(__file__).resolve().parents[2] / "images" / "app.png"
HEIGHT = {"desktop": 1010, "phone": 844}


def take(out, width=1280, theme="light", example="A 4, or is it a 9", tab=None, whole=False):
    """Open the app, choose an example and perhaps a tab, and save what is seen, or the whole page."""
    from playwright.sync_api import sync_playwright

    height = HEIGHT["phone" if width < 640 else "desktop"]
    with serve() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=QUIET)
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
        page.goto(server.url)
        page.get_by_role("button", name=example).click()
        page.wait_for_selector(f"[data-testid=answer][data-name='{example[0].lower()}{example[1:]}']")
        if tab:
            page.get_by_role("tab", name=tab).click()
        page.get_by_test_id("stStatusWidget").wait_for(state="hidden")
        page.wait_for_timeout(2500)  # charts and pictures fade in
        if whole:
            total = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({"width": width, "height": total})
            page.wait_for_timeout(1500)
        page.screenshot(path=out)
        browser.close()


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.showcase.screenshot",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE.png")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--example", default="A 4, or is it a 9")
    parser.add_argument("--tab")
    parser.add_argument("--whole", action="store_true", help="the whole page, however long")
    take(**vars(parser.parse_args(argv)))


if __name__ == "__main__":
    main()
