"""Turns of the sessions at the processor, the most urgent first.

If all sessions read and explain at once, each is interrupted by all others, and none has its answer before nearly all
are finished. In turns, the answer to a finished stroke waits for few others. An explanation waits for all answers, and
is given up when its session sends something new, which would wait for it.
"""

import heapq
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

from core.nn.parallel import THREADS

ANSWER, LIVE_ANSWER, EXPLANATION = range(3)  # the most urgent first
TOGETHER = THREADS  # sessions that work at the same time: as many as cores
CHECK = 0.05  # seconds after which one that waits looks for something new from its browser


class SupersededError(Exception):
    """The browser has sent something new, and what is explained is no longer shown."""


def superseded() -> bool:
    """Whether the browser has sent something that waits for the present run of the script. Streamlit itself lets a run
    end before it begins one that concerns a fragment alone."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and getattr(context.script_requests, "_state", None) is ScriptRequestType.RERUN


class Turns:
    """Lets few threads work at a time: of those that wait, the most urgent, then the one that waits longest."""

    def __init__(self, together: int = TOGETHER) -> None:
        self._lock, self._count, self._free = threading.Lock(), itertools.count(), together
        self._waiting: list[tuple[int, int, threading.Event]] = []

    @contextmanager
    def turn(self, urgency: int) -> Iterator[None]:
        """Wait for a turn, and work within the context; not to be nested. urgency: ANSWER, LIVE_ANSWER or EXPLANATION,
        which raises SupersededError as soon as that is so."""
        called = threading.Event()
        ticket = (urgency, next(self._count), called)
        with self._lock:
            if self._free:
                self._free -= 1
                called.set()
            else:
                heapq.heappush(self._waiting, ticket)
        try:
            while True:
                if urgency == EXPLANATION and superseded():
                    raise SupersededError
                if called.wait(CHECK):
                    break
            yield
        finally:
            self._leave(ticket)

    def _leave(self, ticket: tuple[int, int, threading.Event]) -> None:
        """End a turn, which the next one gets, or the wait for it."""
        with self._lock:
            if not ticket[-1].is_set():
                self._waiting.remove(ticket)
                heapq.heapify(self._waiting)
            elif self._waiting:
                heapq.heappop(self._waiting)[-1].set()
            else:
                self._free += 1


@st.cache_resource
def shared() -> Turns:
    """The Turns of this process."""
    return Turns()
