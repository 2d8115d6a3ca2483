"""The session of a closed tab is dropped, with its uploads."""

import asyncio
import threading

import pytest

from deployment.ui import closed


class Runtime:
    """Stands in for Streamlit's, its loop on a thread of its own."""

    def __init__(self, active):
        self.active, self.closed = set(active), []
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.stopped = self.loop.create_future()

    def exists(self):
        return True

    def instance(self):
        return self

    def is_active_session(self, session):
        return session in self.active

    def close_session(self, session):
        assert asyncio.get_running_loop() is self.loop, "Streamlit allows it on its own loop alone"
        self.closed.append(session)


class State(dict):
    @property
    def filtered_state(self):
        return dict(self)


@pytest.fixture
def runtime(monkeypatch):
    runtime = Runtime({"came back"})
    monkeypatch.setattr(closed, "Runtime", runtime)
    yield runtime
    runtime.loop.call_soon_threadsafe(runtime.loop.stop)


def test_one_that_is_gone_is_dropped_and_its_memory_given_back(runtime, monkeypatch):
    trims = []
    monkeypatch.setattr(closed, "trim", lambda: trims.append(True))
    state = State(reading="many pictures")
    closed.drop("came back", state)
    assert runtime.closed == [] == trims and state
    closed.drop("gone", state)
    assert runtime.closed == ["gone"] and trims == [True] and not state


def test_it_is_dropped_before_streamlit_forgets_it():
    """What has expired there can no longer be closed, only wait for the next one to end."""
    from streamlit import config

    assert config.get_option("server.disconnectedSessionTTL") > closed.GONE + 10
