"""The app in a real browser: strokes by mouse and finger, files, tabs; no error on the page, none in the console."""

import zipfile

import numpy as np
import pytest
from app import EXAMPLES, zipped
from axe_playwright_python.sync_playwright import Axe
from browser import at_rest
from strokes import SEVEN, THREE, canvas_place, draw_by_mouse, draw_by_touch, wait_for_answer


def draw(page, screen, strokes, done=0):
    """By finger on a phone, by mouse elsewhere."""
    return draw_by_touch(page, strokes, done) if screen.touch else draw_by_mouse(page, strokes, done)


def test_a_three_is_read_undone_and_cleared(page, screen):
    assert draw(page, screen, THREE) == "3"
    draw(page, screen, [[(30, 250), (250, 250)]], done=1)
    page.get_by_role("button", name="Undo").click()
    assert wait_for_answer(page, name="your drawing", strokes=1) == "3"
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_text("The canvas is empty").wait_for()
    assert draw(page, screen, SEVEN) == "7"


def test_the_reading_follows_the_pen(page):
    """While the pen is still down, the answer is already that of the part drawn."""
    left, top, scale = canvas_place(page)
    (first, *rest), = THREE
    page.mouse.move(left + scale * first[0], top + scale * first[1])
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(left + scale * x, top + scale * y, steps=4)
        page.wait_for_timeout(80)
    assert wait_for_answer(page, name="your drawing", strokes=0, live="yes", digit="3") == "3"
    page.mouse.up()
    assert wait_for_answer(page, name="your drawing", strokes=1, live="no") == "3"
    assert "The network reads a 3" in page.locator("[aria-live=polite]").first.inner_text()


def test_undo_and_redo_by_key_and_at_once(page, screen):
    draw(page, screen, THREE)
    draw(page, screen, [[(30, 250), (250, 250)]], done=1)
    page.keyboard.press("Control+z")
    assert wait_for_answer(page, name="your drawing", strokes=1) == "3"
    page.keyboard.press("Control+y")
    wait_for_answer(page, name="your drawing", strokes=2)
    for name, strokes in (("Undo", 1), ("Redo", 2), ("Undo", 1)):
        page.get_by_role("button", name=name, exact=True).click()
        wait_for_answer(page, name="your drawing", strokes=strokes)


def test_the_eraser_takes_ink_away(page, screen):
    def inked():
        return page.locator("canvas.dc-canvas.lower-canvas").evaluate(
            "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
            ".filter((value, i) => i % 4 == 0 && value > 128).length")

    draw(page, screen, THREE)
    whole = inked()
    page.locator("label").filter(has_text="Eraser").click()
    at_rest(page)
    draw(page, screen, [[(60, 40), (220, 70), (60, 110), (220, 140), (60, 180), (220, 210), (60, 240)]], done=1)
    assert inked() < 0.8 * whole
    page.get_by_role("button", name="Undo", exact=True).click()
    assert wait_for_answer(page, name="your drawing", strokes=1) == "3"
    assert inked() == whole


def test_quick_strokes_are_all_there(page):
    """Forty strokes that leave no time for an answer: none is lost, and the last answer knows them all."""
    left, top, scale = canvas_place(page)
    rng = np.random.default_rng(0)
    for number in range(40):
        x, y = left + scale * (20 + 6 * number), top + scale * rng.uniform(20, 200)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 3, y + 40, steps=3)
        page.mouse.up()
        page.wait_for_timeout(float(rng.uniform(0, 60)))
    wait_for_answer(page, name="your drawing", strokes=40, live="no")
    for _ in range(40):
        page.keyboard.press("Control+z")
        page.wait_for_timeout(30)
    page.get_by_text("The canvas is empty").wait_for()


def test_canvas_and_answer_are_seen_together_on_a_phone(page, screen):
    if not screen.touch:
        pytest.skip("on a desktop they stand side by side")
    answer, canvas = (page.locator(part).bounding_box() for part in ("[data-testid=answer]", "canvas.upper-canvas"))
    assert answer["y"] < canvas["y"] and canvas["y"] + canvas["height"] <= 690
    assert canvas["width"] >= 340, "as wide as the column"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in page.get_by_role("group", name="Drawing tools").get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44


def test_strokes_that_begin_at_the_top_right_count(page):
    """There the component's own toolbar lies in wait: a tap on it would erase the drawing."""
    across = [[(270, 8), (180, 60), (100, 120)], [(200, 12), (240, 60)]]
    draw_by_touch(page, across)
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_text("The canvas is empty").wait_for()
    page.wait_for_timeout(500)  # a mouse within 400 ms of a finger is taken for the finger's echo
    draw_by_mouse(page, across)


def test_an_example_makes_way_for_a_drawing_and_comes_back(page, screen):
    draw(page, screen, THREE)
    page.get_by_role("button", name="A looped 2").click()
    assert wait_for_answer(page, name="a looped 2", strokes=0) == "2"
    assert draw(page, screen, THREE) == "3"


def test_files_are_read_and_many_make_a_contact_sheet(page):
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(EXAMPLES / "paper.png")
    assert wait_for_answer(page, name="paper.png") == "3"
    chooser.set_input_files([EXAMPLES / "two.png", EXAMPLES / "seven.png"])
    page.locator("[data-testid=stDataFrame]").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV", exact=True).click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("file,answer,confidence")
    assert [",".join(line.split(",")[:2]) for line in lines[1:]] == ["paper.png,3", "two.png,2", "seven.png,7"]


def test_reasons_follow_when_the_pen_rests(page, screen):
    reasons = page.locator("[data-testid=why]")
    reasons.locator("img").first.wait_for()
    draw(page, screen, THREE)
    page.locator(".q-stale").wait_for(state="detached")
    page.wait_for_selector("[data-testid=why][data-digit='3']")
    page.get_by_role("radio", name="Occlusion").click()
    reasons.get_by_text("Needed for the 3").wait_for()
    page.locator("label").filter(has_text="Explain").click()
    reasons.wait_for(state="detached")
    page.get_by_role("button", name="A looped 2").click()
    wait_for_answer(page, name="a looped 2")
    page.get_by_role("heading", name="Why").wait_for()
    assert reasons.count() == 0, "the choice is remembered"


def test_a_zip_with_labels_becomes_an_audit(page, tmp_path):
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, label in (("two", 2), ("seven", 7), ("paper", 8)):
            archive.write(EXAMPLES / f"{name}.png", f"mine/{label}_{name}.png")
    page.locator("input[type=file]").set_input_files(path)
    page.locator("[data-testid=own-figures]").get_by_text("2 of 3", exact=True).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the audit to print").click()
    printed = page.context.new_page()
    printed.set_content(download.value.path().read_text(encoding="utf-8"))
    assert printed.get_by_role("heading", level=1).inner_text() == "Qualm on 3 labelled pictures"
    assert printed.locator("[data-testid=own-tiles]").first.inner_text().startswith("8 → 3")


def sparse(path, megabytes):
    """A file of that size that takes no room on the disk."""
    with open(path, "wb") as file:
        file.truncate(int(megabytes * 2**20))
    return path


def test_a_refused_file_takes_the_place_of_the_answer_and_the_next_stroke_is_read(page, screen, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no")
    (tmp_path / "notes.docx").write_bytes(b"PK\x03\x04 and words")
    (tmp_path / "cut.zip").write_bytes(zipped({"7_a.png": (EXAMPLES / "seven.png").read_bytes()})[:-30])
    refused = {
        "bad.png": ["not a picture that can be read"],
        "notes.docx": ["not a picture"],
        "cut.zip": ["cannot be opened as a ZIP"],
        "large.png": ["30 MB", "20 MB"],
        "huge.zip": ["120.0 MB", "100 MB"],
    }
    sparse(tmp_path / "large.png", 30), sparse(tmp_path / "huge.zip", 120)
    chooser = page.locator("input[type=file]")
    for name, sentence in refused.items():
        chooser.set_input_files(tmp_path / name)
        told = page.locator(".st-key-answer").get_by_role("status").filter(has_text=f"“{name}”")
        told.wait_for()
        assert all(words in told.inner_text() for words in sentence), told.inner_text()
        assert page.locator("[data-testid=answer]").count() == 0, "the former answer is still there"
        assert draw(page, screen, SEVEN[:1]) is not None
        page.get_by_role("button", name="Clear", exact=True).click()
        page.get_by_text("The canvas is empty").wait_for()
    assert draw(page, screen, THREE) == "3"


def test_a_drawing_survives_a_look_at_the_audit(page, screen):
    draw(page, screen, SEVEN)
    page.get_by_role("tab", name="Scientific audit").click()
    page.get_by_role("tabpanel").get_by_role("heading", name="Learning").wait_for()
    at_rest(page)
    page.get_by_role("tab", name="Draw or upload").click()
    at_rest(page)
    draw(page, screen, [[(120, 150), (200, 150)]], done=2)


def test_the_about_box_opens_and_closes(page, screen):
    if screen.touch:
        page.locator("summary").filter(has_text="☰").click()
    page.get_by_role("button", name="About").click()
    page.get_by_role("dialog").get_by_text("metaphor with a formula").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_the_address_keeps_tab_and_example(page):
    page.get_by_role("button", name="A looped 2").click()
    wait_for_answer(page, name="a looped 2")
    page.get_by_role("tab", name="Scientific audit").click()
    page.get_by_text("Wrong about once in").wait_for()
    assert "example=two" in page.url and "tab=Scientific" in page.url
    at_rest(page)
    page.reload()
    page.get_by_text("Wrong about once in").wait_for()
    page.get_by_role("tab", name="Draw or upload").click()
    assert wait_for_answer(page, name="a looped 2") == "2"


@pytest.mark.parametrize("tab", ["Draw or upload", "Scientific audit", "Feelings in text"])
def test_nothing_stands_in_the_way_of_assistive_technology(page, tab):
    page.get_by_role("tab", name=tab).click()
    page.get_by_role("tabpanel").get_by_role("heading", level=3).first.wait_for()
    at_rest(page)
    page.wait_for_timeout(1000)
    found = Axe().run(page).response["violations"]
    serious = [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found
               if fault["impact"] in ("serious", "critical") or fault["id"] == "heading-order"]
    assert not serious
