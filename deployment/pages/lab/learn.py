"""The room "Watch it learn": a small network trains in a process beside the page, its knobs act at once, and the
browser draws what it reports (assets/lab_*.js).

The browser asks: its state value "ask" says what it has, and holds the commands that are not confirmed yet, since
Streamlit drops one of two values that are set at the same time. Each command has a number and is executed once.
"""

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2 import component
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from deployment.lab.hints import Hint, hints
from deployment.lab.record import encoded
from deployment.lab.session import Training, allowed
from deployment.lab.settings import KNOBS, LAB, LabSettings, from_query, to_query
from deployment.ui import budget
from deployment.ui.assets import asset
from deployment.ui.html import notice

ALONE, BESIDE = 200, 500  # milliseconds between two updates: alone, and while somebody draws or the server is busy
AWAY = 10  # seconds in which a lost connection may return before the process ends and makes room for others
MOST_COMMANDS = 100
SCRIPTS = ("lab_store.js", "lab_charts.js", "lab_knobs.js", "lab_views.js", "lab_time.js", "lab_learn.js")
OFF = "Training is switched off on this server. Run the app on a computer of yours to watch a network learn."
_room = component("lab_learn", html=asset("lab_learn.html"), css=asset("lab_learn.css"),
                  js="".join(map(asset, SCRIPTS)))


@dataclass(frozen=True)
class Ask:
    """A question of the browser. client: another one for each opening of the room; number: of the question; have: what
    it has (Training.delta); knows: names of the constant data it has; file: number of the last download it received;
    commands: those not confirmed yet."""

    client: str = ""
    number: int = 0
    have: dict[str, Any] = field(default_factory=dict)
    knows: tuple[str, ...] = ()
    file: int = 0
    commands: tuple[dict[str, Any], ...] = ()

    @classmethod
    def from_browser(cls, sent: Any) -> "Ask":
        """The question sent by the component; an empty one for anything else."""
        try:
            commands = tuple(one for one in sent["commands"]
                             if isinstance(one["id"], int) and isinstance(one["do"], str))
            return cls(str(sent["client"])[:40], int(sent["n"]), dict(sent["have"]), tuple(map(str, sent["knows"])),
                       int(sent["file"]), commands[-MOST_COMMANDS:])
        except (TypeError, KeyError, ValueError, OverflowError):
            return cls()


@dataclass
class Seat:
    """What a session remembers of this room. done: number of the last command of this client; note: a sentence on it;
    file: a download that the browser has not confirmed; asked: the settings of the tour's stop."""

    training: Training
    client: str = ""
    done: int = 0
    note: str = ""
    file: dict[str, Any] | None = None
    asked: Mapping[str, Any] | None = None


def training_of_session() -> Training | None:
    """The training of this session, None before the room was opened."""
    seat = st.session_state.get("lab_seat")
    return seat and seat.training


@st.fragment
def render(digit: NDArray[np.floating] | None, settings: Mapping[str, Any] | None = None) -> None:
    """Show the room. digit: the digit (28, 28) to follow, in [0, 1]; settings: of the tour's stop, by name."""
    if allowed() == "off":
        st.html(notice(OFF))
        return
    load = budget.shared()
    started = load.now()
    seat = _seat(settings)
    _present()
    training, ask = seat.training, Ask.from_browser(st.session_state.get("lab_learn", {}).get("ask"))
    pixels = None if digit is None else np.round(255 * np.clip(digit, 0, 1)).astype(np.uint8)
    training.show(pixels)
    _execute(seat, ask)
    training.seen(busy=load.drawn())
    _room(key="lab_learn", data=_for_browser(seat, ask, pixels), on_ask_change=lambda: None)
    load.spend(started, drawing=False)


def _leave(session: tuple[str, Training]) -> None:
    """Start the timer: the tab was closed or lost its connection."""
    timer = threading.Timer(AWAY, _end, session)
    timer.daemon = True
    timer.start()


def _end(session: str, training: Training) -> None:
    """End the process of a training, unless its session is connected again. The history stays."""
    if not (Runtime.exists() and Runtime.instance().is_active_session(session)):
        training.end()


@st.cache_resource(scope="session", on_release=_leave, show_spinner=False)
def _present() -> tuple[str, Training]:
    """Identifier and training of the session of this run, until its tab is closed."""
    run = get_script_run_ctx()
    assert run, "called by a script run"
    return run.session_id, st.session_state.lab_seat.training


def _seat(asked: Mapping[str, Any] | None) -> Seat:
    """The Seat of this session; begun anew with the settings of another stop of the tour."""
    state = st.session_state
    if "lab_seat" not in state:
        settings, refused = from_query(st.query_params)
        if asked and settings == LabSettings():
            settings = settings.replace(**asked)
        state.lab_seat = Seat(Training(settings), note=" ".join(refused), asked=asked)
    seat = state.lab_seat
    if asked != seat.asked:
        seat.asked = asked
        if asked:
            seat.training.reset(LabSettings().replace(**asked))
    return seat


def _execute(seat: Seat, ask: Ask) -> None:
    """Execute the commands that are new."""
    if ask.client != seat.client:
        seat.client, seat.done = ask.client, 0
    if seat.file and ask.file >= seat.file["id"]:
        seat.file = None
    for command in ask.commands:
        if command["id"] > seat.done:
            seat.done, seat.note = command["id"], _command(seat, command)


def _command(seat: Seat, command: Mapping[str, Any]) -> str:
    """Execute one command; returns a sentence for the page, or nothing."""
    training, do = seat.training, command["do"]
    simple = {"start": training.start, "pause": training.pause, "batch": training.one_batch,
              "epoch": training.one_epoch}
    if do in simple:
        simple[do]()
    elif do == "set":
        training.set(str(command.get("knob")), command.get("value"))
    elif do == "reset":
        return _reset(training, command.get("changes"))
    elif do == "apply":
        _apply(training, command.get("kind"))
    elif do == "keep":
        training.keep()
    elif do == "download" and (weights := training.download()) is not None:
        seat.file = {"id": command["id"], "name": "lab.npz", "d": base64.b64encode(weights).decode()}
    return ""


def _reset(training: Training, changes: Any) -> str:
    """Begin anew, with these changes of the structure; a new preset brings its settings along."""
    try:
        changes = {name: tuple(value) if isinstance(value, list) else value
                   for name, value in dict(changes or {}).items()}
        preset = changes.pop("preset", training.settings.preset)
        base = training.settings if preset == training.settings.preset else LabSettings.of_preset(preset)
        training.reset(base.replace(**changes))
    except (TypeError, ValueError) as error:
        return f"Nothing was changed: {error}."
    return ""


def _apply(training: Training, kind: Any) -> None:
    """Apply the remedy of a hint; a training that ran, or diverged, goes on."""
    hint = next((hint for hint in hints(training.record) if hint.kind == kind), None)
    if hint is None:
        return
    goes_on = training.state == "running" or kind == "diverging"
    if hint.needs_reset:
        training.reset(training.settings.replace(**hint.remedy))
    else:
        for name, value in hint.remedy.items():
            training.set(name, value)
    if goes_on:
        training.start()


def _for_browser(seat: Seat, ask: Ask, pixels: NDArray[np.uint8] | None) -> dict[str, Any]:
    """Data for assets/lab_learn.js: the answer to a question."""
    training, load = seat.training, budget.shared()
    settings, constants = training.settings, training.record.constants
    values, delta = settings.to_dict(), training.delta(ask.have)
    del delta["constants"]  # sent once, below
    data = {
        "client": ask.client, "n": ask.number, "done": seat.done,
        "pause": BESIDE if load.drawn() or load.exceeded() else ALONE,
        "state": delta.pop("state"), "sentence": delta.pop("sentence"), "note": seat.note, "allowed": allowed(),
        "values": {name: values[name] for name in KNOBS},
        "words": {name: knob.words(values[name]) for name, knob in KNOBS.items()},
        "structure": {name: value for name, value in values.items() if name not in KNOBS},
        "query": to_query(settings), "digit": encoded(pixels), "file": seat.file,
        "hints": [_hint(hint) for hint in hints(training.record)],
        "delta": _finite(delta),
    }
    if "spec" not in ask.knows:
        data["spec"] = _spec()
    if "pictures" not in ask.knows and constants:
        data["pictures"] = encoded(constants)
    return data


def _hint(hint: Hint) -> dict[str, Any]:
    return {"kind": hint.kind, "title": hint.title, "why": hint.why, "evidence": hint.evidence, "label": hint.label}


def _spec() -> dict[str, Any]:
    """What does not change: the knobs and the choices of the structure."""
    names = ("name", "label", "scale", "low", "high", "step", "choices", "sentence", "formula")
    return {"knobs": [{name: getattr(knob, name) for name in names} for knob in KNOBS.values()],
            "lab": LAB, **{f"{name}s": LabSettings.CHOICES[name] for name in ("preset", "activation", "optimizer")}}


def _finite(value: Any) -> Any:
    """The value with None for numbers that JSON does not know."""
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value
