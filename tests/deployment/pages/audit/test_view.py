"""The script of a chart's placeholder, in a page without Streamlit."""

import pytest

from deployment.ui.assets import asset

PAGE = """<div data-testid=stApp data-test-script-state=notRunning data-test-connection-state=CONNECTED>
<div data-testid=stMain style="height: 500px; overflow: auto"><section><div></div></section></div></div>"""


@pytest.fixture
def place(browser):
    page = browser.new_page()
    page.clock.install()
    page.set_content(PAGE)
    page.evaluate("""async (code) => {
      const { default: start } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
      window.reports = 0;
      start({ data: { height: 300 }, parentElement: document.querySelector("section"),
              setTriggerValue: () => window.reports++ });
      await new Promise((seen) => new IntersectionObserver(seen).observe(document.querySelector("section div")));
    }""", asset("view.js"))
    page.clock.run_for(300)
    yield page
    page.close()


def reports_after(page, milliseconds):
    page.clock.run_for(milliseconds)
    return page.evaluate("window.reports")


def test_a_report_that_was_lost_is_repeated_a_few_times(place):
    assert reports_after(place, 0) == 1
    assert reports_after(place, 1000) == 1, "an answer takes its time"
    assert reports_after(place, 3000) == 2
    assert reports_after(place, 60_000) == 5, "a chart that cannot be drawn is not asked for for ever"


def test_nothing_is_repeated_once_the_chart_stands_there_or_while_it_is_drawn(place):
    place.evaluate("document.querySelector('[data-testid=stApp]').dataset.testScriptState = 'running'")
    assert reports_after(place, 10_000) == 1
    place.evaluate("document.querySelector('section').remove()")
    place.evaluate("document.querySelector('[data-testid=stApp]').dataset.testScriptState = 'notRunning'")
    assert reports_after(place, 10_000) == 1
