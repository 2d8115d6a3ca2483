"""What speaks for a segment of a line being one sign: signals, weighed by what a study learned from composed numbers.

score of a digit d = spread * log p(d) + unsure * log max p + signals . digit, of "?", what is no digit, = signals .
other. The weights are those that make the right readings of composed numbers likeliest (`python -m
analytics.studies.numbers`).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("weights.json")
SIGNALS = ("one more", "no digit", "novel", "small", "wide", "off the line", "ink cut", "blobs joined", "gap inside",
           "ink borrowed")
NOTHING = 10  # the number of the sign "?"
FLOOR = 1e-5  # the least probability that a digit has: a network's error is never impossible
NORMAL = 0.6  # of the line's height: digits are seldom smaller


@dataclass(frozen=True)
class Weights:
    """spread: of log probabilities; unsure: of the largest; digit, other: of SIGNALS, for digits and what is none."""

    spread: float
    unsure: float
    digit: np.ndarray
    other: np.ndarray

    @classmethod
    def load(cls, path=FILE):
        saved = json.loads(Path(path).read_text(encoding="utf-8"))
        of_kinds = (np.array([saved[kind][name] for name in SIGNALS]) for kind in ("digit", "other"))
        return cls(saved["spread"], saved["unsure"], *of_kinds)

    def to_dict(self):
        return {"spread": float(self.spread), "unsure": float(self.unsure)} | {
            kind: dict(zip(SIGNALS, map(float, getattr(self, kind)), strict=True)) for kind in ("digit", "other")}

    def scores(self, probs, signals):
        """(n, 11), nats: of the ten digits and of NOTHING, from probs (n, 10) and signals (n, len(SIGNALS))."""
        log_probs = np.log(np.maximum(probs, FLOOR))
        of_all = self.unsure * log_probs.max(axis=1) + signals @ self.digit
        return np.column_stack([self.spread * log_probs + of_all[:, None], signals @ self.other])


def signals(pieces, found, height, digitness, novelty):
    """(n, len(SIGNALS)) of the Segments `found` of a line's pieces; height: the line's, in pixels; digitness: log of
    the chance (n,) that each is a digit at all; novelty: (n,), above 1 where it is unlike the digits of training."""
    tops, bottoms = np.array([s.box[0] for s in found]), np.array([s.box[2] for s in found])
    lefts, rights = np.array([s.box[1] for s in found]), np.array([s.box[3] for s in found])
    tall = (bottoms - tops) / height
    middle = np.average([piece.top + piece.bottom for piece in pieces], weights=[p.mask.sum() for p in pieces]) / 2
    joined, gaps, crossed = (np.zeros(len(found)) for _ in range(3))
    for i, segment in enumerate(found):
        crossed[i] = pieces[segment.first].crossed
        reach = pieces[segment.first].right
        for piece in pieces[segment.first + 1 : segment.last]:
            if not piece.crossed and piece.left >= reach:  # another blob begins, beside what is there
                joined[i] += 1
                gaps[i] += (piece.left - reach) / height
            reach = max(reach, piece.right)
    return np.column_stack([
        np.ones(len(found)), digitness, np.log1p(np.minimum(novelty, 1e6)),
        np.minimum(np.log(np.maximum(tall, 0.02) / NORMAL), 0) ** 2,
        np.maximum((rights - lefts) / np.maximum(bottoms - tops, 1) - 0.9, 0),
        np.abs((tops + bottoms) / 2 - middle) / height, crossed, joined, gaps,
        np.array([float(s.borrows != 0) for s in found])])
