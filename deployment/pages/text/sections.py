"""The sections of the tab "Feelings in text" about one reading, the conversation and the model. Layout only."""

from pathlib import Path

import numpy as np
import streamlit as st

from core.storage import model_sha256, read_json
from core.text.language.tokens import words_in
from deployment.pages.text import charts, html
from deployment.pages.text.examples import FIELD
from deployment.ui import pulse
from deployment.ui.charts import CONFIG, hope_faith_love

MOST_WORDS = 100  # a text with more is not taken apart word by word: each word costs a reading
MOST_LOOKED_AT = 40  # words whose attention is drawn


def sentence(reader, shown) -> None:
    """What was read: PAD in words above the text, its words tinted by what they do."""
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
    name = st.segmented_control("Tint the words by", html.NAMES, key="text_dimension", required=True).lower()
    st.caption(f"Each word was left out once: {name} with it less {name} without it. Orange with a line raises, blue "
               f"with dots lowers, stronger colour is more. Most: {html.strongest(shown.effects, dimension)}.")
    st.html(html.words_table(shown.effects))


def answer(reader, reading) -> None:
    """PAD with its interval, and what the reader cannot do."""
    st.html(html.felt(reading, reader.each_word(reading), reader.centre, reader.spread))
    found = _measured(str(reader.folder), model_sha256(reader.saved))
    measured = (f" On {found['n']:,} test sentences its numbers correlate with the readers' by r = {found['r_V']:.2f} "
                f"(pleasure), {found['r_A']:.2f} (arousal) and {found['r_D']:.2f} (dominance)." if found else "")
    st.caption("Limits: English; trained on EmoBank's readers' ratings of single sentences; it rates words and their "
               f"order, it does not feel.{measured}")


@st.cache_data(max_entries=4, show_spinner=False)
def _measured(folder: str, model: str) -> dict | None:
    """The test figures saved with a model, None where they are missing."""
    try:
        found = read_json(Path(folder) / "metrics.json")["test"]
        return found if {"n", "r", "r_V", "r_A", "r_D"} <= found.keys() else None
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def landmarks(reader, reading) -> None:
    """The text among landmarks, pleasure across and arousal up."""
    pads = _field(model_sha256(reader.saved), reader)
    labels, texts = zip(*FIELD, strict=True)
    _chart(charts.field(labels, texts, pads, reading), "field",
           f"Map of {len(texts)} sentences and the text by pleasure and arousal; the text at "
           f"{reading.pad[0]:+.2f}, {reading.pad[1]:+.2f}")
    st.caption(f"The text (orange) among {len(texts)} sentences of our own (grey; point at one to read it). The frame "
               "is its interval, larger marks are more in control.")


@st.cache_resource(max_entries=2, show_spinner=False)
def _field(model: str, _reader) -> np.ndarray:
    """PAD (N, 3) of the landmarks."""
    return np.array([reading.pad for reading in _reader.read_many([text for _, text in FIELD])])


def _chart(figure, name: str, alt: str, **options):
    return st.plotly_chart(figure, config=CONFIG, key=f"text_chart_{name}", alt=alt, **options)


def course(talk, forget, reader) -> None:
    """PAD over the typed texts; forget(reader, talk) is called when they shall be forgotten."""
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


def thinking(reader, reading) -> None:
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
        st.caption("Round 0 is the first look at all words together; each round looks back at the words and answers "
                   f"again. Flat lines say that thinking longer changed nothing. {shares} come from a regression that "
                   "knows no order, in every round alike.")
    with sure:
        st.markdown("**How far its feeling colours its thought** (affect gate)")
        _chart(charts.confidence(reading.confidence), "confidence",
               "Affect gate by round: " + ", ".join(f"{value:.2f}" for value in reading.confidence))
        st.caption("How far each round lets the estimate before it into its thought, 0 not at all, 1 fully. It is no "
                   "chance of being right.")
    st.markdown("**Which words each round looked at** (attention)")
    words = [reading.text[token.start : token.stop] for token in reading.tokens]
    if not reading.attention.any() or len(words) > MOST_LOOKED_AT:
        st.caption(f"This is drawn for up to {MOST_LOOKED_AT} words." if words[MOST_LOOKED_AT:] else
                   "This model does not look back at the words.")
        return
    most = ", ".join(f"“{words[i]}”" for i in np.argsort(-reading.attention[-1])[:3])
    _chart(charts.attention(reading.attention, words), "attention",
           f"Attention of {K} rounds to {len(words)} words; the last looks most at {most}")
    st.caption(f"A column sums to 1; brighter is more. The last round looks most at {most}.")


def training(reader) -> None:
    """Hope, Faith and Love: curves, and a disc that breathes them."""
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
    st.caption("On sentences not trained on, after each epoch. Hope: 1 less the mean error. Faith: mean tanh of the "
               "affect gates. Love: exp(-squared error), less where estimates scatter. Higher is more; the disc "
               "breathes in to Hope and out to Faith once an epoch, the ring is Love, areas go as values.")


@st.fragment
def _breath(history: dict) -> None:
    """The button plays the training anew and reruns this part alone."""
    played = st.session_state.get("text_played", 0)
    playing = 0
    if st.button("Play the training", key="text_play", icon=":material/air:"):
        playing = st.session_state.text_played = played + 1
    st.html(pulse.breathing(history, playing))
