"""The tab "Scientific audit": layout. Numbers come from the saved audit, charts from `charts`."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.formats import percent
from core.metrics import confusion_matrix, precision_recall_f1, wilson_interval
from core.shipped import INSTALLED
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.pages.audit import confidence as doubt
from deployment.pages.audit import errors, evidence, inside, robustness, texts, tsne
from deployment.pages.audit import stored as reader
from deployment.pages.audit.charts import errors as error_charts
from deployment.pages.audit.charts import inside as inside_charts
from deployment.pages.audit.parts import Audit, anchor, chart, count, guarded, section, tiles
from deployment.reader.wording import public_message
from deployment.ui.charts import hope_faith_love


def _share(value: float) -> str:
    return percent(value, 2)


LABELS: dict[str, tuple[str, Callable[[float], str], str]] = {  # figure -> (label, format, explanation)
    "accuracy": ("Test accuracy", _share, "Share of the test images read correctly. Wilson interval."),
    "errors": ("Errors", "{:,.0f}".format, "Test images read incorrectly. Wilson interval."),
    "log_loss": ("Log loss", "{:.4f}".format, "Mean of -ln(probability given to the true digit), in nats; 0 is "
    "perfect."),
    "ece": ("Calibration error", _share, "Mean gap between confidence and accuracy over 15 bins of equal size."),
    "auroc": ("AUROC of confidence", "{:.3f}".format, "How often a right answer has more confidence than a "
    "wrong one; 0.5 is chance."),
}
PARTS = ("Errors and hits", "Confusion", "Learning", "Doubt", "The map", "Gate per digit")  # headings, in order
LINKS = f"""<nav class="q q-links" aria-label="Parts of the audit">{
    "".join(f'<a href="#{anchor(part)}">{part}</a>' for part in PARTS)}</nav>"""
# Captions and axes use the theme's text colour: Streamlit's greys have a contrast below 4.5 to 1.
INK = """<style>
.st-key-audit [data-testid="stCaptionContainer"] {color: inherit; opacity: 0.85}
.st-key-audit :is([class$="tick"], .cbaxis) text, .st-key-audit text:is([class$="title"], .legendtext),
.st-key-audit [class*="st-key-audit_weights"] .annotation-text {fill: currentColor !important}
.st-key-audit .updatemenu-item-rect {fill: transparent !important; stroke: currentColor !important;
    stroke-opacity: 0.35}
.st-key-audit .updatemenu-item-text {fill: currentColor !important}
.st-key-audit .updatemenu-button:is(:focus-visible, :hover) .updatemenu-item-rect {stroke-opacity: 1}
.q-verdict {font-size: 1.25rem; font-weight: 600}
/* the list of parts stays visible */
.st-key-audit > :has(> .st-key-audit_links) {position: sticky; top: 0; z-index: 9;
    background: light-dark(#fbfbf9, #14181a)}
.q-links {display: flex; flex-wrap: wrap; gap: 0 1.2rem;
    border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent)}
.q-links a {color: inherit; padding: 0.7rem 0}
.st-key-audit [id^="audit-"] {scroll-margin-top: 3.6rem}
@media (max-width: 640px) {.q-links a {padding: 0.25rem 0; font-size: 0.9rem}
    .st-key-audit [id^="audit-"] {scroll-margin-top: 6.5rem}}
.q-scroll {overflow-x: auto; margin-bottom: 0.5rem}
.q-table {border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem}
.q-table caption {text-align: left; font-weight: 600; padding: 0.3rem 0; caption-side: top}
.q-table :is(th, td) {padding: 0.3rem 0.9rem 0.3rem 0; text-align: left; vertical-align: top; font-weight: 400;
    border: 0; border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent)}
.q-table :is(th, td) {white-space: nowrap}
.q-table thead th {font-weight: 600}
</style>"""


@st.cache_resource(max_entries=4, show_spinner=False)
def _saved(folder: str, modified: float | None) -> reader.Arrays | None:
    """A saved audit, shared between sessions and read-only. `modified` is only a cache key."""
    return reader.load_audit(Path(folder))


@st.cache_resource(max_entries=4, show_spinner=False)
def _of_model(model_sha256: str, _deployer: MNISTDeployer) -> reader.Arrays:
    return evidence.model_arrays(_deployer)


@st.cache_resource(max_entries=4, show_spinner=False)
def _rows(folder: str, modified: float | None, model_sha256: str) -> dict[str, Any]:
    return reader.load_document(Path(folder), model_sha256)


@st.fragment
def render(deployer: MNISTDeployer) -> None:
    """Show the audit of a loaded model. Widgets here rerun only this tab."""
    command = _command(Path(deployer.model_dir).resolve())
    with st.container(key="audit"):
        st.html(INK)
        arrays = _audit(deployer, command)
        assert deployer.metrics is not None  # MNISTDeployer checks it
        test = deployer.metrics["test"]
        if arrays is None:
            arrays = _of_model(deployer.sha256, deployer)
            audit = Audit(arrays, {}, command, deployer, True)
            _stated(test)
            sections, folded = (_learning, inside.gate), {"Weights: distribution of each layer": inside.weights}
        else:
            current = reader.made_for(arrays) == deployer.sha256
            audit = Audit(arrays, _document(deployer, arrays, command), command, deployer, current)
            _verdict(arrays, test if current else {})
            _headline(arrays)
            st.container(key="audit_links").html(LINKS)
            sections = errors.render, _confusion, _learning, doubt.render, tsne.render, inside.gate
            folded = {"Robustness: corrupted test images": robustness.render,
                      "Precision, recall and F1 of each digit": _per_class,
                      "Weights: distribution of each layer": inside.weights,
                      "Activations: outputs of the units": inside.activations,
                      "Text reader: memory and reflection": texts.render}
        for show in sections:
            show(audit)
        for title, show in folded.items():
            with st.expander(title):
                show(audit)
        st.caption(f"To remake this audit: `{command}`.")


def _document(deployer: MNISTDeployer, arrays: reader.Arrays, command: str) -> dict[str, Any]:
    """The rows that belong to the arrays; shows a warning if they have an older version."""
    folder = reader.images_dir(deployer.model_dir, SHIPPED)
    try:
        return _rows(str(folder), reader.modified(folder, "audit.json"), reader.made_for(arrays))
    except reader.AuditError as error:
        st.warning(f"{public_message(error)} Remake them with `{command}`.")
        return {}


def _audit(deployer: MNISTDeployer, command: str) -> reader.Arrays | None:
    """The saved audit; shows a message if it is missing, damaged or belongs to another model."""
    folder = reader.images_dir(deployer.model_dir, SHIPPED)
    try:
        arrays = _saved(str(folder), reader.modified(folder, "audit.npz"))
    except reader.AuditError as error:
        st.warning(f"{public_message(error)} Remake it with `{command}`.")
        return None
    if arrays is None:
        st.info(f"This model has no audit yet. Make it with `{command}`.")
    elif reader.made_for(arrays) != deployer.sha256:
        st.warning(f"These figures belong to another model. Remake them with `{command}`.")
    return arrays


def _command(model_dir: Path) -> str:
    if model_dir == Path(SHIPPED).resolve():
        return "python -m analytics.audit"
    model = model_dir if INSTALLED else os.path.relpath(model_dir, Path(SHIPPED).resolve().parent)
    return f"python -m analytics.audit --model {model}"


def _verdict(arrays: reader.Arrays, test: Mapping[str, Any]) -> None:
    """The audit in one or two sentences. test: test metrics from training, empty if they belong to another network."""
    n, errors = len(arrays["y"]), int((arrays["probs"].argmax(1) != arrays["y"]).sum())
    sentences = [f"Wrong about once in {round(n / errors):,}." if errors else f"No error in {n:,}."]
    if test.get("confident_share"):
        confident = round(test["confident_share"] * test["n"])
        wrong = round((1 - test["confident_accuracy"]) * confident)
        limit = percent(wilson_interval(wrong, confident)[1], 2)
        sentences.append(f"Of {confident:,} confident answers {wrong:,} {'was' if wrong == 1 else 'were'} wrong "
                         f"(at most {limit}).")
    st.html(f'<p class="q q-verdict" data-testid="verdict">{" ".join(sentences)}</p>')


def _headline(arrays: reader.Arrays) -> None:
    _metrics({name: arrays[f"headline_{name}"] for name in LABELS})
    st.caption(f"On {len(arrays['y']):,} test images, not used in training. Below each figure: its 95 % interval.")


def _stated(test: Mapping[str, Any]) -> None:
    """Test metrics measured once, at the end of training."""
    stated = {name: [test[key]] for name, key in {**{n: n for n in LABELS}, "auroc": "auroc_confidence"}.items()}
    _metrics(stated | {"accuracy": [test["accuracy"], *test["interval_95"]]})
    st.caption(f"On {test['n']:,} test images, not used in training; measured at the end of training.")


def _metrics(figures: Mapping[str, Iterable[float]]) -> None:
    """A row of headline figures: {name as in LABELS: (value, and optionally low and high of its interval)}."""
    with st.container(horizontal=True):
        for name, (value, *ends) in figures.items():
            label, write, explanation = LABELS[name]
            st.metric(label, write(value), " to ".join(map(write, ends)) or None, delta_color="off", delta_arrow="off",
                      help=explanation, width=160)


@guarded
def _learning(audit: Audit) -> None:
    section("Learning", "Loss and accuracy after each epoch. If validation stops improving while training goes on, the "
            "network overfits; augmentation or dropout raise the training loss. The heartbeat follows the curves.")
    history = evidence.history(audit.arrays)
    for column, what in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        with column:
            chart(audit, inside_charts.learning(history, what), f"Training and validation {what} by epoch", what)
    if {"hope", "faith", "love"} & history.keys():
        st.caption("Hope: 1 - mean error of the probabilities. Faith: mean tanh of the confidence. "
                   "Love: exp(-loss), lower if answers scatter.")
        chart(audit, hope_faith_love(history), "Hope, Faith and Love by epoch", "virtues")


@st.fragment
@guarded
def _confusion(audit: Audit) -> None:
    arrays = audit.arrays
    y, y_hat = arrays["y"], arrays["probs"].argmax(1)
    matrix = confusion_matrix(y, y_hat)
    section("Confusion", "Images by true digit and answer. Grey is right, orange is wrong, darker is more often. "
            "Margins: share of each digit read correctly (recall), share of each answer that is right (precision). "
            "Choose a cell, here or in the box, to see its images.")
    cells = sorted(np.argwhere(matrix).tolist(), key=lambda cell: (cell[0] == cell[1], -matrix[*cell]))
    names = {(true, answer): f"{true} read as {answer} ({count(matrix[true, answer])})" for true, answer in cells}
    clicked, box = audit.key("confusion"), audit.key("cell")

    def choose_clicked() -> None:
        for point in st.session_state[clicked].selection.points[:1]:
            st.session_state[box] = int(point["y"]), int(point["x"])

    left, right = st.columns([3, 2])
    with left:
        chart(audit, error_charts.confusion(matrix), "Confusion matrix with counts; the box offers the same cells",
              "confusion", on_select=choose_clicked, selection_mode="points")
    with right:
        true, answer = st.selectbox("Cell", names, format_func=names.__getitem__, key=box)
        members = np.flatnonzero((y == true) & (y_hat == answer))
        members = members[np.argsort(arrays["probs"][members].max(1), kind="stable")]
        if len(members) > 30:
            st.caption(f"The 30 least confident of {len(members):,}.")
        tiles(audit, members[:30])


@guarded
def _per_class(audit: Audit) -> None:
    matrix = confusion_matrix(audit.arrays["y"], audit.arrays["probs"].argmax(1))
    st.caption("Precision: share of the answers “3” that are right. Recall: share of the threes read as 3. "
               "F1: their harmonic mean.")
    chart(audit, error_charts.per_class(precision_recall_f1(matrix)), "Precision, recall and F1 of each digit",
          "per_class")
