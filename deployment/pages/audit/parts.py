"""Shared by the audit's sections: the data of one audit, headings, charts and image tiles."""

import functools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Any, cast

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2 import component
from streamlit.typing import PlotlyState

from core.digits.data import read_checked
from core.formats import interval, percent
from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.audit.stored import Arrays, made_for
from deployment.reader.wording import a, public_message, sure
from deployment.ui import html
from deployment.ui.assets import asset
from deployment.ui.charts import CONFIG

LOG = logging.getLogger(__name__)
_view = component("chart_in_view", html="<div></div>", js=asset("view.js"))


@dataclass(frozen=True)
class Audit:
    """One model's audit. document: rows of audit.json, may be empty; command: the shell command that makes the audit;
    current: whether it was made for the loaded model."""

    arrays: Arrays
    document: dict[str, Any]
    command: str
    deployer: MNISTDeployer
    current: bool

    def key(self, name: str) -> str:
        """Widget key that is unique to this audit."""
        return f"audit_{name}_{made_for(self.arrays)[:12]}"


@st.cache_resource(show_spinner="Unpacking the test images …")
def test_images() -> NDArray[np.uint8]:
    """The 10,000 test images (N, 28, 28), shared between sessions."""
    return read_checked("t10k-images-idx3-ubyte")


def section(title: str, caption: str) -> None:
    """A heading, the target of a link at the top, and a caption that explains the section."""
    st.subheader(title, anchor=anchor(title))
    st.caption(caption)


def anchor(title: str) -> str:
    return "audit-" + title.lower().replace(" ", "-")


def guarded(show: Callable[[Audit], None]) -> Callable[[Audit], None]:
    """Decorator: a section that fails, on an audit file of unexpected content, is replaced by a warning."""
    @functools.wraps(show)
    def guarded_show(audit: Audit) -> None:
        try:
            show(audit)
        except Exception as error:  # an audit file from elsewhere can hold anything
            LOG.exception("a section of the audit cannot be shown")
            st.warning(f"This part cannot be shown ({public_message(error)}). Remake the audit with `{audit.command}`.")

    return guarded_show


def chart(audit: Audit, figure: go.Figure, alt: str, name: str, **options: Any) -> PlotlyState | None:
    """A chart that is drawn when it comes into view. Until then a placeholder of its height is shown and None returned:
    the first charts take seconds and must not delay text and pictures.

    A chart with options such as on_select reruns the calling fragment; one without is a fragment.
    """
    return (_draw if options else _draw_fragment)(audit, figure, alt, name, options)


def _draw(audit: Audit, figure: go.Figure, alt: str, name: str, options: dict[str, Any]) -> PlotlyState | None:
    seen = audit.key(f"seen_{name}")
    if st.session_state.get(seen):
        # without on_select it returns a DeltaGenerator, which no caller uses
        return cast(PlotlyState, st.plotly_chart(figure, config=CONFIG, alt=alt, key=audit.key(name), **options))
    _view(key=f"{seen}_view", data={"height": figure["layout"]["height"]}, on_seen_change=lambda: _set_seen(seen))
    return None


_draw_fragment = st.fragment(_draw)


def _set_seen(key: str) -> None:
    st.session_state[key] = True


def tiles(audit: Audit, indices: Iterable[int]) -> None:
    """The test images of these indices with their answers, or a warning if the images are missing."""
    try:
        images = test_images()
    except (OSError, ValueError) as error:
        st.warning(public_message(error))
        return
    st.html(image_strip(images, audit.arrays["y"], audit.arrays["probs"], indices))


def image_strip(images: NDArray[np.uint8], y: NDArray[np.integer], probs: NDArray[np.floating],
                indices: Iterable[int]) -> str:
    """The images of these indices as tiles that open a closer look, with true digit, answer (if wrong) and confidence.

    images (N, 28, 28), y (N,), probs (N, 10).
    """
    parts = []
    for i in indices:
        true, answer, confidence = int(y[i]), int(probs[i].argmax()), float(probs[i].max())
        words = str(true) if answer == true else f"{true} → {answer}"
        parts.append(html.tile(html.png_uri(images[i]), words, escape(percent(confidence)),
                               f"test image {i}: {a(true)} read as {answer}, {sure(confidence)}", opens=int(i)))
    return html.tiles(parts, "test-images")


def count(n: int, noun: str = "image") -> str:
    """"1 image", "1,200 images"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def interval_of(row: dict[str, Any], digits: int = 2) -> str:
    """The 95 % interval of a row, "99.22 to 99.52 %"; a dash for n = 0."""
    return interval(row["interval_95"], digits) if row["n"] else "–"
