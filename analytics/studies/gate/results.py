"""The study's results, once all of its runs have ended: every comparison, and what may be said of it."""

from dataclasses import dataclass

import numpy as np

from analytics.studies.gate.arms import DYNAMIC_GATES, HELD, REGIMES
from analytics.studies.gate.protocol import OUTCOMES, PAIRS, differences
from analytics.studies.gate.statistics import holm, seeds_and_images_interval, seeds_interval, sign_flip_p
from analytics.studies.gate.study import PRIMARY

IMAGES = 10_000
SHUT = 0.1  # mean gate value below which a unit counts as shut


@dataclass
class Comparison:
    """a less b in one outcome and regime: mean and 95 % interval in the outcome's shown unit; p, and for accuracy but
    the primary one also Holm's; n seeds."""

    regime: str
    a: str
    b: str
    outcome: str
    n: int
    mean: float
    low: float
    high: float
    p: float
    adjusted: float = np.nan

    @property
    def primary(self):
        return (self.regime, self.a, self.b, self.outcome) == (*PRIMARY, "accuracy")

    @property
    def shown(self):
        """Whether the difference holds: by its own p for the primary one, by Holm's for other accuracies."""
        return (self.p if self.primary else self.adjusted) < 0.05


def compare(rows, progress=iter):
    """Every Comparison of the protocol: of accuracy with Holm's p-values, the primary one first, then the others."""
    cells = [(outcome, regime, a, b) for outcome in OUTCOMES for regime in REGIMES for a, b in PAIRS]
    cells.sort(key=lambda cell: cell != ("accuracy", *PRIMARY))
    found = []
    for outcome, regime, a, b in progress(cells):
        factor = OUTCOMES[outcome][1]
        d = factor * differences(rows, regime, a, b, outcome)
        interval = (seeds_and_images_interval(factor * images(rows, regime, a, b)) if outcome == "accuracy"
                    else seeds_interval(d))
        found.append(Comparison(regime, a, b, outcome, len(d), *interval, sign_flip_p(d)))
    others = [comparison for comparison in found if comparison.outcome == "accuracy" and not comparison.primary]
    for comparison, p in zip(others, holm([comparison.p for comparison in others]), strict=True):
        comparison.adjusted = float(p)
    return found


def images(rows, regime, a, b):
    """Right by arm a less right by arm b, (n seeds, N images) of -1, 0 and 1."""
    right = {(row["arm"], row["seed"]): row["right"] for row in rows if row["regime"] == regime}
    seeds = sorted(seed for arm, seed in right if arm == a and (b, seed) in right)
    return np.stack([np.subtract(unpacked(right[a, seed]), unpacked(right[b, seed]), dtype=np.int8) for seed in seeds])


def unpacked(bits):
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=IMAGES).view(np.int8)


def held_equals_none(rows):
    """Whether the run with the gate held at 1 equals the one without it in everything but its time."""
    held = next(row for row in rows if row["arm"] == HELD)
    wanted = held["regime"], "none", held["seed"]
    none = next(row for row in rows if (row["regime"], row["arm"], row["seed"]) == wanted)
    return all(held[name] == none[name] for name in none if name not in ("arm", "seconds"))


def beyond(rows):
    """What the gate's activity tells of errors beyond the margin: [(regime, arm, n, median likelihood ratio, networks
    with p < .05, mean gain in AUROC and its interval)]."""
    found = []
    for regime in REGIMES:
        for arm in DYNAMIC_GATES:
            some = [row for row in rows if row["regime"] == regime and row["arm"] == arm]
            gain = seeds_interval([row["error_auroc_both"] - row["error_auroc_margin"] for row in some])
            found.append((regime, arm, len(some), float(np.median([row["gate_lr"] for row in some])),
                          sum(row["gate_p"] < 0.05 for row in some), gain))
    return found


def gates_of_digits(rows):
    """Mean gate values (n seeds, 10 digits, h units) of the arm "gate" in the primary regime."""
    found = {row["seed"]: row["gate_of_digit"] for row in rows if (row["regime"], row["arm"]) == PRIMARY[:2]}
    return np.stack([np.frombuffer(bits, np.uint8).reshape(10, -1) for _, bits in sorted(found.items())]) / 255


def shut(gates):
    """Of gates (n, 10, h): the share of units shut for each digit, (n, 10); shut for all, none, or just one of the
    digits, (n, 3)."""
    closed = gates < SHUT
    count = closed.sum(axis=1)
    return closed.mean(axis=2), np.stack([(count == k).mean(axis=1) for k in (10, 0, 1)], axis=1)
