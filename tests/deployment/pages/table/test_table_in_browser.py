"""A sheet as a table in a real browser: reviewed by keyboard or finger, reloaded, taken away as CSV and XLSX."""

import csv
import io

import numpy as np
import openpyxl
import pytest
from PIL import Image
from playwright.sync_api import expect


def opened(page):
    """The example's table; its count of doubtful cells."""
    page.get_by_text("A table", exact=True).click()
    page.get_by_role("button", name="Try an example").click()
    page.wait_for_selector(".sheet[data-ready=yes]")
    return int(page.locator(".count").inner_text().split()[0])


def downloaded(page, name):
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return download.value.path().read_bytes()


def left(page, count, doubtful):
    """Wait until the page says that so many of the doubtful cells are left."""
    words = f"{count} of {doubtful} " if count else f"All {doubtful} "
    expect(page.locator(".count")).to_contain_text(words)


def shown(page):
    """The texts of the table on the screen, without the words for what is no number."""
    return [["" if "other" in (cell.get_attribute("class") or "") else cell.inner_text().strip()
             for cell in row.locator("td").all()] for row in page.locator("table[role=grid] tbody tr").all()]


def test_a_sheet_is_reviewed_and_taken_away(page, screen):
    doubtful = opened(page)
    assert doubtful >= 2, "one is reviewed, and one stays"
    field = page.get_by_label("What stands in this cell")
    if screen.touch:
        page.get_by_role("button", name="Accept").tap()
        field.fill("4321")
        page.get_by_role("button", name="Accept").tap()
    else:
        field.focus()
        page.keyboard.press("Enter")
        page.keyboard.type("4321")  # the suggestion is selected, and typed over
        page.keyboard.press("Enter")
    left(page, doubtful - 2, doubtful)
    for undone in range(2):
        page.get_by_role("button", name="Undo").click()
        left(page, doubtful - 1 + undone, doubtful)
    field.fill("8765")
    field.press("Enter")
    left(page, doubtful - 1, doubtful)
    page.get_by_label("Heading of column 1").fill("=Name")
    page.wait_for_timeout(1500)  # until the edits are sent
    on_screen = shown(page)
    heading, *rows = csv.reader(io.StringIO(downloaded(page, "Download as CSV").decode()))
    assert heading[0] == "'=Name" and any("8765" in row for row in rows) and not any("4321" in row for row in rows)
    assert [[text.lstrip("'") for text in row] for row in rows] == on_screen
    book = openpyxl.load_workbook(io.BytesIO(downloaded(page, "Download as XLSX")))
    sheet = book.worksheets[0]
    assert sheet.cell(1, 1).value == "=Name" and sheet.cell(1, 1).data_type == "s"
    values = [[sheet.cell(i + 2, j + 1).value for j in range(len(row))] for i, row in enumerate(on_screen)]
    assert [[value is None for value in row] for row in values] == [[not text for text in row] for row in on_screen]
    coloured = sum(cell.comment is not None for row in sheet.iter_rows() for cell in row)
    assert coloured == doubtful - 1 and len(book.worksheets[1]._images) == coloured


@pytest.mark.slow
def test_a_reload_loses_nothing(page, app_url):
    doubtful = opened(page)
    page.get_by_label("What stands in this cell").press("Enter")
    left(page, doubtful - 1, doubtful)
    page.goto(app_url)
    page.wait_for_selector("[data-testid=answer]")
    opened(page)
    left(page, doubtful - 1, doubtful)


@pytest.mark.slow
def test_a_cell_and_its_place_on_the_sheet_are_linked(page):
    opened(page)
    cell = page.locator("td[data-cell='1,1']")
    cell.click()
    expect(page.locator("polygon[data-cell='1,1']")).to_have_class("chosen")
    page.keyboard.press("ArrowDown")
    expect(page.locator("td[data-cell='2,1']")).to_have_attribute("aria-selected", "true")


@pytest.mark.slow
def test_a_picture_without_a_table(page, tmp_path):
    Image.fromarray(np.full((400, 600), 220, np.uint8)).save(tmp_path / "bare.png")
    page.get_by_text("A table", exact=True).click()
    page.get_by_text("Upload", exact=True).wait_for()
    page.locator(".st-key-table_file input[type=file]").set_input_files(tmp_path / "bare.png")
    page.get_by_text("No table was found in “bare.png”").wait_for()


@pytest.mark.slow
def test_a_sheet_is_turned_by_quarters(page):
    doubtful = opened(page)
    key = page.locator("table[role=grid]").get_attribute("aria-label")
    for turn in range(4):
        page.get_by_role("button", name="Turn by a quarter").click()
        page.get_by_test_id("stStatusWidget").wait_for(state="hidden")
        page.wait_for_timeout(500)
        assert not page.get_by_text("Traceback").count(), turn
    page.wait_for_selector(".sheet[data-ready=yes]")
    assert page.locator("table[role=grid]").get_attribute("aria-label") == key
    assert int(page.locator(".count").inner_text().split()[0]) == doubtful
