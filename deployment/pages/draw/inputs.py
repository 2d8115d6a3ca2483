"""Inputs of the first tab: examples, uploaded or pasted pictures, a photograph."""

import base64
from collections.abc import Iterable
from io import BytesIO

import streamlit as st
from PIL import Image
from streamlit.components.v2 import component

from deployment.reader.picture import archive
from deployment.reader.picture.limits import MOST_BYTES
from deployment.reader.prediction import UNKNOWN, NumberReading
from deployment.ui import source
from deployment.ui.assets import ASSETS, asset
from deployment.ui.html import notice

MOST_SIGNS = 16  # signs of a number in a sentence
_watch = component("upload_watch", js=asset("upload.js"))


def mode() -> None:
    """The choice between one digit and a number, drawn on a wide surface. It gets a new key when anything else changes
    the mode, as a fragment that reruns at that moment would send the old choice."""
    turned = st.session_state.turned
    st.segmented_control("What is read", list(source.MODES), format_func=lambda name: source.MODES[name],
                         default=st.session_state.mode, key=f"mode_{turned}", on_change=_choose_mode, args=(turned,),
                         label_visibility="collapsed",
                         required=True)
    if st.session_state.mode == "number":
        st.toggle("Signs and gaps", value=True, key="signs",
                  help="Points, commas, dashes, / : + = % $ and spaces between numbers. Off: digits alone, for phone "
                  "numbers and codes.")


def _choose_mode(turned: int) -> None:
    state = st.session_state
    chosen = state[f"mode_{turned}"]
    if turned == state.turned and chosen != state.mode:
        state.mode = chosen
        if chosen != "table":
            source.make_surface(wide=True)


def offer(reading: NumberReading, left_over: bool) -> None:
    """A notice that the digit looks like a number, or that there is more on the picture, with a button to read it as a
    number."""
    text = reading.text.replace("\n", ", ")
    start = text if len(text) <= MOST_SIGNS else f"{text[:MOST_SIGNS]}…"
    more = "There is more on this picture" + ("." if UNKNOWN in text or len(text) < 2 else f": it looks like {start}.")
    with st.container(horizontal=True, vertical_alignment="center", key="offer"):
        st.html(notice(more if left_over else f"This looks like {start}."))
        st.button("Read it as a number", on_click=source.use_mode, args=("number",))


def examples() -> None:
    """A button for each example, with its picture."""
    shown = source.EXAMPLES[st.session_state.mode]
    st.html(_css(shown))
    with st.container(width=430 if st.session_state.mode == "digit" else 560, gap="xsmall"):
        st.html('<p class="q q-label">Try one of these</p>')
        with st.container(horizontal=True, gap="xsmall"):
            for name, words in shown.items():
                st.button(words.capitalize(), key=f"example_{name}", help=words, on_click=source.use_example,
                          args=(name,))


def uploader() -> None:
    """Upload by choice, drop or paste (assets/upload.js), or with the camera of a phone."""
    each = "one digit" if st.session_state.mode == "digit" else "a number"
    with st.container(width="stretch", key="upload_place"):
        files = st.file_uploader(
            f"Or upload, drop or paste pictures of {each} each, at most {MOST_BYTES // 2**20} MB, or a ZIP of them, at "
            f"most {archive.MOST_ZIP // 2**20} MB",
            accept_multiple_files=True,
            help="PNG, JPG, WebP, GIF, BMP, TIFF or HEIC; a ZIP of at most "
            f"{archive.MOST_PICTURES} pictures. Pictures with their label in the name, such as 7_anything.png or "
            "2026_anything.png, are audited.",
            key="files",
            on_change=source.use,
            args=("upload",),
        )
        _watch(key="upload_watch", data={"most": archive.MOST_ZIP}, on_large_change=lambda: source.use("upload"))
        if files and st.session_state.source != "upload":
            st.button("Read the uploaded pictures again", on_click=source.use, args=("upload",))
        with st.container(key="camera"):  # shown on a narrow screen only
            if st.toggle("Take a photograph", key="camera_on"):
                st.camera_input(f"A photograph of {each}", key="photo", label_visibility="collapsed",
                                on_change=source.use, args=("photograph",))


def uploaded() -> tuple[list, list] | None:
    """The files in use and sentences on those too large to send; None if another source is read."""
    state = st.session_state
    if state.source == "photograph" and state.get("photo"):
        return [state.photo], []
    large = state.get("upload_watch", {}).get("large") or []  # files that the uploader did not send
    if state.source == "upload" and (state.get("files") or large):
        return state.files, [archive.larger(archive.shown(name), size) for name, size in large]
    return None


@st.cache_data
def example_file(name: str) -> bytes:
    """The PNG file of an example."""
    return (ASSETS / "examples" / f"{name}.png").read_bytes()


def example_uri(name: str) -> str:
    """The `data:` URI of an example."""
    return "data:image/png;base64," + base64.b64encode(example_file(name)).decode()


@st.cache_data
def _size(name: str) -> tuple[int, int]:
    """Width and height of an example."""
    with Image.open(BytesIO(example_file(name))) as image:
        return image.size


def _css(names: Iterable[str]) -> str:
    """CSS that shows the pictures of the examples; their labels stay for screen readers and as tooltips."""
    rules = (f'.st-key-example_{name} button {{background-image: url("{example_uri(name)}"); '
             f"--ratio: {_size(name)[0] / _size(name)[1]:.3f}; "
             f"image-rendering: {'pixelated' if _size(name)[1] <= 28 else 'auto'}}}" for name in names)
    return f"<style>{''.join(rules)}</style>"
