"""What the tests in a browser share."""


def at_rest(page):
    """Wait until the page is whole: Streamlit breaks down ("Bad delta path") where a part is asked for again while the
    whole is still being sent for the first time."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def until(page, true, patience=60):
    """Wait until true() says so, for as many seconds at most; playwright's own `expect` does it for what it knows."""
    for _ in range(20 * patience):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to that")
