"""The history of a training, and what a browser is sent of it."""

import base64
import json

import numpy as np
import pytest

from deployment.lab import record as module
from deployment.lab.record import MOST_BYTES, Record, size
from deployment.lab.settings import LabSettings


def tick(step, batches, **values):
    return {"kind": "tick", "step": step, "epoch": step / 100, "losses": np.full(batches, step, np.float16),
            "accuracies": np.full(batches, 0.5, np.float16), "layers": [], "gate": None, **values}


def epoch(number, weights=10, **values):
    return {"kind": "epoch", "step": 100 * number, "epoch": number, "loss": 1.0, "train_accuracy": 0.5,
            "val_accuracy": 0.5, "val_loss": 1.0, "gate": True, "confusion": np.eye(10, dtype=np.int32),
            "theta": np.full(weights, number, np.float16), "resume": np.full(weights, number, np.float32), **values}


def floats(text):
    return np.frombuffer(base64.b64decode(text), np.float16).tolist()


def test_a_browser_is_sent_what_it_lacks():
    record = Record(LabSettings())
    record.add(epoch(0))
    record.add(tick(2, 2))
    first = record.delta(None)
    assert (first["b"], first["t"], first["e"]) == (2, 1, 1) and floats(first["losses"]) == [2, 2]
    assert first["tick"]["step"] == 2 and first["constants"] is not None
    assert not {"theta", "resume"} & first["epochs"][0].keys()
    confusion = first["epochs"][0]["confusion"]
    assert np.array_equal(np.frombuffer(base64.b64decode(confusion["d"]), np.int32).reshape(confusion["s"]), np.eye(10))
    again = record.delta(first)
    assert (again["losses"], again["tick"], again["epochs"], again["constants"]) == ("", None, [], None)
    record.add(tick(5, 3))
    record.add(epoch(1))
    more = record.delta(first)
    assert floats(more["losses"]) == [5, 5, 5] and [message["epoch"] for message in more["epochs"]] == [1]
    json.dumps(more)


def test_after_a_reset_the_browser_begins_anew_and_late_messages_are_ignored():
    record = Record(LabSettings())
    record.add(tick(2, 2))
    before = record.delta(None)
    old = record.key
    record.reset(LabSettings(seed=1))
    record.add(tick(3, 1, key=old))
    after = record.delta(before)
    assert after["key"] != old and after["b"] == 0 and after["constants"] is not None
    record.add(tick(1, 1, key=record.key))
    assert record.batches == 1


@pytest.mark.parametrize("have", [None, 3, {}, {"key": 1}, {"b": -1}, {"b": "x", "t": None, "e": 1e9}])
def test_whatever_a_browser_says_it_has_is_answered(have):
    record = Record(LabSettings())
    record.add(tick(2, 2))
    if isinstance(have, dict) and have:
        have["key"] = record.key
    assert floats(record.delta(have)["losses"]) == [2, 2]


def test_history_stays_within_its_bytes_and_begins_at_epoch_0():
    record, weights = Record(LabSettings()), 200_000
    for number in range(250):
        record.add(epoch(number, weights))
        assert sum(map(size, record.epochs)) <= MOST_BYTES
    numbers = [message["epoch"] for message in record.epochs]
    assert numbers[0] == 0 and numbers == sorted(set(numbers))
    assert numbers[-20:] == [*range(230, 250)]  # the newer half is whole
    assert len(numbers) > MOST_BYTES / (2 * weights) / 2.2
    assert max(np.diff(numbers)) <= 20  # the older half is evenly thin
    assert len(record.rows) == 249 and record.resume is not None and record.resume[0] == 249
    assert record.epoch(0)["theta"][0] == 0 and record.epoch(numbers[3]) is record.epochs[3]
    assert record.epoch(10**6) is None


def test_many_epochs_come_in_portions():
    record, got, have = Record(LabSettings()), [], None
    for number in range(70):
        record.add(epoch(number))
    for _ in range(4):
        have = record.delta(have)
        got += [message["epoch"] for message in have["epochs"]]
    assert got == [*range(70)]


def test_losses_of_long_ago_are_dropped(monkeypatch):
    monkeypatch.setattr(module, "MOST_BATCHES", 100)
    record = Record(LabSettings())
    for i in range(1, 31):
        record.add(tick(10 * i, 10))
        assert len(record.losses()) <= 110
    assert record.batches == 300 and record.losses(290).tolist() == [300] * 10
    assert record.losses(285, 295).tolist() == [290] * 5 + [300] * 5
    assert floats(record.delta({"key": record.key, "b": 295, "t": 0, "e": 0})["losses"]) == [300] * 5


def test_weights_that_are_not_finite_are_not_resumed_from():
    record = Record(LabSettings())
    record.add(epoch(1))
    record.add(epoch(2, resume=np.full(10, np.nan, np.float32)))
    assert record.resume.tolist() == [1] * 10


def test_a_document_lists_the_moved_knobs():
    record = Record(LabSettings())
    record.add(tick(2, 2))
    assert record.change("lr", 0.01) and not record.change("lr", 0.01)
    with pytest.raises(ValueError):
        record.change("lr", 100.0)
    document = json.loads(json.dumps(record.document()))
    assert document["changes"] == [{"step": 2, "knob": "lr", "value": 0.01}] and document["settings"]["lr"] == 0.01
