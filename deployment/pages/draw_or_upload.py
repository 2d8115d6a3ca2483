"""The tab "Draw or upload": one picture goes in, and its reading appears beside it. Layout only.

Three fragments, so that only changed parts are sent: the drawing and its reading, which follow the pen; the gate and
the reasons, which wait until it rests; and the tab around them.
"""

import hashlib
from dataclasses import asdict

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.draw import inputs, number_panel
from deployment.pages.draw.live import BRUSH, PAUSE, SHAPES, WIDTH, Budget, Drawing, Lost, Pen
from deployment.pages.upload import page as upload
from deployment.pages.why import page as why
from deployment.reader.number.hint import noticed
from deployment.reader.picture.load import InputError, load_scaled
from deployment.reader.prediction import NumberReading, Prediction
from deployment.ui import digit, number, source
from deployment.ui.assets import component
from deployment.ui.html import boxed, notice

RESUMED = {kind: f"The connection was lost and is back. {what}" for kind, what in (
    ("drawing", "Your drawing is still here."),
    ("example", "Nothing was lost."),
    ("upload", "The pictures you uploaded are no longer here: please choose them once more."),
    ("photograph", "The photograph is no longer here: please take it once more."))}
EMPTY = {mode: f"The canvas is empty: draw {what} with mouse or finger, or try one of the examples." for mode, what in (
    ("digit", "one digit"), ("number", "a number"))}
_rest = component("pen_rests", js=("rest.js",))
_live = component("live_drawing", html=("live.html",), css=("live.css",), js=("ink.js", "pad.js", "live.js"))


@st.cache_resource
def _budget() -> Budget:
    return Budget()


@st.fragment
def render(deployer: MNISTDeployer) -> None:
    """Show the tab for one loaded model."""
    state = st.session_state
    source.begin()  # inside the fragment that needs it, so that a failure elsewhere cannot skip it
    if message := state.pop("resumed", None):
        st.toast(message, duration="long")
    inputs.mode()
    # a grid (deployment/ui/theme.py), in another order on a phone and where the drawing area is wide
    with st.container(key="wide" if state.wide else "square"), st.container(key="surface"):
        reading, choices = st.container(), st.container(horizontal=True, gap="medium", key="choices")
    sheet, reasons = st.container(), st.container(key="reasons")
    why.keep_choices()
    source.whole()
    with sheet:
        files = inputs.uploaded()
        state.uploaded = files and upload.render(deployer, *files)
    with reading:
        _reading(deployer)
    with choices:
        inputs.examples()
        inputs.uploader()
    with reasons:
        _reasons(deployer)


@st.fragment
def _reading(deployer) -> None:
    """The drawing area, or the uploaded picture in its place, and the reading. The reading comes before the layout:
    while the page is being sent, the sending thread and NumPy slow each other down by more than the reading costs."""
    state, budget = st.session_state, _budget()
    source.part()
    started, sent_values = budget.now(), state.get("live", {})
    sent, pen = Drawing.from_browser(sent_values.get("ink")), Pen.from_browser(sent_values.get("pen"), source.surface())
    ink = sent if sent and sent.surface == source.surface() else None  # not a drawing of the other surface
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
        if picture is None:  # the pen's surface; the component below it records and sends the strokes
            width, height = pen.size
            st_canvas(stroke_width=pen.width, stroke_color=pen.color, width=width, height=height,
                      update_streamlit=False, key=f"canvas_{pen.surface}")
        browser = _live(key="live", data=_live_data(sent, ink, pen, picture is not None, PAUSE if late else 0),
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
            grey, scale = _searched()
            seen.html(boxed(grey, scale, result, name))
        if offered:
            with drawing:  # below the drawing area, which must not move while somebody draws
                inputs.offer(offered, bool(result.left_over))
        details.html(digit.meaning(result) + digit.bars(result))
    if picture is not None:
        upload.show(state.uploaded, picture)
        answer.html(upload.file(name or ""))
    budget.spend(started)


def _resume(lost) -> None:
    """Resume a session whose process ended; the browser has stored the drawing and sends it."""
    if lost is None:
        return
    state = st.session_state
    state.cleared = lost.cleared
    if lost.source == "drawing":
        state.source = "drawing"
    state.resumed = RESUMED[lost.source]
    st.rerun()


def _live_data(sent, ink, pen, aside: bool, pause: int) -> dict:
    """The data for the browser's component. sent: its last drawing; ink: the same if it is of this surface; aside:
    whether a picture takes the place of the drawing area."""
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
    """An identifier of the image that was read."""
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
    """The name of the source; its Prediction, NumberReading or InputError, or None for an empty canvas; both None while
    an upload is being read. Third, the NumberReading of a source that was read as one digit and looks like several."""
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
    """The drawing or example that was read, scaled as for the search of ink: (H, W) in [0, 1], and the scale."""
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
