"""Compare one hypothesis of where the ink is with the choice between two: `python -m analytics.studies.hypotheses`.

Reads 2,000 test digits on ruled or squared paper, rendered with seeds that the calibration does not use, and 500 empty
sheets, half of them without lines: by light alone, by colour alone, and with the choice between both. Folders and files
of other digits and non-digits may be added, as for analytics.realworld. The table goes to analytics/reports/paper.md.
About ten minutes on one core.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from analytics.realworld.__main__ import read
from analytics.realworld.figures import Answer, Readings
from analytics.realworld.sets import Pictures, load_non_digits, load_sets
from analytics.reports import write_report
from analytics.studies.renderings.paper import photograph_of_paper
from core.command import refusing
from core.digits.data import read_checked
from core.formats import interval, measured, percent
from core.metrics import expected_calibration_error, wilson_interval
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader import left_over
from deployment.reader.paper.digit import LocatedDigit, locate_by_colour, locate_by_light
from deployment.reader.paper.ink import find_ink
from deployment.reader.picture.load import Pixels, load_pixels
from deployment.reader.picture.opening import InputError

DIGITS, EMPTY = 2000, 500
SEED = 77  # of the digits that are drawn, and of each rendering
AT_ONCE = 50  # pictures
ABOUT = """\
How pictures are read with one hypothesis of where the ink is, and with the choice between both. Rendered: MNIST test
digits on ruled or squared paper, 3 to 30 % of the picture high, on seeds that neither the calibration nor the tuning of
the search used; the search was tuned on renderings of validation digits. Empty sheets: half of them have lines. The
calibration was fitted with the choice in place. Wrong: among the confident answers; of non-digits, the confident ones.
"""


def rendered(digits: int, empty: int) -> list[Pictures]:
    """The renderings of test digits, and the empty sheets."""
    images, labels = read_checked("t10k-images-idx3-ubyte"), read_checked("t10k-labels-idx1-ubyte")
    chosen = np.random.default_rng(SEED).permutation(len(labels))[:digits]
    on_paper = [photograph_of_paper(images[i], np.random.default_rng([SEED, i])) for i in chosen]
    sheets = [photograph_of_paper(None, np.random.default_rng([SEED + 1, i]), lined=i % 2 == 0) for i in range(empty)]
    return [Pictures("ruled paper, rendered", on_paper, labels[chosen]),
            Pictures("empty sheets", sheets, np.full(empty, -1))]


def by_light(pixels: Pixels, kind: str | None) -> LocatedDigit | None:
    """The first hypothesis alone."""
    return locate_by_light(pixels, kind)[0]


def by_colour(pixels: Pixels, kind: str | None) -> LocatedDigit | None:
    """The second hypothesis alone."""
    return locate_by_colour(pixels, find_ink(pixels.values, kind))


def alone(deployer: MNISTDeployer, pictures: Pictures, locate: Callable) -> Iterator[Answer]:
    """The answers with one hypothesis."""
    for first in range(0, len(pictures), AT_ONCE):
        digits = [locate(load_pixels(source), pictures.kind) for source in pictures.pictures[first : first + AT_ONCE]]
        found = iter(left_over.read(deployer, [left_over.Digit.of(digit) for digit in digits if digit is not None]))
        for digit in digits:
            yield InputError("No ink was found.") if digit is None else next(found)


def table(rows: Sequence[tuple[str, Readings]]) -> str:
    """Markdown, a row for each set and way of reading."""
    head = ["set", "ink by", "n", "read correctly", "95 % interval", "confident", "wrong", "calibration error",
            "curious", "no digit"]
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "---:|" * (len(head) - 2)]
    for name, row in rows:
        n, right, confident = len(row.labels), int(row.right.sum()), row.emotions == "confident"
        is_digit = row.labels.max() >= 0
        error = percent(expected_calibration_error(row.probs, row.labels[row.read]), 2) if is_digit else "–"
        share = (measured(right / n, 2), interval(wilson_interval(right, n))) if is_digit else ("–", "–")
        lines.append("| " + " | ".join([
            row.name, name, f"{n:,}", *share, measured(confident.sum() / n),
            f"{(confident & ~row.right[row.read]).sum():,}", error, measured((row.emotions == "curious").sum() / n),
            f"{n - row.read.sum():,}"]) + " |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.hypotheses",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path, metavar="DIR", help="more digits: a folder, or one .npz file")
    parser.add_argument("--strange", nargs="+", type=Path, default=[], metavar="FILE", help="sets of non-digits")
    parser.add_argument("--digits", type=int, default=DIGITS, help="rendered digits (default 2,000)")
    parser.add_argument("--empty", type=int, default=EMPTY, help="empty sheets (default 500)")
    parser.add_argument("--report", action="store_true", help="write the table to analytics/reports/paper.md")
    args = parser.parse_args(argv)
    with refusing("hypotheses"):
        sets = rendered(args.digits, args.empty)
        sets += [pictures for source in args.sources for pictures in load_sets(source)]
        sets += [load_non_digits(source) for source in args.strange]
        deployer = MNISTDeployer()
    rows = []
    for pictures in sets:
        ways = {"light": list(alone(deployer, pictures, by_light)),
                "colour": list(alone(deployer, pictures, by_colour)), "both": read(deployer, [pictures])[0]}
        rows += [(name, Readings.of(pictures, answers)) for name, answers in ways.items()]
    text = table(rows)
    print(text, end="")
    if args.report:
        write_report("paper", "Ink on ruled and squared paper", "python -m analytics.studies.hypotheses --report",
                     f"{ABOUT}\n{text}")


if __name__ == "__main__":
    main()
