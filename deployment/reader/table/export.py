"""A table as a file: CSV, or a spreadsheet in which doubtful cells are coloured."""

import csv
import io
import re
from collections.abc import Sequence
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from deployment.reader.csv_tables import number_cell
from deployment.reader.table.reading import Cell, TableReading, texts

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")  # what a spreadsheet keeps as it is written
DOUBTFUL = PatternFill("solid", fgColor="FFE9B8")
MARKERS = {"text": "[text]", "print": "[print]", "unreadable": "[unreadable]"}
AUTHOR = "Qualm"


def to_csv(table: TableReading, markers: bool = False) -> str:
    """The cells as CSV, a line for each row. What is no number is an empty cell, or with `markers` its kind in
    brackets."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        ["-" if cell.kind == "dash" else number_cell(_text(cell, markers)) for cell in row] for row in table.rows)
    return text.getvalue()


def _text(cell: Cell, markers: bool) -> str:
    written = " / ".join(cell.text.split("\n"))
    return written or (MARKERS.get(cell.kind, "") if markers else "")


def to_xlsx(table: TableReading, headings: Sequence[str] = ()) -> bytes:
    """The cells as an XLSX file, under the headings, if any. Doubtful numbers are coloured, with what else they may be
    in a comment."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Table"
    if headings:
        sheet.append(list(headings))
    for i, row in enumerate(table.rows, 1 + bool(headings)):
        for j, cell in enumerate(row, 1):
            written = " / ".join(cell.text.split("\n"))
            if not written:
                continue
            place = sheet.cell(i, j)
            if NUMBER.fullmatch(written):
                place.value = Decimal(written)
            else:
                place.value, place.data_type = written, "s"  # no formula
            if cell.kind == "number" and not cell.sure and cell.reading is not None:
                place.fill = DOUBTFUL
                others = texts(cell.reading)[1:]
                place.comment = Comment(f"In doubt: {' or '.join([cell.text, *others])}", AUTHOR)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()
