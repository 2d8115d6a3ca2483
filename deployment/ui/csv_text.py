"""Tables as CSV."""

import csv
import io


def csv_text(columns: tuple[str, ...], rows) -> str:
    """A line of headings, and one for each of rows: {column: value}; what a row lacks is left empty. Text that others
    wrote goes through deployment.ui.words.cell first."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
