"""The contact sheet: a table of pictures and their readings with one selectable row."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.formats import percent
from deployment.reader.picture.archive import shown
from deployment.reader.prediction import Prediction
from deployment.ui.html import grey_uri


def ticked(table: pd.DataFrame, key: str, alt: str, newest: list[int]) -> int:
    """Show a table with the columns Picture, File, Confidence (a share) and more; return the index of the ticked row,
    or of the least confident row of `newest` if none is ticked. key: a new key for new files clears the selection."""
    least = min(newest, key=lambda row: table["Confidence"][row])
    which = "least sure" if len(newest) == len(table) else "least sure of the newest" if len(newest) > 1 else "newest"
    st.caption(f"{len(table)} pictures read. Click a heading to sort, tick a row to inspect it. Shown above is the "
               f"{which}: {shown(str(table['File'][least]))}.")
    written = table.style.format({"Confidence": percent, "Picture": lambda uri: ""})  # no text for a picture
    event = st.dataframe(
        written, hide_index=True, row_height=48, height=min(48 * len(table) + 38, 440),
        column_config={"Picture": st.column_config.ImageColumn("Picture", width="small")},
        on_select="rerun", selection_mode="single-row", key=key, alt=alt)
    return next(iter(event.selection.rows), least)


def digit_sheet(rows: Sequence[tuple[str, Prediction]], key: str, newest: list[int]) -> int:
    """Show the table of digits; return the index of the row in focus."""
    table = pd.DataFrame(
        {
            "Picture": [grey_uri(prediction.image) for _, prediction in rows],
            "File": [name for name, _ in rows],
            "Answer": [str(prediction.digit) for _, prediction in rows],
            "Confidence": [prediction.confidence for _, prediction in rows],
            "Emotion": [prediction.emotion for _, prediction in rows],
            "Runner-up": [str(prediction.runner_up) for _, prediction in rows],
        }
    )
    return ticked(table, key, "Table of the uploaded pictures with answer, confidence and emotion", newest)
