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
    """An App whose process ends as soon as it is started."""
    started, popen = [], processes.subprocess.Popen

    def start(command, **options):
        started.append(clock[0])
        ended = popen([sys.executable, "-c", ""])
        ended.wait()
        return ended

    monkeypatch.setattr(processes.subprocess, "Popen", start)
    app = processes.App(["localhost"], "secret")
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
