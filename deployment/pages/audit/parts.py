"""What the sections of the audit share: the data of one audit, headings, charts and strips of images."""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from core.digits.data import read_checked
from core.formats import interval, percent
from deployment.pages.audit.stored import made_for
from deployment.reader.wording import a, public_message, sure
from deployment.ui import html
from deployment.ui.assets import asset
from deployment.ui.charts import CONFIG

LOG = logging.getLogger(__name__)
_view = component("chart_in_view", html="<div></div>", js=asset("view.js"))


@dataclass(frozen=True)
class Audit:
    """One model's audit as the page shows it; document: rows of audit.json, empty where there is none."""

    arrays: dict
    document: dict
    command: str
    deployer: object
    current: bool  # whether it was made for the loaded model

    def key(self, name: str) -> str:
        """A widget's key that belongs to this audit alone."""
        return f"audit_{name}_{made_for(self.arrays)[:12]}"


@st.cache_resource(show_spinner="Unpacking the test images …")
def test_images() -> np.ndarray:
    """The 10,000 test images (N, 28, 28) uint8, shared between sessions."""
    return read_checked("t10k-images-idx3-ubyte")


def section(title: str, what_and_how: str) -> None:
    """A heading, to which the links at the top lead, and a caption that says what is shown and how to read it."""
    st.subheader(title, anchor=anchor(title))
    st.caption(what_and_how)


def anchor(title: str) -> str:
    return "audit-" + title.lower().replace(" ", "-")


def guarded(show: Callable) -> Callable:
    """A section that says so in a sentence where a foreign audit does not hold what it shows."""
    @functools.wraps(show)
    def shown(audit: Audit) -> None:
        try:
            show(audit)
        except Exception as error:  # such a file may hold anything
            LOG.exception("a section of the audit cannot be shown")
            st.warning(f"This part cannot be shown ({public_message(error)}). Run `{audit.command}` again.")

    return shown


def chart(audit: Audit, figure, alt: str, name: str, **options):
    """A chart whose state belongs to this chart of this model alone, once it comes into view; until then None, and room
    for it: the first charts take seconds to draw, for which words and pictures need not wait.

    It is drawn alone, or, where it has options such as on_select, with the fragment that calls.
    """
    return (_drawn if options else _drawn_alone)(audit, figure, alt, name, options)


def _drawn(audit: Audit, figure, alt: str, name: str, options: dict):
    seen = audit.key(f"seen_{name}")
    if st.session_state.get(seen):
        return st.plotly_chart(figure, config=CONFIG, alt=alt, key=audit.key(name), **options)
    _view(key=f"{seen}_view", data={"height": figure.layout.height}, on_seen_change=lambda: _note(seen))
    return None


_drawn_alone = st.fragment(_drawn)


def _note(seen: str) -> None:
    st.session_state[seen] = True


def tiles(audit: Audit, indices) -> None:
    """The test images of these indices with their answers, or a sentence where the images cannot be had."""
    try:
        images = test_images()
    except (OSError, ValueError) as error:
        st.warning(public_message(error))
        return
    st.html(image_strip(images, audit.arrays["y"], audit.arrays["probs"], indices))


def image_strip(images: np.ndarray, y: np.ndarray, probs: np.ndarray, indices) -> str:
    """The `indices` among images (N, 28, 28) uint8 as tiles, which open a closer look: each above its true digit, an
    arrow to the answer where that is another, and the confidence; y (N,), probs (N, 10)."""
    shown = []
    for i in indices:
        true, answer, confidence = int(y[i]), int(probs[i].argmax()), float(probs[i].max())
        words = str(true) if answer == true else f"{true} → {answer}"
        shown.append(html.tile(html.png_uri(images[i]), words, escape(percent(confidence)),
                               f"test image {i}: {a(true)} read as {answer}, {sure(confidence)}", opens=int(i)))
    return html.tiles(shown, "test-images")


def count(n: int, noun: str = "image") -> str:
    """"1 image", "1,200 images"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def interval_of(row: dict, digits: int = 2) -> str:
    """The 95 % interval of a row, "99.22 to 99.52 %"; a dash where nothing was counted."""
    return interval(row["interval_95"], digits) if row["n"] else "–"
