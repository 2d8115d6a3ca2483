"""Layout of the sections of the text tab: one reading, the conversation and the model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.storage import model_sha256, read_json
from core.text.language.tokens import words_in
from core.text.reader import TextReader, TextReading
from deployment.pages.text import charts, html
from deployment.pages.text.examples import FIELD
from deployment.ui import pulse
from deployment.ui.charts import CONFIG, hope_faith_love

MOST_WORDS = 100  # of a text whose words are weighed, at one reading each
MOST_LOOKED_AT = 40  # words of an attention chart


def sentence(reader: TextReader, shown: Any) -> None:
    """PAD in words above the text of a page.Shown, its words tinted by their effect."""
    reading, count = shown.reading, len(words_in(shown.text))
    estimate = reader.words_for(reading.pad)
    if count > MOST_WORDS:
        st.html(html.headline(reading, html.plain(shown.text), estimate))
        st.caption(f"This text has {count:,} words; up to {MOST_WORDS} are weighed one by one. Give a sentence or two.")
        return
    if shown.effects is None:
        shown.effects = reader.occlusion_effects(shown.text)
    st.session_state.text_dimension = st.session_state.get("text_dimension", html.NAMES[0])
    dimension = html.NAMES.index(st.session_state.text_dimension)
    st.html(html.headline(reading, html.tinted(shown.text, shown.effects, dimension), estimate))
    st.segmented_control("Tint the words by", html.NAMES, key="text_dimension", required=True)
    name = st.session_state.text_dimension.lower()
    st.caption(f"Each word was left out once: {name} with it less {name} without it. Orange with a line raises, blue "
               f"with dots lowers, stronger colour is more. Most: {html.strongest(shown.effects, dimension)}.")
    st.html(html.words_table(shown.effects))


def answer(reader: TextReader, reading: TextReading) -> None:
    """PAD with its interval, and the limits of the model."""
    st.html(html.affect(reading, reader.each_word(reading), reader.centre, reader.spread))
    test = _measured(str(reader.folder), model_sha256(reader.saved))
    measured = (f" On {test['n']:,} test sentences its numbers correlate with the readers' by r = {test['r_V']:.2f} "
                f"(pleasure), {test['r_A']:.2f} (arousal) and {test['r_D']:.2f} (dominance)." if test else "")
    st.caption("Limits: English; trained on the readers' ratings of single sentences in EmoBank; it rates words and "
               f"their order.{measured}")


@st.cache_data(max_entries=4, show_spinner=False)
def _measured(folder: str, model: str) -> dict | None:
    """The test figures stored with a model, None if they are missing."""
    try:
        test = read_json(Path(folder) / "metrics.json")["test"]
        return test if {"n", "r", "r_V", "r_A", "r_D"} <= test.keys() else None
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def landmarks(reader: TextReader, reading: TextReading) -> None:
    """The text among landmarks, pleasure across and arousal up."""
    pads = _field(model_sha256(reader.saved), reader)
    labels, texts = zip(*FIELD, strict=True)
    _chart(charts.field(labels, texts, pads, reading), "field",
           f"Map of {len(texts)} sentences and the text by pleasure and arousal; the text at "
           f"{reading.pad[0]:+.2f}, {reading.pad[1]:+.2f}")
    st.caption(f"The text (orange) among {len(texts)} sentences (grey; point at one to read it). The frame is "
               "its interval; larger marks are more dominant.")


@st.cache_resource(max_entries=2, show_spinner=False)
def _field(model: str, _reader: TextReader) -> np.ndarray:
    """PAD (N, 3) of the landmarks."""
    return np.array([reading.pad for reading in _reader.read_many([text for _, text in FIELD])])


def _chart(figure, name: str, alt: str, **options):
    return st.plotly_chart(figure, config=CONFIG, key=f"text_chart_{name}", alt=alt, **options)


def course(talk: Any, forget: Callable[[TextReader, Any], None], reader: TextReader) -> None:
    """PAD over the typed texts of a page.Talk; the button calls forget(reader, talk)."""
    n = len(talk.course)
    st.html(f'<span data-testid="course" data-texts="{n}"></span>')
    if not n:
        return
    st.subheader("The conversation", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="q">{n} typed text{"s" if n > 1 else ""} so far.</p>', width="content")
        st.button("Forget the conversation", key="text_forget", on_click=forget, args=(reader, talk))
    if n > 1:
        pads = np.array(talk.course)
        _chart(charts.trajectory(pads), "talk", f"PAD over {n} typed texts; the last "
               + ", ".join(f"{value:+.2f}" for value in pads[-1]))
        st.caption("PAD of each typed text, read alone, in order; above zero is pleased, stirred, in control.")


def thinking(reader: TextReader, reading: TextReading) -> None:
    """Estimates, gate and attention round by round."""
    K = len(reading.confidence)
    if not K:
        st.caption("This model answers at once, without rounds of thought.")
        return
    moves, sure = st.columns(2, gap="medium")
    with moves:
        st.markdown("**The answer, round by round** (recursion)")
        ends = ", ".join(f"{name.lower()} {a:+.3f} to {b:+.3f}" for name, a, b in
                         zip(html.NAMES, reading.rounds[0], reading.rounds[-1], strict=True))
        _chart(charts.rounds(reading.rounds), "rounds", f"Estimate over {K} rounds: {ends}")
        shares = ", ".join(f"{100 * share:.0f} % of {name.lower()}" for share, name in
                           zip(reader.prior.shares, html.NAMES, strict=True))
        st.caption("Round 0 is the estimate from all words together; each round reads the words and estimates again. "
                   f"Flat lines mean that further rounds change nothing. {shares} come from a regression without "
                   "word order, the same in every round.")
    with sure:
        st.markdown("**Affect gate, round by round**")
        _chart(charts.confidence(reading.confidence), "confidence",
               "Affect gate by round: " + ", ".join(f"{value:.2f}" for value in reading.confidence))
        st.caption("How much of the last estimate enters each round, from 0 to 1. It is not a probability of being "
                   "right.")
    st.markdown("**Attention of each round to the words**")
    words = [reading.text[token.start : token.stop] for token in reading.tokens]
    if not reading.attention.any() or len(words) > MOST_LOOKED_AT:
        st.caption(f"This is drawn for up to {MOST_LOOKED_AT} words." if words[MOST_LOOKED_AT:] else
                   "This model has no attention to the words.")
        return
    most = ", ".join(f"“{words[i]}”" for i in np.argsort(-reading.attention[-1])[:3])
    _chart(charts.attention(reading.attention, words), "attention",
           f"Attention of {K} rounds to {len(words)} words; the last looks most at {most}")
    st.caption(f"A column sums to 1; brighter is more. The last round looks most at {most}.")


def training(reader: TextReader) -> None:
    """Hope, Faith and Love: curves and an animation."""
    history = {}
    try:
        history = reader.history
        lengths = {len(history[key]) for key in ("epoch", "hope", "faith", "love")}
    except (OSError, ValueError, KeyError, TypeError):
        lengths = set()
    st.markdown("**How it learned** (Hope, Faith and Love)")
    if len(lengths) != 1 or 0 in lengths:
        st.caption("This model has no history of its training.")
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _breath(history)
    with right:
        arrays = {key: np.asarray(history[key]) for key in ("epoch", "hope", "faith", "love")}
        _chart(hope_faith_love(arrays), "virtues", "Hope, Faith and Love by epoch; at the end "
               + ", ".join(f"{arrays[key][-1]:.3f}" for key in ("hope", "faith", "love")))
    st.caption("On sentences not used in training, after each epoch. Hope: 1 - mean error. Faith: mean tanh of the "
               "affect gates. Love: exp(-squared error), reduced by the spread of the estimates. In each epoch the "
               "disc grows to Hope and shrinks to Faith; the ring is Love; areas are proportional.")


@st.fragment
def _breath(history: dict) -> None:
    """A button that plays the training; it reruns only this part."""
    played = st.session_state.get("text_played", 0)
    playing = 0
    if st.button("Play the training", key="text_play", icon=":material/air:"):
        playing = st.session_state.text_played = played + 1
    st.html(pulse.breathing(history, playing))
