"""How well the network reads pictures from outside MNIST: `python -m analytics.realworld DIR`.

DIR holds pictures named `L_anything.png` (or jpg, jpeg, webp, bmp), `L` being the digit; each sub-folder is a row of
the table. Arrays are read too, each file a row:

- `NAME.npz` with `images` (N, H, W) uint8 and `labels` (N,);
- `NAME.npz` with pen strokes: `points` (P, 2) with y upwards, `stroke_start` (S + 1,), `sample_start` (N + 1,) and
  `labels` (N,); stroke j is points[stroke_start[j] : stroke_start[j + 1]], sample i has the strokes from
  sample_start[i] to sample_start[i + 1]. They are drawn as a person would on the app's canvas, the same each time.

`--strange FILE ...` names more of these, or folders of any pictures, that hold what is no digit. `--errors FILE.png`
shows what was misread: picture, what the network saw, truth and answer. `--report` puts the tables into
analytics/reports/realworld.md.
"""

import argparse
from pathlib import Path

import numpy as np

from analytics.realworld.contact_sheet import contact_sheet
from analytics.realworld.figures import Readings, digits_table, strange_table
from analytics.realworld.sets import load_sets, load_strange
from analytics.reports import write_report
from core.command import refusing
from core.digits.data import load_split, read_checked
from deployment.deploy_mnist import SHIPPED, MNISTDeployer

WHOSE = ("The whole way from file to answer. These sets are not part of the project, so nobody else can remake this "
         "very table; the command makes one of any folder of pictures named like 7_anything.png. Preprocessing and "
         "recipe were developed on these sets: expect somewhat less on pictures of your own. A perfect reader's "
         "calibration error is what chance alone gives a set of this size, 95 times in 100.")
FOUND = "\nFound: stranger than 99.5 % of the validation digits of MNIST, read the same way.\n"


def rows_of(sets, answers):
    """A Readings of each set, one more where labels are in doubt, and all together."""
    rows = [Readings.of(pictures, given) for pictures, given in zip(sets, answers, strict=True)]
    pooled = [Readings.pooled(rows, "all")] if len(rows) > 1 else []
    for pictures, given in zip(sets, answers, strict=True):
        if pictures.doubtful:
            name = f"{pictures.name} without {len(pictures.doubtful)} of doubtful label"
            rows.append(Readings.of(pictures, given, pictures.doubtful, name))
    return rows + pooled


def usual_novelty(deployer):
    """Novelty (N,) of the validation digits, read as any picture."""
    images = read_checked("train-images-idx3-ubyte")[load_split()["validation"]]
    return np.array([answer.novelty for answer in deployer.predict_batch(images)])


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.realworld", description=__doc__.split("\n")[0])
    parser.add_argument("sources", nargs="+", type=Path, metavar="DIR", help="a folder, or one .npz file")
    parser.add_argument("--strange", nargs="+", type=Path, default=[], metavar="FILE", help="sets of what is no digit")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR")
    parser.add_argument("--errors", type=Path, metavar="FILE.png", help="write a contact sheet of what was misread")
    parser.add_argument("--report", action="store_true", help="put the tables into analytics/reports/realworld.md")
    args = parser.parse_args(argv)
    with refusing("realworld"):
        sets = [pictures for source in args.sources for pictures in load_sets(source)]
        strange, deployer = [load_strange(source) for source in args.strange], MNISTDeployer(args.model)
    answers, of_strange = ([deployer.predict_batch(p.pictures, skip_errors=True, kind=p.kind) for p in group]
                           for group in (sets, strange))
    rows = rows_of(sets, answers)
    text = digits_table(rows)
    if strange:
        drawn = next((row for row, p in zip(rows, sets, strict=False) if p.kind == "canvas"), rows[-1])
        text += "\n" + strange_table(map(Readings.of, strange, of_strange), drawn, usual_novelty(deployer)) + FOUND
    print(text, end="")
    if args.errors:
        contact_sheet(sets, answers).save(args.errors)
    if args.report:
        write_report("realworld", "Pictures from outside MNIST", "python -m analytics.realworld DIR --report",
                     f"{WHOSE}\n\n{text}")


if __name__ == "__main__":
    main()
