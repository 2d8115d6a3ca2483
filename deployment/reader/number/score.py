"""What speaks for a segment of a line being a sign or two digits, weighed by what a study learned on composed numbers.

The score of each reading of a segment is a sum of log probabilities, of the network for digits and of the pair reader,
and of signals, each times a weight. The weights are those that make the right texts of composed numbers likeliest
(`python -m analytics.studies.number_weights`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.digits.data import DIGITS
from core.digits.pairs.signs import SIGNS
from core.digits.pairs.task import MORE, NOTHING, ONE, SIGN, TWO
from core.nn.context import Array
from deployment.reader.number.cuts import Primitive
from deployment.reader.number.segments import Segment
from deployment.reader.number.shapes import SHAPES
from deployment.reader.prediction import UNKNOWN

FILE = Path(__file__).with_name("weights.json")
TEXTS = "0123456789" + SIGNS + UNKNOWN  # what each sign of a lattice is written as
NO_SIGN = len(TEXTS) - 1
ATTACHED = np.array([sign not in ".,:" for sign in SIGNS])  # signs that may touch a digit, and are cut off from it
SIGNALS = ("constant", "no digit", "novel", "blobs joined", "gap inside", "three or more")
READINGS = ("digit", "sign", "no sign", "two")  # of a segment
FLOOR, FLOOR_PAIR = 1e-5, 1e-6  # least probabilities: a network's error is never impossible


@dataclass(frozen=True)
class Evidence:
    """What is known of the n segments of a line. digits: log probabilities (n, 10) of the network for digits; pairs:
    those (n, 121) of the pair reader; signals: (n, len(SIGNALS)); joined: (n,), whether each can be two digits; alone:
    (n,), whether each is cut off from nothing."""

    digits: Array
    pairs: Array
    signals: Array
    joined: NDArray[np.bool_]
    alone: NDArray[np.bool_]


@dataclass(frozen=True)
class Weights:
    """digit: of the log probabilities of the network for digits; pair: of those of the pair reader, for each of
    READINGS; signals: (len(READINGS), len(SIGNALS)); shapes (len(SHAPES),): by how many nats a number of each shape is
    likelier."""

    digit: float
    pair: Array
    signals: Array
    shapes: Array

    @classmethod
    @lru_cache
    def shipped(cls) -> "Weights":
        """The weights in use."""
        return cls.from_dict(json.loads(FILE.read_text(encoding="utf-8")))

    @classmethod
    def from_dict(cls, saved: dict) -> "Weights":
        """The Weights stored by `to_dict`."""
        return cls(saved["digit"], np.array([saved["pair"][name] for name in READINGS]),
                   np.array([[saved["signals"][reading][name] for name in SIGNALS] for reading in READINGS]),
                   np.array([saved["shapes"][name] for name in SHAPES]))

    def to_dict(self) -> dict:
        """The weights as JSON types."""
        return {"digit": float(self.digit),
                "pair": dict(zip(READINGS, map(float, self.pair), strict=True)),
                "signals": {reading: dict(zip(SIGNALS, map(float, row), strict=True))
                            for reading, row in zip(READINGS, self.signals, strict=True)},
                "shapes": dict(zip(SHAPES, map(float, self.shapes), strict=True))}

    def scores(self, evidence: Evidence) -> tuple[Array, Array]:
        """Scores of each segment in nats: (n, len(TEXTS)) as one sign, (n, 10, 10) as two digits."""
        digits, pairs = evidence.digits, np.maximum(evidence.pairs, np.log(FLOOR_PAIR))
        digit, sign, no_sign, two = (evidence.signals @ self.signals.T).T
        one = np.column_stack([
            self.digit * digits + digit[:, None] + self.pair[0] * pairs[:, ONE:TWO],
            self.pair[1] * pairs[:, SIGN:] + sign[:, None] + np.where(evidence.alone[:, None] | ATTACHED, 0, -np.inf),
            self.pair[2] * pairs[:, NOTHING] + no_sign])
        both = (self.pair[3] * pairs[:, TWO:MORE] + two[:, None]).reshape(-1, DIGITS, DIGITS)
        return one, np.where(evidence.joined[:, None, None], both, -np.inf)


def signals(primitives: Sequence[Primitive], segments: Sequence[Segment], height: float, digitness: Array,
            novelty: Array, pairs: Array) -> Array:
    """(n, len(SIGNALS)) of the Segments of a line's primitives; height: the line's, in pixels; digitness: log of the
    probability (n,) that each is a digit; novelty: (n,), above 1 if it is out-of-distribution; pairs: (n, 121) of the
    pair reader."""
    joined, gaps, more = (np.zeros(len(segments)) for _ in range(3))
    blobs = {(segment.first, segment.last): i for i, segment in enumerate(segments) if not segment.borrows}
    for i, segment in enumerate(segments):
        reach = primitives[segment.first].right
        for primitive in primitives[segment.first + 1 : segment.last]:
            if not primitive.is_cut and primitive.left >= reach:  # another blob begins, beside what is there
                joined[i] += 1
                gaps[i] += (primitive.left - reach) / height
            reach = max(reach, primitive.right)
        if not primitives[segment.first].is_cut:  # where it begins a blob that goes on, this must be three or more
            end = segment.last
            while end < len(primitives) and primitives[end].is_cut:
                end += 1
            whole = blobs.get((segment.first, end)) if end > segment.last else None
            more[i] = max(pairs[whole, MORE], np.log(FLOOR_PAIR)) if whole is not None else 0.0
    return np.column_stack([np.ones(len(segments)), digitness, np.log1p(np.minimum(novelty, 1e6)), joined, gaps, more])
