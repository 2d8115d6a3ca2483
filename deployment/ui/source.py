"""Session state of the first tab: source, kind of drawing area, example."""

import streamlit as st

EXAMPLES = {  # mode -> file -> label; the first one is shown at the first visit
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
MODES = {"digit": "One digit", "number": "A number", "table": "A table"}


def number_options() -> dict[str, bool]:
    """Options of MNISTDeployer.read_number, as chosen on the page."""
    return {"signs": st.session_state.get("signs", True)}


def begin() -> None:
    """Initialise the session, and follow the address, which the browser's Back changes."""
    state, asked = st.session_state, st.query_params.get("example")
    state.setdefault("source", "example")  # "example", "drawing", "upload" or "photograph"
    state.setdefault("cleared", 0)  # how often the canvas was cleared
    state.setdefault("turned", 0)  # how often the mode was changed by anything but its widget
    if "mode" not in state:
        state.wide = st.query_params.get("read") == "number"  # whether the drawing area is the wide one
        state.mode = "number" if state.wide else "digit"
    if "example" not in state:
        state.example = first(state.mode)
        if asked in MODE_OF:
            show_example(asked)
    elif asked != state.asked:
        show_example(asked if asked in MODE_OF else first(state.mode))
    state.asked = asked


def use(source: str) -> None:
    """Read this source."""
    st.session_state.source = source


def use_mode(mode: str) -> None:
    """Switch the mode; the drawing on the square surface stays and is read again."""
    _turn(mode)
    make_surface(wide=False)


def use_example(name: str) -> None:
    """Read an example and put it into the address."""
    st.session_state.asked = st.query_params["example"] = name
    show_example(name)


def show_example(name: str) -> None:
    """Read an example, in its mode."""
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
    """The label of an example."""
    return EXAMPLES[MODE_OF[name]][name]


def surface() -> str:
    """The kind of drawing area: "digit" or "number"."""
    return "number" if st.session_state.wide else "digit"


def make_surface(wide: bool) -> None:
    """Choose the drawing area of the mode; wide: whether a number gets the wide one."""
    state, mode = st.session_state, st.session_state.mode
    before = state.wide
    _make_wide(mode == "number" and wide)
    if before != state.wide and state.source == "drawing":
        state.source = "example"  # until the browser sends the drawing on the other surface
    if MODE_OF[state.example] != mode and (wide or mode == "digit"):
        state.example = first(mode)


def _make_wide(wide: bool) -> None:
    st.session_state.wide = wide
    # also in the address, so that a new process shows the same surface and the drawing is not lost
    if wide:
        st.query_params["read"] = "number"
    elif "read" in st.query_params:
        del st.query_params["read"]


def _turn(mode: str) -> None:
    state = st.session_state
    state.turned += state.mode != mode
    state.mode = mode


def whole() -> None:
    """Store the state of the widgets of the tab; call this before its parts are rendered."""
    st.session_state.drawn = _widget_state()


def part() -> None:
    """Rerun the whole page if that state has changed. Each fragment calls this: when two fragments ask for a rerun at
    the same time, Streamlit takes over both widget states but runs one fragment."""
    (source, *others), (new_source, *new_others) = st.session_state.drawn, _widget_state()
    # a first stroke is answered within its fragment, which is faster
    if others != new_others or (new_source != source and (source, new_source) != ("example", "drawing")):
        st.rerun()


def _widget_state() -> tuple:
    state = st.session_state
    choices = (state.get(key) for key in ("source", "mode", "wide", "example", "cleared", "signs", "explain",
                                          "why_method"))
    return (*choices, *(getattr(file, "file_id", None) for file in (*(state.get("files") or []), state.get("photo"))))
