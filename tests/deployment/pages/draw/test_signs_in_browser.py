"""Signs in a real browser: an amount and a date drawn by mouse and by finger, a photographed mark, a doubtful 11."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import expect
from strokes import draw, number, numbers, read_as_it_stands


def drawn(page, screen, text):
    draw(page, screen, [[(280 * x, 280 * y) for x, y in points] for points in number(text)])
    shown = page.wait_for_selector(f'[data-testid=number][data-text="{text}"][data-live="no"]')
    read_as_it_stands(page)
    return shown


def test_an_amount_whose_point_is_a_tap(page, screen):
    numbers(page)
    drawn(page, screen, "12.50")
    boxes = page.locator(".st-key-number_boxes button")
    expect(boxes).to_have_count(5)
    boxes.nth(2).click()
    page.locator("[data-testid=place][data-place='2']").get_by_text("Place 3: a point").wait_for()
    expect(page.locator("[data-testid=sign]")).to_contain_text("knows no signs")
    page.get_by_text("Signs and gaps", exact=True).click()
    page.wait_for_selector('[data-testid=number][data-text="1250"]')


@pytest.mark.slow
def test_a_date(page, screen):
    numbers(page)
    drawn(page, screen, "24/6/2015")


@pytest.mark.slow
def test_a_photographed_mark(page, tmp_path):
    """6.5 in dark ink on grey paper, soft as a camera sees it."""
    ink = Image.new("L", (600, 400), 0)
    for points in number("6.5"):
        places = [(600 * x, 60 + 600 * 1.8 * y) for x, y in points]
        pen = ImageDraw.Draw(ink)
        pen.line(places, fill=255, width=14, joint="curve")
        for x, y in (places[0], places[-1]):
            pen.ellipse([x - 8, y - 8, x + 8, y + 8], fill=255)
    light = np.linspace(225, 190, 600)[None] * (1 - 0.7 * np.asarray(ink.filter(ImageFilter.GaussianBlur(1.5))) / 255)
    Image.fromarray(light.astype(np.uint8)).save(tmp_path / "mark.png")
    numbers(page)
    page.locator("input[type=file]").set_input_files(tmp_path / "mark.png")
    page.wait_for_selector('[data-testid=number][data-text="6.5"][data-name="mark.png"]')


def test_two_ones_on_one_another_are_1_or_11(page, screen):
    numbers(page)
    strokes = [[(x, 15), (x, 40), (x, 65)] for x in (140, 140.5 if screen.touch else 145.2)]
    draw(page, screen, strokes)
    page.wait_for_selector('[data-testid=number][data-text="1"][data-strokes="2"][data-live="no"]')
    page.get_by_text("Place 1: a 1 or 11").wait_for()
