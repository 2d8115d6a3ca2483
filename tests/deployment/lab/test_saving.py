"""A training as a run: nothing is left of one that fails."""

import pytest

from deployment.lab import saving
from deployment.lab.loop import Loop
from deployment.lab.saving import new_folder, save_run
from deployment.lab.settings import LabSettings
from deployment.lab.training import finished_network


def network_and_settings(few):
    settings = LabSettings(hidden=(8,))
    return finished_network(settings, Loop(settings, *few).task.finished_theta(), gate=True), settings


def test_runs_are_numbered(tmp_path):
    assert new_folder(tmp_path) == tmp_path / "lab"
    (tmp_path / "lab").mkdir()
    assert new_folder(tmp_path) == tmp_path / "lab-2"


def test_a_full_disk_leaves_no_run(few, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving.finish, "save", full)
    with pytest.raises(OSError, match="No space"):
        save_run(tmp_path / "run", *network_and_settings(few), few[0], [], {})
    assert not (tmp_path / "run").exists()


def test_a_run_that_cannot_be_read_is_refused_and_removed(few, tmp_path, monkeypatch):
    monkeypatch.setattr(saving.finish, "save", lambda folder, *_: (folder / "metrics.json").write_text("{}"))
    with pytest.raises(ValueError, match="doubt cannot be measured"):
        save_run(tmp_path / "run", *network_and_settings(few), few[0], [], {})
    assert not (tmp_path / "run").exists()
