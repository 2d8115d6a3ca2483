"""Measure the reading of whole numbers: `python -m analytics.numbers [DIR ...] [--words FILE] [--signs FILE]`.

Composes numbers of MNIST digits, each by one writer, with gaps from wide to overlapping, and reads them as drawings,
with connected components and, for pairs, the pair reader alone as baselines: --count of each kind from test digits, and
a quarter as many from digits of the validation writers, on which the reader was developed. The writers of the test
digits are unknown, so the digits of a number are near each other in the file. DIR holds photographs named
CONTENT_anything.jpg, as deployment.reader.labels.number_label reads it. FILE of --signs holds pen strokes of signs
(.npz with the height of the writer's digits), which are set between digits; the contributors are parted as the digits.
Words of drawn letters from FILE of --words (.npz, as for analytics.realworld), generated drawings and empty pages must
not be read as confident. Tables go to analytics/reports/numbers.md, figures to numbers.json beside it and into
README.md. About half an hour on two cores.
"""

if __name__ == "__main__":  # before NumPy is imported: two processes, one BLAS thread each
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from analytics.numbers.compose import OVERLAPPING, TOUCHING, WIDE, Pair, photographed, strings
from analytics.numbers.measure import claims, measure
from analytics.numbers.out_of_distribution import blank_pages, drawings, words
from analytics.numbers.signs import drawn_signs, with_signs
from analytics.numbers.tables import (
    TEST,
    bins_table,
    claims_table,
    headline,
    mixes,
    pooled,
    row_of,
    signs_table,
    sure_table,
    table,
    times,
)
from analytics.reports import REPORTS, put_between_marks, write_report
from core.command import refusing
from core.digits.task import Images, load_parts
from core.files import write_atomic
from core.formats import measured
from core.metrics import accuracy
from core.models.pairs import sha256 as pair_reader_sha256
from core.storage import json_text
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.labels import number_label
from deployment.reader.picture.opening import ENDINGS

KINDS = {  # name: (digits, at least and at most; joins to draw from)
    "5 digits, gaps of 2 and more": ((5, 5), [WIDE]), "pairs that touch": ((2, 2), [TOUCHING]),
    "pairs that overlap": ((2, 2), [OVERLAPPING]),
    "2 to 8 digits, all joins": ((2, 8), [WIDE, WIDE, TOUCHING, OVERLAPPING]),
    "4 digits, photographed": ((4, 4), [WIDE])}
WITH_SIGNS = "with signs"
CONTRIBUTORS = {"": ("apa", "gmd"), TEST: ("uqb", "syn")}  # of signs, for development and for measuring
HEAD = ("Numbers of MNIST digits, each by one writer, slanted by up to 0.25 columns per row, on an uneven base line, "
        "read as drawings. Rows of test digits are measured on writers on whom nothing was selected; the other rows "
        "are of validation writers, on whom the cuts, the weights of the lattice and all settings were selected. "
        "Touching digits share at least 3 pixels of ink; overlapping digits are 1 to 3 pixels closer. Signs are pen "
        "strokes of other people at the scale of the digits. “Connected components” reads every connected component as "
        "one digit; “pair reader alone” reads a whole picture as two digits, whatever it shows.")
NEARBY = 60  # test images in a row that are combined with each other, as their writers are unknown


def labelled_pictures(path: str | Path) -> list[Pair]:
    """[(text, path)] of a folder's labelled pictures. Raises ValueError when there are none."""
    pairs: list[Pair] = [(text, file) for file in sorted(Path(path).iterdir())
                         if file.name.lower().endswith(ENDINGS) and (text := number_label(file.name))]
    if not pairs:
        raise ValueError(f"{path} holds no pictures named like 2026_anything.jpg: name each after what it shows.")
    return pairs


def grouped(test: Images) -> Images:
    """Test images with each NEARBY in a row attributed to one writer."""
    return Images(test.X, test.y, np.arange(len(test)) // NEARBY)


def composed(part: Images, count: int) -> dict[str, tuple[list[Pair], str | None]]:
    """{name: (pairs, kind for the deployer)} of KINDS."""
    rng, sets = np.random.default_rng(0), {}
    for name, (length, joins) in KINDS.items():
        pairs = strings(part, count, length, joins, rng)
        photographs = "photographed" in name
        sets[name] = ([(text, photographed(picture, rng)) for text, picture in pairs] if photographs else pairs,
                      None if photographs else "canvas")
    return sets


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.numbers",
                                     description="Measure the reading of whole numbers.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--count", type=int, default=2000, help="numbers of test digits of each kind")
    parser.add_argument("--words", type=Path, metavar="FILE", help="drawn letters, composed to words")
    parser.add_argument("--signs", type=Path, metavar="FILE", help="drawn signs, composed between digits")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR")
    args = parser.parse_args(argv)
    with refusing("numbers"), ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as workers:
        folders = {folder.name: labelled_pictures(folder) for folder in args.folders}
        pictures = {"drawings": drawings(args.count // 10), "empty pages": blank_pages(args.count // 40)}
        if args.words:
            pictures |= words(args.words, args.count // 4)
        deployer = MNISTDeployer(args.model)
        parts = load_parts(deployer.model.config)
        validation, rows = parts["validation"], {}
        for suffix, part, count in ((TEST, grouped(parts["test"]), args.count),
                                    ("", validation, max(5, args.count // 4))):
            sets = composed(part, count)
            if args.signs:
                sets[WITH_SIGNS] = (with_signs(part, count, np.random.default_rng(1), drawn_signs(
                    args.signs, CONTRIBUTORS[suffix])), "canvas")
            rows[suffix] = [measure(f"{name}{suffix}", workers, args.model, *given) for name, given in sets.items()]
        photographs = [measure(name, workers, args.model, pairs, labelled=True) for name, pairs in folders.items()]
        single = accuracy(parts["test"].y, deployer.predict_arrays(parts["test"].X).argmax(axis=1))
        no_number = [claims(name, drawn, deployer) for name, drawn in pictures.items()]
        every, test = [*rows[TEST], *rows[""], *photographs], rows[TEST]
        whole = pooled(test)
        text = "\n".join([
            table(every), f"One test digit is read correctly in {measured(single, 2)}; five independent ones would be "
            f"in {measured(single**5, 2)}.", "", "Signs:", "", signs_table(every),
            "Stated confidence of the whole number, all kinds of test digits, in ten bins of equal count:", "",
            bins_table(whole.stated, whole.exact), "Each kind:", "", sure_table([whole, *test]), mixes(test),
            "Pictures without a number, and what is read in them as a confident digit or sign:", "",
            claims_table(no_number), times(deployer, validation)])
        print(text)
        write_report("numbers", "Whole numbers", "python -m analytics.numbers", f"{HEAD}\n\n{text}")
        document = {"weights_sha256": deployer.model.weights_sha256, "pairs_sha256": pair_reader_sha256(),
                    "rows": [row_of(row) for row in every], "no_number": no_number}
        write_atomic(REPORTS / "numbers.json", json_text(document))
        put_between_marks("numbers", headline(document))


if __name__ == "__main__":
    main()
