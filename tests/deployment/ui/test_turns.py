"""Turns: one thread at a time, the most urgent first."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from deployment.ui import turns
from deployment.ui.turns import Turns

PATIENCE = 20  # seconds


def test_one_works_at_a_time_and_the_most_urgent_is_next():
    order, inside, now = [], threading.Lock(), [0.0]
    one = Turns(clock=lambda: now[0])

    def work(name, within):
        with one.turn(within):
            assert inside.acquire(blocking=False), "another one works"
            order.append(name)
            inside.release()

    with ThreadPoolExecutor(8) as threads:
        with one.turn(0):
            calls = []
            for waiting, (at, name, within) in enumerate([
                    (0, "explanation", 0.5), (0, "second", 0.1), (0.05, "first", 0), (0.05, "third", 0.1),
                    (0.6, "last", 0)], 1):
                now[0] = at
                calls.append(threads.submit(work, name, within))
                deadline = time.monotonic() + PATIENCE
                while len(one._waiting) < waiting:
                    assert time.monotonic() < deadline
                    time.sleep(0.001)
            assert not order
        for call in calls:
            call.result(PATIENCE)
    assert order == ["first", "second", "third", "explanation", "last"]


def test_work_that_fails_ends_its_turn():
    one = Turns()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), one.turn(0):
            raise ZeroDivisionError
    with one.turn(0):
        pass


def test_all_sessions_of_a_process_take_turns():
    assert turns.shared() is turns.shared()
