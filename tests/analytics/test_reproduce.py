"""The reproduction table: from results on disk to Markdown, and into a file between its marks."""

import json

import pytest
from analytics.reports.marks import put_between_marks

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
    assert all("98.20 ± 0.14 | 2 | 98.38" in row and "784-512-10" in row for row in rows)
    assert "97.0 / 98.0" in rows[0] and "97.0 / 98.0" not in rows[1]  # all 60,000 images: validation is seen data


def test_only_runs_with_todays_settings_count_as_done(results, monkeypatch):
    assert reproduce.is_done("digit-app", "as stated", 0)
    assert not reproduce.is_done("digit-app", "as stated", 2)
    monkeypatch.setitem(AS_STATED, "digit-app", AS_STATED["digit-app"].replace(lr=0.5))
    assert not reproduce.is_done("digit-app", "as stated", 0)


def test_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- x -->\nold\n<!-- /x -->\nafter\n")
    put_between_marks("x", "new\n", page)
    assert page.read_text() == "before\n<!-- x -->\nnew\n<!-- /x -->\nafter\n"
    with pytest.raises(ValueError, match="lacks the marks"):
        put_between_marks("y", "new\n", page)


def test_made_good_keeps_the_network():
    for name, stated in AS_STATED.items():
        good = MADE_GOOD[name]
        assert (good.hidden, good.gate, good.activation) == (stated.hidden, stated.gate, stated.activation)
        assert not good.augments and not stated.augments
