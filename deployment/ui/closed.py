"""Close the session of a closed browser tab, with its uploads.

Streamlit itself closes it only when another session closes later.
"""

import asyncio
import gc
import threading
from typing import cast

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import SafeSessionState

from deployment.reader.malloc import trim

GONE = 90  # seconds in which a lost connection may return; less than Streamlit's server.disconnectedSessionTTL, 120


def _leave(session: tuple) -> None:
    """Start the timer: a tab was closed or lost its connection."""
    timer = threading.Timer(GONE, drop, session)
    timer.daemon = True
    timer.start()


@st.cache_resource(scope="session", on_release=_leave, show_spinner=False)
def _session() -> tuple:
    """Identifier and state of the session of this run."""
    run = get_script_run_ctx()
    assert run, "called by a script run"
    return run.session_id, run.session_state


def watch() -> None:
    """Close the session of this run GONE seconds after its tab was closed."""
    _session()


def drop(session: str, state: SafeSessionState) -> None:
    """Close a session and delete its uploads and state, unless it is connected again. Runs on a separate thread."""
    if not Runtime.exists():
        return
    runtime = Runtime.instance()

    async def close():
        gone = not runtime.is_active_session(session)
        if gone:
            runtime.close_session(session)
            for key in state.filtered_state:  # Streamlit refers to the last session until there is another one
                del state[key]
        return gone

    loop = cast(asyncio.Future, runtime.stopped).get_loop()  # typed as Awaitable, but a Future
    if asyncio.run_coroutine_threadsafe(close(), loop).result():
        gc.collect()  # sessions have reference cycles, and app.py disables collection after each run
        trim()
