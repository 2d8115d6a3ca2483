"""The tab "Scientific audit": layout only. Numbers come from the saved audit, charts from `deployment.charts`."""

import os
from pathlib import Path

import numpy as np
import streamlit as st

from analytics import evidence
from core.data import read_checked
from core.metrics import confusion_matrix, precision_recall_f1
from deployment import charts
from deployment.deploy_mnist import SHIPPED

LABELS = {
    "accuracy": ("Test accuracy", "{:.2%}", "Share of the test images read rightly. Wilson interval."),
    "errors": ("Errors", "{:,.0f}", "Test images read wrongly. Wilson interval."),
    "log_loss": ("Log loss", "{:.4f}", "Mean of -ln(probability given to the true digit), in nats; 0 is perfect."),
    "ece": ("Calibration error", "{:.2%}", "Mean gap between confidence and accuracy over 15 bins of equal size."),
    "auroc": ("AUROC of doubt", "{:.3f}", "How often a right answer is surer than a wrong one; 0.5 is chance."),
}
# Captions and axes in the theme's own ink: Streamlit's greys for them fall short of a contrast of 4.5 to 1.
INK = """<style>
.st-key-audit [data-testid="stCaptionContainer"] {color: inherit; opacity: .85}
.st-key-audit :is([class$="tick"], .cbaxis) text, .st-key-audit text:is([class$="title"], .legendtext),
.st-key-audit [class*="st-key-audit_weights"] .annotation-text {fill: currentColor !important}
</style>"""
MOST_TILES = 300  # enough for every error of a good network, and light enough for a phone


@st.cache_resource(max_entries=4, show_spinner=False)
def _saved(folder: str, modified: float) -> dict[str, np.ndarray] | None:
    """A saved audit; `modified` only makes the cache notice a new file. Shared between sessions, never written to."""
    return evidence.load_audit(Path(folder))


@st.cache_resource(max_entries=4, show_spinner=False)
def _of_model(weights_sha256: str, _deployer) -> dict[str, np.ndarray]:
    return evidence.model_arrays(_deployer)


@st.cache_resource(show_spinner="Unpacking the test images …")
def _test_images() -> np.ndarray:
    return read_checked("t10k-images-idx3-ubyte")


@st.fragment
def render(deployer) -> None:
    """Show the audit of one loaded model; widgets here rerun this tab alone."""
    command = _command(Path(deployer.model_dir).resolve())
    with st.container(key="audit"):
        st.html(INK)
        arrays = _audit(deployer, command)
        if arrays is None:
            arrays = _of_model(deployer.config["weights_sha256"], deployer)
            _stated(deployer.metrics["test"])
            sections = _learning, _weights, _gate
        else:
            _headline(arrays)
            sections = _learning, _confusion, _doubt, _map, _errors, _weights, _gate
        for section in sections:
            section(arrays, command)


def _audit(deployer, command: str) -> dict[str, np.ndarray] | None:
    """The saved audit, with a sentence where it is missing, damaged or of other weights."""
    folder = evidence.images_dir(deployer.model_dir, SHIPPED)
    file = folder / "audit.npz"
    try:
        arrays = _saved(str(folder), file.stat().st_mtime) if file.exists() else None
    except evidence.AuditError as error:
        st.warning(f"{error} Make it anew with `{command}`.")
        return None
    if arrays is None:
        st.info(f"This model has no audit on the test images yet; make it with `{command}`.")
    elif not evidence.belongs(arrays, deployer):
        st.warning(f"These figures belong to other weights than the loaded ones; remake them with `{command}`.")
    return arrays


def _command(model_dir: Path) -> str:
    if model_dir == Path(SHIPPED).resolve():
        return "python -m analytics.audit"
    return f"python -m analytics.audit --model {os.path.relpath(model_dir, Path(SHIPPED).resolve().parent)}"


def _section(title: str, what_and_how: str, command: str) -> None:
    st.subheader(title)
    st.caption(f"{what_and_how} Remake it with `{command}`.")


def _chart(figure, alt: str, arrays, name: str, **options):
    """A chart whose state belongs to this chart of this model alone."""
    key = _key(arrays, name)
    return st.plotly_chart(figure, config=charts.CONFIG, alt=alt, key=key, **options)


def _key(arrays, name: str) -> str:
    return f"audit_{name}_{str(arrays['weights_sha256'])[:12]}"


def _images(n: int) -> str:
    return f"{n:,} image{'' if n == 1 else 's'}"


def _percent(text: str) -> str:
    return text.replace("%", " %")


def _headline(arrays) -> None:
    _metrics({name: arrays[f"headline_{name}"] for name in LABELS})
    st.caption(f"On {len(arrays['y']):,} test images that no training has seen; below each figure its 95 % interval.")


def _stated(test: dict) -> None:
    """What training itself measured on the test images once, at its end."""
    stated = {name: [test[key]] for name, key in {**{n: n for n in LABELS}, "auroc": "auroc_confidence"}.items()}
    _metrics(stated | {"accuracy": [test["accuracy"], *test["interval_95"]]})
    st.caption(f"On {test['n']:,} test images that no training has seen, as measured at the end of training.")


def _metrics(figures: dict) -> None:
    """A row of headline figures: name as in LABELS -> value, and where there is one, low and high of its interval."""
    with st.container(horizontal=True):
        for name, (value, *interval) in figures.items():
            label, form, explanation = LABELS[name]
            words = " to ".join(_percent(form.format(v)) for v in interval) or None
            st.metric(label, _percent(form.format(value)), words, delta_color="off", delta_arrow="off",
                      help=explanation, width=160)


def _learning(arrays, command) -> None:
    _section("Learning", "Loss and accuracy after each epoch. Where validation stops improving while training goes on, "
             "the network only learns by heart; distorted training images or dropout lift the training loss.", command)
    history = evidence.history(arrays)
    for column, what in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        with column:
            _chart(charts.learning(history, what), f"Training and validation {what} by epoch", arrays, what)


def _confusion(arrays, command) -> None:
    y, y_hat = arrays["y"], arrays["probs"].argmax(1)
    matrix = confusion_matrix(y, y_hat)
    _section("Confusion", "How many images of each digit got which answer. Grey is right, colour is wrong, brighter is "
             "more often; choose a cell, here or in the box, to see its images.", command)
    cells = sorted(np.argwhere(matrix).tolist(), key=lambda cell: (cell[0] == cell[1], -matrix[*cell]))
    names = {(true, answer): f"{true} read as {answer} ({_images(matrix[true, answer])})" for true, answer in cells}
    chart, box = _key(arrays, "confusion"), _key(arrays, "cell")

    def choose_clicked():
        for point in st.session_state[chart].selection.points[:1]:
            st.session_state[box] = int(point["y"]), int(point["x"])

    left, right = st.columns([3, 2])
    with left:
        _chart(charts.confusion(matrix), "Confusion matrix with counts; the box offers the same cells", arrays,
               "confusion", on_select=choose_clicked, selection_mode="points")
    with right:
        true, answer = st.selectbox("Cell", names, format_func=names.get, key=box)
        members = np.flatnonzero((y == true) & (y_hat == answer))
        members = members[np.argsort(arrays["probs"][members].max(1), kind="stable")]
        if len(members) > 30:
            st.caption(f"The 30 least sure of {len(members):,}.")
        _tiles(arrays, members[:30])
    st.markdown("**Precision, recall and F1 of each digit**")
    st.caption("Precision: of the answers “3”, how many were a 3. Recall: of the threes, how many were found. "
               "F1 joins both.")
    _chart(charts.per_class(precision_recall_f1(matrix)), "Precision, recall and F1 of each digit", arrays, "per_class")


def _doubt(arrays, command) -> None:
    _section("Doubt", "Stated confidence against how often the answer was right. Points on the dashes: the network is "
             "as sure as it may be; below them: too sure.", command)
    bands = evidence.confidence_bands(arrays["probs"], arrays["y"])
    _chart(charts.reliability(bands), "Stated confidence against measured accuracy in bands", arrays, "reliability")
    error, low, high = (_percent(f"{v:.2%}") for v in (arrays["headline_ece"][0], *arrays["ece_if_calibrated"]))
    st.caption(f"The calibration error is {error}; if every stated probability were exactly true, chance alone would "
               f"give {low} to {high}.")


def _map(arrays, command) -> None:
    index = arrays["map_index"]
    _section("The map", f"{len(index):,} test images, placed by t-SNE so that those the last hidden layer sees alike "
             "lie together. Near means alike, far distances mean little; crosses are errors.", command)
    y, y_hat = arrays["y"][index], arrays["probs"][index].argmax(1)
    left, right = st.columns([3, 1])
    with left:
        event = _chart(charts.digit_map(arrays["map_xy"], y, y_hat, index), "Map of the test images: a group for each "
                       "digit", arrays, "map", on_select="rerun", selection_mode="points")
    with right:
        chosen = [int(point["customdata"]) for point in event.selection.points]
        st.caption("True digit, answer, confidence:" if chosen else "Choose a point to see its image.")
        _tiles(arrays, chosen)


def _errors(arrays, command) -> None:
    probs, y = arrays["probs"], arrays["y"]
    errors, hits = evidence.mistakes(probs, y), evidence.confident_hits(probs, y)
    shown = f"All {len(errors):,}" if len(errors) <= MOST_TILES else f"The {MOST_TILES} surest of {len(errors):,}"
    _section("Errors and hits", f"{shown} errors, the surest first, and the surest right answers. True digit → answer; "
             "below it the stated confidence.", command)
    for tab, members in zip(st.tabs(["Errors", "Surest hits"]), (errors[:MOST_TILES], hits), strict=True):
        with tab:
            _tiles(arrays, members)


def _weights(arrays, command) -> None:
    _section("Weights", "How the weights of each layer are spread, counts on a log scale. A peak at zero with thin "
             "tails is usual; a spike at one value or a lopsided layer deserves a look.", command)
    figure = charts.weights(arrays["weight_names"], arrays["weight_counts"], arrays["weight_edges"])
    _chart(figure, "Histograms of the weights of each layer", arrays, "weights")


def _gate(arrays, command) -> None:
    _section("Gate per digit", "How far each unit's gate opens on average for each digit. The columns are units, "
             "ordered by the digit that opens them most; one bright in a single row speaks for that digit.", command)
    if "gate_class_mean" not in arrays:
        st.caption("This network has no gate.")
        return
    views = ("Mean gate", "Difference from the mean of all digits")
    view = st.segmented_control("Show", views, default=views[0], required=True, key=_key(arrays, "gate_view"))
    figure = charts.gate(arrays["gate_class_mean"], difference=view == views[1])
    _chart(figure, f"{view}, digit by digit and unit by unit", arrays, "gate")


def _tiles(arrays, indices) -> None:
    try:
        images = _test_images()
    except ValueError as error:
        st.warning(str(error))
        return
    st.html(charts.image_strip(images, arrays["y"], arrays["probs"], indices))
