"""The tab "Draw or upload": one picture goes in, and its reading appears beside it. Layout only.

Three fragments, so that no more is sent than changes: the drawing and its reading, which follow the pen; the gate and
the reasons, which wait until it rests; and the whole tab around them.
"""

import hashlib
from dataclasses import asdict

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from deployment.pages.draw import inputs, number_panel
from deployment.pages.draw.live import BRUSH, PAUSE, SHAPES, WIDTH, Budget, Ink, Lost, Pen
from deployment.pages.upload import page as upload
from deployment.pages.why import page as why
from deployment.reader.number.hint import noticed
from deployment.reader.picture.load import InputError, load_scaled
from deployment.reader.prediction import NumberReading, Prediction
from deployment.ui import digit, number, source
from deployment.ui.assets import asset
from deployment.ui.html import boxed, notice

KEPT = {kind: f"The connection was lost and is back. {what}" for kind, what in (
    ("drawing", "Your drawing was kept."),
    ("example", "Nothing was lost."),
    ("upload", "The pictures you uploaded are no longer here: please choose them once more."),
    ("photograph", "The photograph is no longer here: please take it once more."))}
EMPTY = {mode: f"The canvas is empty: draw {what} with mouse or finger, or try one of the examples." for mode, what in (
    ("digit", "one digit"), ("number", "a number"))}
_rest = st.components.v2.component("pen_rests", js=asset("rest.js"))
_live = st.components.v2.component("live_drawing", **{
    kind: "".join(asset(f"{part}.{kind}") for part in parts)
    for kind, parts in {"html": ["live"], "css": ["live"], "js": ["ink", "pad", "live"]}.items()})


@st.cache_resource
def _budget() -> Budget:
    return Budget()


@st.fragment
def render(deployer) -> None:
    """Show the tab for one loaded model."""
    state = st.session_state
    source.begin()  # inside the fragment that needs it: whatever fails elsewhere, it is done
    if kept := state.pop("kept", None):
        st.toast(kept, duration="long")
    inputs.mode()
    # a grid (deployment/ui/theme.py), in another order on a phone and where the drawing area is wide
    with st.container(key="wide" if state.wide else "square"), st.container(key="surface"):
        reading, choices = st.container(), st.container(horizontal=True, gap="medium", key="choices")
    sheet, reasons = st.container(), st.container(key="reasons")
    why.preserve_settings()
    source.whole()
    with sheet:
        found = inputs.uploaded()
        state.uploaded = found and upload.render(deployer, *found)
    with reading:
        _reading(deployer)
    with choices:
        inputs.examples()
        inputs.uploader()
    with reasons:
        _reasons(deployer)


@st.fragment
def _reading(deployer) -> None:
    """The drawing area, or the uploaded picture in its place, and what it is read as. The reading comes before the
    layout: while the page is being sent, the sending thread and NumPy wait for each other, which costs more than the
    reading."""
    state, budget = st.session_state, _budget()
    source.part()
    started, said = budget.now(), state.get("live", {})
    sent, pen = Ink.from_browser(said.get("ink")), Pen.from_browser(said.get("pen"), source.surface())
    ink = sent if sent and sent.surface == source.surface() else None  # of the other surface it is not asked now
    following = state.source == "drawing" and ink is not None and not ink.done
    late = following and "read" in state and budget.exceeded()
    if not late:
        state.read, state.read_ink = _read(deployer, ink), ink
    name, result, offered = state.read
    is_number = isinstance(result, NumberReading)
    # for the other tabs
    state.last_prediction = result if isinstance(result, Prediction) else None

    drawing, answer, seen, details = (st.container(key=key) for key in ("drawing", "answer", "seen", "details"))
    picture = drawing.container(key="picture") if upload.is_shown(state.uploaded) else None
    with drawing:
        if picture is None:  # what is drawn on; its strokes are kept and read by the component below it
            width, height = pen.size
            st_canvas(stroke_width=pen.width, stroke_color=pen.color, width=width, height=height,
                      update_streamlit=False, key=f"canvas_{pen.surface}")
        browser = _live(key="live", data=_told(sent, ink, pen, picture is not None, PAUSE if late else 0),
                        on_ink_change=lambda: source.use("drawing"), on_lost_change=lambda: None,
                        on_pen_change=lambda: None)
    if "met" not in state:
        state.met = True
        _resume(Lost.from_browser(browser.lost))
    if name is None:
        with answer:
            upload.progress(deployer)
    elif result is None or isinstance(result, InputError):
        answer.html(notice(EMPTY[state.mode] if result is None else str(result)))
    elif is_number:
        answer.html(number.answer(result, name, _strokes(ink), following))
        with details:
            state.last_prediction = number_panel.render(result, picture)
    else:
        answer.html(digit.answer(result, name, _strokes(ink), following))
        seen.html(digit.seen(result.image, name))
        if result.left_over and picture is None:
            seen.html(boxed(*_searched(), result, name))
        if offered:
            with drawing:  # below the drawing area, which must not move while somebody draws
                inputs.offer(offered, bool(result.left_over))
        details.html(digit.meaning(result) + digit.bars(result))
    if picture is not None:
        upload.show(state.uploaded, picture)
        answer.html(upload.file(name))
    budget.spend(started)


def _resume(lost) -> None:
    """Go on where a process ended that somebody was with; the browser keeps the drawing, and now tells of it."""
    if lost is None:
        return
    state = st.session_state
    state.cleared = lost.cleared
    if lost.source == "drawing":
        state.source = "drawing"
    state.kept = KEPT[lost.source]
    st.rerun()


def _told(sent, ink, pen, aside: bool, pause: int) -> dict:
    """What the browser needs to know of the drawing and its answer. sent: what it sent last; ink: that, where it is of
    the present surface; aside: whether a picture stands in the place of the drawing area."""
    state, prediction, result = st.session_state, st.session_state.last_prediction, st.session_state.read[1]
    surface, is_number = source.surface(), isinstance(result, NumberReading)
    read = state.read_ink if state.source == "drawing" else None
    return {
        "label": "Drawing area for a number" if state.wide else "Drawing area for one digit",
        "canvas": f"canvas_{surface}",
        "surface": surface,
        "shapes": SHAPES[surface],
        "width": WIDTH[surface],
        "brushes": BRUSH[surface],
        "pen": asdict(pen),
        "strokes": _strokes(ink),
        "example": inputs.example_uri(state.example) if state.source == "example" else None,
        "aside": aside,
        "answered": sent.number if sent else 0,
        "read": hashlib.sha256(read.image.tobytes()).hexdigest() if read else "",
        "token": _token(prediction),
        "spoken": number.spoken(result) if is_number else digit.spoken(prediction) if prediction else "",
        "source": state.source,
        "cleared": state.cleared,
        "pause": pause,
    }


def _strokes(ink) -> int:
    return ink.strokes if ink and st.session_state.source == "drawing" else 0


def _token(prediction) -> str:
    """What tells one reading's picture from another's."""
    return hashlib.sha256(prediction.image.tobytes()).hexdigest()[:16] if prediction else "none"


@st.fragment
def _reasons(deployer) -> None:
    """The gate and the reasons for the last reading; for a drawing, once the pen has rested."""
    state = st.session_state
    source.part()
    prediction, token = state.last_prediction, _token(state.last_prediction)
    rested = _rest(key="rest", data={"token": token}, on_rested_change=lambda: None).rested
    if prediction is not None:
        _gate(deployer, prediction)
        why.render(deployer, prediction, wait=state.source == "drawing" and rested != token)


def _read(deployer, ink) -> tuple:
    """The name of what is being read; its Prediction, NumberReading or InputError, or None for an empty canvas; both
    None while an upload is being read. Third, the NumberReading of what was read as one digit and looks like more."""
    state, kind = st.session_state, None
    if state.source in ("upload", "photograph") and state.uploaded is not None:
        return upload.read(deployer, state.uploaded)
    if state.source == "example":
        name, picture = source.words_of(state.example), inputs.example_file(state.example)
    elif ink is None or ink.empty:
        return "", None, None
    else:
        name, picture, kind = source.DRAWING, ink.image, "canvas"
    if state.mode == "number":
        ways = ink.ways if kind and ink else ()
        return name, deployer.read_numbers([picture], [name], skip_errors=True, kind=kind, strokes=ways)[0], None
    result = deployer.predict_batch([picture], names=[name], skip_errors=True, kind=kind)[0]
    drawn = kind is None or ink is None or ink.done  # in mid-stroke there is no time for it
    more = isinstance(result, Prediction) and drawn
    return name, result, noticed(deployer, picture, result, kind) if more else None


def _searched() -> tuple:
    """The drawing or example that was read, as it was searched for ink: (H, W) in [0, 1], and how many of its pixels
    one of these is."""
    state = st.session_state
    return load_scaled(state.read_ink.image if state.source == "drawing" else inputs.example_file(state.example))


def _gate(deployer, prediction) -> None:
    st.subheader("The gate, live", anchor=False)
    answers = deployer.gate_comparison(prediction.image)
    if answers is None:
        st.html(notice("This model has no gate; switch to one that has, to see it at work."))
        return
    st.caption(
        "Before the network answers, every unit of its last hidden layer passes a gate between 0 (shut) and 1 (open). "
        "One cell is one unit; all three pictures are ordered by the average."
    )
    st.html(digit.gate(prediction.gate, deployer.gate_mean) + digit.comparison(answers))
