"""From a finished table to report, figures and summary; no results before it is finished."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import binom

from analytics.studies.gate import __main__ as command
from analytics.studies.gate import results
from analytics.studies.gate.arms import ARMS, DYNAMIC_GATES, HELD, REGIMES
from analytics.studies.gate.protocol import PAIRS, differences, pilot_table, protocol
from analytics.studies.gate.report import sentences
from analytics.studies.gate.results import Comparison, beyond, compare, held_equals_none, images, shut
from analytics.studies.gate.study import GATE, PILOT, done_and_missing, runs
from analytics.studies.runs import Table, packed

OTHERS = ("log_loss", "ece", "error_auroc", "ood_auroc", "robustness")


def run(study, regime, arm, seed, rng, harm):
    """A simulated row; arm "gate" has a higher error rate by `harm`."""
    right = rng.random(10_000) > 0.01 + harm * (arm == "gate")
    row = {"study": study, "regime": regime, "arm": arm, "seed": seed, "version": "v", "parameters": 5, "seconds": 1.0,
           "accuracy": float(right.mean()), "right": np.packbits(right).tobytes(), "epochs_to_97": 4,
           **{name: float(rng.normal(0.5, 0.1)) for name in OTHERS}}
    if arm in DYNAMIC_GATES:
        row |= {"gate_lr": 3.0, "gate_p": 0.01 if seed % 2 else 0.5, "error_auroc_margin": 0.96,
                "error_auroc_both": 0.961}
    if arm == "gate":
        row["gate_of_digit"] = np.repeat(np.uint8([0, 128, 255, 255]), 10).reshape(4, 10).T.tobytes()
    return row


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A finished study in which the gate reduces accuracy."""
    path, rng = tmp_path_factory.mktemp("gate") / "gate.parquet", np.random.default_rng(0)
    rows = [run(study.name, *cell, rng, 0.004) for study in (GATE, PILOT) for cell in study.cells()]
    none = next(row for row in rows if (row["regime"], row["arm"], row["seed"]) == ("augmented", "none", 0))
    rows = [{**none, "arm": HELD, "seconds": 2.0} if row["arm"] == HELD else row for row in rows]
    path.write_bytes(packed(rows))
    return Table(path)


@pytest.fixture(scope="module")
def compared(table):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analytics.studies.gate.statistics.RESAMPLES", 250)
        patch.setattr("analytics.studies.gate.statistics.FLIPS", 5000)
        return compare(done_and_missing(table)[0])


def test_the_cells_match_the_protocol():
    cells = GATE.cells()
    assert len(cells) == len(set(cells)) and f"its {len(cells)} runs" in protocol()
    assert {cell[:2] for cell in cells} == {(regime, arm) for regime in REGIMES for arm in ARMS} | {("augmented", HELD)}
    counts = Counter(cell[:2] for cell in cells)
    assert all(counts[regime, arm] == runs(regime, arm) for regime in REGIMES for arm in ARMS)
    assert {name for pair in PAIRS for name in pair} <= set(ARMS)
    assert not {seed for *_, seed in PILOT.cells()} & {seed for *_, seed in cells}


def test_differences_are_within_seeds():
    rows = [{"regime": "r", "arm": arm, "seed": seed, "x": value} for arm, seed, value in
            (("a", 1, 5.0), ("b", 0, 1.0), ("a", 0, 3.0), ("b", 1, 9.0), ("a", 2, 7.0))]
    assert differences(rows, "r", "a", "b", "x").tolist() == [2.0, -4.0]


def test_all_comparisons_of_the_protocol(table, compared):
    rows = done_and_missing(table)[0]
    assert compared[0].primary and sum(c.primary for c in compared) == 1
    assert len({(c.regime, c.a, c.b, c.outcome) for c in compared}) == len(compared) == 7 * 4 * len(PAIRS)
    for c in compared:
        assert c.n == min(runs(c.regime, c.a), runs(c.regime, c.b)) and c.low <= c.mean <= c.high
        assert np.isnan(c.adjusted) != (c.outcome == "accuracy" and not c.primary)
    primary, D = compared[0], images(rows, "augmented", "gate", "none")
    assert primary.mean == pytest.approx(100 * D.mean()) == pytest.approx(
        100 * differences(rows, "augmented", "gate", "none", "accuracy").mean())
    assert primary.shown and primary.high < 0 and primary.mean == pytest.approx(-0.4, abs=0.1)
    assert not any(c.shown for c in compared if c.outcome == "accuracy" and "gate" not in (c.a, c.b))


def test_the_gate_held_at_one_must_equal_none(table):
    rows = done_and_missing(table)[0]
    assert held_equals_none(rows)
    assert not held_equals_none([{**row, "log_loss": 0.1} if row["arm"] == HELD else row for row in rows])


def test_units_that_are_shut():
    """One unit is shut for all digits, one for a single digit, two for none."""
    gates = np.ones((1, 10, 4))
    gates[0, :, 0] = gates[0, 3, 1] = 0.05
    of_digit, counts = shut(gates)
    assert of_digit[0].tolist() == [0.25, 0.25, 0.25, 0.5] + [0.25] * 6 and counts[0].tolist() == [0.25, 0.5, 0.25]


def comparison(mean, low, high, p, regime="augmented", a="gate", adjusted=1.0):
    return Comparison(regime, a, "none", "accuracy", 44, mean, low, high, p, adjusted)


@pytest.mark.parametrize("primary, expected", [
    ((-0.04, -0.06, -0.02, 0.001), "costs 0.040 points of accuracy (95 % interval -0.060 to -0.020; p = 0.0010)"),
    ((0.04, 0.02, 0.06, 0.00001), "gains 0.040 points of accuracy (95 % interval 0.020 to 0.060; p < 0.0001)"),
    ((-0.04, -0.09, 0.01, 0.001), "not significant over other test images"),
    ((-0.01, -0.03, 0.01, 0.3),
     "shows no effect on accuracy (-0.010 points, 95 % interval -0.030 to 0.010; p = 0.3000)")])
def test_the_first_sentence_states_the_primary_comparison(primary, expected):
    others = [comparison(0.1, 0, 0.2, 0.001, "few", adjusted=0.03), comparison(-0.1, 0, 0.2, 0.2, "few", "open")]
    explored = [Comparison("augmented", "gate", "none", name, 44, mean, low, high, 0.001) for name, mean, low, high in (
        ("robustness", -1.122, -1.364, -0.922), ("log_loss", 0.0013, 0.0009, 0.0016))]
    activity = [("augmented", "gate", 44, 5.0, 9, (0.0002, 0, 0.001))]
    first, second, third = sentences([comparison(*primary), *others, *explored], activity)
    assert "log loss in nats +0.0013 (+0.0009 to +0.0016); accuracy on corrupted images in points -1.122 (" in third
    assert expected in first and first.startswith("In 44 paired trainings")
    assert "Of 2 further" in second and "1 is significant" in second
    assert "9 of 44 networks, where chance alone gives 2 (" in second
    assert f"{binom.sf(8, 44, 0.05):.2g}; AUROC +0.0002)" in second
    assert "the gate 0.100 points better than no gate on 1,000 images" in second


def test_a_finished_study_is_reported(table, compared, tmp_path, monkeypatch):
    summary = []
    monkeypatch.setattr(command, "IMAGES", tmp_path / "images")
    monkeypatch.setattr(command, "put_between_marks", lambda mark, text: summary.append((mark, text)))
    monkeypatch.setattr(results, "compare", lambda rows, progress: compared)
    text = command.body(table)
    assert text.startswith("**In 44 paired trainings") and "costs" in text.splitlines()[0]
    assert {path.name for path in (tmp_path / "images").iterdir()} == {"forest.png", "units.png", "verdict.json"}
    assert f"{len(GATE.cells())} runs. The run with the gate held at 1 equals" in text
    assert summary[0][0] == command.MARK and "costs" in summary[0][1]
    for line in text.splitlines():
        assert not line.startswith("| ") or line.endswith(" |")
    n, median, significant, gain = beyond(done_and_missing(table)[0])[0][2:]
    assert (n, median, significant) == (44, 3.0, 22) and gain[0] == pytest.approx(0.001)


def test_no_results_before_the_last_run(table, tmp_path, monkeypatch):
    rows = [row for row in table.rows.values() if not (row["arm"] == "gate" and row["seed"] == 7)]
    path = tmp_path / "gate.parquet"
    path.write_bytes(packed([*rows, {**rows[0], "version": "older"}]))
    monkeypatch.setattr(results, "compare", None)
    text = command.body(Table(path))
    missing = sum(runs(regime, "gate") > 7 for regime in REGIMES)
    assert f"{len(GATE.cells()) - missing} runs are done, {missing} are missing" in text and "Protocol" in text
    assert "| augmented | gate less none | 6 |" in pilot_table(Table(path).of(PILOT.name))
    assert "points (95 % interval)" not in text
