"""The affect tab in a real browser: a negated sentence is read, another language is refused."""

from browser import at_rest, until
from playwright.sync_api import expect


def say(page, text):
    box = page.get_by_placeholder("Type a sentence")
    box.fill(text)
    box.press("Enter")


def test_a_negated_sentence_is_read_and_a_foreign_one_refused(page):
    page.get_by_role("tab", name="Feelings in text").click()
    answer, headline = page.get_by_test_id("felt"), page.get_by_test_id("headline")
    expect(answer).to_be_visible()
    at_rest(page)
    pleasure = []
    for text in ("I am happy today.", "I am not happy today."):
        say(page, text)
        expect(headline).to_contain_text(text)
        expect(page.get_by_role("heading", name="The conversation")).to_be_visible()
        at_rest(page)
        pleasure.append(float(answer.get_attribute("data-pleasure")))
    assert pleasure[1] < pleasure[0] - 0.1
    expect(page.locator("[data-testid=course][data-texts='2']")).to_be_attached()
    say(page, "Das habe ich leider nicht gewusst.")
    expect(page.get_by_test_id("unreadable")).to_contain_text("does not look like English")
    expect(answer).to_have_count(0)
    forget = page.get_by_role("button", name="Forget the conversation")
    expect(forget).to_have_count(1)  # while the page is drawn again there are two of it
    forget.click()
    expect(answer).to_be_visible()
    expect(page.get_by_test_id("unreadable")).to_have_count(0)


def test_the_reasons_behind_this_tab_ask_for_nothing(page, app_url):
    """A sentence that is typed at the moment in which another part of the page asks for something is not drawn."""
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(f"{app_url}?tab=Feelings+in+text")
    expect(page.get_by_test_id("felt")).to_be_visible()
    at_rest(page)
    page.wait_for_timeout(2500)  # the pen of the first tab rests
    assert len(sent) == 1, "the page itself"
    page.get_by_role("tab", name="Draw or upload").click()
    until(page, lambda: len(sent) == 3)  # the other tab, and that the pen rests
