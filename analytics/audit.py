"""Audit a model on the 10,000 test images: pictures, arrays and figures into `images/`.

    python -m analytics.audit [--model DIR] [--corrupted N] [--extra FILE.npz ARRAY]

The shipped model's audit goes to `images/` (also shown by the README), a run's into its own folder: PNG pictures,
audit.npz with arrays, and audit.json with every figure, its n and its 95 % interval. Each file is written aside and
renamed and carries the hash of the weights that it shows.
"""

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from analytics import doubt, evidence, figures, inside, maps, nondigits, robustness
from analytics.readme import put_between_marks
from core.data import as_input, load_mnist, load_split
from core.metrics import confusion_matrix, precision_recall_f1
from core.storage import write_atomic, write_json
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.pictures import percent

COMMAND = "python -m analytics.audit"


def draw(arrays: dict[str, np.ndarray], X: np.ndarray, document: dict | None = None) -> dict[str, Callable]:
    """Name -> function that makes the figure, from an audit's arrays, its test images X (N, 28, 28) and its rows."""
    probs, y = arrays["probs"], arrays["y"]
    y_hat = probs.argmax(1)
    hits, errors = evidence.confident_hits(probs, y), evidence.mistakes(probs, y)
    confusion, on_map = confusion_matrix(y, y_hat), arrays["map_index"]
    pictures = {
        "learning": lambda: figures.learning(evidence.history(arrays)),
        "confusion": lambda: figures.confusion(confusion),
        "per_class": lambda: figures.per_class(precision_recall_f1(confusion)),
        "reliability": lambda: figures.reliability(evidence.confidence_bands(probs, y)),
        "risk_coverage": lambda: figures.risk_coverage(probs, y),
        "map": lambda: figures.digit_map(arrays["map_xy"], y[on_map], y_hat[on_map]),
        "maps": lambda: figures.digit_maps(maps.layers(arrays), y[on_map]),
        "hits": lambda: figures.image_grid(
            X[hits],
            [f"{y[i]}   {percent(probs[i].max())}" for i in hits],
            8,
            "The surest right answers, digit by digit",
        ),
        "errors": lambda: figures.image_grid(
            X[errors[:80]],
            [f"{y[i]} → {y_hat[i]}   {percent(probs[i].max())}" for i in errors[:80]],
            10,
            "Errors, the surest first: true digit → answer, confidence",
        ),
        "weights": lambda: figures.weights(arrays["weight_names"], arrays["weight_counts"], arrays["weight_edges"]),
        "activations": lambda: figures.weights(
            *(arrays[f"activation_{part}"] for part in ("names", "counts", "edges")), "activation", sharex=False),
    }
    if "gate_class_mean" in arrays:
        pictures["gate"] = lambda: figures.gate(arrays["gate_class_mean"])
    if document:
        kinds = {kind: nondigits.make(kind, 8, document["seed"]) for kind in nondigits.KINDS}
        pictures["novelty"] = lambda: figures.novelty(document["doubt"]["strangers"])
        pictures["nondigits"] = lambda: figures.image_grid(
            np.concatenate(list(kinds.values())) / 255, [kind for kind in kinds for _ in range(8)], 8,
            "Pictures that are no digits")
    if document and document["robustness"]:
        from analytics import robustness_figures

        pictures["robustness"] = lambda: robustness_figures.curves(document["robustness"]["rows"])
        pictures["corruptions"] = lambda: robustness_figures.samples(
            np.round(255 * X[:1]).astype(np.uint8), document["seed"])
    return pictures


def audit(model_dir: Path, folder: Path | None = None, track: evidence.Track = evidence.untracked, *, seed=0,
          corrupted=600, strangers=500, extra=None, **options) -> dict:
    """Audit one model on the MNIST test set into `folder`; returns the arrays.

    corrupted: test images for each of the corruptions, 0 for none; strangers: pictures of each kind that is no digit;
    extra: more of them, name -> (N, 28, 28) uint8. Options as `evidence.test_arrays`.
    """
    deployer = MNISTDeployer(model_dir)
    data = load_mnist()
    X, y = data["X_test"].astype(np.float32) / 255, data["y_test"]
    arrays = evidence.model_arrays(deployer) | evidence.test_arrays(deployer, X, y, track=track, seed=seed, **options)
    others = {kind: nondigits.make(kind, strangers, seed) for kind in nondigits.KINDS} | (extra or {})
    novelty, document = measure(deployer.model, data, others, corrupted, seed, track)
    arrays |= novelty
    head = {"weights_sha256": str(arrays["weights_sha256"]), "command": COMMAND, "n": len(y), "seed": seed,
            "headline": {name.removeprefix("headline_"): {"value": v[0], "interval_95": list(v[1:])}
                         for name, v in arrays.items() if name.startswith("headline_")},
            "ece_if_calibrated": list(arrays["ece_if_calibrated"]),
            "activations": [{"layer": str(name), "zeros": zeros, "dead": int(dead)} for name, zeros, dead in zip(
                *(arrays[f"activation_{part}"] for part in ("names", "zeros", "dead")), strict=True)]}
    save(arrays, X, folder or evidence.images_dir(model_dir, SHIPPED), track, plain(head | document))
    return arrays


def measure(model, data: dict, others: dict, corrupted: int, seed: int, track: evidence.Track) -> tuple[dict, dict]:
    """(arrays, rows) of what needs the model itself: doubt, gate and robustness. data: as of core.data.load_mnist."""
    span, y, calibration = model.config.input_range, data["y_test"], load_split()["calibration"]
    X, X_cal = as_input(data["X_test"], span), as_input(data["X_train"][calibration], span)
    document = {}
    for step in track(("doubt", "gate"), "doubt"):
        if step == "doubt":
            arrays, document["doubt"] = doubt.measure(
                model, X, y, {name: as_input(images, span) for name, images in others.items()})
        else:
            document["gate"] = inside.compare_gates(inside.mode_logits(model, X, seed), y, inside.mode_logits(
                model, X_cal, seed), data["y_train"][calibration])
    document["robustness"] = None
    if corrupted:
        rows = robustness.measure(model, data["X_test"], y, corrupted, seed,
                                  track=lambda names: track(names, "spoilt"))
        document["robustness"] = {"n": corrupted, "summary": robustness.summary(rows), "rows": rows}
    return arrays, document


def plain(value):
    """The same as JSON knows it: NumPy's numbers as Python's, tuples as lists, nan as None."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def save(arrays: dict[str, np.ndarray], X: np.ndarray, folder: Path, track: evidence.Track = evidence.untracked,
         document: dict | None = None):
    """Write every picture as PNG, audit.json where there is a document, and last audit.npz, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tag = {"Description": f"weights_sha256 {arrays['weights_sha256']}"}
    for name, figure in track(draw(arrays, X, document).items(), "pictures"):
        png = io.BytesIO()
        figure().savefig(png, format="png", metadata=tag)
        write_atomic(folder / f"{name}.png", png.getvalue())
    if document:
        write_json(folder / "audit.json", document)
    npz = io.BytesIO()
    np.savez_compressed(npz, **arrays)
    write_atomic(folder / "audit.npz", npz.getvalue())


def headline_table(arrays: dict[str, np.ndarray]) -> str:
    """The headline figures as a Markdown table for the README."""
    n = len(arrays["y"])
    rows = {
        "accuracy": ("accuracy", "{:.2%}"), "errors": ("errors", "{:.0f}"), "log loss (nats)": ("log_loss", "{:.4f}"),
        "Brier score (0 to 2)": ("brier", "{:.4f}"),
        "calibration error (15 equal-mass bins)": ("ece", "{:.2%}"),
        "AUROC of confidence, right against wrong": ("auroc", "{:.4f}"),
        "area under risk-coverage": ("aurc", "{:.3%}"),
    }
    lines = [f"| on {n:,} test images | value | 95 % interval |", "|---|---|---|"]
    for name, (key, form) in rows.items():
        value, low, high = (form.format(figure) for figure in arrays[f"headline_{key}"])
        lines.append(f"| {name} | {value} | {low} to {high} |")
    sure = doubt.selective(arrays["probs"], arrays["y"], [0.99])[0]
    low, high = sure["interval_95"]
    lines.append(f"| accuracy of the surest 99 % of answers | {sure['share']:.2%} | {low:.2%} to {high:.2%} |")
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Audit a model on the MNIST test set.")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR", help="default: the shipped model")
    parser.add_argument("--corrupted", type=int, default=600, metavar="N", help="test images for each corruption")
    parser.add_argument("--extra", nargs=2, action="append", default=[], metavar=("FILE.npz", "ARRAY"),
                        help="other pictures that are no digits: an array (N, 28, 28) uint8 of the file; repeatable")
    options = parser.parse_args(argv)
    print("Auditing on the 10,000 test images; this takes one to three minutes on two idle cores.")
    try:
        extra = {f"{Path(file).stem} {name}": nondigits.load_extra(file, name) for file, name in options.extra}
        arrays = audit(options.model, corrupted=options.corrupted, extra=extra,
                       track=lambda items, label: tqdm(items, desc=f"{label:>12}", leave=True))
    except (ValueError, OSError) as error:
        sys.exit(f"audit: {error}")
    if options.model.resolve() == SHIPPED.resolve():
        put_between_marks("shipped", headline_table(arrays))
    accuracy, low, high = arrays["headline_accuracy"]
    print(f"Test accuracy {accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}), {arrays['headline_errors'][0]:.0f} "
          f"errors; saved in {evidence.images_dir(options.model, SHIPPED)}")


if __name__ == "__main__":
    main()
