"""The sections of the tab "Feelings in text" about one reading, its conversation and its model. Layout only."""

from pathlib import Path

import numpy as np
import streamlit as st

from core.storage import model_sha256, read_json
from core.text.memory import CAPACITY
from core.text.ngrams import WORDS
from deployment.text import charts, html
from deployment.text.examples import FIELD
from deployment.ui import pulse
from deployment.ui.charts import CONFIG, hope_faith_love

REMAKE = "Remake it with `python core/text/train.py`."
MOST_WORDS = 100  # a text with more is not taken apart word by word: each word costs a reading


def answer(reader, reading) -> None:
    """PAD of a Reading in words and numbers, and what it cannot do."""
    alone = [reader.words_for(np.where(np.arange(3) == i, reading.pad, reader.centre)) for i in range(3)]
    st.html(html.felt(reading, alone, reader.centre, reader.spread))
    found = _measured(str(reader.folder), model_sha256(reader.saved))
    measured = (f" On {found['n']:,} test sentences its numbers correlate with the readers' by r = {found['r_V']:.2f} "
                f"(pleasure), {found['r_A']:.2f} (arousal) and {found['r_D']:.2f} (dominance)." if found else "")
    st.caption("Limits: English; trained on EmoBank's readers' ratings of single sentences; it rates words, it does "
               f"not feel.{measured}")


@st.cache_data(max_entries=2, show_spinner=False)
def _measured(folder: str, model: str) -> dict | None:
    """The test figures saved with the model, None where they are missing."""
    try:
        found = read_json(Path(folder) / "metrics.json")["test"]
        return found if {"n", "r_V", "r_A", "r_D"} <= found.keys() else None
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def landmarks(reader, pad: np.ndarray) -> None:
    """The emotional field, with pad (3,) in it."""
    pads = _field(model_sha256(reader.saved), reader)
    labels, texts = zip(*FIELD, strict=True)
    near = " ".join(f"“{texts[i]}”" for i in charts.nearest(pads, pad, reader.spread))
    _chart(charts.field(labels, texts, pads, pad), "field",
           f"Emotional field of {len(texts)} sentences in pleasure, arousal and dominance; nearest to the text: {near}")
    st.caption(f"The emotional field: the text (orange) among {len(texts)} sentences of our own as the same network "
               f"reads them; drag to turn it, point at a label for its sentence. Nearest: {near} {REMAKE}")


@st.cache_resource(max_entries=2, show_spinner=False)
def _field(model: str, _reader) -> np.ndarray:
    """PAD (N, 3) of the landmarks."""
    return np.array([reading.pad for reading in _reader.read_many([text for _, text in FIELD])])


def _chart(figure, name: str, alt: str, **options):
    return st.plotly_chart(figure, config=CONFIG, key=f"text_chart_{name}", alt=alt, **options)


def words(reader, shown) -> None:
    """The text with its words tinted by what they do; computes the effects on what is shown once."""
    st.subheader("Which words pulled it", anchor=False)
    text = shown.reading.text
    count = len(WORDS.findall(text))
    if count > MOST_WORDS:
        st.caption(f"This text has {count:,} words; up to {MOST_WORDS} are weighed one by one. Give a sentence or two.")
        return
    st.session_state.text_dimension = st.session_state.get("text_dimension", html.NAMES[0])
    name = st.segmented_control("Dimension", html.NAMES, key="text_dimension", required=True,
                                label_visibility="collapsed")
    dimension = html.NAMES.index(name)
    if shown.effects is None:
        shown.effects = reader.occlusion_effects(text, shown.memory)
    st.html(html.tinted(text, shown.effects, dimension))
    st.caption(f"Each word was left out once: {name.lower()} with it less {name.lower()} without it. Orange with a "
               "line raises, blue with dots lowers, stronger colour is more. Most: "
               f"{html.strongest(shown.effects, dimension)}. {REMAKE}")
    st.html(html.words_table(shown.effects))


def thinking(reading) -> None:
    """Estimates, confidence and attention round by round, and RINSE."""
    st.subheader("How it came to it", anchor=False)
    K = len(reading.confidence)
    if not K:
        st.caption(f"This version answers at once, without rounds of thought. {REMAKE}")
        return
    moves, sure, heard = st.columns(3, gap="medium")
    with moves:
        st.markdown("**The estimate, round by round**")
        ends = ", ".join(f"{name.lower()} {a:+.3f} to {b:+.3f}" for name, a, b in
                         zip(html.NAMES, reading.rounds[0], reading.rounds[-1], strict=True))
        _chart(charts.rounds(reading.rounds), "rounds", f"Estimate over {K} rounds: {ends}")
        st.caption("How far thinking moved the estimate. Round 0 is the prior, a ridge regression; a flat line says "
                   f"that thinking changed nothing. {REMAKE}")
    with sure:
        st.markdown("**Confidence of each round**")
        _chart(charts.confidence(reading.confidence), "confidence",
               "Confidence by round: " + ", ".join(f"{value:.2f}" for value in reading.confidence))
        st.caption("The affect gate: how far each round lets the estimate before it colour its thought, 0 not at all, "
                   f"1 fully. It is not a chance of being right. {REMAKE}")
    with heard:
        st.markdown("**Attention over rounds**")
        if reading.attention.any():
            _chart(charts.attention(reading.attention), "attention", f"Attention of {K} rounds to one another; "
                   f"the last listens to rounds 1 to {K} by " + ", ".join(f"{w:.2f}" for w in reading.attention[-1]))
            st.caption(f"How much each round (row) listens to itself and to those before it; a row sums to 1. {REMAKE}")
        else:
            st.caption(f"This version has no attention over its rounds. {REMAKE}")
    st.markdown("**RINSE, its reflection**")
    if reading.rinse is None:
        st.caption(f"This version does not reflect. {REMAKE}")
        return
    st.html(html.rinse(reading.rinse))
    st.caption(f"After the last round the mean thought, estimate and confidence are squeezed into {len(reading.rinse)} "
               f"cells that colour the answer once: orange above zero, blue below, stronger is nearer to 1. {REMAKE}")


def conversation(reader, talk, forget) -> None:
    """The memory of what was typed; forget(talk) is called when it shall be emptied."""
    st.subheader("The conversation", anchor=False)
    n, memory = len(talk.memory), talk.shown.memory
    uses = ("This version lets the last three typed texts colour the next." if reader.uses_memory else
            "This version keeps a memory but does not use it.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="q" data-testid="memory" data-states="{n}">The memory holds {n} of at most {CAPACITY} '
                "texts. Only what you type counts.</p>", width="content")
        st.button("Forget the conversation", key="text_forget", disabled=not n, on_click=forget, args=(talk,))
    moved = ""
    if reader.uses_memory and memory is not None and len(memory):
        change = talk.shown.reading.pad - reader.read(talk.shown.reading.text).pad
        moved = " It moved this text by " + ", ".join(
            f"{value:+.3f} ({name.lower()})" for value, name in zip(change, html.NAMES, strict=True)) + "."
    st.caption(uses + moved)
    if n == 1:
        st.caption("After a second text its course is drawn here.")
    if n > 1:
        pads = np.array(talk.memory.pads)
        _chart(charts.trajectory(pads), "talk", f"PAD over {n} typed texts; the last "
               + ", ".join(f"{value:+.2f}" for value in pads[-1]))
        st.caption(f"PAD of each typed text in order, from left to right; above zero is pleased, stirred, in control. "
                   f"{REMAKE}")


def training(reader) -> None:
    """Hope, Faith and Love: curves, and a disc that breathes them."""
    try:
        history = reader.history
        lengths = {len(history[key]) for key in ("epoch", "hope", "faith", "love")}
    except (OSError, ValueError, KeyError, TypeError):
        lengths = set()
    st.subheader("How it learned", anchor=False)
    if len(lengths) != 1 or 0 in lengths:
        st.caption(f"This model has no history of its training. {REMAKE}")
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _breath(history)
    with right:
        arrays = {key: np.asarray(history[key]) for key in ("epoch", "hope", "faith", "love")}
        _chart(hope_faith_love(arrays), "virtues", "Hope, Faith and Love by epoch; at the end "
               + ", ".join(f"{arrays[key][-1]:.3f}" for key in ("hope", "faith", "love")))
    st.caption("On sentences not trained on, after each epoch. Hope: 1 less the mean error. Faith: mean tanh of the "
               "confidence. Love: exp(-squared error), less where estimates scatter. Higher is more; the disc breathes "
               f"in to Hope and out to Faith once an epoch, the ring is Love, areas go as the values. {REMAKE}")


@st.fragment
def _breath(history: dict) -> None:
    """The button plays the training anew and reruns this part alone."""
    played = st.session_state.get("text_played", 0)
    playing = 0
    if st.button("Play the training", key="text_play", icon=":material/air:"):
        playing = st.session_state.text_played = played + 1
    st.html(pulse.breathing(history, playing))
