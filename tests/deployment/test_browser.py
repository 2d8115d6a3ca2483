"""The page as a whole in a real browser: phone and desktop, tabs, the address, enlargement, assistive technology."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import at_rest
from playwright.sync_api import expect
from strokes import CANVAS, SEVEN, THREE, draw, wait_for_answer

CUT_OFF = """(width) => [document.querySelector("[data-testid=stMain]"), document.documentElement]
  .filter((part) => part.scrollWidth > width).map((part) => `scrolls sideways: ${part.scrollWidth}`)
  .concat([...document.querySelectorAll("[data-testid=stMain] :is(button, a, h1, h2, h3, p, label, input, canvas)")]
    .filter((part) => part.checkVisibility({ visibilityProperty: true }) && !part.closest(".q-hidden, .spoken"))
    .filter((part) => !part.closest("[data-testid=stDataFrame], .js-plotly-plot, [role=tablist]"))
    .map((part) => [part, part.getBoundingClientRect()])
    .filter(([, box]) => box.width > 1 && (box.left < -1 || box.right > width + 1))
    .map(([part, box]) => `${part.outerHTML.slice(0, 90)} ends at ${box.right}`))"""


def test_canvas_and_answer_are_seen_together_on_a_phone(page, screen):
    if not screen.touch:
        pytest.skip("on a desktop they stand side by side")
    answer, canvas = (page.locator(part).bounding_box() for part in ("[data-testid=answer]", CANVAS))
    assert answer["y"] < canvas["y"] and canvas["y"] + canvas["height"] <= 690
    assert canvas["width"] >= 340, "as wide as the column"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in page.get_by_role("group", name="Drawing tools").get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44


@pytest.mark.slow
def test_an_example_makes_way_for_a_drawing_and_comes_back(page, screen):
    draw(page, screen, THREE)
    page.get_by_role("button", name="A looped 2").click()
    assert wait_for_answer(page, name="a looped 2", strokes=0) == "2"
    assert draw(page, screen, THREE) == "3"


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
    expect(reasons).to_have_count(0)  # the choice is remembered


@pytest.mark.slow
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
    assert not page.get_by_test_id("stSidebarNav").count(), "scripts in a folder named pages would be listed there"


@pytest.mark.slow
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


@pytest.mark.slow
def test_back_leads_to_the_example_before(page):
    page.get_by_role("button", name="A looped 2").click()
    wait_for_answer(page, name="a looped 2")
    at_rest(page)
    page.get_by_role("button", name="A 3 on paper").click()
    wait_for_answer(page, name="a 3 on paper")
    at_rest(page)
    page.go_back()
    wait_for_answer(page, name="a looped 2")
    at_rest(page)
    page.go_back()
    wait_for_answer(page, name="a clear 7")
    at_rest(page)
    page.go_forward()
    assert wait_for_answer(page, name="a looped 2") == "2"


@pytest.mark.slow
def test_back_leads_to_the_tab_before(page, screen):
    draw(page, screen, SEVEN)
    tabs = {name: page.get_by_role("tab", name=name) for name in ("Draw or upload", "Scientific audit",
                                                                  "Feelings in text")}
    for name in ("Feelings in text", "Scientific audit"):
        tabs[name].click()
        page.wait_for_url(f"**tab={name.split()[0]}*")
        at_rest(page)
    for name in ("Feelings in text", "Draw or upload"):
        page.go_back()
        expect(tabs[name]).to_have_attribute("aria-selected", "true")
        at_rest(page)
    assert wait_for_answer(page, name="your drawing", strokes=2) == "7"


def each_tab(page):
    """Opens the tabs one after another; yields the name of each once it is whole."""
    for tab in ("Draw or upload", "Scientific audit", "Feelings in text", "Lab"):
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("tabpanel").get_by_role("heading", level=3).first.wait_for()
        at_rest(page)
        yield tab


def test_nothing_stands_in_the_way_of_assistive_technology(page):
    expect(page.locator(".st-key-mark iframe")).to_have_attribute("tabindex", "-1")
    expect(page.get_by_text("MB per file")).to_be_hidden()  # one limit for pictures and ZIPs would be wrong for one
    for tab in each_tab(page):
        page.wait_for_timeout(1000)
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [(tab, fault["id"], fault["nodes"][0]["html"][:200]) for fault in found
                   if fault["impact"] in ("serious", "critical") or fault["id"] == "heading-order"]
        assert not serious


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 640])
def test_enlarged_nothing_is_cut_off(page, screen, width):
    """Twice as large on a desktop's and a small phone's width: as wide as half of it."""
    page.set_viewport_size({"width": width, "height": 450})
    for tab in each_tab(page):
        assert page.evaluate(CUT_OFF, width) == [], tab
    page.set_viewport_size({"width": screen.width, "height": screen.height})
