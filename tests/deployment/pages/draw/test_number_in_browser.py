"""Numbers in a real browser: drawn, chosen, uploaded, in a ZIP; a word refused; a digit that turns out to be more."""

import io
import zipfile

import pytest
from app import EXAMPLES
from browser import at_rest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import expect
from strokes import CANVAS, draw, number, numbers, read_as_it_stands

ONES = [[(60, 60), (60, 140), (60, 220)], [(180, 60), (180, 140), (180, 220)]]


def read(page, text, **attributes):
    """The number on the page, as soon as it reads so."""
    conditions = "".join(f'[data-{name}="{value}"]' for name, value in attributes.items())
    number = page.wait_for_selector(f'[data-testid=number][data-text="{text}"]{conditions}')
    if attributes.get("name") == "your drawing":
        read_as_it_stands(page)
    return number


def pen(page, strokes):
    """Strokes by mouse on the wide surface, in thirds of its width."""
    canvas = page.locator(f".st-key-wide {CANVAS}")
    expect(canvas).to_have_count(1)
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = canvas.bounding_box()
    for points in strokes:
        places = [(box["x"] + x * box["width"] / 3, box["y"] + y * box["width"] / 3) for x, y in points]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=5)
        page.mouse.up()
        page.wait_for_timeout(50)


SEVEN_AT, ONE_AT = (lambda x: [(x, 0.2), (x + 0.4, 0.2), (x + 0.15, 0.85)]), (lambda x: [(x, 0.2), (x, 0.85)])


def test_a_number_is_drawn_and_looked_at(page):
    numbers(page)
    pen(page, [SEVEN_AT(0.2), ONE_AT(1.1), SEVEN_AT(1.6)])
    read(page, "717", name="your drawing", strokes=3, live="no")
    boxes = page.locator(".st-key-number_boxes button")
    expect(boxes).to_have_count(3)
    boxes.nth(1).click()
    page.locator("[data-testid=place][data-place='1']").get_by_text("Place 2: a 1").wait_for()
    expect(boxes.nth(1)).to_have_attribute("aria-pressed", "true")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download its digits as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert [line.split(",")[2] for line in lines[1:]] == list("717")
    page.get_by_role("button", name="Undo", exact=True).click()
    read(page, "71", strokes=2)
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_text("The canvas is empty: draw a number").wait_for()


@pytest.mark.slow
def test_a_number_that_was_cleared_does_not_come_back(page):
    numbers(page)
    pen(page, [ONE_AT(0.2), SEVEN_AT(0.6), ONE_AT(1.4), SEVEN_AT(1.8)])
    read(page, "1717", name="your drawing", strokes=4, live="no")
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_text("The canvas is empty").wait_for()
    pen(page, [SEVEN_AT(0.4), SEVEN_AT(1.2)])
    read(page, "77", name="your drawing", strokes=2, live="no")


@pytest.mark.slow
def test_eleven_digits_have_room_and_a_turned_phone_keeps_them(page, screen):
    numbers(page)
    draw(page, screen, [[(280 * x, 280 * y) for x, y in points] for points in number("31415926535")])
    read(page, "31415926535", name="your drawing", live="no")
    if screen.touch:
        expect(page.get_by_text("Turn the phone")).to_be_visible()
        page.set_viewport_size({"width": screen.height, "height": screen.width})
        expect(page.get_by_text("Turn the phone")).to_be_hidden()
        read(page, "31415926535", name="your drawing", live="no")
        page.set_viewport_size({"width": screen.width, "height": screen.height})


@pytest.mark.slow
def test_examples_of_numbers(page, screen):
    numbers(page)
    page.get_by_role("button", name="A sign among digits").click()
    shown = read(page, "4?07")
    assert shown.get_attribute("data-emotion") == "curious"
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= screen.width, "nothing sticks out"
    page.get_by_text("One digit", exact=True).click()
    page.wait_for_selector("[data-testid=answer][data-name='a clear 7']")


def test_a_digit_that_is_several_is_offered_as_a_number(page):
    page.locator("input[type=file]").set_input_files(EXAMPLES / "year.png")
    page.get_by_text("it looks like 2026.").wait_for()
    page.get_by_role("button", name="Read it as a number").click()
    read(page, "2026", name="year.png")


def test_a_drawing_of_two_digits_stays_when_it_is_read_as_a_number(page, screen):
    draw(page, screen, ONES)
    page.get_by_text("it looks like 11.").wait_for()
    page.get_by_role("button", name="Read it as a number").click()
    read(page, "11", name="your drawing", strokes=2)
    canvas, undo = page.locator(CANVAS).bounding_box(), page.get_by_role("button", name="Undo").bounding_box()
    assert undo["y"] - (canvas["y"] + canvas["height"]) < 30, "the buttons stay under the canvas"


@pytest.mark.slow
def test_a_zip_of_numbers_becomes_an_audit(page, tmp_path):
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("2026_year", "359_touching", "1869-250_page"):
            archive.write(EXAMPLES / f"{name.partition('_')[2]}.png", f"{name}.png")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Read the pictures as numbers").click()
    page.locator("[data-testid=upload-figures]").get_by_text("2 of 3", exact=False).wait_for()
    at_rest(page)
    expect(page.locator("[data-testid=upload-tiles]")).to_contain_text("359 → 358")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV", exact=True).click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("file,text,confidence") and "1869 / 250" in "".join(lines)


@pytest.mark.slow
def test_an_empty_page_is_refused(page, tmp_path):
    numbers(page)
    buffer = io.BytesIO()
    Image.new("L", (300, 200), 255).save(buffer, "PNG")
    (tmp_path / "white.png").write_bytes(buffer.getvalue())
    page.locator("input[type=file]").set_input_files(tmp_path / "white.png")
    page.locator(".st-key-answer").get_by_role("status").filter(has_text="No ink was found in “white.png”").wait_for()


@pytest.mark.slow
def test_a_word_is_no_number(page, tmp_path):
    """What is no digit in it is a question mark, and nothing in it is sure."""
    word = Image.new("L", (620, 200), 255)
    ImageDraw.Draw(word).text((40, 40), "MAKE", fill=0, font=ImageFont.load_default(size=110))
    word.save(tmp_path / "word.png")
    numbers(page)
    page.locator("input[type=file]").set_input_files(tmp_path / "word.png")
    shown = page.wait_for_selector("[data-testid=number][data-name='word.png']")
    assert shown.get_attribute("data-emotion") == "curious" and "?" in shown.get_attribute("data-text")
