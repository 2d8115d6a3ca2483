"""The paired study: arms of equal size, intervals as worked by hand, verdicts on what they allow and no more."""

import numpy as np
import pytest

from analytics.studies import gate
from analytics.studies.gate import ARMS, PAIRS, paired_interval, table, verdict
from core.digits.config import Config
from core.digits.task import digit_network


def test_dense_arm_has_exactly_the_parameters_of_the_gate():
    sizes = {arm: digit_network(Config(**settings)).theta.size for arm, settings in ARMS.items()}
    assert sizes["gate"] == sizes["dense"] > sizes["none"]
    assert {name for pair in PAIRS for name in pair} == set(ARMS)


def test_paired_interval_by_hand():
    """Seeds' differences 1, 2, 3 on both of two images, but one image is 1 above the other: t(2) = 4.303."""
    a = np.array([[2.5, 1.5], [4.5, 3.5], [6.5, 5.5]])
    b = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    mean, low, high = paired_interval(a, b)
    half = 4.30265 * np.sqrt(1 / 3 + 0.5 / 2)
    assert (mean, low, high) == pytest.approx((2, 2 - half, 2 + half), abs=1e-3)


@pytest.mark.parametrize("accuracy, log_loss, words", [
    ((0.2, 0.1, 0.3), (0.0, -0.1, 0.1), "a is more accurate; no difference in log loss shown"),
    ((-0.2, -0.3, -0.1), (0.02, 0.01, 0.03), "b is more accurate; b has the lower log loss"),
    ((0.0, -0.1, 0.1), (-0.02, -0.03, -0.01), "no difference in accuracy shown; a has the lower log loss")])
def test_a_difference_is_named_only_where_its_interval_excludes_zero(accuracy, log_loss, words):
    assert verdict("a", "b", accuracy, log_loss) == words


def test_table_holds_means_and_differences():
    def runs(share):
        right = np.arange(1000) < 1000 * share
        return [{"right": np.roll(right, seed), "log_loss": np.full(1000, 0.1), "confidence": np.linspace(0, 1, 1000),
                 "parameters": np.array(5)} for seed in range(3)]

    results = {arm: runs(0.9) for arm in ARMS} | {"gate": runs(0.98)}
    lines = table(results).splitlines()
    assert lines[0].startswith("| network (n = 3 seeds)") and "| gate | 5 | 98.00 ± 0.00 |" in "\n".join(lines)
    rows = {line.split("|")[1].strip(): line for line in lines if " less " in line}
    assert "+8.000" in rows["gate less none"] and "gate is more accurate" in rows["gate less none"]
    assert "no difference in accuracy" in rows["none + focal less none"]


def test_a_finished_run_is_not_trained_again(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(gate, "RESULTS", tmp_path)
    monkeypatch.setattr(gate, "run", lambda arm, seed, epochs, parts: calls.append((arm, seed, epochs)) or {
        "right": np.ones(3, bool)})
    for epochs in (2, 2, 3):
        assert gate.kept("gate + focal", 1, epochs, None)["right"].all()
    assert calls == [("gate + focal", 1, 2), ("gate + focal", 1, 3)]
