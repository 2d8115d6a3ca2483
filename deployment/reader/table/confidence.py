"""The calibrated probability that the text of a cell is right: of its reading, and of how it fits its column.

A logistic function (Platt 1999) fitted on rendered sheets (`python -m analytics.studies.cell_weights`).
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.nn.layers import sigmoid
from deployment.reader.number.confidence import odds
from deployment.reader.table.cells import Inside

FILE = Path(__file__).with_name("cell_weights.json")
SIGNALS = ("constant", "log odds", "like its column", "other form", "other length", "signs", "lines", "over a line",
           "aside")
FEW = 3  # other numbers in a column say nothing of its pattern


def form(text: str) -> str:
    """What a number is like apart from its digits: "12.50" is "#.##", and each digit before a point counts as one."""
    return re.sub(r"^#+", "#", re.sub(r"\d", "#", text))


def signals(texts: Sequence[str], confidences: Sequence[float], cells: Sequence[Inside]) -> NDArray[np.floating]:
    """(n, len(SIGNALS)) of the numbers of one column: their texts, the probability of each by itself, and the cells."""
    rows = []
    for i, (text, confidence, cell) in enumerate(zip(texts, confidences, cells, strict=True)):
        others = [other for k, other in enumerate(texts) if k != i]
        forms, lengths = Counter(map(form, others)), [len(re.split(r"[.,]", other)[0]) for other in others]
        length = len(re.split(r"[.,]", text)[0])
        known = len(others) >= FEW
        rows.append([1.0, odds(confidence), forms[form(text)] / len(others) if known else 0.5,
                     float(known and not forms[form(text)]), float(known and length not in lengths), np.log(len(text)),
                     float(len(cell.lines) > 1), float(cell.over_line), float(cell.aside)])
    return np.array(rows).reshape(-1, len(SIGNALS))


@lru_cache
def weights() -> NDArray[np.floating]:
    """The weights in use."""
    saved = json.loads(FILE.read_text(encoding="utf-8"))
    return np.array([saved[name] for name in SIGNALS])


def of_column(texts: Sequence[str], confidences: Sequence[float], cells: Sequence[Inside]) -> NDArray[np.floating]:
    """The probability that each number of a column is right; see `signals`."""
    return sigmoid(signals(texts, confidences, cells) @ weights())
