"""Layout of the tab "Draw or upload", which joins the pages draw, upload and why. Streamlit lists scripts in `pages` in
a sidebar, so this module is not there.

Three fragments limit what is sent: the drawing and its reading, updated while the pen moves; the gate and the reasons,
updated when it rests; and the whole tab around them.
"""

import hashlib
from contextlib import suppress
from dataclasses import asdict

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2 import component
from streamlit_drawable_canvas import st_canvas

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.draw import inputs, number_panel
from deployment.pages.draw.live import BRUSH, PAUSE, SHAPES, WIDTH, Drawing, Lost, Pen
from deployment.pages.table import page as table
from deployment.pages.upload import page as upload
from deployment.pages.why import page as why
from deployment.reader.number.hint import noticed
from deployment.reader.picture.load import load_scaled
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import NumberReading, Prediction
from deployment.ui import budget, digit, number, source, turns
from deployment.ui.assets import asset
from deployment.ui.html import boxed, notice

RECONNECTED = {kind: f"The connection was lost and is back. {what}" for kind, what in (
    ("drawing", "Your drawing is still here."),
    ("example", "Nothing was lost."),
    ("upload", "Please choose your pictures again."),
    ("photograph", "Please take the photograph again."))}
Read = tuple[str | None, Prediction | NumberReading | InputError | None, NumberReading | None]  # see _read
EMPTY = {mode: f"The canvas is empty: draw {what} with mouse or finger, or try one of the examples." for mode, what in (
    ("digit", "one digit"), ("number", "a number"))}
_rest = component("pen_rests", js=asset("rest.js"))
_live = component("live_drawing", html=asset("live.html"), css=asset("live.css"),
                  js=asset("ink.js") + asset("pad.js") + asset("live.js"))


@st.fragment
def render(deployer: MNISTDeployer) -> None:
    """Show the tab for a loaded model."""
    state = st.session_state
    source.begin()  # inside the fragment that needs it, which may run alone
    if sentence := state.pop("reconnected", None):
        st.toast(sentence, duration="long")
    with st.container():  # one place, however many choices: a container that moves can keep what stood in its new place
        inputs.mode()
    if state.mode == "table":
        table.render(deployer)
        return
    # a grid (deployment/ui/theme.py); the order differs on a phone and with the wide drawing area
    with st.container(key="wide" if state.wide else "square"), st.container(key="surface"):
        reading, choices = st.container(), st.container(horizontal=True, gap="medium", key="choices")
    sheet, reasons = st.container(), st.container(key="reasons")
    why.preserve_settings()
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
def _reading(deployer: MNISTDeployer) -> None:
    """The drawing area, or the uploaded picture in its place, and its reading.

    The picture is read before the layout is sent: the sending thread and NumPy would wait for each other, which takes
    longer than the reading.
    """
    state, load = st.session_state, budget.shared()
    source.part()
    started, browser_state = load.now(), state.get("live", {})
    sent = Drawing.from_browser(browser_state.get("ink"))
    pen = Pen.from_browser(browser_state.get("pen"), source.surface())
    ink = sent if sent and sent.surface == source.surface() else None
    following = state.source == "drawing" and ink is not None and not ink.done
    late = following and "read" in state and load.exceeded()
    if not late:
        state.read, state.read_ink = _read_in_turn(deployer, ink, following), ink
    name, result, offered = state.read
    state.last_prediction = result if isinstance(result, Prediction) else None  # for the other tabs

    drawing, answer, seen, details, taken_apart = (
        st.container(key=key) for key in ("drawing", "answer", "seen", "details", "taken_apart"))
    picture = drawing.container(key="picture") if upload.is_shown(state.uploaded) else None
    with drawing:
        if picture is None:  # only the surface; the component below stores and sends the strokes
            width, height = pen.size
            st_canvas(stroke_width=pen.width, stroke_color=pen.color, width=width, height=height,
                      update_streamlit=False, key=f"canvas_{pen.surface}")
        browser = _live(key="live", data=_for_browser(sent, ink, pen, picture is not None, PAUSE if late else 0),
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
    elif isinstance(result, NumberReading):
        answer.html(number.answer(result, name, _strokes(ink), following))
        with details:
            state.last_prediction = number_panel.render(result, picture)
    else:
        answer.html(digit.answer(result, name, _strokes(ink), following))
        seen.html(digit.seen(result.image, name))
        if result.left_over and picture is None:
            seen.html(boxed(*_searched(), result, name))
        if offered:
            with drawing:  # below the drawing area, which must not move
                inputs.offer(offered, bool(result.left_over))
        details.html(digit.meaning(result) + digit.bars(result))
    if picture is not None:
        upload.show(state.uploaded, picture)
        upload.show_parts(state.uploaded, taken_apart)
        answer.html(upload.file(state.uploaded, name or ""))
    load.spend(started, drawing=state.source == "drawing")


def _resume(lost: Lost | None) -> None:
    """Continue a session whose process has ended; the browser stores the drawing and sends it again."""
    if lost is None:
        return
    state = st.session_state
    state.cleared = lost.cleared
    if lost.source == "drawing":
        state.source = "drawing"
    state.reconnected = RECONNECTED[lost.source]
    st.rerun()


def _for_browser(sent: Drawing | None, ink: Drawing | None, pen: Pen, aside: bool, pause: int) -> dict:
    """Data for assets/live.js. sent: the last drawing sent; ink: the same, or None if it is of the other surface;
    aside: whether a picture is shown in place of the drawing area."""
    state, prediction, result = st.session_state, st.session_state.last_prediction, st.session_state.read[1]
    surface = source.surface()
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
        "spoken": (number.spoken(result) if isinstance(result, NumberReading) else
                   digit.spoken(prediction) if prediction else ""),
        "source": state.source,
        "cleared": state.cleared,
        "pause": pause,
    }


def _strokes(ink: Drawing | None) -> int:
    return ink.strokes if ink and st.session_state.source == "drawing" else 0


def _token(prediction: Prediction | None) -> str:
    """An identifier of the picture of a reading."""
    image = prediction and prediction.image
    return "none" if image is None else hashlib.sha256(image.tobytes()).hexdigest()[:16]


@st.fragment
def _reasons(deployer: MNISTDeployer) -> None:
    """The gate and the reasons for the last reading; for a drawing, after the pen has rested."""
    state = st.session_state
    source.part()
    prediction, token = state.last_prediction, _token(state.last_prediction)
    rested = _rest(key="rest", data={"token": token}, on_rested_change=lambda: None).rested
    if prediction is not None:
        _gate(deployer, prediction)
        why.render(deployer, prediction, wait=state.source == "drawing" and rested != token)


def _read_in_turn(deployer: MNISTDeployer, ink: Drawing | None, following: bool) -> Read:
    """`_read`, of a drawing in turn. following: whether it is in mid-stroke."""
    if st.session_state.source != "drawing":
        return _read(deployer, ink)  # may take seconds, in which others draw
    with turns.shared().turn(turns.LIVE_ANSWER if following else turns.ANSWER):
        return _read(deployer, ink)


def _read(deployer: MNISTDeployer, ink: Drawing | None) -> Read:
    """The name of the picture, its result (None for an empty canvas), and the NumberReading of a picture that was read
    as one digit and looks like more. Name and result are None while an upload is being read."""
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
        return name, deployer.read_numbers([picture], [name], skip_errors=True, kind=kind, strokes=ways,
                                           **source.number_options())[0], None
    result = deployer.predict_batch([picture], names=[name], skip_errors=True, kind=kind)[0]
    drawn = kind is None or ink is None or ink.done  # too slow in mid-stroke
    more = noticed(deployer, picture, result, kind) if isinstance(result, Prediction) and drawn else None
    return name, result, more


def _searched() -> tuple[NDArray[np.floating], float]:
    """The drawing or example as searched for ink, (H, W) in [0, 1], and pixels of the source per pixel."""
    state = st.session_state
    return load_scaled(state.read_ink.image if state.source == "drawing" else inputs.example_file(state.example))


def _gate(deployer: MNISTDeployer, prediction: Prediction) -> None:
    st.subheader("The gate, live", anchor=False)
    state, gate, mean = st.session_state, prediction.gate, deployer.gate_mean
    with suppress(turns.SupersededError), turns.shared().turn(turns.EXPLANATION):  # the former one stays, if superseded
        answers = deployer.gate_comparison(prediction.image)
        state.gate = None if answers is None or gate is None or mean is None else (
            digit.gate(gate, mean) + digit.comparison(answers))
    if "gate" not in state:
        return
    if state.gate is None:
        st.html(notice("This model has no gate; choose one that has."))
        return
    st.caption(
        "Each unit of the last hidden layer is multiplied by a gate between 0 (shut) and 1 (open). "
        "One cell is one unit; all three pictures are ordered by the average."
    )
    st.html(state.gate)
