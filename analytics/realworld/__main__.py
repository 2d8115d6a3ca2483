"""Measure the reading of pictures from outside MNIST: `python -m analytics.realworld DIR`.

DIR holds pictures named `L_anything.png` (or jpg, jpeg, webp, bmp), where `L` is the digit; each sub-folder is a row
of the table. So is each array file:

- `NAME.npz` with `images` (N, H, W) uint8 and `labels` (N,);
- `NAME.npz` with pen strokes: `points` (P, 2) with y upwards, `stroke_start` (S + 1,), `sample_start` (N + 1,) and
  `labels` (N,); stroke j is points[stroke_start[j] : stroke_start[j + 1]], sample i has the strokes from
  sample_start[i] to sample_start[i + 1]. They are drawn as on the app's canvas, with a fixed seed.

`--strange FILE ...` names such files, or folders of any pictures, of non-digits. `--errors FILE.png` writes a contact
sheet of the errors: picture, network input, true digit and answer. `--report` writes the tables to
analytics/reports/realworld.md.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from analytics.realworld.contact_sheet import contact_sheet
from analytics.realworld.figures import Answer, Readings, digits_table, non_digits_table
from analytics.realworld.sets import Pictures, load_non_digits, load_sets
from analytics.reports import write_report
from core.command import refusing
from core.digits.data import load_split, read_checked
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.prediction import Prediction

HEAD = ("The complete pipeline from file to answer. These sets are not part of the project, so this table cannot be "
        "reproduced exactly; the command makes one from any folder of pictures named like 7_anything.png. "
        "Preprocessing and recipe were developed on these sets: expect lower accuracy on other pictures. “If "
        "calibrated” is the 95 % range of the calibration error of a calibrated model on a set of this size.")
DETECTED = "\nDetected: more novel than 99.5 % of the MNIST validation digits, read the same way.\n"


def rows_of(sets: Sequence[Pictures], answers: Sequence[Sequence[Answer]]) -> list[Readings]:
    """The Readings of each set, another one without doubtful labels if there are any, and all sets pooled."""
    rows = [Readings.of(pictures, given) for pictures, given in zip(sets, answers, strict=True)]
    pooled = [Readings.pooled(rows, "all")] if len(rows) > 1 else []
    for pictures, given in zip(sets, answers, strict=True):
        if pictures.doubtful:
            name = f"{pictures.name} without {len(pictures.doubtful)} of doubtful label"
            rows.append(Readings.of(pictures, given, pictures.doubtful, name))
    return rows + pooled


def read(deployer: MNISTDeployer, sets: Sequence[Pictures]) -> list[list[Answer]]:
    """The answers for each set, with an InputError for an unreadable picture."""
    return [cast("list[Answer]", deployer.predict_batch(pictures.pictures, skip_errors=True, kind=pictures.kind))
            for pictures in sets]


def validation_novelty(deployer: MNISTDeployer) -> NDArray[np.floating]:
    """Novelty (N,) of the MNIST validation digits, read as pictures."""
    images = read_checked("train-images-idx3-ubyte")[load_split()["validation"]]
    return np.array([answer.novelty for answer in cast("list[Prediction]", deployer.predict_batch(images))])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.realworld",
                                     description="Measure the reading of pictures from outside MNIST.")
    parser.add_argument("sources", nargs="+", type=Path, metavar="DIR", help="a folder, or one .npz file")
    parser.add_argument("--strange", nargs="+", type=Path, default=[], metavar="FILE", help="sets of non-digits")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR")
    parser.add_argument("--errors", type=Path, metavar="FILE.png", help="write a contact sheet of the errors")
    parser.add_argument("--report", action="store_true", help="write the tables to analytics/reports/realworld.md")
    args = parser.parse_args(argv)
    with refusing("realworld"):
        sets = [pictures for source in args.sources for pictures in load_sets(source)]
        non_digits, deployer = [load_non_digits(source) for source in args.strange], MNISTDeployer(args.model)
    answers = read(deployer, sets)
    rows = rows_of(sets, answers)
    text = digits_table(rows)
    if non_digits:
        drawings = next((row for row, p in zip(rows, sets, strict=False) if p.kind == "canvas"), rows[-1])
        text += "\n" + non_digits_table(map(Readings.of, non_digits, read(deployer, non_digits)), drawings,
                                        validation_novelty(deployer)) + DETECTED
    print(text, end="")
    if args.errors:
        contact_sheet(sets, answers).save(args.errors)
    if args.report:
        write_report("realworld", "Pictures from outside MNIST", "python -m analytics.realworld DIR --report",
                     f"{HEAD}\n\n{text}")


if __name__ == "__main__":
    main()
