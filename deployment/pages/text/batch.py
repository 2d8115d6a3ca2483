"""Many texts: a .txt or .csv file -> numbered lines; readings -> CSV. No Streamlit here."""

import csv
import io
from collections.abc import Iterable, Sequence

from core.text.reader import TextReader, TextReading
from deployment.reader.csv_tables import cell, csv_text

MOST_LINES = 1000
MOST_BYTES = 2**20
Row = tuple[int, str, TextReading | str]  # line, text, reading or error message
HEADINGS = {"text", "texts", "sentence", "sentences", "line", "lines"}  # a first cell that names the column
PAD = ("pleasure", "arousal", "dominance")
COLUMNS = ("line", "text", *PAD, *(f"{name}_{end}" for name in PAD for end in ("low", "high")), "words", "problem")


def lines(name: str, data: bytes) -> tuple[list[tuple[int, str]], list[str]]:
    """The texts of an uploaded file with their line numbers (from 1), and notices on omitted parts.

    A .csv gives its first column, without a heading such as "text"; any other file its lines. Blank lines are
    skipped. A file above MOST_BYTES or not in UTF-8 gives no texts; at most the first MOST_LINES texts are returned.
    """
    if len(data) > MOST_BYTES:
        return [], [f"“{name}” has {len(data) / 2**20:.1f} MB; give at most {MOST_BYTES // 2**20} MB: split it."]
    try:
        document = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        document = "\0"
    if "\0" in document:
        return [], [f"“{name}” is not plain text in UTF-8; save it as a .txt or .csv file in UTF-8."]
    rows, sentences = _column(name, document) if name.lower().endswith(".csv") else (_plain(document), [])
    texts = [(number, text.strip()) for number, text in rows if text.strip()]
    if not texts:
        sentences.append(f"“{name}” holds no text; put one sentence on each line.")
    if len(texts) > MOST_LINES:
        sentences.append(f"“{name}” holds {len(texts):,} texts; the first {MOST_LINES:,} are read.")
    return texts[:MOST_LINES], sentences


def _plain(document: str) -> list[tuple[int, str]]:
    return list(enumerate(document.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1))


def _column(name: str, document: str) -> tuple[list[tuple[int, str]], list[str]]:
    """First cells of a CSV. After an unbalanced quotation mark each line is read by itself."""
    cells, sentences, start = [], [], 1
    try:
        reader = csv.reader(io.StringIO(document, newline=""), strict=True)
        for row in reader:
            cells.append((start, row[0] if row else ""))
            start = reader.line_num + 1
    except csv.Error:
        sentences.append(f"“{name}” has a quotation mark without its partner in line {start:,} or after; "
                         "each line was read by itself.")
        cells = []
        for number, line in _plain(document):
            first = line.split('"')[1] if line.startswith('"') else line.split(",")[0]
            cells.append((number, first))
    if cells and cells[0][1].strip().lower() in HEADINGS:
        cells = cells[1:]
    return cells, sentences


def read(reader: TextReader, texts: Sequence[tuple[int, str]]) -> list[Row]:
    """(line, text, TextReading or error message) of each text."""
    readings = reader.read_each([text for _, text in texts])
    return [(number, text, str(reading) if isinstance(reading, ValueError) else reading)
            for (number, text), reading in zip(texts, readings, strict=True)]


def to_csv(rows: Iterable[Row]) -> str:
    """One line per text with PAD to four decimals, or the reason why it could not be read."""
    return csv_text(COLUMNS, (
        {"line": number, "text": cell(text)} | (
            {"problem": cell(reading)} if isinstance(reading, str) else
            _numbers(reading) | {"words": reading.words})
        for number, text, reading in rows))


def _numbers(reading: TextReading) -> dict[str, str]:
    """PAD and its intervals by column."""
    columns = {}
    for i, name in enumerate(PAD):
        columns |= {name: f"{reading.pad[i]:.4f}", f"{name}_low": f"{reading.low[i]:.4f}",
                    f"{name}_high": f"{reading.high[i]:.4f}"}
    return columns
