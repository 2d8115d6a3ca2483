"""Audit a model on the 10,000 test images: pictures and arrays into `images/`.

    python -m analytics.audit [--model DIR]

The shipped model's audit goes to `images/` (also shown by the README), a run's into its own folder. Each file is
written aside and renamed; every picture and audit.npz carry the hash of the weights that they show.
"""

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from analytics import evidence, figures
from analytics.readme import put_between_marks
from core.data import load_mnist
from core.metrics import confusion_matrix, precision_recall_f1
from core.storage import write_atomic
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.pictures import percent


def draw(arrays: dict[str, np.ndarray], X: np.ndarray) -> dict[str, Callable]:
    """Name -> function that makes the figure, from an audit's arrays and its test images X (N, 28, 28)."""
    probs, y = arrays["probs"], arrays["y"]
    y_hat = probs.argmax(1)
    hits, errors = evidence.confident_hits(probs, y), evidence.mistakes(probs, y)
    confusion = confusion_matrix(y, y_hat)
    pictures = {
        "learning": lambda: figures.learning(evidence.history(arrays)),
        "confusion": lambda: figures.confusion(confusion),
        "per_class": lambda: figures.per_class(precision_recall_f1(confusion)),
        "reliability": lambda: figures.reliability(evidence.confidence_bands(probs, y)),
        "map": lambda: figures.digit_map(arrays["map_xy"], y[arrays["map_index"]], y_hat[arrays["map_index"]]),
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
    }
    if "gate_class_mean" in arrays:
        pictures["gate"] = lambda: figures.gate(arrays["gate_class_mean"])
    return pictures


def audit(model_dir: Path, folder: Path | None = None, track: evidence.Track = evidence.untracked, **options) -> dict:
    """Audit one model on the MNIST test set into `folder`; returns the arrays. Options as `evidence.test_arrays`."""
    deployer = MNISTDeployer(model_dir)
    data = load_mnist()
    X, y = data["X_test"].astype(np.float32) / 255, data["y_test"]
    arrays = evidence.model_arrays(deployer) | evidence.test_arrays(deployer, X, y, track=track, **options)
    save(arrays, X, folder or evidence.images_dir(model_dir, SHIPPED), track)
    return arrays


def save(arrays: dict[str, np.ndarray], X: np.ndarray, folder: Path, track: evidence.Track = evidence.untracked):
    """Write every picture as PNG, then audit.npz, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tag = {"Description": f"weights_sha256 {arrays['weights_sha256']}"}
    for name, figure in track(draw(arrays, X).items(), "pictures"):
        png = io.BytesIO()
        figure().savefig(png, format="png", metadata=tag)
        write_atomic(folder / f"{name}.png", png.getvalue())
    npz = io.BytesIO()
    np.savez_compressed(npz, **arrays)
    write_atomic(folder / "audit.npz", npz.getvalue())


def headline_table(arrays: dict[str, np.ndarray]) -> str:
    """The headline figures as a Markdown table for the README."""
    n = len(arrays["y"])
    rows = {
        "accuracy": ("accuracy", "{:.2%}"), "errors": ("errors", "{:.0f}"), "log loss (nats)": ("log_loss", "{:.4f}"),
        "calibration error (15 equal-mass bins)": ("ece", "{:.2%}"),
        "AUROC of confidence, right against wrong": ("auroc", "{:.4f}"),
    }
    lines = [f"| on {n:,} test images | value | 95 % interval |", "|---|---|---|"]
    for name, (key, form) in rows.items():
        value, low, high = (form.format(figure) for figure in arrays[f"headline_{key}"])
        lines.append(f"| {name} | {value} | {low} to {high} |")
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Audit a model on the MNIST test set: pictures and arrays.")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR", help="default: the shipped model")
    options = parser.parse_args(argv)
    print("Auditing on the 10,000 test images; this takes about half a minute on two idle cores.")
    try:
        arrays = audit(options.model, track=lambda items, label: tqdm(items, desc=f"{label:>9}", leave=True))
    except (ValueError, OSError) as error:
        sys.exit(f"audit: {error}")
    if options.model.resolve() == SHIPPED.resolve():
        put_between_marks("shipped", headline_table(arrays))
    accuracy, low, high = arrays["headline_accuracy"]
    print(f"Test accuracy {accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}), {arrays['headline_errors'][0]:.0f} "
          f"errors; saved in {evidence.images_dir(options.model, SHIPPED)}")


if __name__ == "__main__":
    main()
