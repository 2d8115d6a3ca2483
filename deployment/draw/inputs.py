"""What the first tab reads: the examples, uploaded or pasted pictures, a photograph. The canvas stands in page.py."""

import base64
from io import BytesIO
from pathlib import Path

import streamlit as st
from PIL import Image

from deployment.number.reading import UNKNOWN
from deployment.preprocess.bounds import MOST_BYTES
from deployment.ui.html import notice
from deployment.upload import archive

ASSETS = Path(__file__).parents[1] / "assets"
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
MOST_SAID = 16  # signs of a number in a sentence
_watch = st.components.v2.component("upload_watch", js=(ASSETS / "upload.js").read_text())


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


def mode() -> None:
    """What is read: one digit, or a number, drawn on a wide surface. Where anything else changes that, it is another
    control: of the old one a browser that asks for a part of the page at that moment still tells the old choice."""
    turned = st.session_state.turned
    st.segmented_control("What is read", list(MODES), format_func=MODES.get, default=st.session_state.mode,
                         key=f"mode_{turned}", on_change=_choose_mode, args=(turned,), label_visibility="collapsed",
                         required=True)


def _choose_mode(turned: int) -> None:
    state = st.session_state
    chosen = state[f"mode_{turned}"]
    if turned == state.turned and chosen != state.mode:
        state.mode = chosen
        _make_surface(wide=True)


def use_mode(mode: str) -> None:
    """Read it so; what is on the square surface stays and is read anew."""
    _turn(mode)
    _make_surface(wide=False)


def _turn(mode: str) -> None:
    state = st.session_state
    state.turned += state.mode != mode
    state.mode = mode


def _make_surface(wide: bool) -> None:
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


def surface() -> str:
    """The kind of drawing area in use: "digit" or "number"."""
    return "number" if st.session_state.wide else "digit"


def offer(reading, left_over: bool) -> None:
    """Say that what was read as one digit looks like a number, or that there is more on the picture, with a button that
    reads it as a number."""
    text = reading.text.replace("\n", ", ")
    said = text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]}…"
    more = "There is more on this picture" + ("." if UNKNOWN in text or len(text) < 2 else f": it looks like {said}.")
    with st.container(horizontal=True, vertical_alignment="center", key="offer"):
        st.html(notice(more if left_over else f"This looks like {said}."))
        st.button("Read it as a number", on_click=use_mode, args=("number",))


def examples() -> None:
    """Buttons that wear their pictures."""
    shown = EXAMPLES[st.session_state.mode]
    st.html(_css(shown))
    with st.container(width=430 if st.session_state.mode == "digit" else 560, gap="xsmall"):
        st.html('<p class="q q-label">Try one of these</p>')
        with st.container(horizontal=True, gap="xsmall"):
            for name, words in shown.items():
                st.button(words.capitalize(), key=f"example_{name}", help=words, on_click=use_example, args=(name,))


def uploader() -> None:
    """Files by choice, drop or paste (assets/upload.js), or, on a phone, by its camera."""
    each = "one digit" if st.session_state.mode == "digit" else "a number"
    with st.container(width="stretch", key="upload_place"):
        files = st.file_uploader(
            f"Or upload, drop or paste pictures of {each} each, at most {MOST_BYTES // 2**20} MB, or a ZIP of them, at "
            f"most {archive.MOST_ZIP // 2**20} MB",
            accept_multiple_files=True,
            help="PNG, JPG, WebP, GIF, BMP, TIFF or HEIC; a ZIP of at most "
            f"{archive.MOST_PICTURES} pictures. Named after what it shows, such as 7_anything.png or "
            "2026_anything.png, a picture joins an audit of your own.",
            key="files",
            on_change=use,
            args=("upload",),
        )
        _watch(key="upload_watch", data={"most": archive.MOST_ZIP}, on_large_change=lambda: use("upload"))
        if files and st.session_state.source != "upload":
            st.button("Read the uploaded pictures again", on_click=use, args=("upload",))
        with st.container(key="camera"):  # seen on a narrow screen alone
            if st.toggle("Take a photograph", key="camera_on"):
                st.camera_input(f"A photograph of {each}", key="photo", label_visibility="collapsed", on_change=use,
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
    if rest != said or (now != source and (source, now) != ("example", "drawing")):  # a first stroke needs its answer
        st.rerun()


def _said() -> tuple:
    state = st.session_state
    choices = (state.get(key) for key in ("source", "mode", "wide", "example", "cleared", "explain", "why_method"))
    return (*choices, *(getattr(file, "file_id", None) for file in (*(state.get("files") or []), state.get("photo"))))


def first(mode: str) -> str:
    """The example of a first visit."""
    return next(iter(EXAMPLES[mode]))


def words_of(name: str) -> str:
    return EXAMPLES[MODE_OF[name]][name]


def use(source: str) -> None:
    st.session_state.source = source


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


@st.cache_data
def example_file(name: str) -> bytes:
    return (ASSETS / "examples" / f"{name}.png").read_bytes()


def example_uri(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode(example_file(name)).decode()


@st.cache_data
def _size(name: str) -> tuple[int, int]:
    """Width and height of its picture."""
    with Image.open(BytesIO(example_file(name))) as image:
        return image.size


def _css(names) -> str:
    """Their words stay for screen readers and as a tooltip."""
    rules = (f'.st-key-example_{name} button {{background-image: url("{example_uri(name)}"); '
             f"--ratio: {_size(name)[0] / _size(name)[1]:.3f}; "
             f"image-rendering: {'pixelated' if _size(name)[1] <= 28 else 'auto'}}}" for name in names)
    return f"<style>{''.join(rules)}</style>"
