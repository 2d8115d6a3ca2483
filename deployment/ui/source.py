"""What the first tab reads, as the session's state: the source, the kind of drawing area, the example."""

import streamlit as st

EXAMPLES = {  # what is read -> file -> the words for it; the first is read at the first visit
    "digit": {
        "seven": "a clear 7",
        "two": "a looped 2",
        "paper": "a 3 on paper",
        "four_or_nine": "a 4, or is it a 9",
        "letter": "a letter",
        "scribble": "a scribble",
    },
    "number": {
        "year": "a year",
        "touching": "digits that touch",
        "page": "two lines on paper",
        "stain": "a sign among digits",
    },
}
MODE_OF = {name: mode for mode, names in EXAMPLES.items() for name in names}
DRAWING = "your drawing"
MODES = {"digit": "One digit", "number": "A number"}


def begin() -> None:
    """What a session starts with, and what the address asks for, be it by the browser's Back."""
    state, asked = st.session_state, st.query_params.get("example")
    state.setdefault("source", "example")  # what is being read: "example", "drawing", "upload" or "photograph"
    state.setdefault("cleared", 0)  # how often the canvas was told to be empty
    state.setdefault("turned", 0)  # how often what is read was changed by anything but its own control
    if "mode" not in state:
        state.wide = st.query_params.get("read") == "number"  # whether the drawing area is the wide one
        state.mode = "number" if state.wide else "digit"  # what is read
    if "example" not in state:
        state.example = first(state.mode)
        if asked in MODE_OF:
            show_example(asked)
    elif asked != state.asked:
        show_example(asked if asked in MODE_OF else first(state.mode))
    state.asked = asked


def use(source: str) -> None:
    st.session_state.source = source


def use_mode(mode: str) -> None:
    """Read it so; what is on the square surface stays and is read anew."""
    _turn(mode)
    make_surface(wide=False)


def use_example(name: str) -> None:
    st.session_state.asked = st.query_params["example"] = name
    show_example(name)


def show_example(name: str) -> None:
    state = st.session_state
    state.example = name
    _turn(MODE_OF[name])
    _make_wide(state.mode == "number")
    state.cleared += 1
    use("example")


def first(mode: str) -> str:
    """The example of a first visit."""
    return next(iter(EXAMPLES[mode]))


def words_of(name: str) -> str:
    return EXAMPLES[MODE_OF[name]][name]


def surface() -> str:
    """The kind of drawing area in use: "digit" or "number"."""
    return "number" if st.session_state.wide else "digit"


def make_surface(wide: bool) -> None:
    """wide: whether a number gets the wide surface."""
    state, mode = st.session_state, st.session_state.mode
    was = state.wide
    _make_wide(mode == "number" and wide)
    if was != state.wide and state.source == "drawing":
        state.source = "example"  # until the browser sends what stands on the other surface
    if MODE_OF[state.example] != mode and (wide or mode == "digit"):
        state.example = first(mode)


def _make_wide(wide: bool) -> None:
    """The address tells it too: a process that takes over from another one then keeps the drawing."""
    st.session_state.wide = wide
    if wide:
        st.query_params["read"] = "number"
    elif "read" in st.query_params:
        del st.query_params["read"]


def _turn(mode: str) -> None:
    state = st.session_state
    state.turned += state.mode != mode
    state.mode = mode


def whole() -> None:
    """Note what the widgets of the tab say; to be called before its parts are drawn."""
    st.session_state.drawn = _said()


def part() -> None:
    """Ask for the whole page where that has changed. To be called by each part that is drawn alone: where two speak at
    the same moment, Streamlit hears both and draws one."""
    (source, *rest), (now, *said) = st.session_state.drawn, _said()
    if rest != said or (now != source and (source, now) != ("example", "drawing")):  # a first stroke needs its answer
        st.rerun()


def _said() -> tuple:
    state = st.session_state
    choices = (state.get(key) for key in ("source", "mode", "wide", "example", "cleared", "explain", "why_method"))
    return (*choices, *(getattr(file, "file_id", None) for file in (*(state.get("files") or []), state.get("photo"))))
