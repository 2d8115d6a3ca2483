"""Processes that end are started anew: at once, or, where they never last, ever later."""

import sys

import pytest

from deployment.server import processes


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(processes.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def app(monkeypatch, clock):
    """A Process that ends as soon as it is started."""
    started, popen = [], processes.subprocess.Popen

    def start(command, **options):
        started.append(clock[0])
        ended = popen([sys.executable, "-c", ""])
        ended.wait()
        return ended

    monkeypatch.setattr(processes.subprocess, "Popen", start)
    app = processes.Process(processes.app(["localhost"]))
    app.started = started
    return app


def keep(app, clock, seconds):
    for _ in range(round(seconds / 0.25)):
        clock[0] += 0.25
        app.keep()


def test_a_process_that_never_lasts_is_started_ever_later(app, clock):
    keep(app, clock, 120)
    pauses = [after - before for before, after in zip(app.started, app.started[1:], strict=False)]
    assert pauses[:5] == [pytest.approx(seconds, abs=0.3) for seconds in (1.25, 2.25, 4.25, 8.25, 16.25)]
    assert max(pauses) <= processes.PAUSE + 0.3


def test_a_process_that_lasted_is_started_at_once(app, clock):
    keep(app, clock, 4)
    clock[0] += 100
    before = len(app.started)
    app.keep()
    clock[0] += 100
    app.keep()
    assert app.started[before:] == [pytest.approx(clock[0] - 100), pytest.approx(clock[0])]


def test_a_system_that_starts_no_process_is_asked_again(app, clock, monkeypatch, capsys):
    def refuse(*_, **__):
        raise OSError("no more processes")

    monkeypatch.setattr(processes.subprocess, "Popen", refuse)
    keep(app, clock, 10)
    assert 2 <= capsys.readouterr().err.count("cannot be started: no more processes") <= 4, "with growing pauses"
    app.stop()


class Process:
    """Stands in for a process: answers so many looks after it was started, never if None."""

    def __init__(self, looks=0):
        self.looks, self.starts, self._left = looks, 0, 0

    def start(self):
        self.starts, self._left = self.starts + 1, self.looks

    def stop(self):
        self._left = None

    def keep(self):
        pass

    @property
    def answers(self):
        if self._left:
            self._left -= 1
            return False
        return self._left == 0


class Front:
    def __init__(self):
        self.held = []

    def hold_back(self, index):
        self.held.append(index)


def test_all_are_restarted_in_turn_and_the_caller_is_asked_meanwhile(clock, capsys):
    apps, front = [Process(3), Process(2)], Front()
    assert len(list(processes.restart(apps, front))) == 5, "at each look one can watch the others"
    assert [app.starts for app in apps] == [1, 1] and front.held == [0, 1, None]
    assert capsys.readouterr().out.count("was restarted") == 2


def test_where_one_does_not_come_back_the_others_are_left_as_they_are(clock, capsys):
    apps, front = [Process(1), Process(None), Process(1)], Front()
    for _ in processes.restart(apps, front):
        clock[0] += 1
    assert clock[0] == pytest.approx(processes.PATIENCE, abs=2)
    assert [app.starts for app in apps] == [1, 1, 0] and front.held == [0, 1, None]
    assert "Process 2 of 3 does not come back" in capsys.readouterr().out


def test_one_that_answers_is_enough_to_serve_and_none_is_not(clock, monkeypatch, capsys):
    monkeypatch.setattr(processes.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    good, bad = Process(), Process(None)
    bad.start()
    processes.come_up([good, bad])
    assert "1 of 2 processes do not answer" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="No process answers"):
        processes.come_up([bad])


@pytest.mark.parametrize("allowed", [[], ["train"]])
def test_visitors_train_where_it_was_allowed_alone(monkeypatch, allowed):
    environments = []
    monkeypatch.setattr(processes.subprocess, "Popen", lambda command, env, **_: environments.append(env))
    processes.Process(processes.app(["localhost"], *allowed))
    assert [environment["QUALM_LAB"] for environment in environments] == [*allowed, "off"][:1]
