"""A table as a file: CSV, or a spreadsheet in which doubtful cells are coloured."""

import csv
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image as Picture
from openpyxl.styles import PatternFill
from PIL import Image

from deployment.reader.csv_tables import cell, number_cell
from deployment.reader.table.reading import Cell, TableReading, is_doubtful, texts

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")  # what a spreadsheet keeps as it is written
DOUBTFUL = PatternFill("solid", fgColor="FFE9B8")
MARKERS = {"text": "[text]", "print": "[print]", "unreadable": "[unreadable]"}
AUTHOR = "Qualm"
LARGEST = (280, 90)  # pixels of a picture, width and height


def to_csv(table: TableReading, headings: Sequence[str] = (), markers: bool = False) -> str:
    """The cells as CSV, a line for each row, under the headings, if any. What is no number is an empty cell, or with
    `markers` its kind in brackets."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if any(headings):
        writer.writerow([cell(heading or "") for heading in headings])
    writer.writerows(["-" if one.text == "-" else number_cell(_text(one, markers)) for one in row]
                     for row in table.rows)
    return text.getvalue()


def _text(cell: Cell, markers: bool = False) -> str:
    written = " / ".join(cell.text.split("\n"))
    return written or (MARKERS.get(cell.kind, "") if markers else "")


def to_xlsx(table: TableReading, headings: Sequence[str] = (), picture: NDArray[np.uint8] | None = None) -> bytes:
    """The cells as an XLSX file, under the headings, if any. Doubtful numbers are coloured, with what else they may be
    in a comment; their pictures are on a second sheet, cut from the `picture` of the table, in any size."""
    book = _book()
    doubts = _fill(book.create_sheet("Table"), table, headings)
    if doubts and picture is not None:
        _pictures(book.create_sheet("In doubt"), doubts, picture, table.size)
    return _bytes(book)


def pages_to_xlsx(tables: Sequence[tuple[int, TableReading]]) -> bytes:
    """The tables on the pages of a file, counted from 1, as the sheets of an XLSX file."""
    book = _book()
    for number, table in tables:
        _fill(book.create_sheet(f"Page {number}"), table)
    return _bytes(book)


def _book() -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    return book


def _bytes(book: Workbook) -> bytes:
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _fill(sheet: Any, table: TableReading, headings: Sequence[str] = ()) -> list[tuple[str, Cell]]:
    """Write a table; the doubtful cells and their places."""
    first = 1 + any(headings)
    for j, heading in enumerate(headings if first > 1 else (), 1):
        _write(sheet.cell(1, j), heading or "")
    doubts = []
    for i, row in enumerate(table.rows, first):
        for j, one in enumerate(row, 1):
            place = sheet.cell(i, j)
            _write(place, _text(one))
            if is_doubtful(one) and one.reading is not None:
                place.fill = DOUBTFUL
                place.comment = Comment(f"In doubt: {' or '.join(texts(one.reading))}", AUTHOR)
                doubts.append((place.coordinate, one))
    return doubts


def _write(place: Any, text: str) -> None:
    """Put a text into a cell of a spreadsheet: a number as a number, anything else as text, never as a formula."""
    if NUMBER.fullmatch(text):
        place.value = Decimal(text)
    elif text:
        place.value, place.data_type = text, "s"


def _pictures(sheet: Any, doubts: Sequence[tuple[str, Cell]], picture: NDArray[np.uint8],
              size: tuple[int, int]) -> None:
    """A row for each doubtful cell: its place, what it is read as, and its picture."""
    scale = picture.shape[0] / size[0]
    sheet.column_dimensions["C"].width = 40
    for row, (name, one) in enumerate(doubts, 1):
        _write(sheet.cell(row, 1), name)
        _write(sheet.cell(row, 2), _text(one))
        top, left, bottom, right = (max(0, round(value * scale)) for value in one.box)
        if bottom - top < 2 or right - left < 2:
            continue
        small = Image.fromarray(picture[top:bottom, left:right])
        small.thumbnail(LARGEST)
        data = io.BytesIO()
        small.save(data, "PNG")
        shown = Picture(data)
        shown.anchor = f"C{row}"
        sheet.add_image(shown)
        sheet.row_dimensions[row].height = max(15, 0.75 * small.height + 4)
