"""What the tests in a browser share."""


def at_rest(page):
    """Wait until the page is whole: Streamlit breaks down ("Bad delta path") where a part is asked for again while the
    whole is still being sent for the first time."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
