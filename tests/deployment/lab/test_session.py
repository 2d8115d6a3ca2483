"""A training with its process: exact steps, the end of the process from either side, the queue."""

import contextlib
import gc
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.models.model import load
from deployment.lab.link import FAILED, Link
from deployment.lab.record import Record
from deployment.lab.session import Training
from deployment.lab.settings import LabSettings
from deployment.lab.slots import Slots

PATIENCE = 240  # seconds: a busy machine is slow, not wrong
SMALL = LabSettings(hidden=(8,), batch_size=1000)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def slots(tmp_path):
    return Slots(tmp_path / "lab")


def workers(slots):
    """The training processes of these slots, from the system's list."""
    commands = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            commands.append((folder / "cmdline").read_bytes())
    return sum(b"deployment.lab.worker" in command and bytes(slots.folder) in command for command in commands)


def wait(condition, training=None):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, training and (training.state, training.sentence)
        if training:
            training.seen()
        time.sleep(0.01)


def test_steps_are_exact_and_a_killed_process_is_a_sentence(slots):
    training = Training(SMALL, slots)
    assert training.state == "idle" and training.network() is None and training.download() is None
    training.one_batch()
    assert training.state == "waiting"
    wait(lambda: training.record.step == 1 and training.state == "paused", training)
    assert slots.free() == 1 and slots.queue() == [] and workers(slots) == 1
    training.show(np.full((28, 28), 0.5))
    training.one_epoch()
    wait(lambda: training.record.rows and training.state == "paused", training)
    assert training.record.step == training.record.rows[0]["step"] == training.record.batches == 54
    assert training.record.tick["yours"] is not None
    training.set("lr", 0.02)
    training.start()
    wait(lambda: training.record.batches > 54 and len(training.record.rows) > 1, training)

    os.kill(training._links[0].process.pid, signal.SIGKILL)
    wait(lambda: training.state == "failed", training)
    assert training.sentence == FAILED and slots.free() == 2 and workers(slots) == 0
    known = training.record.batches, len(training.record.rows)
    for command in (training.pause, training.seen, lambda: training.set("lr", 0.01), lambda: training.set("lr", 99.0),
                    lambda: training.show(None)):
        command()
    assert "lr must be in" in training.sentence and training.state == "failed"
    with np.load(io.BytesIO(training.download()), allow_pickle=False) as saved:
        assert saved["hidden1_W"].shape == (784, 8) and '"knob": "lr"' in str(saved["lab"])
    training.start()
    wait(lambda: len(training.record.rows) > known[1] and training.record.batches > known[0], training)
    assert training.state == "running" and training.sentence == ""
    assert [row["epoch"] for row in training.record.rows] == [*range(1, len(training.record.rows) + 1)]
    assert training.network().logits(np.zeros((1, 784), np.float32)).shape == (1, 10)
    training = None  # the session of the page is gone
    gc.collect()
    wait(lambda: workers(slots) == 0)
    assert slots.free() == 2


def test_a_third_training_waits_for_a_slot(slots):
    training = Training(SMALL, slots)
    with slots.hold():
        with slots.hold():
            other = slots.take_ticket()
            training.start()
            assert training.state == "waiting" and "yours is second in the queue" in training.sentence
            other.unlink()
            training.seen()
            assert training.sentence == "Two trainings run on this server; yours is next." and workers(slots) == 0
        wait(lambda: training.state == "running", training)
        training.reset(SMALL.replace(seed=1))
        wait(lambda: training.record.epoch(0) and training.state == "paused", training)
        training.end()
        assert training.state == "ended" and workers(slots) == 0 and slots.free() == 1
        assert training.record.epoch(0) is not None


def test_leaving_the_queue_leaves_no_ticket(slots):
    training = Training(SMALL, slots)
    with slots.hold(), slots.hold():
        training.start()
        training.pause()
        assert training.state == "idle" and slots.queue() == []
        training.start()
        training = None
        gc.collect()
        assert slots.queue() == []


def test_the_process_ends_with_its_input(slots):
    link = Link(Record(SMALL), slots)
    wait(lambda: link.record.constants)
    link.process.stdin.close()
    assert link.process.wait(PATIENCE) == 0
    wait(lambda: link.state == "failed")
    link.close()


@pytest.mark.ci
def test_the_process_ends_with_the_page_s_process(slots):
    code = f"""
import time
from deployment.lab.session import Training
from deployment.lab.slots import Slots
training = Training(slots=Slots(__import__("pathlib").Path({str(slots.folder)!r})))
training.start()
time.sleep(600)
"""
    page = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    wait(lambda: workers(slots) == 1)
    page.kill()
    page.wait()
    wait(lambda: workers(slots) == 0)


@pytest.mark.ci
def test_a_run_is_saved_and_stays_below_its_memory(slots, tmp_path):
    training = Training(LabSettings(augmentation=0.2, share=0.1), slots)
    training.one_epoch()
    wait(lambda: training.record.rows and training.state == "paused", training)
    status = Path(f"/proc/{training._links[0].process.pid}/status").read_text()
    assert int(status.split("VmRSS:")[1].split()[0]) * 1024 < 125e6
    training.keep(tmp_path / "run")
    wait(lambda: "Saved as" in training.sentence, training)
    training.end()
    model = load(tmp_path / "run")
    assert model.metrics["test"]["accuracy"] > 0.8 and model.history["epoch"] == [1]
    assert (tmp_path / "run" / "lab.json").exists()


@pytest.mark.parametrize("value, sentence", [("off", "switched off"), ("perhaps", "switched off")])
def test_a_server_may_forbid_training(slots, monkeypatch, value, sentence):
    monkeypatch.setenv("QUALM_LAB", value)
    training = Training(SMALL, slots)
    training.start()
    assert sentence in training.sentence and training.state == "idle" and workers(slots) == 0


def test_a_server_may_forbid_saving(slots, monkeypatch, tmp_path):
    monkeypatch.setenv("QUALM_LAB", "train")
    training = Training(SMALL, slots)
    assert training.keep(tmp_path / "run") is None and "not saved" in training.sentence


def test_a_full_disk_is_a_sentence(slots, tmp_path):
    slots.folder.parent.joinpath("lab").write_text("")  # no folder can be made there
    training = Training(SMALL, slots)
    training.start()
    assert training.state == "failed" and training.sentence.startswith("The training cannot start: ")
