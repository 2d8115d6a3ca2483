"""Uploaded pictures, in ZIP files or one by one: one is read like a drawing; many become a contact sheet, with the
chosen one read in full, and, where their names tell the digit, an audit of their own."""

import pandas as pd
import streamlit as st

from deployment.preprocess import InputError
from deployment.ui.html import grey_uri, notice
from deployment.upload import batch, html


def render(deployer, files: list) -> tuple:
    """Show the contact sheet of several files; return the name and the Prediction or InputError of the one in focus."""
    found, sentences = batch.gather([(file.name, file.getvalue()) for file in files])
    for sentence in sentences:
        st.html(notice(sentence))
    if not found:
        return "", None
    names = [name for name, _ in found]
    results = _predict(deployer.sha256, tuple((f"“{name}”", data) for name, data in found), deployer)
    if len(found) == 1:
        return names[0], results[0]

    read = [i for i, result in enumerate(results) if not isinstance(result, InputError)]
    st.subheader("Contact sheet", anchor=False)
    for result in results:
        if isinstance(result, InputError):
            st.html(notice(str(result)))
    if not read:
        return names[0], results[0]
    rows = [(names[i], results[i]) for i in read]
    chosen = _sheet(rows)
    own = batch.audit(names, results)
    with st.container(horizontal=True):
        st.download_button("Download as CSV", batch.to_csv(names, results), "qualm.csv", "text/csv", on_click="ignore")
        if own:
            model = f"Model in {deployer.model_dir.name}/, SHA-256 {deployer.sha256[:12]}"
            st.download_button("Download the audit to print", html.page(own, names, results, model),
                               "qualm-audit.html", "text/html", on_click="ignore")
    if own:
        _audit(own, names, results)
    else:
        st.caption("Name the files after their digits, such as 7_anything.png, and an audit of them appears here.")
    return rows[chosen]


def _audit(own: batch.OwnAudit, names: list[str], results: list) -> None:
    st.subheader("Audit of your own pictures", anchor=False)
    unlabelled = len(names) - own.n
    left_out = f" {unlabelled:,} without a digit in the name are left out." if unlabelled else ""
    st.caption(f"On the {own.n:,} pictures whose names tell the digit, as 7_anything.png does.{left_out}")
    st.html(html.figures(own))
    with st.container(horizontal=True, gap="large"):
        with st.container(width=420):
            st.markdown("**Confusion**")
            st.html(html.confusion(own))
        with st.container(width=420):
            st.markdown("**Feelings, and how often they were right**")
            st.html(html.feelings(own))
    if own.errors:
        most = html.MOST_TILES
        shown = "" if len(own.errors) <= most else f", the {most} surest"
        st.markdown(f"**Errors: {len(own.errors):,}{shown}**")
        st.caption("The digit in the name → the answer; below it the stated confidence, the surest first.")
        st.html(html.tiles(names, results, own.errors[:most]))


@st.cache_data(max_entries=8, show_spinner="Reading the pictures …")
def _predict(model_sha256: str, pairs: tuple, _deployer) -> list:
    """Read once per model and set of files, not again at every rerun."""
    names, contents = zip(*pairs, strict=True)
    return _deployer.predict_batch(list(contents), names=list(names), skip_errors=True)


def _sheet(rows: list) -> int:
    """Show the table; the number of the ticked row, or of the least confident one if none is ticked."""
    table = pd.DataFrame(
        {
            "Picture": [grey_uri(prediction.image) for _, prediction in rows],
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
