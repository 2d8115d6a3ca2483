"""The quick form reports no fault, and planted faults are detected."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analytics.audit import run as audit_run
from analytics.torture import data_files, folders, patterns, trials
from analytics.torture import pictures as uploads
from analytics.torture.report import as_markdown
from core import train
from core.models import finish
from deployment.reader.picture.opening import InputError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True, scope="module")
def restore():
    """Restore what `prepare` replaces (small parts of MNIST) for the tests that follow."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((train, "load_parts"), (finish, "load_parts"), (finish, "neighbours"), (audit_run, "draw")):
            patch.setattr(owner, name, getattr(owner, name))
        yield


def run(*command, seconds=240):
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=seconds)


@pytest.mark.slow
def test_nothing_is_at_fault_in_the_quick_form():
    ended = run("-m", "analytics.torture", "--quick")
    assert ended.returncode == 0 and "Faults: none." in ended.stdout, ended.stdout + ended.stderr[-2000:]


NAIVE = """
import contextlib, io
from pathlib import Path
from analytics.torture import faults, trials
from analytics.audit import run as audit_run
from core import storage

def one_by_one(folder, files, remove=()):
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (Path(folder) / name).write_bytes(data.encode() if isinstance(data, str) else data)

storage.replace_together = audit_run.replace_together = one_by_one
kills = trials.run("kills", faults.kill, 12, 0, map)
fails = trials.run("failures", faults.fail, 12, 0, map)
print(len(kills.faults), len(fails.faults))
"""


@pytest.mark.slow
def test_non_atomic_replacement_is_detected():
    """In a separate process, as it forks: nearly every kill and error leaves a mixture."""
    ended = run("-c", NAIVE)
    kills, fails = map(int, ended.stdout.split())
    assert kills > 3 and fails > 3, ended.stderr[-2000:]


class Careless:
    """A stub of MNISTDeployer that calls `act`."""

    def __init__(self, act):
        self.act = act

    def predict(self, data, name):
        return self.act(data)


def refuse(sentence):
    def act(data):
        raise InputError(sentence)
    return act


@pytest.mark.parametrize("act, fault", [
    (lambda data: data[10**9], "IndexError"), (refuse("no full stop"), "not a sentence"),
    (refuse("Two\nlines."), "Two"),
    (lambda data: 1 / 0, "ZeroDivisionError")])
def test_faults_of_a_picture_reader_are_detected(monkeypatch, act, fault):
    monkeypatch.setattr(uploads, "deployer", lambda: Careless(act))
    for work in (uploads.picture, uploads.zip_file):
        result = trials.run("pictures", work, 30, 0, map)
        assert result.faults and fault in result.faults[0][1]


def test_non_finite_figures_are_detected(monkeypatch):
    class Broken(uploads.MNISTDeployer):
        def predict(self, data, name):
            prediction = super().predict(data, name)
            prediction.hidden[0][3] = float("nan")
            return prediction

    deployer = Broken()
    monkeypatch.setattr(uploads, "deployer", lambda: deployer)
    result = trials.run("pictures", uploads.picture, 30, 0, map)
    assert len(result.faults) == result.kinds["read"] > 0


@pytest.mark.slow
def test_patterns_are_read_within_bounds():
    """One of each kind, with 1600 x 1600 pixels."""
    result = trials.run("patterns", patterns.pattern, len(patterns.PATTERNS), 0, map)
    assert not result.faults and result.kinds.total() == 6


@pytest.mark.parametrize("name, limit, fault", [("MOST_SECONDS", 0.0, "s and"), ("MOST_MEGABYTES", -1, "MB for"),
                                                ("SIDE", 100, "ink of")])
def test_a_pattern_beyond_the_bounds_is_a_fault(monkeypatch, name, limit, fault):
    monkeypatch.setattr(patterns, name, limit)
    ((_, sentence),) = trials.run("patterns", patterns.pattern, 1, 0, map).faults
    assert fault in sentence


def test_a_picture_without_a_digit_is_told_from_a_damaged_one():
    for sentence in ("No ink was found in x: draw.", "Only the lines of the paper were found in x: draw.",
                     "One piece of ink in x, none like a digit: draw.", "1,204 pieces of ink in x, none like a digit."):
        assert uploads.NO_DIGIT.match(sentence)
    assert not uploads.NO_DIGIT.match("“x” is damaged or cut short: save it again as PNG or JPEG.")


def test_trials_repeat_and_are_reported():
    first, again = (trials.run("tables", data_files.table, 20, 3, map) for _ in range(2))
    assert [t.kind for t in first.trials] == [t.kind for t in again.trials] and first.kinds.total() == 20
    text = as_markdown([first], 3)
    assert "damaged CSV files | 20 |" in text and "Faults: none." in text
    first.trials[4].fault = "builtins.KeyError: x"
    assert "- tables 4: builtins.KeyError: x" in as_markdown([first], 3)


def test_undocumented_exceptions_of_a_model_loader_are_detected(monkeypatch, tmp_path):
    class Blind(folders.MNISTDeployer):
        def __init__(self, folder):
            try:
                super().__init__(folder)
            except folders.ModelError as error:
                raise KeyError("weights") from error

    shutil.copytree(ROOT / "final_model", tmp_path / "first", ignore=shutil.ignore_patterns("liminal"))
    monkeypatch.setattr(folders, "MNISTDeployer", Blind)
    monkeypatch.setattr(folders, "home", lambda: tmp_path)
    faults = trials.run("models", folders.model_folder, 6, 0, map).faults
    assert faults and "KeyError" in faults[0][1]
