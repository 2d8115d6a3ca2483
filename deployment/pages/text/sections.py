"""Sections of the affect tab: one reading, the conversation and the model. Layout only."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from core.storage import model_sha256, read_json
from core.text.language.tokens import words_in
from core.text.reader import TextReader, TextReading
from deployment.pages.text import charts, html
from deployment.pages.text.examples import LANDMARKS
from deployment.ui import pulse
from deployment.ui.charts import CONFIG, hope_faith_love

if TYPE_CHECKING:  # page imports this module
    from deployment.pages.text.page import Conversation, Shown

MAX_WORDS = 100  # limit for occlusion, which costs a reading for each word
MAX_ATTENTION_WORDS = 40  # limit for the attention chart


def sentence(reader: TextReader, shown: "Shown", reading: TextReading) -> None:
    """PAD in words above the text, with its words tinted by their effect."""
    count = len(words_in(shown.text))
    estimate = reader.words_for(reading.pad)
    if count > MAX_WORDS:
        st.html(html.headline(reading, html.plain(shown.text), estimate))
        st.caption(f"This text has {count:,} words. Words are tinted in texts of up to {MAX_WORDS}.")
        return
    if shown.effects is None:
        shown.effects = reader.occlusion_effects(shown.text)
    st.session_state.text_dimension = st.session_state.get("text_dimension", html.NAMES[0])
    dimension = html.NAMES.index(st.session_state.text_dimension)
    st.html(html.headline(reading, html.tinted(shown.text, shown.effects, dimension), estimate))
    name = st.segmented_control("Tint the words by", html.NAMES, key="text_dimension", required=True)
    assert name is not None  # required
    st.caption(f"The change of {name.lower()} when a word is added. Orange with a line raises, blue with dots "
               f"lowers. Most: {html.strongest(shown.effects, dimension)}.")
    st.html(html.words_table(shown.effects))


def answer(reader: TextReader, reading: TextReading) -> None:
    """PAD with its intervals, and the limits of the reader."""
    st.html(html.pad_table(reading, reader.each_word(reading), reader.centre, reader.spread))
    test = _test_metrics(str(reader.folder), model_sha256(reader.saved))
    measured = (f" Correlation with the readers' ratings on {test['n']:,} test sentences: r = {test['r_V']:.2f} "
                f"(pleasure), {test['r_A']:.2f} (arousal), {test['r_D']:.2f} (dominance)." if test else "")
    st.caption("Limits: English only; trained on readers' ratings of single sentences (EmoBank). It rates words and "
               f"their order; it does not feel.{measured}")


@st.cache_data(max_entries=4, show_spinner=False)
def _test_metrics(folder: str, model: str) -> dict[str, Any] | None:
    """Test metrics saved with the model; None if they are missing."""
    try:
        test = read_json(Path(folder) / "metrics.json")["test"]
        return test if {"n", "r", "r_V", "r_A", "r_D"} <= test.keys() else None
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def landmarks(reader: TextReader, reading: TextReading) -> None:
    """The text among landmarks: x pleasure, y arousal."""
    pads = _landmark_pads(model_sha256(reader.saved), reader)
    labels, texts = zip(*LANDMARKS, strict=True)
    _chart(charts.field(labels, texts, pads, reading), "field",
           f"Map of {len(texts)} sentences and the text by pleasure and arousal; the text at "
           f"{reading.pad[0]:+.2f}, {reading.pad[1]:+.2f}")
    st.caption(f"The text (orange) among {len(texts)} landmark sentences (grey; point at one to read it). The frame is "
               "the text's interval; larger markers mean more dominance.")


@st.cache_resource(max_entries=2, show_spinner=False)
def _landmark_pads(model: str, _reader: TextReader) -> NDArray[np.floating]:
    """PAD (N, 3) of the landmarks."""
    return np.array([reading.pad for reading in _reader.read_many([text for _, text in LANDMARKS])])


def _chart(figure: go.Figure, name: str, alt: str) -> None:
    st.plotly_chart(figure, config=CONFIG, key=f"text_chart_{name}", alt=alt)


def course(conversation: "Conversation", forget: Callable[[TextReader, "Conversation"], None],
           reader: TextReader) -> None:
    """PAD of the typed texts. `forget` is called when the button to clear them is clicked."""
    n = len(conversation.pads)
    st.html(f'<span data-testid="course" data-texts="{n}"></span>')
    if not n:
        return
    st.subheader("The conversation", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="q">{n} typed text{"s" if n > 1 else ""} so far.</p>', width="content")
        st.button("Forget the conversation", key="text_forget", on_click=forget, args=(reader, conversation))
    if n > 1:
        pads = np.array(conversation.pads)
        _chart(charts.trajectory(pads), "talk", f"PAD over {n} typed texts; the last "
               + ", ".join(f"{value:+.2f}" for value in pads[-1]))
        st.caption("PAD of each typed text, read by itself. Above zero: pleased, stirred, in control.")


def thinking(reader: TextReader, reading: TextReading) -> None:
    """Estimate, affect gate and attention of each round."""
    K = len(reading.confidence)
    if not K:
        st.caption("This model answers without rounds of thought.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**The answer, round by round** (recursion)")
        ends = ", ".join(f"{name.lower()} {a:+.3f} to {b:+.3f}" for name, a, b in
                         zip(html.NAMES, reading.rounds[0], reading.rounds[-1], strict=True))
        _chart(charts.rounds(reading.rounds), "rounds", f"Estimate over {K} rounds: {ends}")
        shares = ", ".join(f"{100 * share:.0f} % of {name.lower()}" for share, name in
                           zip(reader.prior.shares, html.NAMES, strict=True))
        st.caption("Round 0 is the mean of all words; each round attends to the words and answers again. Flat lines: "
                   "more rounds changed nothing. A regression without word order, the same in "
                   f"each round, contributes {shares}.")
    with right:
        st.markdown("**How much the estimate enters the next round** (affect gate)")
        _chart(charts.confidence(reading.confidence), "confidence",
               "Affect gate by round: " + ", ".join(f"{value:.2f}" for value in reading.confidence))
        st.caption("How much of the previous estimate enters each round: 0 none, 1 all. It is not a probability of "
                   "being right.")
    st.markdown("**Words that each round attended to** (attention)")
    words = [reading.text[token.start : token.stop] for token in reading.tokens]
    if not reading.attention.any() or len(words) > MAX_ATTENTION_WORDS:
        st.caption(f"This is drawn for up to {MAX_ATTENTION_WORDS} words." if words[MAX_ATTENTION_WORDS:] else
                   "This model has no attention.")
        return
    most = ", ".join(f"“{words[i]}”" for i in np.argsort(-reading.attention[-1])[:3])
    _chart(charts.attention(reading.attention, words), "attention",
           f"Attention of {K} rounds to {len(words)} words; highest in the last: {most}")
    st.caption(f"A column sums to 1; brighter is more. Highest in the last round: {most}.")


def training(reader: TextReader) -> None:
    """Hope, Faith and Love by epoch, as curves and as an animated disc."""
    history: dict[str, list[float]] = {}
    try:
        history = reader.history
        lengths = {len(history[key]) for key in ("epoch", "hope", "faith", "love")}
    except (OSError, ValueError, KeyError, TypeError):
        lengths = set()
    st.markdown("**How it learned** (Hope, Faith and Love)")
    if len(lengths) != 1 or 0 in lengths:
        st.caption("This model has no training history.")
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _breath(history)
    with right:
        arrays = {key: np.asarray(history[key]) for key in ("epoch", "hope", "faith", "love")}
        _chart(hope_faith_love(arrays), "virtues", "Hope, Faith and Love by epoch; at the end "
               + ", ".join(f"{arrays[key][-1]:.3f}" for key in ("hope", "faith", "love")))
    st.caption("On validation sentences, after each epoch. Hope: 1 - mean error. Faith: mean tanh of the affect gates. "
               "Love: exp(-squared error), lower if estimates scatter. Disc: Hope, then Faith, once per epoch; "
               "ring: Love. Areas are proportional to the values.")


@st.fragment
def _breath(history: dict[str, list[float]]) -> None:
    """The disc with a button that replays the training and reruns only this part."""
    played = st.session_state.get("text_played", 0)
    playing = 0
    if st.button("Play the training", key="text_play", icon=":material/air:"):
        playing = st.session_state.text_played = played + 1
    st.html(pulse.breathing(history, playing))
