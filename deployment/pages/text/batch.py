"""Batch reading: splits a .txt or .csv file into numbered lines and writes their readings as CSV. No Streamlit."""

import csv
import io

from core.text.reader import TextReader, TextReading
from deployment.reader.csv_tables import cell, csv_text

Line = tuple[int, str]  # (number from 1, text)
Row = tuple[int, str, TextReading | str]  # (number from 1, text, reading or the reason why there is none)

MAX_LINES = 1000
MAX_BYTES = 2**20
HEADINGS = {"text", "texts", "sentence", "sentences", "line", "lines"}  # a first cell that names the column
PAD = ("pleasure", "arousal", "dominance")
COLUMNS = ("line", "text", *PAD, *(f"{name}_{end}" for name in PAD for end in ("low", "high")), "words", "problem")


def lines(name: str, data: bytes) -> tuple[list[Line], list[str]]:
    """The texts of an uploaded file with their line numbers, and messages about problems.

    A .csv file gives its first column without a heading such as "text", any other file its lines. Blank lines are
    skipped. A file above MAX_BYTES or not in UTF-8 is refused; at most MAX_LINES texts are returned.
    """
    if len(data) > MAX_BYTES:
        return [], [f"“{name}” has {len(data) / 2**20:.1f} MB. Split it into files of at most {MAX_BYTES // 2**20} MB."]
    try:
        document = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        document = "\0"
    if "\0" in document:
        return [], [f"“{name}” is not plain text in UTF-8. Save it as a .txt or .csv file in UTF-8."]
    texts, messages = _column(name, document) if name.lower().endswith(".csv") else (_plain(document), [])
    texts = [(number, text.strip()) for number, text in texts if text.strip()]
    if not texts:
        messages.append(f"“{name}” holds no text. Put one sentence on each line.")
    if len(texts) > MAX_LINES:
        messages.append(f"“{name}” holds {len(texts):,} texts; the first {MAX_LINES:,} are read.")
    return texts[:MAX_LINES], messages


def _plain(document: str) -> list[Line]:
    return list(enumerate(document.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1))


def _column(name: str, document: str) -> tuple[list[Line], list[str]]:
    """First cells of a CSV. An unclosed quote would absorb all lines after it; then each line is read by itself."""
    texts, messages, start = [], [], 1
    try:
        reader = csv.reader(io.StringIO(document, newline=""), strict=True)
        for row in reader:
            texts.append((start, row[0] if row else ""))
            start = reader.line_num + 1
    except csv.Error:
        messages.append(f"“{name}” has an unclosed quotation mark in line {start:,} or later; "
                        "each line was read by itself.")
        texts = []
        for number, line in _plain(document):
            texts.append((number, line.split('"')[1] if line.startswith('"') else line.split(",")[0]))
    if texts and texts[0][1].strip().lower() in HEADINGS:
        texts = texts[1:]
    return texts, messages


def read(reader: TextReader, texts: list[Line]) -> list[Row]:
    """Read each text by itself; an unreadable text does not affect the others."""
    readings = reader.read_each([text for _, text in texts])
    return [(number, text, str(reading) if isinstance(reading, ValueError) else reading)
            for (number, text), reading in zip(texts, readings, strict=True)]


def to_csv(rows: list[Row]) -> str:
    """CSV with a line for each text: PAD to four decimals, or the reason why it cannot be read in the last column."""
    return csv_text(COLUMNS, (
        {"line": number, "text": cell(text)} | (
            {"problem": cell(reading)} if isinstance(reading, str) else
            _numbers(reading) | {"words": reading.words})
        for number, text, reading in rows))


def _numbers(reading: TextReading) -> dict[str, str]:
    """{column: value} of PAD and its intervals."""
    return {name + suffix: f"{values[i]:.4f}" for i, name in enumerate(PAD)
            for suffix, values in (("", reading.pad), ("_low", reading.low), ("_high", reading.high))}
