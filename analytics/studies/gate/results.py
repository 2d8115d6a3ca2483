"""The study's results: paired comparisons and gate statistics, computed from the rows of all runs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.studies.gate.arms import DYNAMIC_GATES, HELD, REGIMES
from analytics.studies.gate.protocol import OUTCOMES, PAIRS, differences
from analytics.studies.gate.statistics import holm, seeds_and_images_interval, seeds_interval, sign_flip_p
from analytics.studies.gate.study import PRIMARY
from analytics.studies.runs import Row

IMAGES = 10_000
SHUT = 0.1  # mean gate value below which a unit counts as shut

# regime, arm, n, median likelihood ratio, networks with p < 0.05, gain in AUROC (mean, low, high)
Activity = tuple[str, str, int, float, int, tuple[float, float, float]]


@dataclass
class Comparison:
    """Arm a minus arm b in one outcome and regime, over n seeds: mean and 95 % interval in the reported unit, and p.

    adjusted: Holm's p-value, for all comparisons of accuracy except the primary one.
    """

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
    def primary(self) -> bool:
        return (self.regime, self.a, self.b, self.outcome) == (*PRIMARY, "accuracy")

    @property
    def shown(self) -> bool:
        """True if the difference is significant at 5 %: by p for the primary comparison, else by the adjusted p."""
        return (self.p if self.primary else self.adjusted) < 0.05


def compare(rows: Sequence[Row], progress: Callable[[list], Iterable] = iter) -> list[Comparison]:
    """All Comparisons of the protocol, the primary one first, with Holm's p-values for accuracy."""
    cells = [(outcome, regime, a, b) for outcome in OUTCOMES for regime in REGIMES for a, b in PAIRS]
    cells.sort(key=lambda cell: cell != ("accuracy", *PRIMARY))
    comparisons = []
    for outcome, regime, a, b in progress(cells):
        factor = OUTCOMES[outcome][1]
        d = factor * differences(rows, regime, a, b, outcome)
        interval = (seeds_and_images_interval(factor * images(rows, regime, a, b)) if outcome == "accuracy"
                    else seeds_interval(d))
        comparisons.append(Comparison(regime, a, b, outcome, len(d), *interval, sign_flip_p(d)))
    others = [comparison for comparison in comparisons if comparison.outcome == "accuracy" and not comparison.primary]
    for comparison, p in zip(others, holm([comparison.p for comparison in others]), strict=True):
        comparison.adjusted = float(p)
    return comparisons


def images(rows: Sequence[Row], regime: str, a: str, b: str) -> NDArray[np.int8]:
    """Correctness by arm a minus correctness by arm b: (n seeds, N images) of -1, 0 and 1."""
    right = {(row["arm"], row["seed"]): row["right"] for row in rows if row["regime"] == regime}
    seeds = sorted(seed for arm, seed in right if arm == a and (b, seed) in right)
    return np.stack([np.subtract(unpacked(right[a, seed]), unpacked(right[b, seed]), dtype=np.int8) for seed in seeds])


def unpacked(bits: bytes) -> NDArray[np.int8]:
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=IMAGES).view(np.int8)


def held_equals_none(rows: Sequence[Row]) -> bool:
    """True if the run with the gate held at 1 equals the run without a gate in every column except arm and seconds."""
    held = next(row for row in rows if row["arm"] == HELD)
    key = held["regime"], "none", held["seed"]
    none = next(row for row in rows if (row["regime"], row["arm"], row["seed"]) == key)
    return all(held[name] == none[name] for name in none if name not in ("arm", "seconds"))


def beyond(rows: Sequence[Row]) -> list[Activity]:
    """How well the gate's activity predicts errors beyond the margin, per regime and arm."""
    activities = []
    for regime in REGIMES:
        for arm in DYNAMIC_GATES:
            runs = [row for row in rows if row["regime"] == regime and row["arm"] == arm]
            gain = seeds_interval([row["error_auroc_both"] - row["error_auroc_margin"] for row in runs])
            activities.append((regime, arm, len(runs), float(np.median([row["gate_lr"] for row in runs])),
                               sum(row["gate_p"] < 0.05 for row in runs), gain))
    return activities


def gates_of_digits(rows: Sequence[Row]) -> NDArray[np.floating]:
    """Mean gate values (n seeds, 10 digits, h units) of the arm "gate" in the primary regime."""
    by_seed = {row["seed"]: row["gate_of_digit"] for row in rows if (row["regime"], row["arm"]) == PRIMARY[:2]}
    return np.stack([np.frombuffer(bits, np.uint8).reshape(10, -1) for _, bits in sorted(by_seed.items())]) / 255


def shut(gates: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Shares of shut units, from mean gate values (n, 10, h): for each digit (n, 10); for all digits, none, or exactly
    one (n, 3)."""
    closed = gates < SHUT
    count = closed.sum(axis=1)
    return closed.mean(axis=2), np.stack([(count == k).mean(axis=1) for k in (10, 0, 1)], axis=1)
