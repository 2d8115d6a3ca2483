"""Turns of the sessions at the interpreter, the most urgent first.

Python runs one thread at a time. If all sessions read and explain at once, each is interrupted by all others, and none
has its answer before nearly all are finished. In turns, the answer to a finished stroke waits for one other at most.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

# seconds after which work should have begun
ANSWER, LIVE_ANSWER, EXPLANATION = 0.0, 0.1, 0.5


class Turns:
    """Lets one thread at a time work: of those that wait, the one whose work should have begun first. Nobody waits
    forever, as whatever waits becomes more urgent than what arrives later."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock, self._count = clock, threading.Lock(), itertools.count()
        self._waiting: list[tuple[float, int, threading.Event]] = []
        self._working = False

    @contextmanager
    def turn(self, within: float) -> Iterator[None]:
        """Wait for a turn, and work within the context; not to be nested. within: seconds until it should begin."""
        called = threading.Event()
        with self._lock:
            if self._working:
                heapq.heappush(self._waiting, (self._clock() + within, next(self._count), called))
            else:
                self._working = True
                called.set()
        called.wait()
        try:
            yield
        finally:
            with self._lock:
                if self._waiting:
                    heapq.heappop(self._waiting)[-1].set()
                else:
                    self._working = False


@st.cache_resource
def shared() -> Turns:
    """The Turns of this process."""
    return Turns()
