"""The loop of the training process, within this process: what it answers, and when it pauses and ends by itself."""

import base64
import io
import queue
from itertools import count

import numpy as np
import pytest

from deployment.lab import worker as module
from deployment.lab.protocol import unpack
from deployment.lab.settings import LabSettings
from deployment.lab.slots import Slots
from deployment.lab.worker import Worker

SMALL = LabSettings(hidden=(8,), batch_size=500)
RESET = {"do": "reset", "settings": SMALL.to_dict(), "key": "k"}


@pytest.fixture
def answers(few, tmp_path, monkeypatch):
    """A function from commands to the messages of a worker that executes them and then goes on until it ends."""
    clock = count()
    monkeypatch.setattr(module, "training_images", lambda: few)
    monkeypatch.setattr(module, "IDLE", 0.001)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock) / 20)  # each look at the clock takes 50 ms

    def run(*commands, slots=None):
        out, inbox = io.BytesIO(), queue.SimpleQueue()
        for command in commands:
            inbox.put(command)
        Worker(out, inbox, slots or Slots(tmp_path / "slots")).run()
        out.seek(0)
        return [*iter(lambda: unpack(out), None)]

    return run


@pytest.mark.parametrize("busy, rest", [(True, 0.4), (False, None)])
def test_a_training_rests_four_batches_long_while_others_draw(few, tmp_path, monkeypatch, busy, rest):
    class Inbox(queue.SimpleQueue):
        def get(self, timeout):  # the wait for a command is the rest
            rests.append(timeout)
            clock[0] += timeout
            if len(rests) == 3:
                return {"do": "end"}
            raise queue.Empty

    def batch(worker):
        worker._seconds = 0.1
        batches.append(worker)
        if len(batches) == 3:
            worker._inbox.put({"do": "end"})

    clock, rests, batches = [0.0], [], []
    monkeypatch.setattr(module, "training_images", lambda: few)
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(Worker, "_train_batch", batch)
    inbox = Inbox()
    inbox.put({"do": "start", "busy": busy})
    worker = Worker(io.BytesIO(), inbox, Slots(tmp_path / "slots"))
    worker._until = "stop"
    worker.run()
    assert rests == ([pytest.approx(rest)] * 3 if rest else []) and len(batches) == 3


def states(messages):
    return [(message["state"], message["sentence"]) for message in messages if message["kind"] == "state"]


def test_a_training_whose_page_is_silent_pauses_and_then_ends(answers):
    messages = answers(RESET, {"do": "start"})
    *_, running, paused, ended = states(messages)
    assert running == ("running", "") and paused[0] == "paused" and "15 seconds" in paused[1]
    assert ended[0] == "ended" and "two minutes" in ended[1]
    assert messages[-2]["step"] > 0 if messages[-2]["kind"] == "tick" else messages[-1]["state"] == "ended"


def test_a_paused_training_makes_room_for_one_that_waits(answers, tmp_path, monkeypatch):
    slots = Slots(tmp_path / "queue")
    monkeypatch.setattr(module, "GONE", 1e9)
    monkeypatch.setattr(slots, "queue", lambda: ["a ticket"])
    assert "made room" in states(answers(RESET, slots=slots))[-1][1]


def test_batches_and_epochs_are_exact(answers):
    ticks = [message for message in answers(RESET, {"do": "epoch"}) if message["kind"] in ("tick", "epoch")]
    assert (ticks[0]["kind"], ticks[0]["epoch"], ticks[0]["step"]) == ("epoch", 0, 0)
    assert (ticks[-1]["kind"], ticks[-1]["epoch"], ticks[-1]["step"]) == ("tick", 1, 6)
    assert sum(len(tick.get("losses", ())) for tick in ticks) == 6
    assert all(tick["key"] == "k" for tick in ticks)
    for commands, steps in ((("batch",), 1), (("batch", "batch", "end"), 2), (("start", "pause"), 1)):
        messages = answers(RESET, *({"do": do} for do in commands))
        assert [message for message in messages if message["kind"] == "tick"][-1]["step"] == steps


def test_it_goes_on_from_weights_that_it_is_given(answers):
    theta = np.zeros(784 * 8 + 8 + 8 * 8 + 8 + 8 * 10 + 10, np.float32)
    given = {"theta": base64.b64encode(theta.tobytes()).decode(), "step": 70, "epoch": 3}
    messages = answers({**RESET, **given})
    tick = next(message for message in messages if message["kind"] == "tick")
    assert (tick["step"], tick["epoch"]) == (70, 3) and np.allclose(tick["digits"], 0.1, atol=1e-3)
    assert not [message for message in messages if message["kind"] == "epoch"]


def test_the_drawn_digit_is_answered(answers, few):
    pixels = base64.b64encode(few[1].X[0].tobytes()).decode()
    messages = answers(RESET, {"do": "digit", "digit": pixels}, {"do": "digit", "digit": None})
    before, with_digit, after = [message["yours"] for message in messages if message["kind"] == "tick"]
    assert before is None and after is None and with_digit.sum() == pytest.approx(1, abs=0.01)


def test_a_loss_that_is_not_finite_pauses_with_a_sentence(answers, monkeypatch):
    def diverge(self):
        self.task.theta[...] = np.nan
        return plain(self)

    plain = module.Loop.train_batch
    monkeypatch.setattr(module.Loop, "train_batch", diverge)
    messages = answers(RESET, {"do": "start"})
    fault = next(message for message in messages if message["kind"] == "fault")
    assert fault["fault"] == "diverged" and "smaller learning rate" in fault["sentence"]
    after = [message for message in messages if message["kind"] == "tick"][-1]
    assert np.isfinite(after["digits"]).all() and ("paused", fault["sentence"]) in states(messages)


def test_what_cannot_be_done_is_a_sentence(answers, tmp_path):
    (tmp_path / "file").write_text("")
    taken = tmp_path / "taken"
    taken.mkdir()
    document = {"rows": []}
    said = [sentence for _, sentence in states(answers(
        RESET, {"do": "set", "knob": "lr", "value": 99.0}, {"do": "keep", "folder": str(tmp_path / "file" / "run"),
                                                            "document": document},
        {"do": "keep", "folder": str(taken), "document": document}))]
    assert any("lr must be in" in sentence for sentence in said)
    assert any("could not be saved (Not a directory)" in sentence for sentence in said)
    assert any("taken exists already" in sentence and str(tmp_path) not in sentence for sentence in said)
