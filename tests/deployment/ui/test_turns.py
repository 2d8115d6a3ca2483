"""Turns: one thread at a time, the most urgent first."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from deployment.ui import turns
from deployment.ui.turns import SupersededError, Turns

PATIENCE = 20  # seconds


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_one_works_at_a_time_and_the_most_urgent_is_next():
    order, inside, one = [], threading.Lock(), Turns(1)

    def work(name, urgency):
        with one.turn(urgency):
            assert inside.acquire(blocking=False), "another one works"
            order.append(name)
            inside.release()

    with ThreadPoolExecutor(8) as threads:
        with one.turn(turns.ANSWER):
            calls = []
            for name, urgency in (("explanation", turns.EXPLANATION), ("live", turns.LIVE_ANSWER),
                                  ("first", turns.ANSWER), ("second", turns.ANSWER)):
                calls.append(threads.submit(work, name, urgency))
                wait_for(lambda: len(one._waiting) == len(calls))
            assert not order
        for call in calls:
            call.result(PATIENCE)
    assert order == ["first", "second", "live", "explanation"]


def test_as_many_work_together_as_may():
    two, met = Turns(2), threading.Barrier(2, timeout=PATIENCE)

    def work():
        with two.turn(turns.ANSWER):
            met.wait()

    with ThreadPoolExecutor(2) as threads:
        for call in [threads.submit(work) for _ in range(4)]:
            call.result(PATIENCE)
    assert two._free == 2


def test_something_new_ends_the_wait_of_an_explanation(monkeypatch):
    one = Turns(1)
    with one.turn(turns.ANSWER):
        monkeypatch.setattr(turns, "superseded", lambda: True)
        with pytest.raises(SupersededError), one.turn(turns.EXPLANATION):
            raise AssertionError("not its turn")
        assert not one._waiting
    with pytest.raises(SupersededError), one.turn(turns.EXPLANATION):
        raise AssertionError("nobody wants it")
    with one.turn(turns.ANSWER):
        pass
    assert one._free == 1


def test_what_the_browser_sends_supersedes_a_run(monkeypatch):
    """With Streamlit's class for what a session is asked to do next."""
    requests = ScriptRequests()
    monkeypatch.setattr(turns, "get_script_run_ctx", lambda **_: SimpleNamespace(script_requests=requests))
    assert not turns.superseded()
    requests.request_rerun(RerunData(fragment_id="reading"))
    assert turns.superseded()
    requests.on_scriptrunner_ready()
    assert not turns.superseded()
    monkeypatch.setattr(turns, "get_script_run_ctx", lambda **_: None)
    assert not turns.superseded()


def test_work_that_fails_ends_its_turn():
    one = Turns(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), one.turn(turns.ANSWER):
            raise ZeroDivisionError
    with one.turn(turns.ANSWER):
        pass


def test_all_sessions_of_a_process_take_turns():
    assert turns.shared() is turns.shared()
