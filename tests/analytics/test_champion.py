"""Training the champion: new, resumed and finished runs, and the proposed seed."""

import json

import pytest

from analytics.studies import champion
from core.digits.presets import CHAMPION


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
    lines = champion.table(runs).splitlines()
    assert lines[2].startswith("| 2 | 99.45 % (14) |") and "Mean of 3 seeds on the test set: 99.463 %" in lines[-1]


@pytest.mark.parametrize("in_use, message", [
    (2, "seed 2, the first in this order."), (1, "seed 1, number 2 of 3. It was not chosen by this order"),
    (9, "none of these")])
def test_the_report_states_how_the_shipped_seed_was_chosen(runs, in_use, message):
    """Compares weights: refitting the readout gives another model of the same network."""
    weights = {champion.FINAL_MODEL: in_use} | {champion.folder(seed): seed for seed in range(3)}
    assert message in champion.shipped([2, 1, 0], weights.get)


def test_a_failed_run_is_a_sentence(runs, monkeypatch):
    monkeypatch.setattr(champion, "command", lambda seed: ["false"])
    with pytest.raises(ValueError, match="Call again"):
        champion.train_all([0], 1)
