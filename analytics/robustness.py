"""Does the network know when it cannot see? Accuracy and confidence on spoilt test images:

    python -m analytics.robustness [--n N] [--seed SEED] [--model DIR] [--out images/robustness.json]

Fifteen corruptions in five severities (analytics/corruptions.py) on N test images. A network that knows loses
confidence as it loses accuracy: Spearman's correlation of the two over the 75 cells says how far that holds. Images go
to the network as they are, without the app's preprocessing, as the benchmark has it. The table is printed; figures of
every cell go into the JSON file, two pictures beside it, all with the hash of the weights.
"""

import argparse
import io
import sys
from pathlib import Path

import numpy as np

from analytics.corruptions import CORRUPTIONS, PAPER, corrupt
from core import model as models
from core.data import DataError, as_input, load_mnist
from core.emotion import FEELINGS
from core.metrics import auroc, wilson_interval
from core.storage import ModelError, write_atomic, write_json

OUT = Path(__file__).resolve().parents[1] / "images" / "robustness.json"
SEVERITIES = range(1, 6)


def average_ranks(values):
    """Ranks (N,) from 1 of values (N,), equal ones sharing the mean of theirs."""
    _, inverse, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def spearman(a, b):
    """Spearman's rank correlation of a and b (N,), in [-1, 1]: Pearson's of their average ranks (Spearman 1904).

    nan where one of them is constant. Raises ValueError unless both have one same length of at least 2.
    """
    if np.ndim(a) != 1 or np.shape(a) != np.shape(b) or len(a) < 2:
        raise ValueError(f"a and b have shapes {np.shape(a)} and {np.shape(b)}; give lists of one length, 2 or more.")
    a, b = (ranks - ranks.mean() for ranks in (average_ranks(a), average_ranks(b)))
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size else float("nan")


def measure_cell(model, images, y):
    """One row of figures of a core.model.Model on images (N, 28, 28) uint8 with labels y (N,): a dict."""
    probs, novelty = model.emotion.read(model.network, as_input(images, model.config.input_range))
    feelings = model.emotion.feelings(probs, novelty)
    confidence, correct = probs.max(axis=1), probs.argmax(axis=1) == y
    separation = auroc(confidence, correct)
    return {"n": len(y), "accuracy": float(correct.mean()),
            "interval_95": wilson_interval(int(correct.sum()), len(y)), "mean_confidence": float(confidence.mean()),
            "auroc_confidence": None if np.isnan(separation) else separation,  # JSON has no nan
            "feelings": {feeling: float(np.mean(feelings == feeling)) for feeling in FEELINGS},
            "confident_and_wrong": float(np.mean((feelings == "confident") & ~correct))}


def measure(model, images, y, n=2000, seed=0, corruptions=CORRUPTIONS, severities=SEVERITIES, track=iter):
    """Rows of `measure_cell` with their corruption and severity, on n of the images drawn by `seed`.

    model: core.model.Model; images (N, 28, 28) uint8, y (N,). The first row is "clean", severity 0. `track` may wrap
    the names to show progress. Raises ValueError when there are fewer than n images.
    """
    if not 1 <= n <= len(images):
        raise ValueError(f"n is {n}; choose 1 to {len(images):,}, the number of images there are.")
    chosen = np.sort(np.random.default_rng(seed).permutation(len(images))[:n])
    images, y = images[chosen], y[chosen]
    rows = [{"corruption": "clean", "severity": 0} | measure_cell(model, images, y)]
    for name in track(corruptions):
        rows += [{"corruption": name, "severity": severity, "paper": severity == PAPER[name]}
                 | measure_cell(model, corrupt(name, images, severity, seed), y) for severity in severities]
    return rows


def summary(rows):
    """What the rows say together: a dict of Spearman's correlation and means over cells, the clean row apart."""
    cells = rows[1:]
    paper = [row for row in cells if row["paper"]]
    confidence, accuracy = ([row[key] for row in cells] for key in ("mean_confidence", "accuracy"))
    return {"cells": len(cells), "spearman_confidence_accuracy": spearman(confidence, accuracy),
            "clean_accuracy": rows[0]["accuracy"],
            "mean_accuracy": float(np.mean(accuracy)), "mean_confidence": float(np.mean(confidence)),
            "mean_accuracy_paper": float(np.mean([row["accuracy"] for row in paper])),
            "mean_confidence_paper": float(np.mean([row["mean_confidence"] for row in paper])),
            "confident_and_wrong": float(np.mean([row["confident_and_wrong"] for row in cells]))}


def table(rows):
    """Markdown of the rows: one line a corruption; percent at severities 1 to 5, then details at the paper's one."""
    head = ["corruption", "accuracy % at severity 1 to 5", "mean confidence % at 1 to 5", "paper's severity",
            "accuracy % there", "95 % interval", "AUROC of confidence", *(f"{feeling} %" for feeling in FEELINGS)]
    lines = ["| " + " | ".join(head) + " |", "|---|---|---|" + "---:|" * (len(head) - 3)]
    for name in dict.fromkeys(row["corruption"] for row in rows):
        own = [row for row in rows if row["corruption"] == name]
        shown = next((row for row in own if row.get("paper")), own[0])
        percents = [" / ".join(f"{row[key]:.1%}"[:-1] for row in own) for key in ("accuracy", "mean_confidence")]
        low, high = shown["interval_95"]
        separation = shown["auroc_confidence"]
        cells = [name.replace("_", " "), *percents, str(shown["severity"] or "-"), f"{100 * shown['accuracy']:.1f}",
                 f"{100 * low:.1f} to {100 * high:.1f}", "-" if separation is None else f"{separation:.3f}",
                 *(f"{100 * shown['feelings'][feeling]:.1f}" for feeling in FEELINGS)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def sentence(whole):
    """The summary in words."""
    return (f"Spearman's correlation of mean confidence and accuracy over {whole['cells']} cells: "
            f"{whole['spearman_confidence_accuracy']:.3f}. Accuracy {whole['clean_accuracy']:.1%} clean, "
            f"{whole['mean_accuracy_paper']:.1%} at the paper's severities (stated confidence there "
            f"{whole['mean_confidence_paper']:.1%}), {whole['mean_accuracy']:.1%} over all cells (stated "
            f"{whole['mean_confidence']:.1%}); confident and wrong: {whole['confident_and_wrong']:.2%} of readings.")


def save(path, document, figures):
    """Write document as JSON to path and each figure, by name, as a PNG beside it with the weights' hash inside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        png = io.BytesIO()
        figure.savefig(png, format="png", metadata={"Description": f"weights_sha256 {document['weights_sha256']}"})
        write_atomic(path.parent / f"{name}.png", png.getvalue())
    write_json(path, document)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.robustness", description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=2000, help="test images for each cell (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="draws the images and the corruptions")
    parser.add_argument("--model", type=Path, default=models.FINAL_MODEL, metavar="DIR")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE.json")
    args = parser.parse_args(argv)

    from tqdm import tqdm

    from analytics import robustness_figures  # Matplotlib only where pictures are made

    try:
        model, data = models.load(args.model), load_mnist()
        images, y = data["X_test"], data["y_test"]
        rows = measure(model, images, y, args.n, args.seed, track=lambda names: tqdm(names, desc="corruptions"))
        whole = summary(rows)
        document = {"weights_sha256": model.saved["weights_sha256"], "n": args.n, "seed": args.seed,
                    "summary": whole, "rows": rows}
        save(args.out, document, {"robustness": robustness_figures.curves(rows),
                                  "corruptions": robustness_figures.samples(images[:1], args.seed)})
    except (ModelError, DataError, ValueError, OSError) as error:
        sys.exit(f"robustness: {error}")
    print(table(rows) + "\n" + sentence(whole))


if __name__ == "__main__":
    main()
