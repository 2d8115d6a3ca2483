"""The reproduction table: from results on disk to Markdown, with intervals over seeds and test images."""

import json

import numpy as np
import pytest

from analytics.studies import reproduce
from core.digits.presets import AS_STATED, MADE_GOOD


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce, "RESULTS", tmp_path)
    for form, configs in reproduce.FORMS.items():
        for seed, score in enumerate((0.981, 0.983)):
            reproduce.result_path("digit-app", form, seed).write_text(json.dumps({
                "settings": configs["digit-app"].replace(seed=seed).to_dict(), "test_accuracy": score, "epochs": 40,
                "seconds": 60.0, "val_accuracy_epoch_3": 0.97, "val_accuracy_epoch_15": 0.98}))
    return tmp_path


def test_table_holds_mean_and_spread(results):
    rows = reproduce.table(["digit-app"], 2).splitlines()[2:]
    assert len(rows) == 2
    assert all("98.20 ± 0.14 |" in row and "| 2 | 98.38 |" in row and "784-512-10" in row for row in rows)
    assert "97.0 / 98.0" in rows[0] and "97.0 / 98.0" not in rows[1]  # all 60,000 images include validation


def test_only_runs_with_todays_settings_count_as_done(results, monkeypatch):
    assert reproduce.is_done("digit-app", "as stated", 0)
    assert not reproduce.is_done("digit-app", "as stated", 2)
    monkeypatch.setitem(AS_STATED, "digit-app", AS_STATED["digit-app"].replace(lr=0.5))
    assert not reproduce.is_done("digit-app", "as stated", 0)


def test_made_good_keeps_the_network():
    for name, stated in AS_STATED.items():
        good = MADE_GOOD[name]
        assert (good.hidden, good.gate, good.activation) == (stated.hidden, stated.gate, stated.activation)
        assert not good.augments and not stated.augments


def test_intervals_add_the_variance_of_seeds_and_test_images():
    """Deviation 0 leaves the binomial part, 1.96 sqrt(p (1 - p) / N); the part of the seeds is Student's t."""
    for seeds in (3, 200):
        low, high = reproduce.interval_of_mean([98.0] * seeds, images=10_000)
        assert (high - low) / 2 == pytest.approx(100 * 1.96 * (0.98 * 0.02 / 10_000) ** 0.5, abs=0.001)
    low, high = reproduce.interval_of_mean([97.0, 99.0], images=10**12)
    assert (high - low) / 2 == pytest.approx(12.706, abs=0.01)


@pytest.mark.parametrize("spread", [0.03, 0.15])
def test_coverage_of_intervals_of_three_seeds(spread):
    """Simulated: three seeds with deviation `spread` (points), evaluated on the same 10,000 images."""
    rng, tries, truth = np.random.default_rng(0), 800, 98.0
    images = rng.normal(0, 100 * (0.98 * 0.02 / 10_000) ** 0.5, (tries, 1))
    intervals = [reproduce.interval_of_mean(scores) for scores in truth + images + rng.normal(0, spread, (tries, 3))]
    covered = np.mean([low <= truth <= high for low, high in intervals])
    assert 0.93 <= covered <= 0.975
