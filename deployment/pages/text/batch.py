"""Many texts at once: a .txt or .csv file becomes numbered lines, and their readings a CSV. No Streamlit here."""

import csv
import io

from deployment.reader.csv_tables import cell, csv_text

MOST_LINES = 1000
MOST_BYTES = 2**20
HEADINGS = {"text", "texts", "sentence", "sentences", "line", "lines"}  # a first cell that names the column
PAD = ("pleasure", "arousal", "dominance")
COLUMNS = ("line", "text", *PAD, *(f"{name}_{end}" for name in PAD for end in ("low", "high")), "words", "problem")


def lines(name: str, data: bytes) -> tuple[list[tuple[int, str]], list[str]]:
    """The texts of an uploaded file with the line each stands on (from 1), and sentences on what was refused.

    A .csv gives its first column, without a heading such as "text"; any other file its lines. Blank lines are passed
    over. A file above MOST_BYTES or not in UTF-8 is refused whole; of more than MOST_LINES texts the first are kept.
    """
    if len(data) > MOST_BYTES:
        return [], [f"“{name}” has {len(data) / 2**20:.1f} MB; give at most {MOST_BYTES // 2**20} MB: split it."]
    try:
        document = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        document = "\0"
    if "\0" in document:
        return [], [f"“{name}” is not plain text in UTF-8; save it as a .txt or .csv file in UTF-8."]
    found, sentences = _column(name, document) if name.lower().endswith(".csv") else (_plain(document), [])
    found = [(number, text.strip()) for number, text in found if text.strip()]
    if not found:
        sentences.append(f"“{name}” holds no text; put one sentence on each line.")
    if len(found) > MOST_LINES:
        sentences.append(f"“{name}” holds {len(found):,} texts; the first {MOST_LINES:,} are read.")
    return found[:MOST_LINES], sentences


def _plain(document: str) -> list[tuple[int, str]]:
    return list(enumerate(document.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1))


def _column(name: str, document: str) -> tuple[list[tuple[int, str]], list[str]]:
    """First cells of a CSV. A quote left open would swallow all lines after it: then each line is read by itself."""
    found, sentences, start = [], [], 1
    try:
        reader = csv.reader(io.StringIO(document, newline=""), strict=True)
        for row in reader:
            found.append((start, row[0] if row else ""))
            start = reader.line_num + 1
    except csv.Error:
        sentences.append(f"“{name}” has a quotation mark without its partner in line {start:,} or after; "
                         "each line was read by itself.")
        found = []
        for number, line in _plain(document):
            cell = line.split('"')[1] if line.startswith('"') else line.split(",")[0]
            found.append((number, cell))
    if found and found[0][1].strip().lower() in HEADINGS:
        found = found[1:]
    return found, sentences


def read(reader, found: list[tuple[int, str]]) -> list[tuple[int, str, object]]:
    """(line, text, Reading, or the sentence why it cannot be read) of each text; one bad line loses no other."""
    readings = reader.read_each([text for _, text in found])
    return [(number, text, str(reading) if isinstance(reading, ValueError) else reading)
            for (number, text), reading in zip(found, readings, strict=True)]


def to_csv(rows: list[tuple[int, str, object]]) -> str:
    """One line a text, PAD to four decimals; one that could not be read has its reason at the end."""
    return csv_text(COLUMNS, (
        {"line": number, "text": cell(text)} | (
            {"problem": cell(reading)} if isinstance(reading, str) else
            _numbers(reading) | {"words": reading.words})
        for number, text, reading in rows))


def _numbers(reading) -> dict:
    """PAD with the ends of its intervals, by column."""
    found = {}
    for i, name in enumerate(PAD):
        found |= {name: f"{reading.pad[i]:.4f}", f"{name}_low": f"{reading.low[i]:.4f}",
                  f"{name}_high": f"{reading.high[i]:.4f}"}
    return found
