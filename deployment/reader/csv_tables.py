"""Readings as CSV: one line per picture, or one line per digit of a number."""

import csv
import io
import re
import warnings
from collections.abc import Iterable, Sequence

from deployment.reader.labels import as_labelled, digit_label, edit_distance, number_label
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import NumberReading, Prediction, boxes_text

DIGIT_COLUMNS = ("file", "answer", "confidence", "emotion", "runner_up", "novelty", "alternatives", "left_over", "true",
                 "error")
NUMBER_COLUMNS = ("file", "text", "confidence", "emotion", "alternatives", "left_over", "true", "digit_errors", "error")
BOX_COLUMNS = ("top", "left", "bottom", "right")
PLACE_COLUMNS = ("line", "place", "text", "chance", "emotion", "alternatives", *BOX_COLUMNS)
LINES = " / "  # between the lines of a number
FORMER_COLUMNS = {"feeling": "emotion", "could_be": "alternatives"}  # deprecated name -> name


def csv_text(columns: Sequence[str], rows: Iterable[dict]) -> str:
    """Rows {column: value} as CSV with a header line; a missing value is an empty cell.

    Untrusted text must go through `cell` first. A deprecated column name is written as given, with a
    DeprecationWarning.
    """
    names = [_current(column) for column in columns]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return text.getvalue()


def _current(column: str) -> str:
    if column not in FORMER_COLUMNS:
        return column
    name = FORMER_COLUMNS[column]
    warnings.warn(f"the column {column!r} is now called {name!r}", DeprecationWarning, stacklevel=4)
    return name


def cell(text: str) -> str:
    """Text that a spreadsheet cannot take for a formula: an apostrophe is put before a leading = + - or @."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def number_cell(text: str) -> str:
    """The text of a number, as `cell`; a number such as -7 stays one."""
    return text if re.fullmatch(r"-\d+([.,]\d+)?", text) else cell(text)


def digits_csv(names: Sequence[str], results: Sequence[Prediction | InputError],
               columns: Sequence[str] = DIGIT_COLUMNS) -> str:
    """One line per picture.

    `true` is the digit in the file name, if any; `alternatives` are the digits with a calibrated probability of at
    least 5 %, most likely first; `left_over` lists boxes of ink outside the answer ("top left bottom right" in pixels
    of the picture, separated by "; "); `error` is the message if the picture could not be read.
    """
    def row(name: str, result: Prediction | InputError) -> dict:
        common = {"file": cell(name), "true": digit_label(name)}
        if isinstance(result, InputError):
            return common | {"error": cell(str(result))}
        return common | {"answer": result.digit, "confidence": round(result.confidence, 6), "emotion": result.emotion,
                         "runner_up": result.runner_up, "novelty": round(result.novelty, 6),
                         "alternatives": " ".join(map(str, result.alternatives)),
                         "left_over": boxes_text(result.left_over)}

    return csv_text(columns, map(row, names, results))


def numbers_csv(names: Sequence[str], results: Sequence[NumberReading | InputError],
                columns: Sequence[str] = NUMBER_COLUMNS) -> str:
    """One line per picture, as `digits_csv`. Lines of a number are separated by " / "; `alternatives` are listed by
    place, counted from 1, "nothing" where there may be no sign."""
    def row(name: str, result: NumberReading | InputError) -> dict:
        label = number_label(name)
        common = {"file": cell(name), "true": "" if label is None else number_cell(label.replace("\n", LINES))}
        if isinstance(result, InputError):
            return common | {"error": cell(str(result))}
        doubts = (f"{place + 1}: {listed(signs)}" for place, signs in result.alternatives.items())
        text = number_cell(result.text.replace("\n", LINES))
        return common | {"text": text, "confidence": round(result.confidence, 6), "emotion": result.emotion,
                         "alternatives": "; ".join(doubts), "left_over": boxes_text(result.left_over),
                         "digit_errors": "" if label is None else edit_distance(label, as_labelled(result.text))}

    return csv_text(columns, map(row, names, results))


def lines_csv(reading: NumberReading) -> str:
    """The numbers of a picture as a table: a row for each line, a column for each number of it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [number_cell(number) for number in line.split(" ")] for line in reading.text.split("\n"))
    return text.getvalue()


def listed(signs: Sequence[str]) -> str:
    """What may stand at a place, in a cell: "1 11", "nothing" for no sign."""
    return " ".join(sign or "nothing" for sign in signs)


def places_csv(reading: NumberReading, columns: Sequence[str] = PLACE_COLUMNS) -> str:
    """One line per place of a number: digit or sign, probability, alternatives and box in pixels of the picture; then
    one line per box of left-over ink."""
    rows = [{"line": place.line + 1, "place": i + 1, "text": cell(place.text), "chance": round(place.chance, 6),
             "emotion": place.emotion, "alternatives": cell(listed(reading.alternatives.get(i, []))),
             **dict(zip(BOX_COLUMNS, place.box, strict=True))} for i, place in enumerate(reading.digits)]
    rows += [{"text": "left over", **dict(zip(BOX_COLUMNS, box, strict=True))} for box in reading.left_over]
    return csv_text(columns, rows)
