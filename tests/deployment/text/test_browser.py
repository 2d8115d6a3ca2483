"""The tab "Feelings in text" in a real browser: a typed sentence is read."""

from browser import at_rest


def test_a_typed_sentence_is_read_and_remembered(page):
    page.get_by_role("tab", name="Feelings in text").click()
    felt = page.get_by_test_id("felt")
    page.get_by_role("heading", name="How it learned").wait_for()
    at_rest(page)
    before = float(felt.get_attribute("data-pleasure"))
    box = page.get_by_placeholder("Type a sentence")
    box.fill("This awful, sad day was a disaster.")
    box.press("Enter")
    felt.filter(has_text="This awful, sad day").wait_for()
    assert float(felt.get_attribute("data-pleasure")) < before
    page.locator("[data-testid=memory][data-states='1']").wait_for()
    page.get_by_role("heading", name="How it learned").wait_for()
