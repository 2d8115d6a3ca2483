"""Shared by the sections of the audit: data, headings, charts and strips of images."""

import functools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit.components.v2 import component

from core.digits.data import read_checked
from core.formats import interval, percent
from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.audit.stored import made_for
from deployment.reader.wording import a, public_message, sure
from deployment.ui import html
from deployment.ui.assets import asset
from deployment.ui.charts import CONFIG

LOG = logging.getLogger(__name__)
_view = component("chart_in_view", html="<div></div>", js=asset("view.js"))


@dataclass(frozen=True)
class Audit:
    """The audit of a model; document: rows of audit.json, empty if there are none."""

    arrays: dict
    document: dict
    command: str
    deployer: MNISTDeployer
    current: bool  # whether it was made for the loaded model

    def key(self, name: str) -> str:
        """A widget key for this audit only."""
        return f"audit_{name}_{made_for(self.arrays)[:12]}"


@st.cache_resource(show_spinner="Unpacking the test images …")
def test_images() -> np.ndarray:
    """The 10,000 test images (N, 28, 28) uint8, shared between sessions."""
    return read_checked("t10k-images-idx3-ubyte")


def section(title: str, what_and_how: str) -> None:
    """A heading, target of the links at the top, and a caption on the content and how to read it."""
    st.subheader(title, anchor=anchor(title))
    st.caption(what_and_how)


def anchor(title: str) -> str:
    """The anchor of a heading."""
    return "audit-" + title.lower().replace(" ", "-")


def guarded(show: Callable) -> Callable:
    """Decorator of a section: show a warning if the audit lacks its data."""
    @functools.wraps(show)
    def shown(audit: Audit) -> None:
        try:
            show(audit)
        except Exception as error:  # the file may have any content
            LOG.exception("a section of the audit cannot be shown")
            st.warning(f"This part cannot be shown ({public_message(error)}). Run `{audit.command}` again.")

    return shown


def chart(audit: Audit, figure: go.Figure, alt: str, name: str, **options) -> Any:
    """A chart, rendered when it comes into view; until then None and an empty space, as charts take seconds to render.

    It is a separate fragment, or, with options such as on_select, part of the calling one.
    """
    return (_drawn if options else _drawn_alone)(audit, figure, alt, name, options)


def _drawn(audit: Audit, figure: go.Figure, alt: str, name: str, options: dict) -> Any:
    seen = audit.key(f"seen_{name}")
    if st.session_state.get(seen):
        return st.plotly_chart(figure, config=CONFIG, alt=alt, key=audit.key(name), **options)
    _view(key=f"{seen}_view", data={"height": figure.layout["height"]}, on_seen_change=lambda: _note(seen))
    return None


_drawn_alone = st.fragment(_drawn)


def _note(seen: str) -> None:
    st.session_state[seen] = True


def tiles(audit: Audit, indices: Iterable[int]) -> None:
    """The test images of these indices with their answers, or a warning if the images are missing."""
    try:
        images = test_images()
    except (OSError, ValueError) as error:
        st.warning(public_message(error))
        return
    st.html(image_strip(images, audit.arrays["y"], audit.arrays["probs"], indices))


def image_strip(images: np.ndarray, y: np.ndarray, probs: np.ndarray, indices: Iterable[int]) -> str:
    """Images of (N, 28, 28) uint8 as clickable tiles with true digit, answer if it differs, and confidence; y (N,),
    probs (N, 10)."""
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
    """The 95 % interval of a row, "99.22 to 99.52 %"; a dash if n is 0."""
    return interval(row["interval_95"], digits) if row["n"] else "–"
