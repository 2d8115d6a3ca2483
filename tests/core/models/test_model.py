"""Models on disk, the readout, and the command line: equality after loading, damage noticed, promotion by rule."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.digits.config import Config
from core.digits.data import as_input, load_mnist
from core.digits.task import DigitTask, load_parts
from core.models import model
from core.nn.training import fit
from core.storage import ModelError, load_model, save_model
from core.train import main, make_config, parse_setting

ROOT = Path(__file__).resolve().parents[1]
CONFIG = Config(preset="plain-ann", hidden=(32,), epochs=1, lr=3e-3, gate=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small gated network, trained for one epoch and saved: (folder, task)."""
    parts = load_parts(CONFIG)
    task = DigitTask(CONFIG, parts["train"], parts["validation"])
    folder = tmp_path_factory.mktemp("run")
    model.save(folder, task.network, CONFIG, parts, fit(task, CONFIG))
    return folder, task


def test_saved_and_loaded_is_equal(trained):
    folder, task = trained
    loaded = model.load(folder)
    for name, value in task.network.named_parameters().items():
        assert np.array_equal(loaded.network.named_parameters()[name], value), name
    assert loaded.config == CONFIG
    X = task.X_validation[:50]
    assert np.allclose(loaded.network.forward(X)[0], task.network.forward(X)[0], atol=1e-5)
    assert np.allclose(loaded.probabilities(X).sum(axis=1), 1)


def test_every_array_is_plain_and_vouched_for(trained):
    folder, _ = trained
    config = json.loads((folder / "config.json").read_text())
    assert {path.stem for path in folder.glob("*.npy")} == set(config["arrays"])
    for path in folder.glob("*.npy"):
        np.load(path, allow_pickle=False)
    assert len(config["weights_sha256"]) == 64
    assert not list(folder.glob("*.part"))


DAMAGE = ["missing array", "other model's array", "cut config", "wrong architecture", "no folder"]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named(trained, tmp_path, damage):
    folder = shutil.copytree(trained[0], tmp_path / "model")
    named = "output_W"
    if damage == "missing array":
        (folder / "output_W.npy").unlink()
    elif damage == "other model's array":
        np.save(folder / "output_W.npy", np.zeros((32, 10), np.float32))
    elif damage == "cut config":
        named = "config.json"
        (folder / named).write_text((folder / named).read_text()[:200])
    elif damage == "wrong architecture":
        named = "hidden1_W"
        arrays, config = load_model(folder)
        save_model(folder, arrays, config | {"hidden": [33]})
    else:
        folder, named = tmp_path / "nowhere", "nowhere"
    with pytest.raises(ModelError, match=named):
        model.load(folder)


def test_shipped_weights_reach_the_stated_accuracy():
    loaded = model.load()
    stated = json.loads((model.FINAL_MODEL / "metrics.json").read_text())["test"]
    mnist = load_mnist()
    answers = loaded.network.logits(as_input(mnist["X_test"], loaded.config.input_range)).argmax(axis=1)
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
        return loaded.emotion.novelty(loaded.network.read(X).hidden)

    assert np.mean(novelty(digits) > 1) < 0.02
    for X in (noise, stripes, checkers):
        assert np.all(novelty(X) > 1)


def test_promotion_by_validation_accuracy(trained, tmp_path, monkeypatch):
    folder, final = trained[0], tmp_path / "final"
    better, _ = model.promotion(folder, final)
    assert better
    model.promote(folder, final)
    assert np.array_equal(model.load(final).network.theta, model.load(folder).network.theta)
    (final / "stale.npy").write_bytes(b"")
    metrics = json.loads((final / "metrics.json").read_text())
    metrics["validation"]["accuracy"] = 0.9999
    (final / "metrics.json").write_text(json.dumps(metrics))
    better, reason = model.promotion(folder, final)
    assert not better and "below" in reason
    model.promote(folder, final)
    assert not (final / "stale.npy").exists()


def test_settings_from_the_command_line(tmp_path):
    assert parse_setting("hidden=512,256") == ("hidden", (512, 256))
    assert parse_setting("gate=false") == ("gate", False)
    assert parse_setting("dropout=0.25") == ("dropout", 0.25)
    for wrong in ("depth=3", "dropout=much"):
        with pytest.raises(ValueError, match=wrong.partition("=")[0]):
            parse_setting(wrong)

    class Args:
        resume, preset, epochs, seed, batch_size, lr, set = None, "digit-app", 7, 3, None, None, ["dropout=0"]

    config = make_config(Args, tmp_path)
    assert (config.hidden, config.epochs, config.seed, config.dropout) == ((512,), 7, 3, 0.0)


def test_command_line_refuses_in_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match="no run to resume"):
        main(["--resume", str(tmp_path / "nothing")])
    with pytest.raises(SystemExit, match="no setting 'colour'"):
        main(["--set", "colour=red", "--out", str(tmp_path)])
    csv = tmp_path / "digits.csv"
    csv.write_text("label,pixel\n1,2\n")
    with pytest.raises(SystemExit, match="785"):
        main(["--csv", str(csv), "--out", str(tmp_path / "run")])


def test_command_line_stopped_and_resumed(tmp_path):
    """From another folder: stop a run politely after its first epoch, resume it, and find the uninterrupted weights."""
    def command(*more):
        return [sys.executable, str(ROOT / "core" / "train.py"), *more]

    recipe = ["--preset", "plain-ann", "--epochs", "3", "--set", "train_on=train", "--set", "hidden=32"]
    # this machine's shipped model is left alone: an accuracy below it never promotes
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    subprocess.run(command(*recipe, "--out", str(whole)), cwd=tmp_path, check=True, capture_output=True, timeout=120)
    process = subprocess.Popen(command(*recipe, "--out", str(stopped)), cwd=tmp_path, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    for line in process.stdout:
        if "epoch   1/3" in line:
            process.send_signal(signal.SIGINT)
            break
    rest = process.stdout.read()
    assert process.wait(60) == 0, rest
    assert "best weights so far are kept" in rest and "Traceback" not in rest
    assert model.load(stopped)
    subprocess.run(command("--resume", str(stopped)), cwd=tmp_path, check=True, capture_output=True, timeout=120)
    assert np.array_equal(model.load(whole).network.theta, model.load(stopped).network.theta)
