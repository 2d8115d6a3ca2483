"""The canvas in a real browser: strokes by mouse and finger, undo, redo, clear, eraser."""

import numpy as np
import pytest
from browser import at_rest, until
from playwright.sync_api import expect
from strokes import (
    BARRED_SEVEN,
    CANVAS,
    CROSS,
    INK,
    SEVEN,
    THREE,
    canvas_place,
    draw,
    on_canvas,
    wait_for_answer,
)

from analytics.benchmark.latency import Finger, Mouse


def test_a_three_is_read_undone_and_cleared(page, screen):
    assert draw(page, screen, THREE) == "3"
    draw(page, screen, [[(30, 250), (250, 250)]], done=1)
    page.get_by_role("button", name="Undo").click()
    assert wait_for_answer(page, name="your drawing", strokes=1) == "3"
    page.wait_for_selector("[data-testid=why][data-digit='3']")
    before = page.locator(CANVAS).bounding_box()
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_text("The canvas is empty").wait_for()
    page.locator("[data-testid=why]").wait_for(state="detached")
    at_rest(page)
    assert page.locator(CANVAS).bounding_box() == before, "nothing jumps"
    assert draw(page, screen, SEVEN) == "7"


def clear(page):
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_text("The canvas is empty").wait_for()
    assert not on_canvas(page).any()


def show_an_example(page):
    page.get_by_role("button", name="A looped 2").click()
    wait_for_answer(page, name="a looped 2")
    assert not on_canvas(page).any()


@pytest.mark.parametrize("pause", [0.1, *(pytest.param(pause, marks=pytest.mark.slow) for pause in (0.4, 1.2, 2.5))])
@pytest.mark.parametrize("empty", [clear, pytest.param(show_an_example, marks=pytest.mark.slow)])
def test_what_was_cleared_does_not_come_back(page, screen, empty, pause):
    """A shape of several strokes looks, after another one was cleared, as it did on a canvas never used."""
    draw(page, screen, BARRED_SEVEN)
    fresh = on_canvas(page) > 128
    empty(page)
    draw(page, screen, CROSS)
    empty(page)
    page.wait_for_timeout(1000 * pause)
    draw(page, screen, BARRED_SEVEN)
    assert (fresh != (on_canvas(page) > 128)).sum() <= 0.02 * fresh.sum()


@pytest.mark.slow
def test_clear_is_a_step_that_can_be_undone(page, screen):
    draw(page, screen, SEVEN)
    drawn = on_canvas(page)
    clear(page)
    page.get_by_role("button", name="Undo", exact=True).click()
    assert wait_for_answer(page, name="your drawing", strokes=2) == "7"
    assert np.array_equal(on_canvas(page), drawn)
    page.get_by_role("button", name="Redo", exact=True).click()
    page.get_by_text("The canvas is empty").wait_for()


def test_a_drawing_outlives_the_other_surface_and_a_reload(page, screen):
    draw(page, screen, SEVEN)
    page.get_by_text("A number", exact=True).click()
    page.wait_for_selector("[data-testid=number][data-text='2026']")
    page.get_by_text("One digit", exact=True).click()
    assert wait_for_answer(page, name="your drawing", strokes=2) == "7"
    page.reload()
    assert wait_for_answer(page, name="your drawing", strokes=2) == "7"


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
    expect(page.locator("[aria-live=polite]").first).to_contain_text("The network reads a 3")


@pytest.mark.slow
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
        return page.locator(INK).evaluate(
            "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
            ".filter((value, i) => i % 4 == 0 && value > 128).length")

    draw(page, screen, THREE)
    whole = inked()
    page.get_by_role("button", name="Eraser").click()
    draw(page, screen, [[(60, 40), (220, 70), (60, 110), (220, 140), (60, 180), (220, 210), (60, 240)]], done=1)
    until(page, lambda: inked() < 0.8 * whole)
    page.get_by_role("button", name="Undo", exact=True).click()
    assert wait_for_answer(page, name="your drawing", strokes=1) == "3"
    until(page, lambda: inked() == whole)


def stroke(pen, start, end):
    """From one place of the window to another, in a moment."""
    pen.down(*start)
    pen.move(*end)
    pen.up()


def held(page, layer):
    """How many pixels of a layer of st_canvas are white, and how many black."""
    return page.locator(f"canvas.{layer}-canvas").last.evaluate("""(canvas) => {
      const rgba = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      const of = (value) => rgba.filter((alpha, i) => i % 4 === 3 && alpha > 128 && rgba[i - 1] === value).length;
      return [of(255), of(0)];
    }""")


@pytest.mark.slow
def test_the_stroke_being_drawn_is_that_of_the_component(page):
    """st_canvas shows it with the brush that is chosen, and in black where it erases."""
    left, top, scale = canvas_place(page)
    pen, shown = Mouse(page), []
    for brush, eraser in ((28, False), (50, False), (50, True)):
        page.locator(".brush input").fill(str(brush))
        if eraser:
            page.get_by_role("button", name="Eraser").click()
        page.wait_for_timeout(1000)
        pen.down(left + scale * 60, top + scale * 60)
        page.mouse.move(left + scale * 200, top + scale * 200, steps=9)
        until(page, lambda: sum(held(page, "upper")) > 1000)
        shown.append(held(page, "upper"))
        pen.up()
    (thin, _), (thick, none), (white, black) = shown
    assert 1.4 * thin < thick < 2.2 * thin and (none, white) == (0, 0) and black > 0.9 * thick


@pytest.mark.parametrize("gaps", [(0, 20), pytest.param((0, 5, 10, 30, 50, 0), marks=pytest.mark.slow)])
def test_a_stroke_right_after_clear_is_there_once(page, screen, gaps):
    """At any moment of the component's own reset."""
    left, top, scale = canvas_place(page)
    pen, pictures = (Finger if screen.touch else Mouse)(page), []
    for gap in (500, *gaps):
        stroke(pen, (left + scale * 240, top + scale * 50), (left + scale * 220, top + scale * 240))
        page.locator("[data-tool=clear]").evaluate("(button) => button.click()")
        page.wait_for_timeout(gap)
        stroke(pen, (left + scale * 60, top + scale * 60), (left + scale * 200, top + scale * 200))
        wait_for_answer(page, name="your drawing", strokes=1, live="no")
        pictures.append(on_canvas(page))
        until(page, lambda: sum(held(page, "lower")), 5)
        clear(page)
        until(page, lambda: not sum(held(page, "lower")), 5)
    assert all(np.array_equal(picture, pictures[0]) for picture in pictures)


@pytest.mark.parametrize(("count", "longest"), [(30, 60), pytest.param(200, 300, marks=pytest.mark.slow)])
def test_strokes_in_quick_succession_are_all_there(page, screen, count, longest):
    """Many leave no time for an answer, some end outside the canvas, and some that begin outside are none: none is
    lost, and the last answer knows them all."""
    left, top, scale = canvas_place(page)
    pen, rng = (Finger if screen.touch else Mouse)(page), np.random.default_rng(0)
    for number in range(count):
        x, y = left + scale * (20 + 200 * number / count), top + scale * rng.uniform(20, 200)
        stroke(pen, (x, y), (left - 3 if number % 10 == 3 else x + 3, y + 40))
        if number % 10 == 7 and not screen.touch:  # a finger beside the canvas may be taken to mean it
            stroke(pen, (left - 8, y), (left + 90, y))
        page.wait_for_timeout(float(rng.uniform(0, longest)))
    wait_for_answer(page, name="your drawing", strokes=count, live="no")
    if count < 100:
        assert sum(held(page, "lower")), "it was st_canvas that was drawn on"
        for _ in range(count):
            page.keyboard.press("Control+z")
            page.wait_for_timeout(30)
        page.get_by_text("The canvas is empty").wait_for()
