"""The calibrated probability that a line's text is right, and that a place of it is.

Logistic functions (Platt 1999) of the log odds that the lattice states and of what makes it optimistic, fitted on
numbers composed by other writers (`python -m analytics.studies.number_weights`).
"""

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.nn.context import Array
from core.nn.layers import sigmoid
from deployment.reader.number.score import FILE, Evidence
from deployment.reader.number.text import LineText

TEXT = ("constant", "log odds", "log odds of no rival", "signs", "cut off", "read at once")
PLACE = ("constant", "log odds", "cut off", "read at once", "sign")
MOST = 12.0  # of log odds, to either side


@dataclass(frozen=True)
class Confidence:
    """Weights of TEXT and of PLACE."""

    text: Array
    place: Array

    @classmethod
    @lru_cache
    def shipped(cls) -> "Confidence":
        """The weights in use."""
        saved = json.loads(FILE.read_text(encoding="utf-8"))["confidence"]
        return cls(np.array([saved["text"][name] for name in TEXT]), np.array([saved["place"][name] for name in PLACE]))

    def to_dict(self) -> dict:
        """The weights as JSON types."""
        return {"text": dict(zip(TEXT, map(float, self.text), strict=True)),
                "place": dict(zip(PLACE, map(float, self.place), strict=True))}

    def of_text(self, text: LineText, evidence: Evidence) -> float:
        """The probability that a whole line is right."""
        return float(sigmoid(text_signals(text, evidence)[None] @ self.text)[0])

    def of_places(self, text: LineText, evidence: Evidence) -> Array:
        """The probability that each place is right: (len(text.text),)."""
        return sigmoid(place_signals(text, evidence) @ self.place)


def text_signals(text: LineText, evidence: Evidence) -> Array:
    """(len(TEXT),) of a line."""
    rival = max((share for _, share in text.others), default=0.0)
    return np.array([1.0, odds(np.exp(text.log_probability)), odds(1 - rival), np.log(len(text.text)),
                     *np.log1p([cut_off(text, evidence).sum(), at_once(text).sum()])])


def place_signals(text: LineText, evidence: Evidence) -> Array:
    """(len(text.text), len(PLACE)) of the places of a line."""
    share = text.shares[np.arange(len(text.text)), list(text.text)]
    return np.column_stack([np.ones(len(share)), odds(share), cut_off(text, evidence), at_once(text),
                            [float(sign >= 10) for sign in text.text]])


def alone(text: LineText, evidence: Evidence) -> NDArray[np.bool_]:
    """Whether each place is one segment that is cut off from nothing."""
    return np.array([signs == 1 and evidence.alone[i] for i, signs in text.path for _ in range(signs)], bool)


def cut_off(text: LineText, evidence: Evidence) -> NDArray[np.bool_]:
    """Whether each place is one segment that is cut off from something."""
    return np.array([signs == 1 and not evidence.alone[i] for i, signs in text.path for _ in range(signs)], bool)


def at_once(text: LineText) -> NDArray[np.bool_]:
    """Whether each place is one of two digits that are read at once."""
    return np.array([signs == 2 for _, signs in text.path for _ in range(signs)], bool)


def odds(share: Array | float) -> Array:
    """The logarithm of share / (1 - share), within MOST."""
    share = np.clip(share, 1e-9, 1 - 1e-9)
    return np.clip(np.log(share / (1 - share)), -MOST, MOST)
