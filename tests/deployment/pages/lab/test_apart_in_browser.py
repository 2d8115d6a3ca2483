"""The room "Take it apart" in a real browser: units by mouse, finger and keyboard, steps, surgery, teachers."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

READY = ".apart[data-ready=yes]"


def opened(page, app_url, address=""):
    """The room at an address."""
    page.goto(f"{app_url}/?tab=Lab&room=apart{address}")
    page.wait_for_selector(READY)
    rest(page)


def rest(page):
    """Wait until the numbers belong to what is chosen."""
    page.wait_for_selector(".apart .part:not(.late)")


def press(page, screen, locator):
    locator.tap() if screen.touch else locator.click()
    rest(page)


def number(text):
    return Decimal(text.replace("\N{MINUS SIGN}", "-"))


def tab(page, screen, name):
    press(page, screen, page.get_by_role("tab", name=name))


def sums(page):
    """The displayed terms, rest and bias, and the displayed total."""
    rows = page.locator("[data-testid=sum] tbody tr")
    texts = [row.locator("td").all_inner_texts() for row in rows.all()]
    terms = [number(cells[2]) for cells in texts if len(cells) == 4]
    rest_of, bias, total = [number(cells[0]) for cells in texts if len(cells) == 2][:3]
    return sum(terms) + rest_of + bias, total


def test_each_unit_shows_a_sum_that_adds_up(page, app_url, screen):
    opened(page, app_url)
    for layer in ("hidden1", "hidden2", "gate_values", "output"):
        press(page, screen, page.locator(f"button[data-layer={layer}]"))
        page.wait_for_selector(f"button[data-layer={layer}][aria-pressed=true]")
        added, total = sums(page)
        assert added == total and total != 0
    before = page.locator(".at").inner_text()
    page.locator("canvas.large").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".at")).not_to_have_text(before)
    rest(page)
    assert sums(page)[0] == sums(page)[1]
    expect(page.get_by_test_id("top").locator("figure")).to_have_count(9)


def test_surgery_is_answered_undone_and_taken_back(page, app_url, screen):
    opened(page, app_url, "&apart_panel=surgery&apart_layer=hidden2")
    sentence, facts = page.get_by_test_id("operated"), page.get_by_test_id("facts")
    expect(sentence).to_contain_text("Nothing is changed")
    press(page, screen, page.get_by_role("button", name="Mark all"))
    press(page, screen, page.get_by_role("button", name="Switch off"))
    expect(sentence).to_contain_text("Accuracy")
    accuracy = number(facts.locator("tr").nth(1).locator("td").last.inner_text().split()[0])
    assert accuracy < 30  # no unit of a layer: the answer no longer depends on the picture
    press(page, screen, page.get_by_role("button", name="Undo"))
    expect(sentence).to_contain_text("Nothing is changed")
    slider = page.get_by_label("Prune: remove the smallest weights")
    slider.fill("0.5")
    expect(sentence).not_to_contain_text("Nothing is changed")
    page.get_by_role("radio", name="open: removed").click()
    rest(page)
    expect(page.get_by_role("radio", name="open: removed")).to_have_attribute("aria-checked", "true")
    assert "apart_operation" in page.url
    press(page, screen, page.get_by_role("button", name="Reset"))
    expect(sentence).to_contain_text("Nothing is changed")
    assert slider.input_value() == "0"


@pytest.mark.slow
def test_every_step_forward_and_back(page, app_url, screen):
    opened(page, app_url, "&apart_panel=steps")
    titles = page.get_by_label("Step", exact=True).locator("option").all_inner_texts()
    assert len(titles) >= 10 and any("Loss" in title for title in titles)
    following = page.get_by_role("button", name="Next")
    for title in titles[1:]:
        press(page, screen, following)
        expect(page.get_by_label("Step", exact=True).locator("option:checked")).to_have_text(title)
        assert page.locator(".formula").first.inner_text()
    expect(following).to_be_disabled()


@pytest.mark.slow
def test_the_gradient_of_a_weight_adds_up(page, app_url, screen):
    opened(page, app_url, "&apart_layer=output")
    press(page, screen, page.locator("[data-testid=sum] td button").first)
    weight = page.get_by_test_id("weight")
    weight.wait_for()
    table = weight.locator("tbody tr")
    terms = [number(row.locator("td").nth(3).inner_text()) for row in table.all() if row.locator("td").count() == 5]
    *others, total = [number(row.locator("td").first.inner_text()) for row in table.all()
                      if row.locator("td").count() == 2]
    assert len(terms) == 9 and sum(terms) + sum(others) == total
    assert weight.get_by_text(re.compile("w: .* → ")).count() == 2
    press(page, screen, page.get_by_role("radio", name="3", exact=True))  # suppose another label
    expect(weight.get_by_text("your digit, as a 3")).to_be_visible()
    press(page, screen, page.get_by_role("button", name="Close the weight"))
    expect(weight).to_have_count(0)


@pytest.mark.slow
def test_another_digit_is_taken_apart(page, app_url, screen):
    opened(page, app_url)
    answer = page.locator(".apart .answer").first
    before = answer.inner_text()
    press(page, screen, page.locator("[data-digit='583']"))
    expect(answer).not_to_have_text(before)
    assert "apart_digit=583" in page.url
    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator("[data-digit='583']")).to_have_attribute("aria-checked", "true")


@pytest.mark.slow
def test_units_are_marked_by_pointer_and_keyboard(page, app_url, screen):
    opened(page, app_url, "&apart_panel=surgery&apart_layer=hidden3")
    expect(page.get_by_test_id("operated")).to_contain_text("Nothing is changed")
    large = page.locator("canvas.large")
    large.tap(position={"x": 40, "y": 40}) if screen.touch else large.click(position={"x": 40, "y": 40})
    expect(page.get_by_text("1 marked in hidden layer 3.")).to_be_visible()
    large.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    expect(page.get_by_text("2 marked in hidden layer 3.")).to_be_visible()
    press(page, screen, page.get_by_role("button", name="Switch off"))
    expect(page.get_by_text("2 of hidden layer 3: off")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("2 of hidden layer 3: off")).to_have_count(0)


@pytest.mark.slow
def test_who_taught_you_that(page, app_url, screen):
    opened(page, app_url, "&apart_panel=teachers")
    start, shown = page.get_by_role("button", name="Read the training images once"), page.get_by_test_id("for")
    start.or_(shown).first.wait_for()
    if start.count():  # the server reads them once for all screens
        press(page, screen, start)
    shown.wait_for(timeout=180_000)
    for name in ("for", "against"):
        expect(page.get_by_test_id(name).locator("figure")).to_have_count(6)
    press(page, screen, page.get_by_role("radio", name="1", exact=True))
    expect(page.get_by_text("Argued most for a 1")).to_be_visible()
