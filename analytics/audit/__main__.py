"""Audit a model on the 10,000 test images.

    python -m analytics.audit [--model DIR] [--corrupted N] [--extra FILE.npz ARRAY]

Writes six PNG pictures, audit.npz with arrays, and audit.json with every figure, its n and its 95 % interval. The
shipped model's files go to `images/`, its figures also into the README and analytics/reports/audit.md; another model's
go into its folder. Files are written atomically and contain the model's hash.
"""

import argparse
from pathlib import Path

from tqdm import tqdm

from analytics.audit import out_of_distribution
from analytics.audit.run import COMMAND, audit, headline_sentence, report_text
from analytics.reports import put_between_marks, write_report
from core.command import refusing
from core.formats import interval, percent
from deployment.deploy_mnist import SHIPPED
from deployment.pages.audit.stored import images_dir


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Audit a model on the MNIST test set.")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR", help="default: the shipped model")
    parser.add_argument("--corrupted", type=int, default=600, metavar="N", help="test images for each corruption")
    parser.add_argument("--extra", nargs=2, action="append", default=[], metavar=("FILE.npz", "ARRAY"),
                        help="more non-digits: an array (N, 28, 28) uint8 of the file; repeatable")
    options = parser.parse_args(argv)
    print("Auditing on the 10,000 test images; this takes one to three minutes on two idle cores.")
    with refusing("audit"):
        extra = {f"{Path(file).stem} {name}": out_of_distribution.load_extra(file, name)
                 for file, name in options.extra}
        arrays, document = audit(options.model, corrupted=options.corrupted, extra=extra,
                                 track=lambda items, label: tqdm(items, desc=f"{label:>12}", leave=True))
    if options.model.resolve() == SHIPPED.resolve():
        put_between_marks("shipped", headline_sentence(arrays, document))
        write_report("audit", "The shipped model on MNIST's test set", COMMAND,
                     report_text(arrays, document))
    accuracy, low, high = arrays["headline_accuracy"]
    print(f"Test accuracy {percent(accuracy, 2)} (95 % interval {interval((low, high), 2)}), "
          f"{arrays['headline_errors'][0]:.0f} errors; saved in {images_dir(options.model, SHIPPED)}")


if __name__ == "__main__":
    main()
