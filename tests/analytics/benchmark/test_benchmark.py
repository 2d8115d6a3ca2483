"""The benchmark's report from the stored measurements."""

import json

import pytest

from analytics.benchmark.__main__ import IMAGES
from analytics.benchmark.report import growth, report, terms, time_words


@pytest.mark.parametrize("runs, words", [
    ([[100.0, 7], [120.0, 9], [90.0, 12]], "100 s (90 to 120; 7 to 12 epochs; 3 of 3 seeds)"),
    ([[100.0, 7], [None, 16]], "100 s (100 to 100; 7 to 16 epochs; 1 of 2 seeds)"),
    ([[None, 16]], "not reached in 16 epochs (0 of 1 seeds)")])
def test_time_and_epochs_to_99(runs, words):
    assert time_words(runs) == words


def test_growth_is_the_slope_of_times_and_sizes():
    times = {size: [3e-6 * int(size) ** 2, 1e-3 * int(size)] for size in ("256", "512", "2048")}
    text = growth({"width": times}, "2026-01-02")
    assert "| a step by width | Qualm | 2.00 | 2.00 |" in text and "| PyTorch | 1.00 | 1.00 |" in text
    assert "by batch" not in text and "measured 2026-01-02" in text


def test_shares_of_what_is_fixed_and_what_grows():
    times = {str(size): 2e-3 + 1e-5 * size for size in (100, 200, 800)}
    shares = terms(times, (0, 1, 2))
    assert shares.sum(axis=1) == pytest.approx(1) and shares[:, 2] == pytest.approx(0, abs=1e-6)
    assert shares[0, :2] == pytest.approx([2 / 3, 1 / 3]) and shares[2, :2] == pytest.approx([0.2, 0.8])


def test_the_epochs_of_trainings_are_reported():
    result = json.loads((IMAGES / "benchmark.json").read_text())
    text = report(result)
    for who in ("Qualm", "PyTorch"):
        epochs = [n for _, n in result["time_to_99"][who]]
        assert f"{min(epochs)} to {max(epochs)} epochs" in text
