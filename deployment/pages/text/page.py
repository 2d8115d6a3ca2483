"""The text tab: pleasure, arousal and dominance of a text. Layout and session state.

The whole tab is one fragment. Typed texts form a conversation; examples and lines of a file are read by themselves.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core.storage import model_sha256
from core.text import reader as text_reader
from deployment.pages.text import batch, html, sections
from deployment.pages.text.examples import EXAMPLES
from deployment.reader.wording import public_message
from deployment.ui.html import notice


@dataclass
class Shown:
    """The text on the page, with its reading or the reason why it cannot be read."""

    text: str
    reading: text_reader.TextReading | None = None
    unreadable: str = ""
    effects: list | None = None


@dataclass
class Talk:
    """Session state for a model: PAD (3,) of each typed text, the shown text, and the last error."""

    model: str
    shown: Shown
    course: list = field(default_factory=list)
    refused: str = ""


@st.cache_resource(max_entries=2, show_spinner="Loading the text model …")
def _load(folder: Path, modified: float) -> text_reader.TextReader:
    """A loaded model, shared by all sessions. `modified` invalidates the cache when the model was trained again."""
    return text_reader.TextReader(folder)


@st.fragment
def render() -> None:
    """Show the tab, or a notice if the model is missing or damaged."""
    folder = text_reader.FINAL_LIMINAL
    try:
        config = folder / "config.json"
        reader = _load(folder, config.stat().st_mtime if config.exists() else 0.0)
    except (OSError, ValueError) as error:
        sentence = public_message(error).rstrip(".")
        st.html(notice(f"The text model cannot be loaded: {sentence}. The other tabs work without it."))
        return
    with st.container(key="text"):
        st.html(html.CSS)
        talk = _talk(reader)
        _inputs(reader, talk)
        shown = talk.shown
        if shown.reading is None:
            st.html(html.unreadable(shown.text, shown.unreadable))
        else:
            sections.sentence(reader, shown)
            left, right = st.columns([1, 1], gap="medium")
            with left:
                sections.landmarks(reader, shown.reading)
            with right:
                sections.answer(reader, shown.reading)
        sections.course(talk, _forget, reader)
        with st.expander("How it came to it, and how it learned"):
            if shown.reading is not None:
                sections.thinking(reader, shown.reading)
            sections.training(reader)


def _talk(reader: text_reader.TextReader) -> Talk:
    """The Talk of the session; a new one if there is none or the model has changed."""
    model, state = model_sha256(reader.saved), st.session_state
    if getattr(state.get("text_talk"), "model", None) != model:
        state.text_talk = Talk(model, _first(reader))
    return state.text_talk


def _first(reader: text_reader.TextReader) -> Shown:
    return Shown(EXAMPLES[0], reader.read(EXAMPLES[0]))


def _inputs(reader, talk: Talk) -> None:
    st.chat_input("Type a sentence; Enter reads it", key="text_said", on_submit=_say, args=(reader, talk))
    if talk.refused:
        st.html(notice(talk.refused))
    with st.container(horizontal=True, gap="xsmall"):
        for number, text in enumerate(EXAMPLES):
            st.button(text, key=f"text_example_{number}", on_click=_show_example, args=(reader, talk, text),
                      wrap=True)
    with st.expander("Or read a file of lines"):
        st.file_uploader(
            f"A .txt file with a sentence on each line, or a .csv with them in its first column; at most "
            f"{batch.MOST_LINES:,} lines, 1 MB, UTF-8", type=["txt", "csv"], key="text_file", max_upload_size=1)
        _file(reader, talk)


def _say(reader, talk: Talk) -> None:
    """Add a typed text to the conversation."""
    if _show(reader, talk, st.session_state.text_said) and talk.shown.reading is not None:
        talk.course.append(talk.shown.reading.pad)


def _show_example(reader: text_reader.TextReader, talk: Talk, text: str) -> None:
    _show(reader, talk, text)


def _show(reader: text_reader.TextReader, talk: Talk, text: str) -> bool:
    """Read a text and show it; an error changes nothing. Returns whether there is a reading."""
    talk.refused = ""
    try:
        talk.shown = Shown(text, reader.read(text))
    except text_reader.UnreadableError as error:
        talk.shown = Shown(text, unreadable=str(error))
    except ValueError as error:
        talk.refused = f"It was not read: {public_message(error)}."
        return False
    return talk.shown.reading is not None


def _forget(reader, talk: Talk) -> None:
    """Clear the conversation and its last text."""
    talk.course, talk.refused, talk.shown = [], "", _first(reader)


def _file(reader, talk: Talk) -> None:
    file = st.session_state.get("text_file")
    if file is None:
        return
    texts, sentences = batch.lines(file.name, file.getvalue())
    for sentence in sentences:
        st.html(notice(sentence))
    if not texts:
        return
    rows = _read(model_sha256(reader.saved), tuple(texts), reader)
    bad = [f"line {number:,}: {problem}" for number, _, problem in rows if isinstance(problem, str)]
    if bad:
        more = f"; and {len(bad) - 3:,} more, named in the CSV" if len(bad) > 3 else ""
        st.html(notice(f"Not read of “{file.name}”: {'; '.join(bad[:3])}{more}."))
    good = [(number, text, reading) for number, text, reading in rows if not isinstance(reading, str)]
    if not good:
        return
    pads = np.array([reading.pad for _, _, reading in good], float)
    table = pd.DataFrame({"Line": [row[0] for row in good], "Text": [row[1] for row in good],
                          **{name: pads[:, i] for i, name in enumerate(html.NAMES)},
                          "In words": [row[2].words for row in good]})

    def choose():
        for row in st.session_state.text_sheet.selection.rows[:1]:
            _show(reader, talk, good[row][1])

    st.caption(f"{len(good):,} texts read. Click a heading to sort, tick a row to inspect it below.")
    numbers = {name: st.column_config.NumberColumn(name, format="%+.2f") for name in html.NAMES}
    st.dataframe(table, hide_index=True, height=min(35 * len(good) + 38, 380), column_config=numbers, key="text_sheet",
                 on_select=choose, selection_mode="single-row", alt="Table of the texts with their PAD and its words")
    st.download_button("Download as CSV", batch.to_csv(rows), "qualm-texts.csv", "text/csv", on_click="ignore",
                       key="text_csv")


@st.cache_resource(max_entries=8, show_spinner="Reading the texts …")
def _read(model: str, texts: tuple[tuple[int, str], ...], _reader: text_reader.TextReader) -> list[batch.Row]:
    """Read once per model and file."""
    return batch.read(_reader, texts)
