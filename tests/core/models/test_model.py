"""Model folders: equal after loading, damage noticed by name, one hash over weights and readout, the shipped one."""

import json
import shutil

import numpy as np
import pytest

from core.digits.config import Config
from core.digits.data import as_input, load_mnist
from core.digits.task import DigitTask, load_parts
from core.models import finish, model
from core.nn.training import fit
from core.storage import ModelError, load_model, save_model
from core.uncertainty.readout import EMOTIONS

CONFIG = Config(preset="plain-ann", hidden=(32,), epochs=1, lr=3e-3, gate=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small gated network, trained for one epoch and saved: (folder, task)."""
    parts = load_parts(CONFIG)
    task = DigitTask(CONFIG, parts["train"], parts["validation"])
    folder = tmp_path_factory.mktemp("run")
    finish.save(folder, task.network, CONFIG, parts, fit(task, CONFIG))
    return folder, task


@pytest.fixture
def folder(trained, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(trained[0], tmp_path / "model")


def edit(path, **changes):
    document = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(document))


def test_saved_and_loaded_is_equal(trained):
    folder, task = trained
    loaded = model.load(folder)
    for name, value in task.network.named_parameters().items():
        assert np.array_equal(loaded.network.named_parameters()[name], value), name
    assert loaded.config == CONFIG
    X = task.validation[0][:50]
    assert np.allclose(loaded.network.forward(X)[0], task.network.forward(X)[0], atol=1e-5)
    assert np.allclose(loaded.probabilities(X).sum(axis=1), 1)


def test_every_array_is_plain_and_vouched_for(trained):
    folder, _ = trained
    config = json.loads((folder / "config.json").read_text())
    assert {path.stem for path in folder.glob("*.npy")} == set(config["arrays"])
    for path in folder.glob("*.npy"):
        np.load(path, allow_pickle=False)
    assert not list(folder.glob("*.part"))


def test_stated_figures_follow_from_the_saved_model(trained):
    """The metrics beside the weights, measured again from what is on disk."""
    folder, _ = trained
    stated = json.loads((folder / "metrics.json").read_text())["test"]
    test, loaded = load_parts(CONFIG)["test"], model.load(folder)
    probs, novelty, _ = loaded.readout.read(loaded.network, as_input(test.X))
    right = probs.argmax(axis=1) == test.y
    assert stated["errors"] == (~right).sum() and stated["n"] == 10_000
    assert stated["accuracy"] == pytest.approx(right.mean())
    assert stated["log_loss"] == pytest.approx(-np.log(probs[np.arange(len(probs)), test.y]).mean(), rel=1e-4)
    emotions = loaded.readout.emotions(probs, novelty)
    assert set(emotions) <= set(EMOTIONS)
    assert stated["confident_share"] == pytest.approx((emotions == "confident").mean(), abs=1e-3)


DAMAGE = {"missing array": "output_W", "other model's array": "output_W", "cut config": "config.json",
          "changed config": "config.json", "wrong architecture": "hidden1_W", "no folder": "nowhere",
          "readout of another version": "--refit"}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named(folder, damage):
    config = folder / "config.json"
    if damage == "missing array":
        (folder / "output_W.npy").unlink()
    elif damage == "other model's array":
        np.save(folder / "output_W.npy", np.zeros((32, 10), np.float32))
    elif damage == "cut config":
        config.write_text(config.read_text()[:200])
    elif damage == "changed config":
        edit(config, input_range=[0.1, 1.0])
    elif damage == "wrong architecture":
        arrays, saved = load_model(folder)
        save_model(folder, arrays, saved | {"hidden": [33]})
    elif damage == "readout of another version":
        arrays, saved = load_model(folder)
        save_model(folder, arrays, saved | {"readout": saved["readout"] | {"logistic": [0.0, 1.0]}})
    else:
        folder = folder.parent / "nowhere"
    with pytest.raises(ModelError, match=DAMAGE[damage]):
        model.load(folder)


def test_one_hash_covers_weights_and_readout(folder):
    """Another readout on the same weights is another model; the same again is the same."""
    arrays, saved = load_model(folder)
    before = saved["model_sha256"]
    assert save_model(folder, arrays, saved) == before == model.load(folder).sha256
    assert save_model(folder, arrays, saved | {"readout": saved["readout"] | {"curious_from": 3.5}}) != before
    arrays["output_b"] = arrays["output_b"] + 1
    assert save_model(folder, arrays, saved) != before


def test_the_older_hash_is_still_read(folder):
    saved = json.loads((folder / "config.json").read_text())
    saved["weights_sha256"] = saved.pop("model_sha256")
    (folder / "config.json").write_text(json.dumps(saved))
    assert model.load(folder).sha256 == saved["weights_sha256"]


@pytest.mark.slow
def test_refitting_gives_the_same_readout_again_and_mends_an_older_folder(folder):
    before = model.load(folder).sha256
    finish.refit(folder)
    assert model.load(folder).sha256 == before
    arrays, saved = load_model(folder)
    save_model(folder, arrays, {name: value for name, value in saved.items() if name != "readout"})
    with pytest.raises(ModelError, match="--refit"):
        model.load(folder)
    finish.refit(folder)
    assert model.load(folder).sha256 == before


def test_shipped_weights_reach_the_stated_accuracy():
    loaded = model.load()
    stated = json.loads((model.FINAL_MODEL / "metrics.json").read_text())["test"]
    mnist = load_mnist()
    answers = loaded.probabilities(as_input(mnist["X_test"], loaded.config.input_range)).argmax(axis=1)
    errors = int((answers != mnist["y_test"]).sum())
    assert abs(errors - stated["errors"]) <= 1  # another machine may round a tie otherwise
    assert stated["accuracy"] == pytest.approx(1 - stated["errors"] / 10_000)


def test_what_is_no_digit_is_new_to_the_shipped_model():
    """Noise, stripes and checkers against test digits."""
    loaded, rng = model.load(), np.random.default_rng(0)
    digits = as_input(load_mnist()["X_test"][:500])
    noise = rng.uniform(0, 1, (100, 784)).astype(np.float32)
    rows = np.arange(28)
    stripes = np.tile((rows % 6 < 2).astype(np.float32)[:, None], (1, 28)).reshape(1, -1)
    checkers = ((rows[:, None] // 4 + rows // 4) % 2).astype(np.float32).reshape(1, -1)

    def novelty(X):
        return loaded.readout.read(loaded.network, X)[1]

    assert np.mean(novelty(digits) > 1) < 0.02
    for X in (noise, stripes, checkers):
        assert np.all(novelty(X) > 1)


def test_mean_gates_are_means_of_each_digit(trained):
    folder, task = trained
    loaded = model.load(folder)
    X, y = task.validation
    means = finish.mean_gates(loaded.network, X[:300], y[:300])
    gates = loaded.network.read(X[:300]).gate
    for digit in range(10):
        np.testing.assert_allclose(means[digit], gates[y[:300] == digit].mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(loaded.gate_mean, loaded.gate_class_mean.mean(axis=0), rtol=1e-6)
