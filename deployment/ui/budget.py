"""The load budget of a server process: time spent on answers, over all sessions.

Drawings in mid-stroke and the lab send less while it is exceeded.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

import streamlit as st

MOST_BUSY = 0.6  # share of the time, over all sessions
WINDOW = 1.0  # seconds over which the share is measured
RECENT = 3.0  # seconds after an answer to a drawing in which somebody counts as drawing


class Budget:
    """Time spent on answers in the last WINDOW; shared by all sessions and threads."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter):
        self._clock, self._lock = clock, threading.Lock()
        self._spent: deque[tuple[float, float]] = deque()
        self._drawn = float("-inf")

    def spend(self, started: float, drawing: bool) -> None:
        """Record an answer that began at `started` and ends now; drawing: whether it was given to a drawing."""
        now = self._clock()
        with self._lock:
            self._spent.append((now, now - started))
            if drawing:
                self._drawn = now

    def exceeded(self) -> bool:
        """Whether answers took more than MOST_BUSY of the last WINDOW."""
        now = self._clock()
        with self._lock:
            while self._spent and self._spent[0][0] < now - WINDOW:
                self._spent.popleft()
            return sum(seconds for _, seconds in self._spent) > MOST_BUSY * WINDOW

    def drawn(self) -> bool:
        """Whether a drawing was answered in the last RECENT seconds."""
        return self._clock() - self._drawn < RECENT

    def now(self) -> float:
        """The time by the clock in seconds."""
        return self._clock()


@st.cache_resource
def shared() -> Budget:
    """The Budget of this process."""
    return Budget()
