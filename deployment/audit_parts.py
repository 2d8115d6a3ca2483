"""What the sections of the audit share: the data of one audit, headings, charts, tables and strips of images."""

import html
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.data import read_checked
from deployment import charts


@dataclass(frozen=True)
class Audit:
    """One model's audit as the page shows it; document: rows of audit.json, empty where there is none."""

    arrays: dict
    document: dict
    command: str
    deployer: object
    current: bool  # whether it was made with the loaded weights

    def key(self, name: str) -> str:
        """A widget's key that belongs to this audit alone."""
        return f"audit_{name}_{str(self.arrays['weights_sha256'])[:12]}"


@st.cache_resource(show_spinner="Unpacking the test images …")
def test_images() -> np.ndarray:
    """The 10,000 test images (N, 28, 28) uint8, shared between sessions."""
    return read_checked("t10k-images-idx3-ubyte")


def section(audit: Audit, title: str, what_and_how: str) -> None:
    """A heading and a caption that says what is shown, how to read it and how to make it anew."""
    st.subheader(title)
    st.caption(f"{what_and_how} Remake it with `{audit.command}`.")


def chart(audit: Audit, figure, alt: str, name: str, **options):
    """A chart whose state belongs to this chart of this model alone."""
    return st.plotly_chart(figure, config=charts.CONFIG, alt=alt, key=audit.key(name), **options)


def tiles(audit: Audit, indices) -> None:
    """The test images of these indices with their answers, or a sentence where the images cannot be had."""
    try:
        images = test_images()
    except ValueError as error:
        st.warning(str(error))
        return
    st.html(charts.image_strip(images, audit.arrays["y"], audit.arrays["probs"], indices))


def count(n: int, noun: str = "image") -> str:
    """"1 image", "1,200 images"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def percent(share: float | None, digits: int = 2) -> str:
    """0.9939 -> "99.39 %"; None, the share of nothing, a dash."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def interval(row: dict, digits: int = 2) -> str:
    """The 95 % interval of a row, "99.22 to 99.52 %"; a dash where nothing was counted."""
    low, high = row["interval_95"]
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %" if row["n"] else "–"


def table(head: list[str], rows: list[list], caption: str) -> str:
    """HTML of a table that scrolls sideways where the page is narrow; the first column names the row."""
    def cells(row):
        first, *rest = (html.escape(str(cell)) for cell in row)
        return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'

    heads = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    return f"""<div class="q q-scroll" tabindex="0" role="region" aria-label="{html.escape(caption)}">
<table class="q-table"><caption>{html.escape(caption)}</caption><thead><tr>{heads}</tr></thead>
<tbody>{"".join(map(cells, rows))}</tbody></table></div>"""
