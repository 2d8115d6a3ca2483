"""The session of a tab that was closed is dropped, with its uploads.

Streamlit drops it only when another one is closed after it, which may be never.
"""

import asyncio
import gc
import threading

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from deployment.reader.malloc import trim

GONE = 90  # seconds for a lost connection to come back; less than Streamlit's server.disconnectedSessionTTL, 120


def _leave(session: tuple) -> None:
    """A tab was closed, or has lost its connection."""
    timer = threading.Timer(GONE, drop, session)
    timer.daemon = True
    timer.start()


@st.cache_resource(scope="session", on_release=_leave, show_spinner=False)
def _session() -> tuple:
    """The name of the session of this run, and what it remembers."""
    run = get_script_run_ctx()
    return run.session_id, run.session_state


def watch() -> None:
    """See to it that the session of this run is dropped when its tab has been closed for a while."""
    _session()


def drop(session: str, state) -> None:
    """Drop a session with its uploads and its state, unless it has come back; called on a thread of its own."""
    if not Runtime.exists():
        return
    runtime = Runtime.instance()

    async def close():
        gone = not runtime.is_active_session(session)
        if gone:
            runtime.close_session(session)
            for key in state.filtered_state:  # Streamlit holds on to the last session until there is another one
                del state[key]
        return gone

    if asyncio.run_coroutine_threadsafe(close(), runtime.stopped.get_loop()).result():
        gc.collect()  # a session refers to itself in circles, and app.py has Streamlit collect none after each run
        trim()
