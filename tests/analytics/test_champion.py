"""Training the champion: new, resumed and finished runs, and the proposed seed."""

import json

import numpy as np
import pytest

from analytics.studies import champion
from analytics.studies.recipes.rule import Result, SetResult
from core.digits.presets import CHAMPION
from core.digits.task import load_parts


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(champion, "ROOT", tmp_path)
    return tmp_path / "runs"


def put(runs, seed, metrics=None, **changes):
    folder = runs / f"champion-{seed}"
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(json.dumps(CHAMPION.replace(seed=seed, **changes).to_dict()))
    if metrics is not None:
        (folder / "metrics.json").write_text(json.dumps(metrics))


def metrics(validation, loss, test):
    part = lambda errors, n: {"n": n, "errors": errors, "accuracy": 1 - errors / n, "log_loss": loss,  # noqa: E731
                              "interval_95": [0.99, 0.999]}
    return {"validation": part(validation, 2558), "test": part(test, 10_000), "training_seconds": 120.0,
            "interrupted": False}


def test_finished_resumed_and_new_seeds(runs):
    put(runs, 0, metrics(15, 0.04, 50))
    put(runs, 1)
    put(runs, 2, metrics(15, 0.04, 50) | {"interrupted": True})
    assert [champion.is_done(seed) for seed in range(4)] == [True, False, False, False]
    assert "--resume" in champion.command(1) and "--resume" not in champion.command(3)
    assert champion.command(3)[-1].endswith("runs/champion-3")


def test_a_folder_with_another_recipe_is_left_alone(runs):
    put(runs, 0, metrics(15, 0.04, 50), epochs=3)
    with pytest.raises(ValueError, match="other settings"):
        champion.is_done(0)


def test_validation_determines_the_order():
    runs = {0: metrics(15, 0.041, 40), 1: metrics(14, 0.050, 60), 2: metrics(14, 0.049, 61)}
    assert champion.rank(runs) == [2, 1, 0]
    lines = champion.table(runs, champion.rank(runs)).splitlines()
    assert lines[2].startswith("| 2 | 99.45 % (14) |") and "Mean of 3 seeds on the test set: 99.463 %" in lines[-1]


@pytest.mark.parametrize("in_use, message", [
    (2, "seed 2, the first in this order."), (1, "seed 1, number 2 of 3. It was not chosen by this order"),
    (9, "none of these")])
def test_the_report_states_how_the_shipped_seed_was_chosen(runs, in_use, message):
    """Compares weights: refitting the readout gives another model of the same network."""
    weights = {champion.FINAL_MODEL: in_use} | {champion.folder(seed): seed for seed in range(3)}
    assert message in champion.shipped([2, 1, 0], weights.get)
    assert "was not chosen by this order" not in champion.shipped([2, 1, 0], weights.get, champion.BEFORE)


def measured(seed, errors, loss):
    return Result("champion", seed, 200, 5000, {"validation": SetResult(99, tuple(range(errors))),
                                                "pen": SetResult(99, (1, 2))}, loss, 0.97, 0.65)


def test_with_development_pictures_the_rule_proposes_the_seed_and_says_why(runs, monkeypatch, capsys, tmp_path):
    """Seed 2 has the fewest errors on both, seed 0 on validation alone and on the test set."""
    for seed in range(3):
        put(runs, seed, metrics(14 + seed, 0.04, 40 + seed))
    results = {0: measured(0, 20, 0.04), 1: measured(1, 18, 0.05), 2: measured(2, 18, 0.04)}
    reports = []
    monkeypatch.setattr(champion, "measured", lambda seeds, sources: results)
    monkeypatch.setattr(champion, "weights_of", lambda folder: folder)
    monkeypatch.setattr(champion, "write_report", lambda *args: reports.append(args[3]))
    champion.main([str(tmp_path)])
    printed = capsys.readouterr().out
    places = [printed.index(f"- seed {seed}: {results[seed].errors} (validation") for seed in (2, 1, 0)]
    assert places == sorted(places) and "- seed 2: 20 (validation 18, pen 2), log loss 0.0400" in printed
    assert printed.rstrip().endswith("champion-2") and "- seed 2: 20" in reports[0]
    champion.main([])
    assert capsys.readouterr().out.rstrip().endswith("champion-0") and champion.WITHOUT_PICTURES in reports[1]


def test_a_finished_run_is_measured_without_corrupted_images(monkeypatch, tmp_path):
    few = load_parts(CHAMPION)["validation"].part(slice(20))
    monkeypatch.setattr(champion, "load_parts", lambda config: {"validation": few})
    monkeypatch.setattr(champion, "folder", lambda seed: champion.FINAL_MODEL)
    np.savez(tmp_path / "pen.npz", images=few.X[:5], labels=few.y[:5])
    (result,) = champion.measured([1], [tmp_path]).values()
    assert (result.recipe, result.seed, list(result.sets)) == ("champion", 1, ["validation", "pen"])
    assert result.sets["pen"].n == 5 and np.isnan(result.corrupted)


def test_a_failed_run_is_a_sentence(runs, monkeypatch):
    monkeypatch.setattr(champion, "command", lambda seed: ["false"])
    with pytest.raises(ValueError, match="Call again"):
        champion.train_all([0], 1)
