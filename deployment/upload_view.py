"""Uploaded pictures: one is read like a drawing; many become a contact sheet, with the chosen one read in full."""

import pandas as pd
import streamlit as st

from deployment import pictures
from deployment.preprocess import InputError


def render(deployer, files: list) -> tuple:
    """Show the contact sheet of several files; return the name and the Prediction or InputError of the one in focus."""
    names, results = _results(deployer, files)
    if len(files) == 1:
        return names[0], results[0]

    read = [i for i, result in enumerate(results) if not isinstance(result, InputError)]
    st.subheader("Contact sheet", anchor=False)
    for result in results:
        if isinstance(result, InputError):
            st.html(pictures.notice(str(result)))
    if not read:
        return names[0], results[0]
    rows = [(names[i], results[i]) for i in read]
    chosen = _sheet(rows)
    st.download_button("Download as CSV", _csv(names, results), "qualm.csv", "text/csv")
    return rows[chosen]


def _results(deployer, files: list) -> tuple[list, list]:
    pairs = tuple((f"“{file.name}”", file.getvalue()) for file in files)
    return [file.name for file in files], _predict(deployer.config["weights_sha256"], pairs, deployer)


@st.cache_data(max_entries=8, show_spinner="Reading the pictures …")
def _predict(weights_sha256: str, pairs: tuple, _deployer) -> list:
    """Read once per model and set of files, not again at every rerun."""
    names, contents = zip(*pairs, strict=True)
    return _deployer.predict_batch(list(contents), names=list(names), skip_errors=True)


def _sheet(rows: list) -> int:
    """Show the table; the number of the ticked row, or of the least confident one if none is ticked."""
    table = pd.DataFrame(
        {
            "Picture": [pictures.grey_uri(prediction.image) for _, prediction in rows],
            "File": [name for name, _ in rows],
            "Answer": [str(prediction.digit) for _, prediction in rows],
            "Confidence": [100 * prediction.confidence for _, prediction in rows],
            "Feeling": [prediction.emotion for _, prediction in rows],
            "Runner-up": [str(prediction.runner_up) for _, prediction in rows],
        }
    )
    least = int(table["Confidence"].argmin())
    st.caption(
        f"{len(rows)} pictures read; a column's head sorts them. The one whose box is ticked stands above in full, "
        f"or the least sure: {rows[least][0]}."
    )
    event = st.dataframe(
        table,
        hide_index=True,
        row_height=48,
        height=min(48 * len(rows) + 38, 440),
        column_config={
            "Picture": st.column_config.ImageColumn("Picture", width="small"),
            "Confidence": st.column_config.ProgressColumn("Confidence", format="%.1f %%", min_value=0, max_value=100),
        },
        on_select="rerun",
        selection_mode="single-row",
        key="sheet",
        alt="Table of the uploaded pictures with answer, confidence and feeling",
    )
    return next(iter(event.selection.rows), least)


def _csv(names: list, results: list) -> str:
    """One line a file; a file that could not be read has its reason in the last column."""
    lines = []
    for name, result in zip(names, results, strict=True):
        if isinstance(result, InputError):
            lines.append({"file": name, "error": str(result)})
        else:
            lines.append(
                {"file": name, "answer": str(result.digit), "confidence": round(result.confidence, 6),
                 "feeling": result.emotion, "runner_up": str(result.runner_up), "novelty": round(result.novelty, 6)}
            )
    columns = ["file", "answer", "confidence", "feeling", "runner_up", "novelty", "error"]
    return pd.DataFrame(lines, columns=columns).to_csv(index=False)
