"""The tab "Feelings in text" in a real browser: a typed sentence is read."""

from browser import is_local


def test_a_typed_sentence_is_read_and_remembered(browser, app_url):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    foreign = []
    context.on("request", lambda request: None if is_local(request.url) else foreign.append(request.url))
    page = context.new_page()
    page.set_default_timeout(60_000)  # a busy machine is slow, not wrong
    page.goto(app_url)
    page.get_by_role("tab", name="Feelings in text").click()
    felt = page.get_by_test_id("felt")
    felt.wait_for()
    before = float(felt.get_attribute("data-pleasure"))
    box = page.get_by_placeholder("Type a sentence")
    box.fill("This awful, sad day was a disaster.")
    box.press("Enter")
    felt.filter(has_text="This awful, sad day").wait_for()
    assert float(felt.get_attribute("data-pleasure")) < before
    page.locator("[data-testid=memory][data-states='1']").wait_for()
    page.get_by_role("heading", name="How it learned").wait_for()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
    context.close()
    assert foreign == []
