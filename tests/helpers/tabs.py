"""Every tab of the app, shown once in a browser."""

from browser import at_rest

TABS = {  # of the app -> the last that it shows
    "Draw or upload": "[data-testid^=why-layers]",
    "Scientific audit": "text=To remake this audit",
    "Feelings in text": ".st-key-text",
    "Lab": ".st-key-lab",
}


def show_every_tab(page, sentence):
    """Open one after the other, until it is whole and without an error; the names of those on which a sentence
    stands."""
    tabs, told = page.get_by_role("tablist").first.get_by_role("tab"), set()
    assert tabs.all_inner_texts() == list(TABS)
    for name, whole in TABS.items():
        tabs.filter(has_text=name).click()
        page.wait_for_selector(f"{whole} >> visible=true")
        at_rest(page)
        assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
        if page.get_by_text(sentence).locator("visible=true").count():
            told.add(name)
    return told
