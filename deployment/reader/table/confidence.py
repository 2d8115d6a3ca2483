"""The calibrated probability that the text of a cell is right: of its reading, and of how it fits its column.

A logistic function (Platt 1999) fitted on rendered sheets (`python -m analytics.studies.cell_weights`).
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.digits.data import DIGITS
from core.nn.layers import sigmoid
from deployment.reader.number.confidence import MOST, at_once, odds
from deployment.reader.number.line import Line
from deployment.reader.number.page import NumberReader
from deployment.reader.number.text import LineText
from deployment.reader.prediction import NumberReading
from deployment.reader.table.cells import Inside

FILE = Path(__file__).with_name("cell_weights.json")
SIGNALS = ("constant", "text", "like its column", "other form", "other length", "length", "lines", "over a line",
           "aside", "least digit", "least sign", "signs", "confident", "text, like its column",
           "least digit, like its column", "least sign, like its column", "least digit alone", "unclear",
           "read at once", "rare signs", "dark beside", "least digit of copies", "log loss of copies")
FEW = 3  # other numbers in a column say nothing of its pattern
NO_SIGN, NO_DIGIT = 0.0, -5.0  # log odds
USUAL = ".,"  # signs of numbers in tables
LOST = 0.3  # of the ink of a sign, dark beside a text: one may be lost
# The most that a number is sure beside which a sign may be lost, that may be Roman or two of two columns, or that
# stands on several lines, of which rendered sheets have too few to fit a weight
DOUBTED = 0.9
COPIES = 4  # deformed copies of each digit, that it is read from
NO_COPY, LEAST_LOSS, FLOOR = 8.0, 1e-4, 1e-7  # log odds at most; nats; least probability


@dataclass(frozen=True)
class Doubts:
    """What the lines of a cell say beyond their NumberReading. digit: log odds of the least probable digit, each by the
    network for digits alone; copies: the same by the mean probability of deformed copies of it; loss: logarithm of the
    sum over the digits of the mean log loss of their copies; unclear: the probability that something is no sign;
    at_once: whether two digits are read at once, uncut."""

    digit: float = NO_DIGIT
    copies: float = NO_COPY
    loss: float = np.log(LEAST_LOSS)
    unclear: float = 0.0
    at_once: bool = False


def doubts_of(deployer: NumberReader, cells: Sequence[Sequence[tuple[LineText, Line]]]) -> list[Doubts]:
    """The Doubts about cells, each given by its lines and their texts."""
    digits = [(k, line, i, sign) for k, cell in enumerate(cells) for text, line in cell
              for (i, signs), sign in zip(text.path, text.first_signs, strict=True) if signs == 1 and sign < DIGITS]
    signs = np.array([sign for *_, sign in digits], int)
    probs = np.zeros((0, 1, DIGITS))
    if digits:
        probs = deployer.assess_copies(np.stack([line.images[i] for _, line, i, _ in digits]), COPIES)
    of_sign = np.take_along_axis(probs, signs[:, None, None], axis=2)[..., 0].astype(float)
    mean, loss = odds(of_sign.mean(axis=1)), -np.log(np.maximum(of_sign, FLOOR)).mean(axis=1)
    alone = np.array([line.evidence.digits[i, sign] for _, line, i, sign in digits])
    of = np.array([k for k, *_ in digits], int)
    return [Doubts(float(odds(np.exp(alone[of == k])).min(initial=MOST if (of == k).any() else NO_DIGIT)),
                   float(np.min(mean[of == k], initial=NO_COPY)), float(np.log(loss[of == k].sum() + LEAST_LOSS)),
                   max(text.unclear for text, _ in cell), any(bool(at_once(text).any()) for text, _ in cell))
            for k, cell in enumerate(cells)]


def form(text: str) -> str:
    """What a number is like apart from its digits: "12.50" is "#.##", and each digit before a point counts as one."""
    return re.sub(r"^#+", "#", re.sub(r"\d", "#", text))


def signals(readings: Sequence[NumberReading], cells: Sequence[Inside], doubts: Sequence[Doubts],
            beside: Sequence[float]) -> NDArray[np.floating]:
    """(n, len(SIGNALS)) of the numbers of one column, each read by itself, their cells, the Doubts about them, and how
    much is dark beside each (beside.py)."""
    rows, texts = [], [reading.text for reading in readings]
    for i, (reading, cell, doubt, dark) in enumerate(zip(readings, cells, doubts, beside, strict=True)):
        others = [other for k, other in enumerate(texts) if k != i]
        forms, lengths = Counter(map(form, others)), [_whole_digits(other) for other in others]
        known = len(others) >= FEW
        like = forms[form(reading.text)] / len(others) if known else 0.5
        digits = [place for place in reading.digits if place.text.isdigit()]
        signs = [place.chance for place in reading.digits if not place.text.isdigit()]
        text = odds(reading.confidence)
        digit = odds(min(place.chance for place in digits)) if digits else NO_DIGIT
        sign = odds(min(signs)) if signs else NO_SIGN
        rows.append([1.0, text, like, float(known and not forms[form(reading.text)]),
                     float(known and _whole_digits(reading.text) not in lengths), np.log(len(reading.text)),
                     float(len(cell.lines) > 1), float(cell.over_line), float(cell.aside), digit, sign,
                     float(bool(signs)), float(all(place.emotion == "confident" for place in digits)), like * text,
                     like * digit, like * sign, doubt.digit, doubt.unclear, float(doubt.at_once),
                     float(any(not sign.isalnum() and sign not in USUAL for sign in reading.text)), dark, doubt.copies,
                     doubt.loss])
    return np.array(rows).reshape(-1, len(SIGNALS))


def _whole_digits(text: str) -> int:
    """The length of a number before its point."""
    return len(re.split(r"[.,]", text)[0])


@lru_cache
def weights() -> NDArray[np.floating]:
    """The weights in use."""
    saved = json.loads(FILE.read_text(encoding="utf-8"))
    return np.array([saved[name] for name in SIGNALS])


def probability(values: NDArray[np.floating], by: NDArray[np.floating] | None = None) -> NDArray[np.floating]:
    """The probability that each number is right, (n,), from the signals (n, len(SIGNALS)); by: other weights than those
    in use."""
    stated = sigmoid(values @ (weights() if by is None else by))
    dark, lines = (values[:, SIGNALS.index(name)] for name in ("dark beside", "lines"))
    return np.where((dark > LOST) | (lines > 0), np.minimum(stated, DOUBTED), stated)
