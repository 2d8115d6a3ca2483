"""Many pictures of numbers: a table of them, and an audit where names like 2026_a.jpg tell what stands there."""

import html
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from core.formats import interval, measured, percent
from core.metrics import wilson_interval
from deployment.pages.upload.contact_sheet import ticked
from deployment.reader.labels import edit_distance, number_label
from deployment.reader.picture.load import InputError
from deployment.reader.prediction import NumberReading
from deployment.reader.wording import sure
from deployment.ui.html import cards, png_uri, tile, tiles

THUMB = 160  # pixels of the long side
MOST_TILES = 60
NO_IMAGE = np.empty((0, 0), np.float32)


def slim(reading: NumberReading) -> NumberReading:
    """A NumberReading that takes little memory: a small page, no activations."""
    step = max(1, -(-max(reading.page.shape) // THUMB))
    places = [replace(place, gate=None, hidden=[], image=NO_IMAGE) for place in reading.digits]
    return replace(reading, page=reading.page[::step, ::step].copy(), scale=reading.scale * step, digits=places)


@dataclass(frozen=True)
class NumberAudit:
    """How well the labelled pictures were read; an unreadable one counts as misread."""

    n: int
    exact: int
    interval: tuple[float, float]  # Wilson, 95 %, of exact / n
    digits: int  # in the labels
    digit_errors: int  # least number of signs to mend
    stated: float  # mean confidence of those that could be read
    errors: list[int]  # places in the list of pictures of those misread, the surest first


def audit(names: list[str], results: list) -> NumberAudit | None:
    """The audit of results (NumberReading or InputError) whose names state a number; None without any."""
    labelled = [(i, label) for i, label in enumerate(map(number_label, names)) if label is not None]
    if not labelled:
        return None
    texts = {i: "" if isinstance(results[i], InputError) else results[i].text for i, _ in labelled}
    stated = {i: 0.0 if isinstance(results[i], InputError) else results[i].confidence for i, _ in labelled}
    wrong = sorted((i for i, label in labelled if texts[i] != label), key=lambda i: -stated[i])
    exact = len(labelled) - len(wrong)
    return NumberAudit(
        n=len(labelled), exact=exact, interval=wilson_interval(exact, len(labelled)),
        digits=sum(len(label.replace("\n", "")) for _, label in labelled),
        digit_errors=sum(edit_distance(label, texts[i]) for i, label in labelled),
        stated=float(np.mean(list(stated.values()))), errors=wrong)


def sheet(rows: list, key: str, newest: list[int]) -> int:
    """Show the table of (name, NumberReading); the index of the row in focus, see contact_sheet.py."""
    table = pd.DataFrame({
        "Picture": [png_uri(reading.page) for _, reading in rows],
        "File": [name for name, _ in rows],
        "Reads": [reading.text.replace("\n", " / ") for _, reading in rows],
        "Confidence": [reading.confidence for _, reading in rows],
        "In doubt": [len(reading.alternatives) + reading.text.count("?") for _, reading in rows],
    })
    return ticked(table, key, "Table of the uploaded pictures with the number read and its confidence", newest)


def show(audit: NumberAudit, names: list[str], results: list) -> None:
    """The audit as cards and tiles."""
    st.subheader("Audit of your pictures", anchor=False)
    unlabelled = len(names) - audit.n
    left_out = f" {unlabelled:,} without a number in the name are left out." if unlabelled else ""
    st.caption(f"On the {audit.n:,} pictures whose names state the number, as 2026_anything.jpg or, for two lines, "
               f"12-2026_anything.jpg do.{left_out}")
    st.html(figures(audit))
    if audit.errors:
        shown = "" if len(audit.errors) <= MOST_TILES else f", the {MOST_TILES} surest"
        st.markdown(f"**Misread: {len(audit.errors):,}{shown}**")
        st.caption("The number in the name → the answer; below it the stated confidence, the surest first.")
        st.html(wrong(names, results, audit.errors[:MOST_TILES]))


def figures(audit: NumberAudit) -> str:
    return cards([
        ("Read exactly", measured(audit.exact / audit.n),
         f"{audit.exact:,} of {audit.n:,}; 95 % interval {interval(audit.interval)}"),
        ("Digit errors", measured(audit.digit_errors / max(audit.digits, 1), 2),
         f"{audit.digit_errors:,} signs to mend in {audit.digits:,} digits (edit distance)"),
        ("Stated confidence", percent(audit.stated), "the mean over all pictures: it should be near the share read "
         "exactly"),
    ], "own-figures")


def wrong(names: list[str], results: list, indices: Iterable[int]) -> str:
    """Tiles of the misread pictures: label, reading and confidence."""
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
    return tiles(shown, "own-tiles", wide=True)
