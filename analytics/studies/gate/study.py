"""How many runs of which arms the gate's study has, fixed before the first of them."""

from collections import Counter
from dataclasses import dataclass

from analytics.reports import REPORTS
from analytics.studies.gate.arms import ARMS, HELD, REGIMES

PRIMARY = ("augmented", "gate", "none")  # the regime and both arms of the one primary comparison
# Seeds, from the pilot (analytics/reports/gate.md): of three arms of the primary regime, and of every other cell.
N_PRIMARY, N_OTHERS = 44, {"augmented": 18, "plain": 6, "few": 30, "wrong": 16}
PRIMARY_ARMS = ("gate", "none", "dense")
PILOT_SEED, PILOT_N = 1000, {"augmented": 6, "plain": 4, "few": 6, "wrong": 4}


@dataclass(frozen=True)
class GateStudy:
    """name: as the table names it; pilot: whether it is the one that the numbers of seeds come from."""

    name: str
    pilot: bool = False
    table = REPORTS / "gate.parquet"
    modules = ("core.nn", "core.digits", "core.metrics", "core.settings", "analytics.robustness.corruptions",
               "analytics.studies.gate.layers", "analytics.studies.gate.arms", "analytics.studies.gate.training")

    def cells(self, seeds=None):
        """(regime, arm, seed) of every run, seed by seed; `seeds` in place of the numbers that the protocol fixes is
        refused with a ValueError."""
        if seeds:
            raise ValueError(f"--seeds is fixed by the protocol of {self.name}; choose cells with --only")
        if self.pilot:
            return [(regime, arm, PILOT_SEED + seed) for regime, n in PILOT_N.items() for seed in range(n)
                    for arm in PRIMARY_ARMS[: 3 if regime == "augmented" else 2]]
        cells = [(regime, arm, seed) for seed in range(N_PRIMARY) for regime in REGIMES for arm in ARMS
                 if seed < runs(regime, arm)]
        return [*cells, ("augmented", HELD, 0)]

    def run(self, regime, arm, seed):
        from analytics.studies.gate.training import run

        return run(regime, arm, seed)

    def told(self, table):
        rows, missing = done_and_missing(table, self)
        return f"{len(rows)} runs of {self.name} are done, {len(missing)} are missing."


def runs(regime, arm):
    """How many seeds an arm has in a regime."""
    return N_PRIMARY if regime == PRIMARY[0] and arm in PRIMARY_ARMS else N_OTHERS[regime]


def done_and_missing(table, study=None):
    """A study's rows in a table, and the cells that are missing, of the version of the code that most rows have."""
    study = study or GATE
    versions = Counter(row["version"] for row in table.of(study.name))
    version = max(versions, key=versions.get, default=None)
    rows = [row for row in table.of(study.name) if row["version"] == version]
    done = {(row["regime"], row["arm"], row["seed"]) for row in rows}
    return rows, [cell for cell in study.cells() if cell not in done]


GATE, PILOT = GateStudy("gate"), GateStudy("gate-pilot", pilot=True)
