"""Runs of recipes: their training without the test set, their measurement, their files, and the verdict in words."""

import json

import numpy as np
import pytest

from analytics.realworld.sets import Pictures
from analytics.studies.recipes import __main__ as command
from analytics.studies.recipes import measure as measuring
from analytics.studies.recipes import store, training
from analytics.studies.recipes.ideas import RECIPES, config_of
from analytics.studies.recipes.measure import Material, TrainedDeployer, measure
from analytics.studies.recipes.report import verdict_text
from analytics.studies.recipes.rule import Result, SetResult
from core.digits.config import Config
from core.digits.data import as_input
from core.digits.presets import CHAMPION
from core.digits.task import Images, load_parts
from core.models.finish import save
from core.models.model import load
from core.nn.checkpoint import CheckpointError
from deployment.deploy_mnist import MNISTDeployer


@pytest.fixture(scope="module")
def parts():
    return load_parts(CHAMPION)


def test_each_recipe_is_the_champion_but_for_its_changes():
    assert config_of("present", 0, 200) == CHAMPION
    for recipe, changes in RECIPES.items():
        assert config_of(recipe, 2, 24).difference(CHAMPION) == {**changes, "seed": 2, "epochs": 24}
    with pytest.raises(ValueError, match="there is no recipe 'best'"):
        config_of("best", 0, 24)


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


@pytest.fixture(scope="module")
def material(parts):
    """Forty validation images; as pictures too, the first with a wrong label and the last unreadable."""
    few = parts["validation"].part(slice(40))
    labels = few.y.astype(int)
    labels[0] = (labels[0] + 1) % 10
    pictures = [*few.X[:39], np.zeros((28, 28), np.uint8)]
    return Material(few, [Pictures("pictures", pictures, labels)], [few.X, np.zeros_like(few.X)])


def test_a_run_is_measured_on_validation_pictures_and_cells(deployer, material):
    measured = measure(deployer, material)
    X, y = as_input(material.validation.X), material.validation.y
    wrong = deployer.network.logits(X).argmax(axis=1) != y
    assert measured["sets"]["validation"] == SetResult(40, tuple(np.flatnonzero(wrong).tolist()))
    pictures = measured["sets"]["pictures"]
    assert {0, 39} <= set(pictures.wrong) and pictures.errors <= 4 and pictures.n == 40
    assert pictures.confident > 20 and pictures.confident_wrong in (0, 1)
    black = np.mean(y == deployer.network.logits(np.zeros((1, 784), np.float32)).argmax())
    assert measured["corrupted"] == pytest.approx((np.mean(~wrong) + black) / 2)
    assert 0 < measured["log_loss"] < 0.5 and 0 <= measured["auroc"] <= 1


def test_a_model_in_memory_is_measured_like_one_in_a_folder(deployer, material):
    assert measure(TrainedDeployer(load()), material) == measure(deployer, material)


def test_material_has_75_cells_and_names_sets_once(parts, tmp_path):
    np.savez(tmp_path / "pen.npz", images=parts["validation"].X[:3], labels=parts["validation"].y[:3])
    few = parts["validation"].part(slice(2))
    whole = Material.load([tmp_path], few)
    assert len(whole.cells) == 75 and {cell.shape for cell in whole.cells} == {(2, 28, 28)}
    assert [(one.name, len(one)) for one in whole.development] == [("pen", 3)]
    with pytest.raises(ValueError, match="same name: pen, pen, validation"):
        Material.load([tmp_path, tmp_path], few)


@pytest.fixture
def tiny(parts, monkeypatch):
    """Parts of a few hundred images, without test; every recipe trains a small network."""
    monkeypatch.setattr(training, "config_of", lambda recipe, seed, epochs: Config(
        hidden=(24, 16), epochs=epochs, seed=seed, batch_size=64, lr=3e-3, ema=0.9, batch_norm=True, keep="last",
        rotation=5, **{name: value for name, value in RECIPES[recipe].items() if name != "hidden"}))
    some = {name: parts[name].part(slice(600)) for name in ("train", "validation", "calibration")}
    return some


def test_a_run_resumes_and_its_folder_goes_on_to_a_model_with_the_same_weights(tiny, material, tmp_path, monkeypatch):
    """The test set is not read: it is not there."""
    first = training.result_of("anneal", 1, 2, tiny, material, tmp_path)
    assert first.changes == {"anneal": 0.2} and (first.recipe, first.seed, first.epochs) == ("anneal", 1, 2)
    assert first.parameters == 784 * 24 + 24 + 24 * 16 + 16 + 16 * 16 + 16 + 16 * 10 + 10
    monkeypatch.setattr(training, "fit", lambda *args, fit=training.fit, **kwargs: fit(
        *args, **kwargs, on_step=lambda *step: pytest.fail("trained again")))
    assert training.result_of("anneal", 1, 2, tiny, material, tmp_path) == first
    network, progress = training.trained(training.config_of("anneal", 1, 2), tiny, tmp_path / "anneal-1-2")
    config = Config.from_dict(json.loads((tmp_path / "anneal-1-2" / "settings.json").read_text()))
    save(tmp_path / "model", network, config, {**tiny, "test": tiny["validation"]}, progress)
    assert measure(MNISTDeployer(tmp_path / "model"), material)["sets"] == first.sets


def test_a_folder_of_other_settings_is_refused_and_a_stopped_run_is_no_result(tiny, material, tmp_path, monkeypatch):
    config = training.config_of("present", 0, 2)
    training.trained(config, tiny, tmp_path / "run")
    with pytest.raises(CheckpointError, match="rotation is 5 there and 9 now"):
        training.trained(config.replace(rotation=9), tiny, tmp_path / "run")

    def stop(*step):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "fit", lambda *args, fit=training.fit, **kwargs: fit(*args, **kwargs, on_step=stop))
    with pytest.raises(KeyboardInterrupt):
        training.result_of("present", 3, 2, tiny, material, tmp_path)


def result(recipe="present", seed=0, validation=(3, 5), pen=(1,)):
    return Result(recipe, seed, 24, 5000, {"validation": SetResult(20, tuple(validation)),
                                           "pen": SetResult(30, tuple(pen), 20, 0)}, 0.02, 0.97, 0.65, 120.0,
                  RECIPES[recipe])


def test_a_result_is_stored_and_read_again(tmp_path):
    for recipe in RECIPES:
        path = store.save(result(recipe), tmp_path)
        assert store.load(recipe, 0, 24, tmp_path) == result(recipe)
    assert path.name == "wide-first-0-24.json" and '"wrong": [ 3, 5 ]' in path.read_text()
    assert store.load("present", 1, 24, tmp_path) is None
    store.save(result(seed=2), tmp_path)
    assert [one.seed for one in store.load_all("present", (0, 1, 2), 24, tmp_path)] == [0, 2]


def test_a_result_of_a_recipe_that_has_changed_is_refused(tmp_path, monkeypatch):
    store.save(result("width"), tmp_path)
    monkeypatch.setitem(RECIPES, "width", {"width": 0.5})
    with pytest.raises(ValueError, match=r"of other settings, \{'width': 0\.3\}"):
        store.load("width", 0, 24, tmp_path)


def test_the_verdict_in_words():
    seeds = (0, 1, 2)
    runs = {"present": [result(seed=seed) for seed in seeds],
            "width": [result("width", seed, [3], []) for seed in seeds],
            "anneal": [result("anneal", seed, [3, 5, 7]) for seed in seeds], "wide-first": []}
    text = verdict_text(runs, seeds, 24)
    assert "| width | width=0.3 | 5,000 | 0, 1, 2 | 1.0 (1, 1, 1) | 0.0200 | 0.0 | +2.0, 1.4 | 65.00 |" in text
    assert "- width passes: +2.0 errors saved, standard error 1.4; no gate fails." in text
    assert "- anneal does not pass: -1.0 errors saved, standard error 1.0." in text
    assert "- wide-first is not finished: seeds 0, 1, 2 are missing." in text and "Preliminary" in text
    assert "width wins. Of its seeds 0 has the fewest errors" in text
    del runs["wide-first"]
    assert "Preliminary" not in verdict_text(runs, seeds, 24)
    assert "No candidate passes" in verdict_text({name: runs[name] for name in ("present", "anneal")}, seeds, 24)
    runs["width"] = runs["width"][:1]  # judged on the seed that both have, and not chosen
    partial = verdict_text(runs, seeds, 24)
    assert "- width passes" in partial and "seeds 1, 2 are missing" in partial and "No candidate passes" in partial
    assert verdict_text({"present": []}, seeds, 24) == "No run is finished.\n"


def test_stored_results_are_compared_without_pictures(tmp_path, monkeypatch, capsys):
    for name in ("present", "anneal"):
        for seed in range(3):
            store.save(result(name, seed), tmp_path)
    monkeypatch.setattr(store.load_all, "__defaults__", (tmp_path,))
    reports = []
    monkeypatch.setattr(command, "write_report", lambda *args: reports.append(args))
    monkeypatch.setattr(command, "train_missing", lambda *args: pytest.fail("trained"))
    command.main(["--only", "anneal", "--epochs", "24"])
    printed = capsys.readouterr().out
    assert "anneal does not pass: +0.0 errors saved" in printed and printed in reports[0][3]


def test_only_what_is_missing_is_trained_seed_by_seed(tmp_path, monkeypatch, parts):
    order = []
    for function in (store.load, store.save):
        monkeypatch.setattr(function, "__defaults__", (tmp_path,))
    monkeypatch.setattr(command, "load_parts", lambda config: dict(parts))
    monkeypatch.setattr(measuring.Material, "load", lambda sources, validation: None)

    def trained(name, seed, epochs, parts, material):
        assert "test" not in parts and epochs == 24
        order.append((name, seed))
        return result(name, seed)

    monkeypatch.setattr(command, "result_of", trained)
    store.save(result("present", 1), tmp_path)
    command.train_missing([tmp_path], ["present", "width"], [0, 1], 24)
    assert order == [("present", 0), ("width", 0), ("width", 1)]
    command.train_missing([tmp_path], ["present", "width"], [0, 1], 24)
    assert len(order) == 3
    assert isinstance(parts["test"], Images)
