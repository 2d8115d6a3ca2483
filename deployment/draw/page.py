"""The tab "Draw or upload": one picture goes in, and its reading appears beside it. Layout only.

The whole tab is one fragment: a stroke reruns this tab and nothing else.
"""

import base64
from pathlib import Path

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from deployment.deploy_mnist import Prediction
from deployment.draw import html
from deployment.preprocess import InputError
from deployment.preprocess.bounds import MOST_BYTES
from deployment.ui.html import notice
from deployment.upload import archive
from deployment.upload import page as upload
from deployment.why import page as why

ASSETS = Path(__file__).parents[1] / "assets"
SIDE = 280  # pixels of the canvas: ten for each pixel that the network sees
EXAMPLES = {  # file -> the words for it; the first is read at the first visit
    "seven": "a clear 7",
    "two": "a looped 2",
    "paper": "a 3 on paper",
    "four_or_nine": "a 4, or is it a 9",
    "letter": "a letter",
    "scribble": "a scribble",
}
EMPTY = "The canvas is empty: draw one digit with mouse or finger, or try one of the examples."
_watch = st.components.v2.component("upload_watch", js=(ASSETS / "upload.js").read_text())
_finish = st.components.v2.component("canvas_finish", js=(ASSETS / "canvas.js").read_text())


@st.fragment
def render(deployer) -> None:
    """Show the tab for one loaded model. The reading comes before most of the layout: while the page is being sent, the
    sending thread and NumPy wait for each other, which costs more than the reading itself."""
    state = st.session_state
    # inside the fragment that needs them: whatever fails elsewhere, these are there
    state.setdefault("source", "example")  # what is being read: "example", "drawing" or "upload"
    state.setdefault("example", next(iter(EXAMPLES)))
    state.setdefault("start", {"objects": [], "revision": 0})  # what the canvas was last told to hold
    state.setdefault("brush", 20)
    st.html(_example_css())
    with st.container(horizontal=True, gap="medium"):
        left = st.container(width=SIDE + 10)
        seen = st.container(width=200)
        answer = st.container(width="stretch", key="answer")
    inputs = st.container(horizontal=True, gap="medium")
    sheet, gate, reasons = st.container(), st.container(), st.container()
    why.keep_choices()

    with left:
        drawing = _canvas()
    with sheet:
        name, result = _read(deployer, drawing)
    if name is None:
        seen.empty()  # what was read before must not stand beside it
        with answer:
            upload.progress(deployer)
    elif result is None or isinstance(result, InputError):
        answer.html(notice(EMPTY if result is None else str(result)))
    else:
        seen.html(html.seen(result.image, name))
        answer.html(html.answer(result, name, len(state.objects)) + html.bars(result))
    # for the other tabs
    state.last_prediction = result if isinstance(result, Prediction) else None
    with left:
        _tools()
    with inputs:
        _examples()
        _uploader()
    if isinstance(result, Prediction):
        with gate:
            _gate(deployer, result)
        with reasons:
            why.render(deployer, result, wait=state.source == "drawing")


def _canvas():
    """The drawing area; `objects` in the session keeps its strokes for undo."""
    state = st.session_state
    with st.container(key="canvas_place"):
        drawing = st_canvas(
            stroke_width=state.brush,
            stroke_color="#ffffff",
            width=SIDE,
            height=SIDE,
            initial_drawing=state.start,
            return_image_data=True,
            key="canvas",
            on_change=_drawn,
        )
        state.objects = drawing.json_data["objects"]
        hint = {"empty": not state.objects, "example": None, "label": "Drawing area for one digit"}
        if state.source == "example":
            hint["example"] = _example_uri(state.example)
        _finish(key="canvas_finish", data=hint)
    return drawing


def _tools() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.slider("Brush, pixels", 8, 36, step=2, key="brush", width=126)
        st.button("Undo", key="undo", on_click=_undo)
        st.button("Clear", key="clear", on_click=_clear)


def _examples() -> None:
    with st.container(width=430, gap="xsmall"):
        st.html('<p class="q q-label">Try one of these</p>')
        with st.container(horizontal=True, gap="xsmall"):
            for name, words in EXAMPLES.items():
                st.button(words.capitalize(), key=f"example_{name}", help=words, on_click=_use_example, args=(name,))


def _uploader() -> None:
    with st.container(width="stretch", key="upload_place"):
        files = st.file_uploader(
            "Or upload pictures of one digit each, or a ZIP of them",
            accept_multiple_files=True,
            help=f"PNG, JPG, WebP, GIF, BMP, TIFF or HEIC of at most {MOST_BYTES // 2**20} MB each; a ZIP of at most "
            f"{archive.MOST_ZIP // 2**20} MB and {archive.MOST_PICTURES} pictures. Named after its digit, such as "
            "7_anything.png, a picture joins an audit of your own.",
            key="files",
            on_change=_use,
            args=("upload",),
        )
        _watch(key="upload_watch", data={"most": archive.MOST_ZIP}, on_large_change=lambda: _use("upload"))
        if files and st.session_state.source != "upload":
            st.button("Read the uploaded pictures again", on_click=_use, args=("upload",))


def _read(deployer, drawing) -> tuple:
    """The name of what is being read and its Prediction, InputError, or None for an empty canvas; both None while an
    upload is being read."""
    state = st.session_state
    large = state.get("upload_watch", {}).get("large") or []  # what the uploader would not send
    if state.source == "upload" and (state.files or large):
        return upload.render(deployer, state.files, [archive.larger(archive.shown(name), size) for name, size in large])
    if state.source == "example":
        name, source = EXAMPLES[state.example], _example_file(state.example)
    elif state.objects:
        name, source = "your drawing", drawing.image_data
    else:
        return "", None
    kind = "canvas" if state.source == "drawing" else None
    return name, deployer.predict_batch([source], names=[name], skip_errors=True, kind=kind)[0]


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
    st.html(html.gate(prediction.gate, deployer.gate_mean) + html.comparison(answers))


def _use(source: str) -> None:
    st.session_state.source = source


def _drawn() -> None:
    """A canvas that was emptied by choosing an example reports so too; only ink takes the place of what is read."""
    if st.session_state.canvas["drawing"]["raw"]["objects"]:
        _use("drawing")


def _use_example(name: str) -> None:
    st.session_state.example = name
    _use("example")
    _hold([])


def _undo() -> None:
    _hold(st.session_state.objects[:-1])


def _clear() -> None:
    _use("drawing")
    _hold([])


def _hold(objects: list) -> None:
    """Tell the canvas to hold these strokes; a new revision makes it listen even to what it heard before."""
    st.session_state.start = {"objects": objects, "revision": st.session_state.start["revision"] + 1}


@st.cache_data
def _example_file(name: str) -> bytes:
    return (ASSETS / "examples" / f"{name}.png").read_bytes()


def _example_uri(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode(_example_file(name)).decode()


def _example_css() -> str:
    """The six buttons wear their pictures; their words stay for screen readers and as a tooltip."""
    rules = (f'.st-key-example_{name} button {{background-image: url("{_example_uri(name)}")}}' for name in EXAMPLES)
    return f"<style>{''.join(rules)}</style>"
