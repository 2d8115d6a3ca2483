"""Table of uploaded pictures of numbers, and an audit if they have labels in their names, such as 2026_a.jpg."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from core.formats import interval, measured, percent
from core.metrics import wilson_interval
from deployment.pages.upload.contact_sheet import ticked
from deployment.reader.labels import as_labelled, edit_distance, number_label
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import UNKNOWN, NumberReading
from deployment.reader.wording import sure
from deployment.ui.html import cards, png_uri, tile, tiles

THUMB = 160  # pixels of the long side
MOST_TILES = 60
NO_IMAGE = np.empty((0, 0), np.float32)
Result = NumberReading | InputError


def slim(reading: NumberReading) -> NumberReading:
    """A NumberReading with a small page and without activations, so that hundreds can be stored."""
    step = max(1, -(-max(reading.page.shape) // THUMB))
    places = [replace(place, gate=None, hidden=[], image=NO_IMAGE) for place in reading.digits]
    return replace(reading, page=reading.page[::step, ::step].copy(), scale=reading.scale * step, digits=places)


@dataclass(frozen=True)
class NumberAudit:
    """Figures over the labelled pictures; an unreadable one counts as misread."""

    n: int
    exact: int
    interval: tuple[float, float]  # Wilson, 95 %, of exact / n
    digits: int  # digits and signs in the labels
    digit_errors: int  # sum of edit distances
    stated: float  # mean confidence, 0 for an unreadable picture
    errors: list[int]  # indices of the misread pictures, the most confident first


def audit(names: Sequence[str], results: Sequence[Result]) -> NumberAudit | None:
    """The audit of the pictures with a number in their names; None without any."""
    labels = {i: label for i, name in enumerate(names) if (label := number_label(name)) is not None}
    if not labels:
        return None
    read = {i: result for i in labels if not isinstance(result := results[i], InputError)}
    texts = {i: as_labelled(read[i].text) if i in read else "" for i in labels}
    stated = {i: read[i].confidence if i in read else 0.0 for i in labels}
    wrong = sorted((i for i, label in labels.items() if texts[i] != label), key=lambda i: -stated[i])
    exact = len(labels) - len(wrong)
    return NumberAudit(
        n=len(labels), exact=exact, interval=wilson_interval(exact, len(labels)),
        digits=sum(len("".join(label.split())) for label in labels.values()),
        digit_errors=sum(edit_distance(label, texts[i]) for i, label in labels.items()),
        stated=float(np.mean(list(stated.values()))), errors=wrong)


def sheet(rows: Sequence[tuple[str, NumberReading]], key: str, newest: list[int]) -> int:
    """Show the table of (name, NumberReading); return the index of the row in focus, see contact_sheet.py."""
    table = pd.DataFrame({
        "Picture": [png_uri(reading.page) for _, reading in rows],
        "File": [name for name, _ in rows],
        "Reads": [reading.text.replace("\n", " / ") for _, reading in rows],
        "Confidence": [reading.confidence for _, reading in rows],
        "In doubt": [len(reading.alternatives) + reading.text.count(UNKNOWN) for _, reading in rows],
    })
    return ticked(table, key, "Table of the uploaded pictures with the number read and its confidence", newest)


def show(summary: NumberAudit, names: Sequence[str], results: Sequence[Result]) -> None:
    """Show the audit as cards and tiles."""
    st.subheader("Audit of your pictures", anchor=False)
    unlabelled = len(names) - summary.n
    left_out = f" {unlabelled:,} without a number in the name are left out." if unlabelled else ""
    st.caption(f"On the {summary.n:,} pictures with the number in the name, such as 2026_anything.jpg or, for two "
               f"lines, 12-2026_anything.jpg; m stands for a minus and c for a point or a comma: m20c5_anything.jpg."
               f"{left_out}")
    st.html(figures(summary))
    if summary.errors:
        shown = "" if len(summary.errors) <= MOST_TILES else f", the {MOST_TILES} surest"
        st.markdown(f"**Misread: {len(summary.errors):,}{shown}**")
        st.caption("The number in the name → the answer; below it the stated confidence, the surest first.")
        st.html(wrong(names, results, summary.errors[:MOST_TILES]))


def figures(summary: NumberAudit) -> str:
    """The headline figures as cards."""
    return cards([
        ("Read exactly", measured(summary.exact / summary.n),
         f"{summary.exact:,} of {summary.n:,}; 95 % interval {interval(summary.interval)}"),
        ("Digit errors", measured(summary.digit_errors / max(summary.digits, 1), 2),
         f"{summary.digit_errors:,} changes needed in {summary.digits:,} digits (edit distance)"),
        ("Stated confidence", percent(summary.stated), "mean over all pictures; it should be near the share read "
         "exactly"),
    ], "upload-figures")


def wrong(names: Sequence[str], results: Sequence[Result], indices: Iterable[int]) -> str:
    """The misread pictures as tiles."""
    shown = []
    for i in indices:
        result, label = results[i], (number_label(names[i]) or "").replace("\n", " / ")
        if isinstance(result, InputError):
            shown.append(tile(None, f"{label} → <b>not read</b>", "", f"{names[i]}: {result}"))
            continue
        text = result.text.replace("\n", " / ")
        shown.append(tile(png_uri(result.page), f"{label} → <b>{html.escape(text)}</b>",
                          html.escape(percent(result.confidence)),
                          f"{names[i]}: {label} read as {text}, {sure(result.confidence)}"))
    return tiles(shown, "upload-tiles", wide=True)
