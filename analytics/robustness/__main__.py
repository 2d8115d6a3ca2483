"""Measure accuracy and confidence on corrupted test images.

    python -m analytics.robustness [--n N] [--seed SEED] [--model DIR] [--out images/robustness/robustness.json]

Prints the table, and writes the figures of every cell as JSON and a picture of all corruptions beside it, both with the
model's hash; for the shipped model also the table to analytics/reports/robustness.md. The app's audit has separate rows
on fewer images (python -m analytics.audit).
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.reports import png_bytes, write_report
from analytics.robustness.measure import measure, sentence, summary, table
from core.command import refusing
from core.digits.data import load_mnist
from core.files import replace_together
from core.models import model as models
from core.shipped import data
from core.storage import json_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OUT = data("images/robustness/robustness.json")


def save(path: Path, document: Mapping, figures: Mapping[str, "Figure"]) -> None:
    """Write document as JSON to path, and each figure as NAME.png with the model's hash beside it."""
    tag = {"Description": f"model_sha256 {document['model_sha256']}"}
    files = {f"{name}.png": png_bytes(figure, tag) for name, figure in figures.items()}
    replace_together(path.parent, {**files, path.name: json_text(document)})


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.robustness",
                                     description="Measure accuracy and confidence on corrupted test images.")
    parser.add_argument("--n", type=int, default=2000, help="test images per cell (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="of the sampled images and the corruptions")
    parser.add_argument("--model", type=Path, default=models.FINAL_MODEL, metavar="DIR")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE.json")
    args = parser.parse_args(argv)

    from tqdm import tqdm

    from analytics.robustness.figures import samples

    with refusing("robustness"):
        model, data = models.load(args.model), load_mnist()
        images, y = data["X_test"], data["y_test"]
        rows = measure(model, images, y, args.n, args.seed, track=lambda names: tqdm(names, desc="corruptions"))
        whole = summary(rows)
        document = {"model_sha256": model.sha256, "n": args.n, "seed": args.seed, "summary": whole, "rows": rows}
        save(args.out, document, {"corruptions": samples(images[:1], args.seed)})
    if args.model.resolve() == models.FINAL_MODEL and args.out == OUT:
        write_report("robustness", "The shipped model on corrupted digits", "python -m analytics.robustness",
                     f"{args.n:,} test images for each cell, seed {args.seed}.\n\n{table(rows)}\n{sentence(whole)}\n\n"
                     "![Every corruption, clean and at severities 1 to 5](../../images/robustness/corruptions.png)")
    print(table(rows) + "\n" + sentence(whole))


if __name__ == "__main__":
    main()
