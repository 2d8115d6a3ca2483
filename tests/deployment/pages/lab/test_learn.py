"""What the room "Watch it learn" takes from the browser and sends to it, without a training process."""

import json

import numpy as np
import pytest

from deployment.lab.session import Training
from deployment.lab.settings import KNOBS, LabSettings
from deployment.pages.lab import learn
from deployment.pages.lab.learn import Ask, Seat
from deployment.ui.budget import Budget

SENT = {"client": "c", "n": 4, "have": {"key": "k", "b": 1, "t": 2, "e": 3}, "knows": ["spec"], "file": 0,
        "commands": [{"id": 1, "do": "set", "knob": "lr", "value": 0.01}]}


def test_a_question_of_the_browser():
    ask = Ask.from_browser(SENT)
    assert (ask.client, ask.number, ask.have["e"], ask.knows) == ("c", 4, 3, ("spec",))
    assert ask.commands == ({"id": 1, "do": "set", "knob": "lr", "value": 0.01},)


@pytest.mark.parametrize("wrong", [
    None, [], "ask", {}, {"n": "many"}, {"n": float("inf")}, {"have": 7}, {"knows": None}, {"commands": 3},
    {"commands": [{}]}, {"commands": [7]}, {"file": []},
])
def test_what_is_no_question_is_an_empty_one(wrong):
    assert Ask.from_browser(SENT | wrong if isinstance(wrong, dict) and wrong else wrong) == Ask()


def test_each_command_is_executed_once_and_those_of_another_page_from_the_first():
    seat = Seat(Training(LabSettings()))
    learn._execute(seat, Ask.from_browser(SENT))
    assert (seat.training.settings.lr, seat.done) == (0.01, 1)
    later = SENT["commands"] + [{"id": 2, "do": "set", "knob": "lr", "value": 0.02}]
    learn._execute(seat, Ask.from_browser(SENT | {"commands": later}))
    learn._execute(seat, Ask.from_browser(SENT))
    assert (seat.training.settings.lr, seat.done, len(seat.training.record.changes)) == (0.02, 2, 2)
    learn._execute(seat, Ask.from_browser(SENT | {"client": "another"}))
    assert (seat.training.settings.lr, seat.done) == (0.01, 1)


def test_reset_takes_a_changed_structure_and_a_preset_brings_its_settings():
    training = Training(LabSettings(lr=0.01))
    assert learn._reset(training, {"hidden": [128, 64], "seed": 3}) == ""
    assert training.settings == LabSettings(lr=0.01, hidden=(128, 64), seed=3)
    assert learn._reset(training, {"preset": "plain-ann", "seed": 4}) == ""
    assert training.settings == LabSettings.of_preset("plain-ann").replace(seed=4)


@pytest.mark.parametrize("wrong", [
    {"hidden": [9999]}, {"hidden": 7}, {"preset": "no such"}, {"optimizer": 3}, {"no": 1}, 7,
])
def test_a_reset_that_is_refused_changes_nothing_and_says_so(wrong):
    training = Training(LabSettings())
    key = training.record.key
    assert learn._reset(training, wrong).startswith("Nothing was changed: ")
    assert training.settings == LabSettings() and training.record.key == key


def test_a_knob_out_of_range_is_a_sentence():
    seat = Seat(Training(LabSettings()))
    learn._execute(seat, Ask.from_browser(SENT | {"commands": [{"id": 1, "do": "set", "knob": "lr", "value": 1e9}]}))
    sent = learn._for_browser(seat, Ask.from_browser(SENT), None)
    assert "lr must be in" in sent["sentence"] and sent["values"]["lr"] == LabSettings().lr


def test_what_the_browser_gets_is_json_and_constant_data_comes_once():
    seat, digit = Seat(Training(LabSettings())), np.zeros((28, 28), np.uint8)
    seat.training.record.constants = {"pictures": np.zeros((10, 28, 28), np.uint8)}
    first = learn._for_browser(seat, Ask(), digit)
    json.dumps(first, allow_nan=False)
    assert [knob["name"] for knob in first["spec"]["knobs"]] == list(KNOBS) == list(first["words"])
    assert first["pictures"]["pictures"]["s"] == [10, 28, 28] and first["digit"]["s"] == [28, 28]
    again = learn._for_browser(seat, Ask(knows=("spec", "pictures")), digit)
    assert not {"spec", "pictures"} & again.keys() and again["delta"]["losses"] == ""


def test_the_browser_asks_less_often_while_somebody_draws(monkeypatch):
    load, seat = Budget(), Seat(Training(LabSettings()))
    monkeypatch.setattr(learn.budget, "shared", lambda: load)
    assert learn._for_browser(seat, Ask(), None)["pause"] == learn.ALONE
    load.spend(load.now(), drawing=True)
    assert learn._for_browser(seat, Ask(), None)["pause"] == learn.BESIDE


def test_numbers_that_json_does_not_know_become_none():
    assert learn._finite({"a": [float("nan"), 1.5], "b": {"c": float("inf")}, "d": "x", "e": 3}) == {
        "a": [None, 1.5], "b": {"c": None}, "d": "x", "e": 3}
