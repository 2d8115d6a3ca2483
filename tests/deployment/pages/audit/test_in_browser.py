"""The audit in a real browser: pictures open on a click, the map shows and keeps, the heart beats by key."""

import pytest
from browser import at_rest
from playwright.sync_api import expect

MAP = "[class*=st-key-audit_map_] .js-plotly-plot"


@pytest.fixture
def audit(page):
    page.get_by_role("tab", name="Scientific audit").click()
    page.locator("[data-testid=test-images] img").first.wait_for()
    at_rest(page)
    page.get_by_role("link", name="The map").click()
    page.locator(f"{MAP} .gl-canvas, {MAP} canvas").first.wait_for(state="attached")
    at_rest(page)
    return page


def test_pictures_come_first_and_the_list_of_parts_stays_in_sight(page, screen):
    page.get_by_role("tab", name="Scientific audit").click()
    page.locator("[data-testid=test-images] img").first.wait_for()
    assert page.locator("[class*=st-key-audit_map_] .js-plotly-plot").count() == 0
    at_rest(page)
    page.get_by_role("link", name="The map").click()
    page.locator(f"{MAP} .gl-canvas, {MAP} canvas").first.wait_for(state="attached")
    expect(page.get_by_role("heading", name="The map")).to_be_in_viewport()
    parts = page.get_by_role("navigation", name="Parts of the audit").bounding_box()
    heading = page.get_by_role("heading", name="The map").bounding_box()
    assert 0 <= parts["y"] < 20 and parts["height"] < 100, "the list is in sight"
    assert heading["y"] >= parts["y"] + parts["height"] - 1, "neither hides the other"


@pytest.mark.slow
def test_pictures_open_and_the_heart_beats_by_key(audit):
    tile = audit.locator("[data-testid=test-images] button").nth(3)
    name = tile.locator("img").get_attribute("alt").split(":")[0].removeprefix("test image ")
    tile.click()
    audit.locator(".st-key-closer").get_by_text(f"Test image {name}: ").wait_for()
    audit.locator(".st-key-closer [data-testid=why-ink]").wait_for()

    chart = "[class*=st-key-audit_loss] .js-plotly-plot"
    audit.get_by_role("link", name="Learning").click()
    audit.locator(f"{chart} .updatemenu-button").wait_for()
    audit.get_by_role("tab", name="Scientific audit").focus()  # the chart's own button is reached after a first step
    audit.keyboard.press("Tab")
    button = audit.locator(f"{chart} .updatemenu-button[role=button]")
    before = audit.evaluate("(plot) => document.querySelector(plot).data.at(-1).x[0]", chart)
    button.focus()
    audit.keyboard.press("Enter")
    audit.wait_for_function(
        "([plot, last]) => document.querySelector(plot)._fullData.at(-1).x[0] < last", arg=[chart, before])


def place_of_a_point(page):
    """Where on the window the chart shows one of its points, and that point's image."""
    page.locator(MAP).scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    return page.evaluate("""(plot) => {
      const chart = document.querySelector(plot), { _fullLayout: { xaxis, yaxis } } = chart;
      const box = chart.getBoundingClientRect(), trace = chart._fullData.find((trace) => trace.name === "error");
      const i = trace.x.length >> 1;
      return { x: box.left + xaxis._offset + xaxis.l2p(trace.x[i]), y: box.top + yaxis._offset + yaxis.l2p(trace.y[i]),
               image: trace.customdata[i] };
    }""", MAP)


@pytest.mark.slow
def test_a_point_of_the_map_shows_its_picture_and_keeps_star_and_colours(audit):
    point = place_of_a_point(audit)
    audit.mouse.move(point["x"] - 30, point["y"] - 30)
    audit.mouse.move(point["x"], point["y"], steps=5)
    audit.wait_for_function("document.querySelector('img.q-glimpse')?.src.startsWith('data:image/png')")
    expect(audit.locator("img.q-glimpse")).to_be_visible()
    audit.mouse.click(point["x"], point["y"])
    audit.get_by_text("True digit, answer, confidence:").wait_for()
    traces = audit.evaluate("""(plot) => document.querySelector(plot).data.map(
      (trace) => [trace.name, trace.unselected?.marker?.opacity])""", MAP)
    assert {opacity for _, opacity in traces} == {1} and "your digit" in {name for name, _ in traces}
