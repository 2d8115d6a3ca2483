"""Run an audit: read the test images, measure, draw, and write pictures, arrays and rows into a folder."""

import io
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from analytics.audit import SELECTION, confidence, figures, inside, out_of_distribution, writers
from analytics.audit import arrays as audit_arrays
from analytics.audit.arrays import Track, untracked
from analytics.export.onnx import fit_export_calibration
from analytics.reports import png_bytes
from analytics.robustness import measure as robustness
from core.digits.data import as_input, load_mnist
from core.digits.task import load_parts
from core.files import replace_together
from core.formats import interval, measured, percent
from core.metrics import confusion_matrix
from core.models.model import Model
from core.storage import json_text
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.pages.audit import evidence
from deployment.pages.audit.stored import FORMAT, images_dir, made_for

COMMAND = "python -m analytics.audit"
RESAMPLES = 250  # label samples drawn from the stated probabilities, for ece_if_calibrated


def draw(arrays: dict[str, np.ndarray], X: np.ndarray) -> dict[str, Callable[[], Figure]]:
    """{name: function that draws the picture}, from an audit's arrays and its test images X (N, 28, 28).

    The README and the model card show these six pictures; the app draws its other charts itself.
    """
    probs, y = arrays["probs"], arrays["y"]
    y_hat, on_map = probs.argmax(1), arrays["map_index"]
    hits, errors = evidence.confident_hits(probs, y), evidence.mistakes(probs, y)
    return {
        "learning": lambda: figures.learning(evidence.history(arrays)),
        "confusion": lambda: figures.confusion(confusion_matrix(y, y_hat)),
        "map": lambda: figures.digit_map(arrays["map_xy"], y[on_map], y_hat[on_map]),
        "hits": lambda: figures.image_grid(
            X[hits], [f"{y[i]}   {percent(probs[i].max())}" for i in hits], 8,
            "The most confident right answers per digit"),
        "errors": lambda: figures.image_grid(
            X[errors[:80]], [f"{y[i]} → {y_hat[i]}   {percent(probs[i].max())}" for i in errors[:80]], 10,
            "Errors by confidence: true digit → answer, confidence"),
        "weights": lambda: figures.weights(arrays["weight_names"], arrays["weight_counts"], arrays["weight_edges"]),
    }


def audit(model_dir: Path, folder: Path | None = None, track: Track = untracked, *, seed: int = 0,
          corrupted: int = 600, others: int = 500, extra: Mapping[str, np.ndarray] | None = None,
          **options: int) -> tuple[dict[str, np.ndarray], dict]:
    """Audit one model on the MNIST test set into `folder`; returns its arrays and its rows.

    corrupted: test images per corruption, 0 to skip; others: pictures of each out-of-distribution kind; extra: more
    kinds, name -> (N, 28, 28) uint8. Options as of `audit_arrays.test_arrays`.
    """
    deployer = MNISTDeployer(model_dir)
    data = load_mnist()
    X, y = data["X_test"].astype(np.float32) / 255, data["y_test"]
    arrays = evidence.model_arrays(deployer)
    arrays |= audit_arrays.test_arrays(deployer, X, y, track=track, seed=seed, **options)
    kinds = {kind: out_of_distribution.make(kind, others, seed) for kind in out_of_distribution.KINDS}
    novelty, document = measure(deployer.model, data, kinds | dict(extra or {}), corrupted, seed, track)
    arrays |= novelty
    head = {"format": FORMAT, "model_sha256": made_for(arrays), "command": COMMAND, "n": len(y), "seed": seed,
            "headline": {name.removeprefix("headline_"): {"value": v[0], "interval_95": list(v[1:])}
                         for name, v in arrays.items() if name.startswith("headline_")},
            "ece_if_calibrated": list(arrays["ece_if_calibrated"]),
            "activations": [{"layer": str(name), "zeros": zeros, "dead": int(dead)} for name, zeros, dead in zip(
                *(arrays[f"activation_{part}"] for part in ("names", "zeros", "dead")), strict=True)]}
    document = {name: plain(value) for name, value in (head | document).items()}
    save(arrays, X, folder or images_dir(model_dir, SHIPPED), track, document)
    return arrays, document


def measure(model: Model, data: Mapping[str, np.ndarray], others: Mapping[str, np.ndarray], corrupted: int, seed: int,
            track: Track) -> tuple[dict[str, np.ndarray], dict]:
    """(arrays, rows) of the figures that need the model: uncertainty, export, gate and robustness.

    data: of core.digits.data.load_mnist.
    """
    span, y, parts = model.config.input_range, data["y_test"], load_parts(model.config)
    X, held_out = as_input(data["X_test"], span), [parts["validation"], parts["calibration"]]
    calibration_writers = parts["calibration"].writer
    known = all(part.writer is not None for part in held_out)
    arrays: dict[str, np.ndarray] = {}
    document = {"curve_form": model.readout.calibration.curve_form,
                "design_effect": writers.measure(model, held_out) if known else None}
    for step in track(("doubt", "export", "gate"), "doubt"):
        if step == "doubt":
            arrays, document["doubt"] = confidence.measure(
                model, X, y, {name: as_input(images, span) for name, images in others.items()},
                len(np.unique(calibration_writers)) if known and calibration_writers is not None else None)
        elif step == "export":
            document["export"] = confidence.export_calibration(
                model, fit_export_calibration(model, parts), X, y, RESAMPLES, seed)
        else:
            document["gate"] = inside.compare_gates(inside.mode_logits(model, X, seed), y, inside.mode_logits(
                model, as_input(parts["calibration"].X, span), seed), parts["calibration"].y)
    document["robustness"] = None
    if corrupted:
        rows = robustness.measure(model, data["X_test"], y, corrupted, seed,
                                  track=lambda names: track(names, "corrupted"))
        whole = robustness.summary(rows)
        document["robustness"] = {"n": corrupted, "summary": whole, "sentence": robustness.sentence(whole),
                                  "rows": rows}
    return arrays, document


def plain(value: object) -> object:
    """The value for JSON: NumPy scalars as Python numbers, tuples as lists, nan and infinity as None."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def save(arrays: dict[str, np.ndarray], X: np.ndarray, folder: Path, track: Track = untracked,
         document: Mapping | None = None) -> None:
    """Write the pictures as PNG, audit.npz, and audit.json if there is a document, into `folder` in one transaction."""
    tag, files = {"Description": f"model_sha256 {made_for(arrays)}"}, {}
    for name, figure in track(draw(arrays, X).items(), "pictures"):
        files[f"{name}.png"] = png_bytes(figure(), tag)
    if document:
        files["audit.json"] = json_text(document)
    npz = io.BytesIO()
    np.savez_compressed(npz, **arrays)  # pyright: ignore[reportArgumentType]: no array is called allow_pickle
    replace_together(folder, {**files, "audit.npz": npz.getvalue()})


def headline_table(arrays: dict[str, np.ndarray], effects: Mapping | None = None) -> str:
    """The headline figures as a Markdown table; effects: design effects of writers.measure, for wider intervals."""
    n = len(arrays["y"])
    rows = {
        "accuracy": ("accuracy", lambda v: percent(v, 2)), "errors": ("errors", "{:.0f}".format),
        "log loss (nats)": ("log_loss", "{:.4f}".format), "Brier score (0 to 2)": ("brier", "{:.4f}".format),
        "calibration error (15 equal-mass bins)": ("ece", lambda v: percent(v, 2)),
        "AUROC of confidence, right against wrong": ("auroc", "{:.4f}".format),
        "area under risk-coverage": ("aurc", lambda v: percent(v, 3)),
    }
    lines = [f"| on {n:,} test images | value | 95 % interval | with the writers' design effect |", "|---|---|---|---|"]
    for name, (key, write) in rows.items():
        value, low, high = map(write, arrays[f"headline_{key}"])
        wider = "–"
        if effects and key in effects:
            wider = " to ".join(map(write, writers.widened(key, arrays[f"headline_{key}"], n, effects[key]["value"])))
        lines.append(f"| {name} | {value} | {low} to {high} | {wider} |")
    selected = evidence.selective(arrays["probs"], arrays["y"], [0.99])[0]
    lines.append(f"| accuracy of the most confident 99 % of answers | {measured(selected['share'], 2)} | "
                 f"{interval(selected['interval_95'], 2)} | – |")
    return "\n".join(lines) + "\n"


def export_sentence(export: dict) -> str:
    """The calibration error of the ONNX export; export: of confidence.export_calibration."""
    return (f"The ONNX export, without test-time augmentation and with a separate calibration "
            f"(`python -m analytics.export.onnx`), makes {export['errors']} errors on these {export['n']:,} images. Its"
            f" calibration error is {percent(export['ece'], 2)}; a perfectly calibrated model would measure "
            f"{interval(export['ece_if_calibrated'], 2)} by chance.")


def curve_sentence(form: str) -> str:
    """The form of the curve from the weighted uncertainty signals to log odds."""
    return "The curve from the weighted signals to the log odds of a right answer is a " + (
        "parabola above the 1 % quantile." if form == "parabola" else
        "line, because the best parabola is not monotonic.")


def prediction_sets_table(rows: list[dict]) -> str:
    """The miscoverage of the cross-conformal sets as a Markdown table; rows: of confidence.conformal."""
    lines = ["| sets without the right digit: target | measured | 95 % interval | proved for exchangeable images | "
             "mean digits | sets of one digit |", "|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {percent(row['level'])} | {percent(1 - row['share'], 2)} | "
                     f"{interval([1 - end for end in reversed(row['interval_95'])], 2)} | at most "
                     f"{percent(row['bound'])} | {row['size']:.3f} | {measured(row['single'])} |")
    return "\n".join(lines) + "\n"


def report_text(arrays: dict[str, np.ndarray], document: dict) -> str:
    """The body of analytics/reports/audit.md."""
    effects, uncertainty = document["design_effect"], document["doubt"]
    return "\n".join([headline_table(arrays, effects), *([writers.sentence(effects), ""] if effects else []),
                      export_sentence(document["export"]), "", curve_sentence(document["curve_form"]), "",
                      prediction_sets_table(uncertainty["conformal"]), uncertainty["guarantee"]])


def headline_sentence(arrays: dict[str, np.ndarray], document: dict) -> str:
    """The headline figures in a sentence for the README."""
    accuracy, low, high = arrays["headline_accuracy"]
    confident, errors = document["doubt"]["promises"][0], int(arrays["headline_errors"][0])
    text = (f"- {percent(accuracy, 2)} of the 10,000 test images are read correctly ({errors} errors, 95 % interval "
            f"{interval((low, high), 2)}); {confident['errors']} of the {confident['right']['n']:,} confident answers "
            f"are wrong. {SELECTION}")
    return textwrap.fill(text, 120, subsequent_indent="  ") + "\n"
