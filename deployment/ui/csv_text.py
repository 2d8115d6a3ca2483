"""Tables as CSV."""

import csv
import io


def csv_text(columns: tuple[str, ...], rows) -> str:
    """A line of headings, and one for each of rows: {column: value}; what a row lacks is left empty. Text that others
    wrote goes through `cell` first."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def cell(text: str) -> str:
    """A text as a cell. Spreadsheets take what begins with one of = + - @ for a formula and would run it; the
    apostrophe keeps it a text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
