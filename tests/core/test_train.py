"""The training command: settings from the command line, refusals in a sentence, stop and resume, CSV, promotion."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core import train
from core.digits.data import load_mnist
from core.models import model, promotion
from core.storage import ModelError
from core.train import arguments, main, make_config, run_folder

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["--preset", "plain-ann", "--set", "hidden=32", "--epochs", "2"]


@pytest.fixture
def csv(tmp_path):
    """1,000 MNIST digits as CSV, test images so that they differ from the training images."""
    mnist = load_mnist()
    path = tmp_path / "digits.csv"
    rows = np.column_stack([mnist["y_test"][:1000], mnist["X_test"][:1000].reshape(1000, -1)])
    np.savetxt(path, rows, fmt="%d", delimiter=",")
    return path


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """runs/ and final_model/ of this test's own: no test writes into the project's."""
    final = shutil.copytree(model.FINAL_MODEL, tmp_path / "final_model", ignore=shutil.ignore_patterns("liminal"))
    monkeypatch.setattr(train, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(promotion, "FINAL_MODEL", final)
    return tmp_path


def test_settings_from_the_command_line(tmp_path):
    args = arguments(["--preset", "digit-app", "--epochs", "7", "--seed", "3", "--set", "dropout=0",
                      "--set", "hidden=512,256"])
    config = make_config(args, tmp_path)
    assert (config.hidden, config.epochs, config.seed, config.dropout, config.lr) == ((512, 256), 7, 3, 0.0, 2e-3)


def test_runs_are_numbered_so_that_none_is_lost(elsewhere):
    runs = elsewhere / "runs"
    name = lambda *argv: run_folder(arguments([*argv]), "sprint", arguments([*argv]).seed).name  # noqa: E731
    assert name() == "sprint" and name("--seed", "2") == "sprint-seed2"
    (runs / "sprint").mkdir(parents=True)
    assert name() == "sprint-2" and name("--resume") == "sprint"
    (runs / "sprint-2").mkdir()
    assert name() == "sprint-3" and name("--resume") == "sprint-2"
    assert run_folder(arguments(["--out", "mine"]), "sprint", None) == Path("mine")


@pytest.mark.parametrize(
    "argv, sentence",
    [
        (["--resume", "nothing"], "no run to resume in nothing"),
        (["--set", "colour=red"], "no setting 'colour'"),
        (["--set", "dropout=1"], r"dropout must be in \[0, 1\)"),
        (["--csv", "nothing.csv"], "nothing.csv could not be read"),
        (["--promote", "nothing"], "config.json is missing"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_before_anything_is_written(tmp_path, monkeypatch, argv, sentence):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "RUNS", tmp_path / "runs")
    with pytest.raises(SystemExit, match=sentence):
        main(argv)
    assert not list(tmp_path.iterdir())


def test_a_csv_of_another_kind_is_named(tmp_path):
    wrong = tmp_path / "digits.csv"
    wrong.write_text("label,pixel\n1,2\n")
    with pytest.raises(SystemExit, match=r"line 2.*785"):
        main(["--csv", str(wrong), "--out", str(tmp_path / "run")])


@pytest.mark.slow
def test_command_line_stopped_and_resumed(tmp_path):
    """From another folder: stop a run politely after its first epoch, resume it, and find the uninterrupted weights."""
    def command(*more):
        return [sys.executable, str(ROOT / "core" / "train.py"), *more]

    recipe = ["--preset", "plain-ann", "--epochs", "3", "--set", "train_on=train", "--set", "hidden=32"]
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    subprocess.run(command(*recipe, "--out", str(whole)), cwd=tmp_path, check=True, capture_output=True, timeout=120)
    with subprocess.Popen(command(*recipe, "--out", str(stopped)), cwd=tmp_path, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        for line in process.stdout:
            if "epoch   1/3" in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
    assert process.wait(60) == 0, rest
    assert "best weights so far are saved" in rest and "Traceback" not in rest
    assert model.load(stopped)
    subprocess.run(command("--resume", str(stopped)), cwd=tmp_path, check=True, capture_output=True, timeout=120)
    assert np.array_equal(model.load(whole).network.theta, model.load(stopped).network.theta)


def test_training_leaves_the_shipped_model_alone_until_it_is_asked_to_promote(elsewhere, capsys):
    """The command that is printed ships a run that is good enough, and says why it ships another one not."""
    before = (promotion.FINAL_MODEL / "config.json").read_bytes()
    main([*QUICK, "--set", "train_on=train"])
    folder = elsewhere / "runs" / "plain-ann"
    assert f"core/train.py --promote {folder}" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="below the shipped model's"):
        main(["--promote", str(folder)])
    assert (promotion.FINAL_MODEL / "config.json").read_bytes() == before

    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["validation"]["accuracy"] = 0.9999
    (folder / "metrics.json").write_text(json.dumps(metrics))
    main(["--promote", str(folder)])
    assert model.load(promotion.FINAL_MODEL).sha256 == model.load(folder).sha256
    assert "fit it again: python -m analytics.studies.number_weights --write" in capsys.readouterr().out


def test_force_promotes_whatever_speaks_against_it_and_says_it(elsewhere, capsys):
    main([*QUICK, "--promote", "--force"])  # made good: trained on all images
    assert "although it has trained on the validation images too" in capsys.readouterr().out
    assert model.load(promotion.FINAL_MODEL).config.hidden == (32,)


def test_a_run_on_csv_says_so_and_goes_on_with_the_same_file_only(elsewhere, csv):
    out = elsewhere / "run"
    main([*QUICK, "--set", "train_on=train", "--csv", str(csv), "--out", str(out)])
    saved = json.loads((out / "settings.json").read_text())
    assert saved["csv"] == str(csv) and len(saved["csv_sha256"]) == 64
    assert "digits.csv" in (out / "model_card.md").read_text()
    assert json.loads((out / "metrics.json").read_text())["validation"]["n"] == 100
    assert len(model.load(out).readout.conformal.scores) == 100  # calibrated on its own images, not on MNIST's
    assert not (out / "neighbours.npz").exists()
    with pytest.raises(SystemExit, match="CSV"):
        main(["--promote", str(out)])

    before = model.load(out).sha256
    main(["--refit", str(out)])
    assert model.load(out).sha256 == before
    csv.write_text(csv.read_text().replace("7,", "1,", 1))
    for again in ("--resume", "--refit"):
        with pytest.raises(SystemExit, match="no longer the file"):
            main([again, str(out)])


@pytest.fixture
def stopped(elsewhere, csv):
    """A finished run of one epoch on a CSV."""
    out = elsewhere / "run"
    main([*QUICK, "--epochs", "1", "--set", "train_on=train", "--csv", str(csv), "--out", str(out)])
    return out


def test_a_run_resumed_with_other_settings_is_refused_by_name_and_not_lost(stopped, csv, tmp_path, capsys):
    other = tmp_path / "other.csv"
    other.write_text("".join(csv.read_text().splitlines(True)[:500]))
    (stopped / "checkpoint.npz.1-a.part").write_bytes(b"of a killed process")
    before = {path.name: path.read_bytes() for path in stopped.iterdir()}
    for change, told in [(["--epochs", "4"], ["epochs is 1 there and 4 now"]),
                         (["--set", "dropout=0.25", "--lr", "0.5"], ["dropout is 0.0 there and 0.25 now", "lr is"]),
                         (["--csv", str(other)], [f"csv is {csv} there and {other} now", "csv_sha256 is"])]:
        with pytest.raises(SystemExit):
            main(["--resume", str(stopped), *change])
        error = capsys.readouterr().err
        assert all(text in error for text in told), error
    (stopped / "checkpoint.npz").rename(stopped / "elsewhere")
    with pytest.raises(SystemExit):
        main(["--resume", str(stopped), "--epochs", "4"])
    assert "settings.json belongs to a run with other settings: epochs is 1" in capsys.readouterr().err
    (stopped / "elsewhere").rename(stopped / "checkpoint.npz")
    whole = (stopped / "checkpoint.npz").read_bytes()
    (stopped / "checkpoint.npz").write_bytes(whole[:5000])
    with pytest.raises(SystemExit, match="damaged"):
        main(["--resume", str(stopped)])
    (stopped / "checkpoint.npz").write_bytes(whole)
    assert {path.name: path.read_bytes() for path in stopped.iterdir()} == before, "nothing has changed"

    sha256 = model.load(stopped).sha256
    main(["--resume", str(stopped)])
    assert model.load(stopped).sha256 == sha256 and not list(stopped.glob("*.part"))


def test_no_run_is_no_model(tmp_path):
    with pytest.raises(ModelError, match=r"config\.json"):
        promotion.promote(tmp_path, tmp_path / "final")


def test_trainings_at_once_each_have_a_folder_of_their_own(elsewhere):
    """Started together, without --out: no two share a folder, whoever was first."""
    code = ("from pathlib import Path; from core import train; train.RUNS = Path({!r}); "
            "print(train.create(train.arguments([]), 'sprint', None).name)").format(str(elsewhere / "runs"))
    running = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
               for _ in range(4)]
    assert sorted(process.communicate(timeout=60)[0].strip() for process in running) == [
        "sprint", "sprint-2", "sprint-3", "sprint-4"]


@pytest.mark.parametrize("more", [["--out"], ["--resume"]])
def test_a_folder_in_which_another_process_trains_is_left_alone(elsewhere, capsys, more):
    folder = elsewhere / "run"
    folder.mkdir()
    if more == ["--resume"]:
        (folder / "settings.json").write_text(json.dumps(make_config(arguments(QUICK), folder).to_dict()))
    before = sorted(path.name for path in folder.iterdir())
    with train.locked(folder / train.TRAINING_LOCK), pytest.raises(SystemExit) as ended:
        main([*QUICK, *more, str(folder)])
    assert ended.value.code == 2 and "another process is at work in" in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir() if path.name != train.TRAINING_LOCK) == before


def test_a_finished_run_is_not_trained_over(stopped, capsys):
    before = (stopped / "config.json").read_bytes()
    with pytest.raises(SystemExit) as ended:
        main([*QUICK, "--out", str(stopped)])
    assert ended.value.code == 2 and "holds a run already" in capsys.readouterr().err
    assert (stopped / "config.json").read_bytes() == before
