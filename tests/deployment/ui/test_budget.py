"""The load budget of a server process."""

import pytest

from deployment.ui import budget
from deployment.ui.budget import Budget


@pytest.fixture
def now():
    return [0.0]


def answered(load, now, seconds, drawing=True):
    started, now[0] = load.now(), now[0] + seconds
    load.spend(started, drawing)


def test_the_budget_is_spent_by_answers_and_comes_back_with_time(now):
    load = Budget(clock=lambda: now[0])
    assert not load.exceeded()
    for _ in range(7):
        answered(load, now, 0.1)
    assert load.exceeded()
    now[0] += budget.WINDOW / 2
    assert not load.exceeded()
    now[0] += budget.WINDOW
    assert not load.exceeded() and not load._spent


def test_somebody_draws_for_some_seconds_after_an_answer_to_a_drawing(now):
    load = Budget(clock=lambda: now[0])
    answered(load, now, 0.9, drawing=False)
    assert not load.drawn() and load.exceeded(), "another answer costs time, and is no drawing"
    answered(load, now, 0.01)
    assert load.drawn()
    now[0] += budget.RECENT
    assert not load.drawn()


def test_all_sessions_of_a_process_share_one_budget():
    assert budget.shared() is budget.shared()
