"""The runs of the gate study: arms, regimes and numbers of seeds, fixed before the first run."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analytics.reports import REPORTS
from analytics.studies.gate.arms import ARMS, HELD, REGIMES
from analytics.studies.runs import Row, Table

PRIMARY = ("augmented", "gate", "none")  # the regime and both arms of the one primary comparison
# Number of seeds, from the pilot (analytics/reports/gate.md): three arms of the primary regime, and every other cell.
N_PRIMARY, N_OTHERS = 44, {"augmented": 18, "plain": 6, "few": 30, "wrong": 16}
PRIMARY_ARMS = ("gate", "none", "dense")
PILOT_SEED, PILOT_N = 1000, {"augmented": 6, "plain": 4, "few": 6, "wrong": 4}

Cell = tuple[str, str, int]  # regime, arm, seed


@dataclass(frozen=True)
class GateStudy:
    """name: the study's name in the table; pilot: True for the pilot that determined the numbers of seeds."""

    name: str
    pilot: bool = False
    table = REPORTS / "gate.parquet"
    modules = ("core.nn", "core.digits", "core.metrics", "core.settings", "analytics.robustness.corruptions",
               "analytics.studies.gate.layers", "analytics.studies.gate.arms", "analytics.studies.gate.training")

    def cells(self, seeds: int | None = None) -> list[Cell]:
        """(regime, arm, seed) of every run, ordered by seed. Raises ValueError if `seeds` is given: the protocol fixes
        the numbers of seeds."""
        if seeds:
            raise ValueError(f"--seeds is fixed by the protocol of {self.name}; choose cells with --only")
        if self.pilot:
            return [(regime, arm, PILOT_SEED + seed) for regime, n in PILOT_N.items() for seed in range(n)
                    for arm in PRIMARY_ARMS[: 3 if regime == "augmented" else 2]]
        cells = [(regime, arm, seed) for seed in range(N_PRIMARY) for regime in REGIMES for arm in ARMS
                 if seed < runs(regime, arm)]
        return [*cells, ("augmented", HELD, 0)]

    def run(self, regime: str, arm: str, seed: int) -> Mapping[str, Any]:
        """Train and measure one cell (analytics/studies/gate/training.py)."""
        from analytics.studies.gate.training import run

        return run(regime, arm, seed)

    def summary(self, table: Table) -> str:
        rows, missing = done_and_missing(table, self)
        return f"{len(rows)} runs of {self.name} are done, {len(missing)} are missing."


def runs(regime: str, arm: str) -> int:
    """Number of seeds of an arm in a regime."""
    return N_PRIMARY if regime == PRIMARY[0] and arm in PRIMARY_ARMS else N_OTHERS[regime]


def done_and_missing(table: Table, study: GateStudy | None = None) -> tuple[list[Row], list[Cell]]:
    """A study's rows of the code version that most rows have, and the cells that this version lacks."""
    study = study or GATE
    versions = Counter(row["version"] for row in table.of(study.name))
    version = max(versions, key=versions.__getitem__, default=None)
    rows = [row for row in table.of(study.name) if row["version"] == version]
    done = {(row["regime"], row["arm"], row["seed"]) for row in rows}
    return rows, [cell for cell in study.cells() if cell not in done]


GATE, PILOT = GateStudy("gate"), GateStudy("gate-pilot", pilot=True)
