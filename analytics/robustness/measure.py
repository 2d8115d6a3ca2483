"""Accuracy and confidence on corrupted test images, as rows and a table.

Confidence should fall with accuracy. Spearman's correlation of the two over 75 cells, fifteen corruptions at five
severities, measures this. As in the MNIST-C benchmark, images are not preprocessed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from analytics.robustness.corruptions import CORRUPTIONS, PAPER, corrupt
from core.digits.data import as_input
from core.formats import percent
from core.metrics import auroc, wilson_interval
from core.models.model import Model
from core.uncertainty.readout import EMOTIONS

SEVERITIES = range(1, 6)


def measure_cell(model: Model, images: NDArray[np.uint8], y: NDArray[np.integer]) -> dict:
    """One row of figures of a model on images (N, 28, 28) with labels y (N,)."""
    probs, novelty, _ = model.readout.read(model.network, as_input(images, model.config.input_range))
    emotions = model.readout.emotions(probs, novelty)
    confidence, correct = probs.max(axis=1), probs.argmax(axis=1) == y
    area = auroc(confidence, correct)
    return {"n": len(y), "accuracy": float(correct.mean()),
            "interval_95": wilson_interval(int(correct.sum()), len(y)), "mean_confidence": float(confidence.mean()),
            "auroc_confidence": None if np.isnan(area) else area,  # JSON has no nan
            "emotions": {emotion: float(np.mean(emotions == emotion)) for emotion in EMOTIONS},
            "confident_and_wrong": float(np.mean((emotions == "confident") & ~correct))}


def measure(model: Model, images: NDArray[np.uint8], y: NDArray[np.integer], n: int = 2000, seed: int = 0,
            corruptions: Iterable[str] = CORRUPTIONS, severities: Iterable[int] = SEVERITIES,
            track: Callable[[Iterable[str]], Iterable[str]] = iter) -> list[dict]:
    """Rows of `measure_cell` with their corruption and severity, on a random sample of n images.

    images (N, 28, 28), y (N,). The first row is "clean", severity 0. track: wraps the names to show progress. Raises
    ValueError when there are fewer than n images.
    """
    if not 1 <= n <= len(images):
        raise ValueError(f"n is {n}; choose 1 to {len(images):,}, the number of images.")
    chosen = np.sort(np.random.default_rng(seed).permutation(len(images))[:n])
    images, y = images[chosen], y[chosen]
    rows = [{"corruption": "clean", "severity": 0} | measure_cell(model, images, y)]
    for name in track(corruptions):
        rows += [{"corruption": name, "severity": severity, "paper": severity == PAPER[name]}
                 | measure_cell(model, corrupt(name, images, severity, seed), y) for severity in severities]
    return rows


def summary(rows: Sequence[Mapping]) -> dict[str, float]:
    """Spearman's correlation and means over the cells, without the clean row."""
    cells = rows[1:]
    paper = [row for row in cells if row["paper"]]
    confidence, accuracy = ([row[key] for row in cells] for key in ("mean_confidence", "accuracy"))
    return {"cells": len(cells), "spearman_confidence_accuracy": float(np.asarray(spearmanr(confidence, accuracy))[0]),
            "clean_accuracy": rows[0]["accuracy"],
            "mean_accuracy": float(np.mean(accuracy)), "mean_confidence": float(np.mean(confidence)),
            "mean_accuracy_paper": float(np.mean([row["accuracy"] for row in paper])),
            "mean_confidence_paper": float(np.mean([row["mean_confidence"] for row in paper])),
            "confident_and_wrong": float(np.mean([row["confident_and_wrong"] for row in cells]))}


def table(rows: Sequence[Mapping]) -> str:
    """Markdown, one line per corruption: percent at severities 1 to 5, then details at the paper's severity."""
    head = ["corruption", "accuracy % at severity 1 to 5", "mean confidence % at 1 to 5", "paper's severity",
            "accuracy % there", "95 % interval", "AUROC of confidence", *(f"{emotion} %" for emotion in EMOTIONS)]
    lines = ["| " + " | ".join(head) + " |", "|---|---|---|" + "---:|" * (len(head) - 3)]
    for name in dict.fromkeys(row["corruption"] for row in rows):
        group = [row for row in rows if row["corruption"] == name]
        shown = next((row for row in group if row.get("paper")), group[0])
        percents = [" / ".join(f"{row[key]:.1%}"[:-1] for row in group) for key in ("accuracy", "mean_confidence")]
        low, high = shown["interval_95"]
        area = shown["auroc_confidence"]
        cells = [name.replace("_", " "), *percents, str(shown["severity"] or "-"), f"{100 * shown['accuracy']:.1f}",
                 f"{100 * low:.1f} to {100 * high:.1f}", "-" if area is None else f"{area:.3f}",
                 *(f"{100 * shown['emotions'][emotion]:.1f}" for emotion in EMOTIONS)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def sentence(whole: Mapping[str, float]) -> str:
    """The summary in words."""
    return (f"Spearman's correlation of mean confidence and accuracy over {whole['cells']} cells: "
            f"{whole['spearman_confidence_accuracy']:.3f}. Accuracy {percent(whole['clean_accuracy'])} clean, "
            f"{percent(whole['mean_accuracy_paper'])} at the paper's severities (stated confidence there "
            f"{percent(whole['mean_confidence_paper'])}), {percent(whole['mean_accuracy'])} over all cells (stated "
            f"{percent(whole['mean_confidence'])}); confident and wrong: {percent(whole['confident_and_wrong'], 2)} "
            f"of readings.")
