"""What speaks for a segment of a line being one sign, weighed by what a study learned from composed numbers.

score of a digit d = spread * log p(d) + unsure * log max p + signals . digit + hidden . column d of a matrix; of "?",
what is no digit, = signals . other + hidden . its last column. `hidden` is what the network's last two layers make of
the segment: its last layer learned what a digit is, these columns what a digit is that was cut out of a number. Where
the segment is the left or right end of a blob that was cut, or has both and is the blob, + whole . column d of another
matrix, one for each of these; `whole` is what all hidden layers make of the blob as it is: two digits pressed into one
frame, of which they can tell the left from the right one, or one. The weights are those that make the right readings
of composed numbers likeliest (`python -m analytics.studies.number_weights`). The matrices belong to one network and
carry its hash; any other network uses the weights alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.models import fitted
from core.nn.context import Array
from deployment.reader.number.cuts import Primitive
from deployment.reader.number.lattice import Segment

FILE = Path(__file__).with_name("weights.json")  # of any network
MATRICES = Path(__file__).with_name("matrices.npz")  # of the shipped network
SIGNALS = ("one more", "no digit", "novel", "small", "wide", "off the line", "ink cut", "blobs joined", "gap inside",
           "ink borrowed")
LEARNED = ("matrix", "sides")
SIDES = 3  # a segment may be a blob's left end, its right end, or reach from one to the other
NOTHING = 10  # the number of the sign "?"
FLOOR = 1e-5  # the least probability that a digit has: a network's error is never impossible
CALIBRATED = 0.25  # what the calibrated probabilities have to say in which digit it is that was cut out
LEAST = 1e-12  # share
# What a sign is in a line of words and not of numbers, where 60 % instead of 4 % are no digits; and how seldom, in log
# odds, a line is one
IN_WORDS = np.append(np.full(NOTHING, np.log(0.4 / 0.96)), np.log(0.6 / 0.04))
WORD = np.log(0.15 / 0.85)
NORMAL = 0.6  # of the line's height: digits are seldom smaller


@dataclass(frozen=True)
class Weights:
    """spread: of log probabilities; unsure: of the largest; digit, other: of SIGNALS, for digits and what is none;
    matrix: (h + 1, 11) of the last hidden layers of a segment, and a constant; sides: (SIDES, H + 1, 10) of all hidden
    layers of a blob whose left, right, or both ends a segment is; or None."""

    spread: float
    unsure: float
    digit: Array
    other: Array
    matrix: Array | None = None
    sides: Array | None = None

    @classmethod
    @lru_cache
    def of(cls, weights_sha256: str | None = None) -> "Weights":
        """The Weights for the network whose weights have this hash; without one, those for any network."""
        saved = json.loads(FILE.read_text(encoding="utf-8"))
        matrices = fitted.load(MATRICES, weights_sha256, LEARNED) if weights_sha256 else None
        if matrices is None:
            return cls.from_dict(saved["any network"])
        return cls.from_dict(saved["shipped network"], *(array.astype(np.float32) for array in matrices))

    @classmethod
    def from_dict(cls, saved: dict, matrix: Array | None = None, sides: Array | None = None) -> "Weights":
        """The Weights stored by `to_dict`, with these matrices."""
        digit, other = (np.array([saved[kind][name] for name in SIGNALS]) for kind in ("digit", "other"))
        return cls(saved["spread"], saved["unsure"], digit, other, matrix, sides)

    def to_dict(self) -> dict:
        """The weights without the matrices, as JSON types."""
        return {"spread": float(self.spread), "unsure": float(self.unsure)} | {
            kind: dict(zip(SIGNALS, map(float, getattr(self, kind)), strict=True)) for kind in ("digit", "other")}

    def seen(self, hidden: Array, whole: Array | None = None, sides: NDArray[np.integer] | None = None) -> Array:
        """What hidden layers (n, H) add to the scores: (n, 11). whole: (b, H) of the blobs that were cut; sides (n,
        SIDES): the number of the one whose left, right and both ends each segment is, -1 where it is none's."""
        if self.matrix is None:
            return np.zeros((len(hidden), NOTHING + 1), np.float32)
        added = hidden[:, -len(self.matrix) + 1:] @ self.matrix[:-1] + self.matrix[-1]
        if whole is None or not len(whole) or sides is None or self.sides is None:
            return added
        for side in range(len(self.sides)):
            at = np.flatnonzero(sides[:, side] >= 0)
            added[at, :NOTHING] += (whole @ self.sides[side, :-1] + self.sides[side, -1])[sides[at, side]]
        return added

    def scores(self, probs: Array, signals: Array, seen: Array) -> Array:
        """(n, 11), nats: of the ten digits and of NOTHING, from probs (n, 10), signals (n, len(SIGNALS)) and what
        `seen` gave (n, 11)."""
        log_probs = np.log(np.maximum(probs, FLOOR))
        of_all = self.unsure * log_probs.max(axis=1) + signals @ self.digit
        return np.column_stack([self.spread * log_probs + of_all[:, None], signals @ self.other]) + seen


def hedged(scores: Array, probs: Array, alone: NDArray[np.bool_]) -> Array:
    """Scores (n, 11) with the same weight on digits as a whole, which digit it is being said by the calibrated
    probabilities probs (n, 10), of what stands `alone` (n,), uncut, and else in part by them: the matrices know cut
    digits better, and are too sure between a 4 and a 9."""
    total = np.logaddexp.reduce(scores[:, :NOTHING], axis=1, keepdims=True)
    part = np.where(alone, 1, CALIBRATED)[:, None]
    shares = (1 - part) * np.exp(scores[:, :NOTHING] - total) + part * probs
    return np.column_stack([total + np.log(np.maximum(shares, LEAST)), scores[:, NOTHING]])


def signals(primitives: Sequence[Primitive], segments: Sequence[Segment], height: float, digitness: Array,
            novelty: Array) -> Array:
    """(n, len(SIGNALS)) of the Segments of a line's primitives; height: the line's, in pixels; digitness: log of the
    probability (n,) that each is a digit; novelty: (n,), above 1 if it is out-of-distribution."""
    tops, bottoms = np.array([s.box[0] for s in segments]), np.array([s.box[2] for s in segments])
    lefts, rights = np.array([s.box[1] for s in segments]), np.array([s.box[3] for s in segments])
    tall = (bottoms - tops) / height
    middle = np.average([p.top + p.bottom for p in primitives], weights=[p.mask.sum() for p in primitives]) / 2
    joined, gaps, crossed = (np.zeros(len(segments)) for _ in range(3))
    for i, segment in enumerate(segments):
        crossed[i] = primitives[segment.first].crossed
        reach = primitives[segment.first].right
        for primitive in primitives[segment.first + 1 : segment.last]:
            if not primitive.crossed and primitive.left >= reach:  # another blob begins, beside what is there
                joined[i] += 1
                gaps[i] += (primitive.left - reach) / height
            reach = max(reach, primitive.right)
    return np.column_stack([
        np.ones(len(segments)), digitness, np.log1p(np.minimum(novelty, 1e6)),
        np.minimum(np.log(np.maximum(tall, 0.02) / NORMAL), 0) ** 2,
        np.maximum((rights - lefts) / np.maximum(bottoms - tops, 1) - 0.9, 0),
        np.abs((tops + bottoms) / 2 - middle) / height, crossed, joined, gaps,
        np.array([float(s.borrows != 0) for s in segments])])
