"""Promotion: what speaks against a run is named, nothing but a finished, better run gets through, force overrides."""

import json

import numpy as np
import pytest

from core.explain.neighbours import FILE as NEIGHBOURS
from core.models.promotion import PromotionError, objection, promote
from core.storage import ModelError, load_model, save_model


def make(folder, accuracy=0.99, interrupted=False, train_on="train", csv="", value=1.0):
    """A model folder of one array with these figures."""
    metrics = {"validation": {"accuracy": accuracy}, "interrupted": interrupted}
    save_model(folder, {"hidden1_W": np.full((2, 2), value)}, {"train_on": train_on, "csv": csv}, metrics=metrics,
               train_history={"epoch": [1]})
    for name in ("model_card.md", "model_card.json"):
        (folder / name).write_text("{}")
    (folder / NEIGHBOURS).write_bytes(b"index")
    return folder


@pytest.fixture
def shipped(tmp_path):
    return make(tmp_path / "final", accuracy=0.98, value=7.0)


@pytest.mark.parametrize("run, reason", [
    ({"interrupted": True}, "interrupted"), ({"train_on": "all"}, "validation images too"),
    ({"csv": "digits.csv"}, "CSV"), ({"accuracy": 0.9799}, "97.99 % is below the shipped model's 98.00 %")])
def test_what_speaks_against_a_run_is_named_and_force_overrides(tmp_path, shipped, run, reason):
    folder = make(tmp_path / "run", **run)
    assert reason in objection(folder, shipped)
    with pytest.raises(PromotionError, match=reason.split()[0]):
        promote(folder, shipped)
    assert load_model(shipped)[0]["hidden1_W"][0, 0] == 7
    promote(folder, shipped, force=True)
    assert load_model(shipped)[0]["hidden1_W"][0, 0] == 1


@pytest.mark.parametrize("file, left_out", [
    ("config.json", "train_on"), ("metrics.json", "interrupted"), ("metrics.json", "validation")])
@pytest.mark.parametrize("whose", ["run", "final"])
def test_a_document_that_lacks_something_is_named(tmp_path, shipped, file, left_out, whose):
    make(tmp_path / "run")
    path = tmp_path / whose / file
    document = json.loads(path.read_text())
    del document[left_out]
    path.write_text(json.dumps(document))
    if whose == "final":  # what is shipped cannot be compared with; it is for --force to replace it
        assert objection(tmp_path / "run", shipped) is None
        return
    for force in (False, True):
        with pytest.raises(ModelError, match=file):
            promote(tmp_path / "run", shipped, force)
    assert load_model(shipped)[0]["hidden1_W"][0, 0] == 7


@pytest.mark.parametrize("accuracy", [0.98, 0.981])
def test_a_run_at_least_as_good_is_promoted_whole(tmp_path, shipped, accuracy):
    np.save(shipped / "stale.npy", np.zeros(2))
    folder = make(tmp_path / "run", accuracy=accuracy)
    assert objection(folder, shipped) is None
    promote(folder, shipped)
    assert load_model(shipped)[1] == load_model(folder)[1]
    assert {path.name for path in shipped.iterdir()} == {path.name for path in folder.iterdir()}
    assert json.loads((shipped / "metrics.json").read_text())["validation"]["accuracy"] == accuracy


def test_an_index_of_the_former_model_does_not_stay(tmp_path, shipped):
    folder = make(tmp_path / "run")
    (folder / NEIGHBOURS).unlink()
    promote(folder, shipped)
    assert not (shipped / NEIGHBOURS).exists()


@pytest.mark.parametrize("other", [{"train_on": "all"}, {"csv": "digits.csv"}])
def test_a_shipped_model_validated_otherwise_cannot_be_compared_with(tmp_path, other):
    final = make(tmp_path / "final", accuracy=0.5, **other)
    assert "cannot be compared" in objection(make(tmp_path / "run"), final)


def test_the_first_model_has_nothing_to_beat(tmp_path):
    folder = make(tmp_path / "run", accuracy=0.1)
    promote(folder, tmp_path / "final")
    assert load_model(tmp_path / "final")[1] == load_model(folder)[1]


def test_a_run_that_is_not_there_is_named(tmp_path, shipped):
    with pytest.raises(ModelError, match="nothing"):
        promote(tmp_path / "nothing", shipped, force=True)
