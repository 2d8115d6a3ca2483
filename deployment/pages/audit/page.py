"""Layout of the tab "Scientific audit". Numbers come from the saved audit, charts from `charts`."""

import os
from pathlib import Path

import numpy as np
import streamlit as st

from core.formats import percent
from core.metrics import confusion_matrix, precision_recall_f1, wilson_interval
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


LABELS = {
    "accuracy": ("Test accuracy", _share, "Share of the test images read rightly. Wilson interval."),
    "errors": ("Errors", "{:,.0f}".format, "Test images read wrongly. Wilson interval."),
    "log_loss": ("Log loss", "{:.4f}".format, "Mean of -ln(probability of the true digit), in nats; 0 is "
    "perfect."),
    "ece": ("Calibration error", _share, "Mean gap between confidence and accuracy over 15 bins of equal size."),
    "auroc": ("AUROC of doubt", "{:.3f}".format, "How often a right answer is more confident than a "
    "wrong one; 0.5 is chance."),
}
PARTS = ("Errors and hits", "Confusion", "Learning", "Doubt", "The map", "Gate per digit")  # headings, in their order
LINKS = f"""<nav class="q q-links" aria-label="Parts of the audit">{
    "".join(f'<a href="#{anchor(part)}">{part}</a>' for part in PARTS)}</nav>"""
# Captions and axes in the theme's text colour: Streamlit's greys have a contrast below 4.5 to 1.
INK = """<style>
.st-key-audit [data-testid="stCaptionContainer"] {color: inherit; opacity: 0.85}
.st-key-audit :is([class$="tick"], .cbaxis) text, .st-key-audit text:is([class$="title"], .legendtext),
.st-key-audit [class*="st-key-audit_weights"] .annotation-text {fill: currentColor !important}
.st-key-audit .updatemenu-item-rect {fill: transparent !important; stroke: currentColor !important;
    stroke-opacity: 0.35}
.st-key-audit .updatemenu-item-text {fill: currentColor !important}
.st-key-audit .updatemenu-button:is(:focus-visible, :hover) .updatemenu-item-rect {stroke-opacity: 1}
.q-verdict {font-size: 1.25rem; font-weight: 600}
/* the list of parts is sticky; two or three lines on a phone */
.st-key-audit > :has(> .st-key-audit_links) {position: sticky; top: 0; z-index: 9;
    background: light-dark(#fbfbf9, #14181a)}
.q-links {display: flex; flex-wrap: wrap; gap: 0 1.2rem;
    border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent)}
.q-links a {color: inherit; padding: .7rem 0}
.st-key-audit [id^="audit-"] {scroll-margin-top: 3.6rem}
@media (max-width: 640px) {.q-links a {padding: .25rem 0; font-size: .9rem}
    .st-key-audit [id^="audit-"] {scroll-margin-top: 6.5rem}}
.q-scroll {overflow-x: auto; margin-bottom: .5rem}
.q-table {border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem}
.q-table caption {text-align: left; font-weight: 600; padding: .3rem 0; caption-side: top}
.q-table :is(th, td) {padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; font-weight: 400;
    border: 0; border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent)}
.q-table :is(th, td) {white-space: nowrap}
.q-table thead th {font-weight: 600}
</style>"""


@st.cache_resource(max_entries=4, show_spinner=False)
def _saved(folder: str, modified: float | None) -> dict[str, np.ndarray] | None:
    """A saved audit, shared by all sessions and read-only; `modified` invalidates the cache for a new file."""
    return reader.load_audit(Path(folder))


@st.cache_resource(max_entries=4, show_spinner=False)
def _of_model(model_sha256: str, _deployer: MNISTDeployer) -> dict[str, np.ndarray]:
    return evidence.model_arrays(_deployer)


@st.cache_resource(max_entries=4, show_spinner=False)
def _rows(folder: str, modified: float | None, model_sha256: str) -> dict:
    return reader.load_document(Path(folder), model_sha256)


@st.fragment
def render(deployer: MNISTDeployer) -> None:
    """Show the audit of a loaded model; its widgets rerun only this tab."""
    command = _command(Path(deployer.model_dir).resolve())
    with st.container(key="audit"):
        st.html(INK)
        arrays = _audit(deployer, command)
        if arrays is None:
            arrays = _of_model(deployer.sha256, deployer)
            audit = Audit(arrays, {}, command, deployer, True)
            _stated(deployer.metrics["test"])
            shown, folded = (_learning, inside.gate), {"Weights: distribution": inside.weights}
        else:
            current = reader.made_for(arrays) == deployer.sha256
            audit = Audit(arrays, _document(deployer, arrays, command), command, deployer, current)
            _verdict(arrays, deployer.metrics["test"] if current else {})
            _headline(arrays)
            st.container(key="audit_links").html(LINKS)
            shown = errors.render, _confusion, _learning, doubt.render, tsne.render, inside.gate
            folded = {"Robustness: corrupted test images": robustness.render,
                      "Precision, recall and F1 of each digit": _per_class,
                      "Weights: distribution": inside.weights,
                      "Activations: distribution": inside.activations,
                      "The text model: memory and reflection": texts.render}
        for show in shown:
            show(audit)
        for title, show in folded.items():
            with st.expander(title):
                show(audit)
        st.caption(f"Make these figures again with `{command}`.")


def _document(deployer: MNISTDeployer, arrays: dict[str, np.ndarray], command: str) -> dict:
    """The rows of audit.json if they match the arrays, with a warning if they are of an older version."""
    folder = reader.images_dir(deployer.model_dir, SHIPPED)
    try:
        return _rows(str(folder), reader.modified(folder, "audit.json"), reader.made_for(arrays))
    except reader.AuditError as error:
        st.warning(f"{public_message(error)} Run `{command}` again.")
        return {}


def _audit(deployer: MNISTDeployer, command: str) -> dict[str, np.ndarray] | None:
    """The saved audit, with a notice if it is missing, damaged or of another model."""
    folder = reader.images_dir(deployer.model_dir, SHIPPED)
    try:
        arrays = _saved(str(folder), reader.modified(folder, "audit.npz"))
    except reader.AuditError as error:
        st.warning(f"{public_message(error)} Run `{command}` again.")
        return None
    if arrays is None:
        st.info(f"This model has no audit on the test images yet; make it with `{command}`.")
    elif reader.made_for(arrays) != deployer.sha256:
        st.warning(f"These figures belong to another model than the loaded one. Run `{command}` again.")
    return arrays


def _command(model_dir: Path) -> str:
    if model_dir == Path(SHIPPED).resolve():
        return "python -m analytics.audit"
    return f"python -m analytics.audit --model {os.path.relpath(model_dir, Path(SHIPPED).resolve().parent)}"


def _verdict(arrays: dict[str, np.ndarray], test: dict) -> None:
    """The audit in one or two sentences; test: metrics of the training, {} if they are of another network."""
    n, errors = len(arrays["y"]), int((arrays["probs"].argmax(1) != arrays["y"]).sum())
    sentences = [f"Wrong about once in {round(n / errors):,}." if errors else f"Not once wrong in {n:,}."]
    if test.get("confident_share"):
        sure = round(test["confident_share"] * test["n"])
        wrong = round((1 - test["confident_accuracy"]) * sure)
        most = percent(wilson_interval(wrong, sure)[1], 2)
        sentences.append(f"Of {sure:,} confident answers {wrong:,} {'was' if wrong == 1 else 'were'} wrong "
                         f"(at most {most}).")
    st.html(f'<p class="q q-verdict" data-testid="verdict">{" ".join(sentences)}</p>')


def _headline(arrays: dict[str, np.ndarray]) -> None:
    _metrics({name: arrays[f"headline_{name}"] for name in LABELS})
    st.caption(f"On {len(arrays['y']):,} test images not used in training, with 95 % intervals.")


def _stated(test: dict) -> None:
    """The metrics on the test images at the end of training."""
    stated = {name: [test[key]] for name, key in {**{n: n for n in LABELS}, "auroc": "auroc_confidence"}.items()}
    _metrics(stated | {"accuracy": [test["accuracy"], *test["interval_95"]]})
    st.caption(f"On {test['n']:,} test images not used in training, measured at its end.")


def _metrics(figures: dict) -> None:
    """A row of headline figures: name as in LABELS -> value and, if known, low and high of its interval."""
    with st.container(horizontal=True):
        for name, (value, *ends) in figures.items():
            label, write, explanation = LABELS[name]
            st.metric(label, write(value), " to ".join(map(write, ends)) or None, delta_color="off", delta_arrow="off",
                      help=explanation, width=160)


@guarded
def _learning(audit: Audit) -> None:
    section("Learning", "Loss and accuracy after each epoch. Where validation stops improving and training "
            "goes on, the network overfits; augmentation and dropout raise the training loss. "
            "The button animates the curves.")
    history = evidence.history(audit.arrays)
    for column, what in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        with column:
            chart(audit, inside_charts.learning(history, what), f"Training and validation {what} by epoch", what)
    if {"hope", "faith", "love"} & history.keys():
        st.caption("Hope: 1 - mean distance of the probabilities from the labels. Faith: mean tanh of the confidence. "
                   "Love: exp(-loss), reduced by the spread of the answers.")
        chart(audit, hope_faith_love(history), "Hope, Faith and Love by epoch", "virtues")


@st.fragment
@guarded
def _confusion(audit: Audit) -> None:
    arrays = audit.arrays
    y, y_hat = arrays["y"], arrays["probs"].argmax(1)
    matrix = confusion_matrix(y, y_hat)
    section("Confusion", "Images of each true digit by answer. Grey is right, orange is wrong, darker is more "
            "frequent. The margins show recall and precision. Choose a cell, here or in the box, to see its images.")
    cells = sorted(np.argwhere(matrix).tolist(), key=lambda cell: (cell[0] == cell[1], -matrix[*cell]))
    names = {(true, answer): f"{true} read as {answer} ({count(matrix[true, answer])})" for true, answer in cells}
    clicked, box = audit.key("confusion"), audit.key("cell")

    def choose_clicked():
        for point in st.session_state[clicked].selection.points[:1]:
            st.session_state[box] = int(point["y"]), int(point["x"])

    left, right = st.columns([3, 2])
    with left:
        chart(audit, error_charts.confusion(matrix), "Confusion matrix with counts; the box offers the same cells",
              "confusion", on_select=choose_clicked, selection_mode="points")
    with right:
        true, answer = st.selectbox("Cell", names, format_func=lambda cell: names[cell], key=box)
        members = np.flatnonzero((y == true) & (y_hat == answer))
        members = members[np.argsort(arrays["probs"][members].max(1), kind="stable")]
        if len(members) > 30:
            st.caption(f"The 30 least confident of {len(members):,}.")
        tiles(audit, members[:30])


@guarded
def _per_class(audit: Audit) -> None:
    matrix = confusion_matrix(audit.arrays["y"], audit.arrays["probs"].argmax(1))
    st.caption("Precision: of the answers “3”, how many were a 3. Recall: of the threes, how many were read as a 3. "
               "F1: their harmonic mean.")
    chart(audit, error_charts.per_class(precision_recall_f1(matrix)), "Precision, recall and F1 of each digit",
          "per_class")
