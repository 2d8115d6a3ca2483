"""Accuracy and confidence on corrupted test images:

    python -m analytics.robustness [--n N] [--seed SEED] [--model DIR] [--out images/robustness/robustness.json]

The table is printed; figures of every cell go into the JSON file, a picture of all corruptions beside it, both with the
hash of the model; for the shipped model the table goes to analytics/reports/robustness.md too. The app's audit has rows
of its own, on fewer images (python -m analytics.audit), which this command leaves alone.
"""

import argparse
from pathlib import Path

from analytics.reports import png_bytes, write_report
from analytics.robustness.measure import measure, sentence, summary, table
from core.command import refusing
from core.digits.data import load_mnist
from core.files import replace_together
from core.models import model as models
from core.storage import json_text

OUT = Path(__file__).resolve().parents[2] / "images" / "robustness" / "robustness.json"


def save(path, document, figures):
    """Write document as JSON to path and each figure, by name, as a PNG beside it with the model's hash inside."""
    tag = {"Description": f"model_sha256 {document['model_sha256']}"}
    files = {f"{name}.png": png_bytes(figure, tag) for name, figure in figures.items()}
    replace_together(path.parent, {**files, path.name: json_text(document)})


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.robustness", description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=2000, help="test images for each cell (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="draws the images and the corruptions")
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
