"""The tab "Feelings in text" in a real browser: a negated sentence is read, another language is refused."""

from browser import at_rest
from playwright.sync_api import expect


def say(page, text):
    box = page.get_by_placeholder("Type a sentence")
    box.fill(text)
    box.press("Enter")


def test_a_negated_sentence_is_read_and_a_foreign_one_refused(page):
    page.get_by_role("tab", name="Feelings in text").click()
    felt, headline = page.get_by_test_id("affect"), page.get_by_test_id("headline")
    expect(felt).to_be_visible()
    at_rest(page)
    pleasure = []
    for text in ("I am happy today.", "I am not happy today."):
        say(page, text)
        expect(headline).to_contain_text(text)
        expect(page.get_by_role("heading", name="The conversation")).to_be_visible()
        at_rest(page)
        pleasure.append(float(felt.get_attribute("data-pleasure")))
    assert pleasure[1] < pleasure[0] - 0.1
    expect(page.locator("[data-testid=course][data-texts='2']")).to_be_attached()
    say(page, "Das habe ich leider nicht gewusst.")
    expect(page.get_by_test_id("unreadable")).to_contain_text("does not look like English")
    expect(felt).to_have_count(0)
    forget = page.get_by_role("button", name="Forget the conversation")
    expect(forget).to_have_count(1)  # while the page is drawn again there are two of it
    forget.click()
    expect(felt).to_be_visible()
    expect(page.get_by_test_id("unreadable")).to_have_count(0)
