"""At most two trainings on a server, and the queue for them."""

import os
import time

import pytest

from core.files import BusyError
from deployment.lab import slots as module
from deployment.lab.slots import STALE, Slots


@pytest.fixture
def slots(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RETRY", 0.0)
    return Slots(tmp_path / "lab")


def test_two_are_held_and_a_third_is_refused(slots):
    assert slots.free() == 2
    with slots.hold(), slots.hold():
        assert slots.free() == 0
        with pytest.raises(BusyError), slots.hold():
            pass
    assert slots.free() == 2


def test_tickets_are_served_in_their_order(slots):
    first, second, third = (slots.take_ticket() for _ in range(3))
    assert [slots.place(ticket) for ticket in (third, first, second)] == [2, 0, 1]
    first.unlink()
    assert slots.place(third) == 1


def test_a_ticket_that_nobody_touches_is_skipped(slots):
    first, second = slots.take_ticket(), slots.take_ticket()
    old = time.time() - STALE - 1
    os.utime(first, (old, old))
    assert slots.place(second) == 0 and not first.exists()
    assert slots.place(first) == 0 and slots.place(second) == 1  # its session came back


def test_the_place_is_said_in_words(slots):
    assert slots.sentence(0) == "Two trainings run on this server; yours is next."
    assert slots.sentence(2) == "Two trainings run on this server; yours is third in the queue."
    assert slots.sentence(30) == "Two trainings run on this server; yours is number 31 in the queue."


def test_a_folder_of_another_user_is_refused(slots, monkeypatch):
    slots.free()
    monkeypatch.setattr(module.os, "getuid", lambda: -5)
    with pytest.raises(PermissionError):
        slots.take_ticket()
