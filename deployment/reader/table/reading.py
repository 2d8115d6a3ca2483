"""The result of reading a table: rows of cells."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.formats import percent
from deployment.reader.paper.apart import Box
from deployment.reader.prediction import UNKNOWN, NumberReading

Kind = Literal["number", "text", "print", "dash", "empty", "unreadable"]
SURE = 0.99  # probability of the whole text of a cell, from which on it is sure


@dataclass(frozen=True)
class Cell:
    """A cell of a table. kind: "number"; "text", handwriting that is none; "print", printed matter; "dash"; "empty";
    "unreadable", crossed out or written over. reading: of a number, its boxes in pixels of the source; confidence: of
    it, and of how it fits its column; box: in pixels of the source; corners: the same, upper left first, clockwise;
    checked: what a person says stands there; signals: of a number, from which confidence.py
    computes its confidence."""

    kind: Kind
    box: Box
    corners: tuple[tuple[float, float], ...]
    reading: NumberReading | None = None
    confidence: float = 0.0
    checked: str | None = None
    signals: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """What is written there, a decimal comma as a point; "-" for a dash, "" for what is no number."""
        if self.checked is not None:
            return self.checked
        if self.kind == "number" and self.reading:
            return decimal(self.reading.text)
        return "-" if self.kind == "dash" else ""

    @property
    def sure(self) -> bool:
        """Whether it is a number that needs no check."""
        if self.checked is not None:
            return True
        return self.kind == "number" and self.confidence >= SURE and UNKNOWN not in self.text

    def to_dict(self) -> dict[str, Any]:
        """The values as JSON types."""
        values: dict[str, Any] = {"kind": self.kind, "text": self.text, "box": list(self.box)}
        if self.kind == "number" and self.reading is not None:
            values |= {"confidence": round(self.confidence, 6), "emotion": self.reading.emotion, "sure": self.sure,
                       "alternatives": texts(self.reading)}
        return values


@dataclass(frozen=True)
class TableReading:
    """The cells of a table, in rows of equal length; size: height and width of the picture, in pixels; ruled: whether
    lines part the cells."""

    rows: list[list[Cell]]
    size: tuple[int, int]
    ruled: bool

    def to_dict(self) -> dict[str, Any]:
        """The values as JSON types."""
        return {"rows": [[cell.to_dict() for cell in row] for row in self.rows]}


def decimal(text: str) -> str:
    """A number whose decimal comma is a point, as spreadsheets and programs take it; "1,234" stays as it is."""
    return text.replace(",", ".") if re.fullmatch(r"[+-]?\d+,(\d{1,2}|\d{4,})", text) else text


def texts(reading: NumberReading, most: int = 4) -> list[str]:
    """What the text of a reading may be, most likely first, by changing one doubtful place."""
    options = [decimal(reading.text)]
    marks = [i for i, sign in enumerate(reading.text) if not sign.isspace()]
    for place, signs in reading.alternatives.items():
        for sign in signs:
            other = decimal(reading.text[: marks[place]] + sign + reading.text[marks[place] + 1 :])
            if other not in options:
                options.append(other)
    return options[:most]


def edited(table: TableReading, checked: Mapping[str, str]) -> TableReading:
    """A table with what a person says; checked: {"row,column": text}, counted from 0; others are left out."""
    rows = [[replace(cell, checked=checked[name]) if (name := f"{i},{j}") in checked else cell
             for j, cell in enumerate(row)] for i, row in enumerate(table.rows)]
    return replace(table, rows=rows)


def doubtful(table: TableReading) -> list[str]:
    """A sentence for each number that needs a check: its place, what it may be, and how probable its text is."""
    return [f"row {i}, column {j}: {' or '.join(texts(cell.reading))} ({percent(cell.confidence)})"
            for i, row in enumerate(table.rows, 1) for j, cell in enumerate(row, 1)
            if is_doubtful(cell) and cell.reading is not None]


def is_doubtful(cell: Cell) -> bool:
    """Whether a cell holds a number that needs a check."""
    return cell.kind == "number" and not cell.sure
