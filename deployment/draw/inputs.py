"""What the first tab reads: the examples, uploaded or pasted pictures, a photograph. The canvas stands in page.py."""

import base64
from pathlib import Path

import streamlit as st

from deployment.preprocess.bounds import MOST_BYTES
from deployment.upload import archive

ASSETS = Path(__file__).parents[1] / "assets"
EXAMPLES = {  # file -> the words for it; the first is read at the first visit
    "seven": "a clear 7",
    "two": "a looped 2",
    "paper": "a 3 on paper",
    "four_or_nine": "a 4, or is it a 9",
    "letter": "a letter",
    "scribble": "a scribble",
}
FIRST = next(iter(EXAMPLES))
DRAWING = "your drawing"
_watch = st.components.v2.component("upload_watch", js=(ASSETS / "upload.js").read_text())


def begin() -> None:
    """What a session starts with, and what the address asks for, be it by the browser's Back."""
    state, asked = st.session_state, st.query_params.get("example")
    state.setdefault("source", "example")  # what is being read: "example", "drawing", "upload" or "photograph"
    state.setdefault("cleared", 0)  # how often the canvas was told to be empty
    if "example" not in state:
        state.example = asked if asked in EXAMPLES else FIRST
    elif asked != state.asked:
        show_example(asked if asked in EXAMPLES else FIRST)
    state.asked = asked


def examples() -> None:
    """Six buttons that wear their pictures."""
    st.html(_css())
    with st.container(width=430, gap="xsmall"):
        st.html('<p class="q q-label">Try one of these</p>')
        with st.container(horizontal=True, gap="xsmall"):
            for name, words in EXAMPLES.items():
                st.button(words.capitalize(), key=f"example_{name}", help=words, on_click=use_example, args=(name,))


def uploader() -> None:
    """Files by choice, drop or paste (assets/upload.js), or, on a phone, by its camera."""
    with st.container(width="stretch", key="upload_place"):
        files = st.file_uploader(
            "Or upload, drop or paste pictures of one digit each, or a ZIP of them",
            accept_multiple_files=True,
            help=f"PNG, JPG, WebP, GIF, BMP, TIFF or HEIC of at most {MOST_BYTES // 2**20} MB each; a ZIP of at most "
            f"{archive.MOST_ZIP // 2**20} MB and {archive.MOST_PICTURES} pictures. Named after its digit, such as "
            "7_anything.png, a picture joins an audit of your own.",
            key="files",
            on_change=use,
            args=("upload",),
        )
        _watch(key="upload_watch", data={"most": archive.MOST_ZIP}, on_large_change=lambda: use("upload"))
        if files and st.session_state.source != "upload":
            st.button("Read the uploaded pictures again", on_click=use, args=("upload",))
        with st.container(key="camera"):  # seen on a narrow screen alone
            if st.toggle("Take a photograph", key="camera_on"):
                st.camera_input("A photograph of one digit", key="photo", label_visibility="collapsed", on_change=use,
                                args=("photograph",))


def uploaded() -> tuple[list, list] | None:
    """The files in use and sentences on those that were not even sent; None where something else is looked at."""
    state = st.session_state
    if state.source == "photograph" and state.get("photo"):
        return [state.photo], []
    large = state.get("upload_watch", {}).get("large") or []  # what the uploader would not send
    if state.source == "upload" and (state.get("files") or large):
        return state.files, [archive.larger(archive.shown(name), size) for name, size in large]
    return None


def whole() -> None:
    """Note what the widgets of the tab say; to be called before its parts are drawn."""
    st.session_state.drawn = _said()


def part() -> None:
    """Ask for the whole page where that has changed. To be called by each part that is drawn alone: where two speak at
    the same moment, Streamlit hears both and draws one."""
    (source, *rest), (now, *said) = st.session_state.drawn, _said()
    if rest != said or now not in (source, "drawing"):  # a first stroke needs no more than its answer
        st.rerun()


def _said() -> tuple:
    state = st.session_state
    choices = (state.get(key) for key in ("source", "example", "cleared", "brush", "eraser", "explain", "why_method"))
    return (*choices, *(getattr(file, "file_id", None) for file in (*(state.get("files") or []), state.get("photo"))))


def use(source: str) -> None:
    st.session_state.source = source


def use_example(name: str) -> None:
    st.session_state.asked = st.query_params["example"] = name
    show_example(name)


def show_example(name: str) -> None:
    st.session_state.example = name
    st.session_state.cleared += 1
    st.session_state.eraser = False
    use("example")


@st.cache_data
def example_file(name: str) -> bytes:
    return (ASSETS / "examples" / f"{name}.png").read_bytes()


def example_uri(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode(example_file(name)).decode()


def _css() -> str:
    """Their words stay for screen readers and as a tooltip."""
    rules = (f'.st-key-example_{name} button {{background-image: url("{example_uri(name)}")}}' for name in EXAMPLES)
    return f"<style>{''.join(rules)}</style>"
