"""The tab for affect in text (pleasure, arousal, dominance): layout and session state. The tab is one fragment.

Only typed texts form a conversation; examples and lines of a file do not.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.storage import model_sha256
from core.text import reader as text_reader
from deployment.pages.text import batch, html, sections
from deployment.pages.text.examples import EXAMPLES
from deployment.reader.wording import public_message
from deployment.ui.html import notice


@dataclass
class Shown:
    """The text on the page with its reading, or the reason why it cannot be read."""

    text: str
    reading: text_reader.TextReading | None = None
    unreadable: str = ""
    effects: list[text_reader.OcclusionEffect] | None = None


@dataclass
class Conversation:
    """Session state for one model: PAD (3,) of each typed text, the text on the page, and the last error message."""

    model: str
    shown: Shown
    pads: list[NDArray[np.floating]] = field(default_factory=list)
    refused: str = ""


@st.cache_resource(max_entries=2, show_spinner="Loading the text reader …")
def _load(folder: Path, modified: float) -> text_reader.TextReader:
    """The model, shared by all sessions. `modified` is only a cache key."""
    return text_reader.TextReader(folder)


@st.fragment
def render() -> None:
    """Show the tab, or a message if the model is missing or damaged."""
    folder = text_reader.FINAL_LIMINAL
    try:
        config = folder / "config.json"
        reader = _load(folder, config.stat().st_mtime if config.exists() else 0.0)
    except (OSError, ValueError) as error:
        sentence = public_message(error).rstrip(".")
        st.html(notice(f"The text reader cannot be loaded: {sentence}. The other tabs work without it."))
        return
    with st.container(key="text"):
        st.html(html.CSS)
        conversation = _conversation(reader)
        _inputs(reader, conversation)
        shown = conversation.shown
        if shown.reading is None:
            st.html(html.unreadable(shown.text, shown.unreadable))
        else:
            sections.sentence(reader, shown, shown.reading)
            left, right = st.columns([1, 1], gap="medium")
            with left:
                sections.landmarks(reader, shown.reading)
            with right:
                sections.answer(reader, shown.reading)
        sections.course(conversation, _forget, reader)
        with st.expander("Inside the reader, and its training"):
            if shown.reading is not None:
                sections.thinking(reader, shown.reading)
            sections.training(reader)


def _conversation(reader: text_reader.TextReader) -> Conversation:
    """The session's Conversation; a new one for a new session or model."""
    model, state = model_sha256(reader.saved), st.session_state
    if getattr(state.get("text_talk"), "model", None) != model:
        state.text_talk = Conversation(model, _first(reader))
    return state.text_talk


def _first(reader: text_reader.TextReader) -> Shown:
    return Shown(EXAMPLES[0], reader.read(EXAMPLES[0]))


def _inputs(reader: text_reader.TextReader, conversation: Conversation) -> None:
    st.chat_input("Type a sentence; Enter reads it", key="text_said", on_submit=_say, args=(reader, conversation))
    if conversation.refused:
        st.html(notice(conversation.refused))
    with st.container(horizontal=True, gap="xsmall"):
        for number, text in enumerate(EXAMPLES):
            st.button(text, key=f"text_example_{number}", on_click=_show, args=(reader, conversation, text),
                      wrap=True)
    with st.expander("Or read a file of lines"):
        st.file_uploader(
            f"A .txt file with a sentence on each line, or a .csv file with sentences in its first column; at most "
            f"{batch.MAX_LINES:,} lines, 1 MB, UTF-8", type=["txt", "csv"], key="text_file", max_upload_size=1)
        _file(reader, conversation)


def _say(reader: text_reader.TextReader, conversation: Conversation) -> None:
    """Read the typed text and add it to the conversation."""
    _show(reader, conversation, st.session_state.text_said)
    if not conversation.refused and conversation.shown.reading is not None:
        conversation.pads.append(conversation.shown.reading.pad)


def _show(reader: text_reader.TextReader, conversation: Conversation, text: str) -> None:
    """Read a text by itself and show it. An empty or too long text only sets `refused`."""
    conversation.refused = ""
    try:
        conversation.shown = Shown(text, reader.read(text))
    except text_reader.UnreadableError as error:
        conversation.shown = Shown(text, unreadable=str(error))
    except ValueError as error:
        conversation.refused = f"It was not read: {public_message(error)}."


def _forget(reader: text_reader.TextReader, conversation: Conversation) -> None:
    """Clear the conversation and show the first example."""
    conversation.pads, conversation.refused, conversation.shown = [], "", _first(reader)


def _file(reader: text_reader.TextReader, conversation: Conversation) -> None:
    file = st.session_state.get("text_file")
    if file is None:
        return
    texts, messages = batch.lines(file.name, file.getvalue())
    for message in messages:
        st.html(notice(message))
    if not texts:
        return
    rows = _read(model_sha256(reader.saved), tuple(texts), reader)
    bad = [f"line {number:,}: {problem}" for number, _, problem in rows if isinstance(problem, str)]
    if bad:
        more = f"; {len(bad) - 3:,} more in the CSV" if len(bad) > 3 else ""
        st.html(notice(f"Not read of “{file.name}”: {'; '.join(bad[:3])}{more}."))
    good = [(number, text, reading) for number, text, reading in rows if not isinstance(reading, str)]
    if not good:
        return
    pads = np.array([reading.pad for _, _, reading in good], float)
    table = pd.DataFrame({"Line": [number for number, _, _ in good], "Text": [text for _, text, _ in good],
                          **{name: pads[:, i] for i, name in enumerate(html.NAMES)},
                          "In words": [reading.words for _, _, reading in good]})

    def choose() -> None:
        for row in st.session_state.text_sheet.selection.rows[:1]:
            _show(reader, conversation, good[row][1])

    st.caption(f"{len(good):,} texts read, each by itself. Click a heading to sort, tick a row to see it below.")
    numbers = {name: st.column_config.NumberColumn(name, format="%+.2f") for name in html.NAMES}
    st.dataframe(table, hide_index=True, height=min(35 * len(good) + 38, 380), column_config=numbers, key="text_sheet",
                 on_select=choose, selection_mode="single-row", alt="Table of the texts with their PAD and its words")
    st.download_button("Download as CSV", batch.to_csv(rows), "qualm-texts.csv", "text/csv", on_click="ignore",
                       key="text_csv")


@st.cache_resource(max_entries=8, show_spinner="Reading the texts …")
def _read(model: str, texts: tuple[batch.Line, ...], _reader: text_reader.TextReader) -> list[batch.Row]:
    """Read once per model and file, not at every rerun."""
    return batch.read(_reader, list(texts))
