"""The tab "Feelings in text": a text goes in, and pleasure, arousal and dominance come out. Layout and session only.

The whole tab is one fragment. Only typed texts are a conversation, with one memory for each session; examples and the
lines of a file are read alone.
"""

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core.text import reader as text_reader
from core.text.memory import SoulKernel
from deployment import pictures, text_batch, text_parts, text_pictures
from deployment.text_examples import EXAMPLES

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Shown:
    """The text on the page; memory: a copy of the conversation's as it was before this text, None outside of it."""

    reading: text_reader.Reading
    memory: SoulKernel | None = None
    pulls: list | None = None


@dataclass
class Talk:
    """What a session holds for one model: the memory of what was typed, what is shown, and the last refusal."""

    weights: str
    memory: SoulKernel
    shown: Shown
    refused: str = ""


@st.cache_resource(max_entries=2, show_spinner="Loading the reader of texts …")
def _load(folder: Path, modified: float) -> text_reader.TextReader:
    """A loaded model, shared by all sessions; `modified` only makes the cache notice that it was trained anew."""
    return text_reader.TextReader(folder)


@st.fragment
def render() -> None:
    """Show the tab; a missing or damaged model is one sentence."""
    folder = text_reader.FINAL_LIMINAL
    try:
        config = folder / "config.json"
        reader = _load(folder, config.stat().st_mtime if config.exists() else 0.0)
    except (OSError, ValueError) as error:
        sentence = str(error).replace(f"{ROOT}/", "").rstrip(".")
        st.html(pictures.notice(f"The reader of texts cannot be loaded: {sentence}. The other tabs work without it."))
        return
    with st.container(key="text"):
        st.html(text_pictures.CSS)
        talk = _talk(reader)
        _inputs(reader, talk)
        shown = talk.shown
        left, right = st.columns([1, 1], gap="medium")
        with left:
            text_parts.answer(reader, shown.reading)
        sheet, words = st.container(), st.container()
        with right:
            text_parts.landmarks(reader, shown.reading.pad)
        with sheet:
            _batch(reader, talk)
        with words:
            text_parts.words(reader, shown)
        text_parts.thinking(shown.reading)
        text_parts.conversation(reader, talk, _forget)
        text_parts.training(reader)


def _talk(reader) -> Talk:
    """The session's Talk; a new one where there is none or the model is another."""
    weights, state = reader.saved["weights_sha256"], st.session_state
    if getattr(state.get("text_talk"), "weights", None) != weights:
        state.text_talk = Talk(weights, reader.new_memory(), Shown(reader.read(EXAMPLES[0])))
    return state.text_talk


def _inputs(reader, talk: Talk) -> None:
    st.chat_input("Type a sentence; Enter reads it", key="text_said", on_submit=_say,
                  args=(reader, talk))
    if talk.refused:
        st.html(pictures.notice(talk.refused))
    with st.container(horizontal=True, gap="xsmall"):
        for number, text in enumerate(EXAMPLES):
            st.button(text, key=f"text_example_{number}", on_click=_show, args=(reader, talk, text), wrap=True)
    with st.expander("Or read a file of lines"):
        st.file_uploader(
            f"A .txt file with a sentence on each line, or a .csv with them in its first column; at most "
            f"{text_batch.MOST_LINES:,} lines, 1 MB, UTF-8", type=["txt", "csv"], key="text_file", max_upload_size=1)


def _say(reader, talk: Talk) -> None:
    """A typed text joins the conversation."""
    before = copy.copy(talk.memory)  # remembering replaces its lists, so that this copy stays as it is
    try:
        talk.shown = Shown(reader.read(st.session_state.text_said, talk.memory), before)
    except ValueError as error:
        talk.refused = f"It was not read: {error}."
        return
    talk.refused = ""


def _show(reader, talk: Talk, text: str) -> None:
    """An example or a line of a file, read alone."""
    talk.shown, talk.refused = Shown(reader.read(text)), ""


def _forget(talk: Talk) -> None:
    talk.memory.reset()


def _batch(reader, talk: Talk) -> None:
    file = st.session_state.get("text_file")
    if file is None:
        return
    st.subheader("The file", anchor=False)
    found, sentences = text_batch.lines(file.name, file.getvalue())
    for sentence in sentences:
        st.html(pictures.notice(sentence))
    if not found:
        return
    rows = _read(reader.saved["weights_sha256"], tuple(found), reader)
    bad = [f"line {number:,}: {problem}" for number, _, problem in rows if isinstance(problem, str)]
    if bad:
        more = f"; and {len(bad) - 3:,} more, named in the CSV" if len(bad) > 3 else ""
        st.html(pictures.notice(f"Not read of “{file.name}”: {'; '.join(bad[:3])}{more}."))
    good = [row for row in rows if not isinstance(row[2], str)]
    if not good:
        return  # the sentence above says why
    pads = np.array([reading.pad for _, _, reading in good], float)
    table = pd.DataFrame({"Line": [row[0] for row in good], "Text": [row[1] for row in good],
                          **{name: pads[:, i] for i, name in enumerate(text_pictures.NAMES)},
                          "In words": [row[2].words for row in good]})

    def choose():
        for row in st.session_state.text_sheet.selection.rows[:1]:
            _show(reader, talk, good[row][1])

    st.caption(f"{len(good):,} texts read, each by itself; a column's head sorts them, a ticked one is shown in full.")
    numbers = {name: st.column_config.NumberColumn(name, format="%+.2f") for name in text_pictures.NAMES}
    st.dataframe(table, hide_index=True, height=min(35 * len(good) + 38, 380), column_config=numbers, key="text_sheet",
                 on_select=choose, selection_mode="single-row", alt="Table of the texts with their PAD and its words")
    st.download_button("Download as CSV", text_batch.to_csv(rows), "qualm-texts.csv", "text/csv", on_click="ignore",
                       key="text_csv")


@st.cache_resource(max_entries=8, show_spinner="Reading the texts …")
def _read(weights_sha256: str, found: tuple, _reader) -> list:
    """Read once per model and file, not again at every rerun."""
    return text_batch.read(_reader, list(found))
