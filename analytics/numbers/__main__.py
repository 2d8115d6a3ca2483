"""Measure the reading of whole numbers: `python -m analytics.numbers [DIR ...] [--count 2000] [--words FILE]`.

Composes numbers of MNIST validation digits, each by one writer, with gaps from wide to overlapping, and reads them as
drawings, with connected components as the baseline. The cuts were developed on these writers, so a third as many
numbers are composed of test digits. The writers of these are unknown, so the digits of a number are near each other in
the file. DIR holds photographs named CONTENT_anything.jpg, with the text from left to right and "-" between lines.
Words of drawn letters from FILE (.npz, as for analytics.realworld), generated drawings and empty pages must not be read
as confident digits. Tables go to analytics/reports/numbers.md, figures to numbers.json beside it and into README.md.
About twenty minutes on two cores.
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
from analytics.numbers.figures import TEST, claims, claims_table, fifths_table, headline, measure, row_of, table, times
from analytics.numbers.out_of_distribution import blank_pages, drawings, words
from analytics.reports import REPORTS, put_between_marks, write_report
from core.command import refusing
from core.digits.task import Images, load_parts
from core.files import write_atomic
from core.formats import measured
from core.metrics import accuracy
from core.storage import json_text
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.labels import number_label
from deployment.reader.picture.load import ENDINGS

# name: (digits, at least and at most; joins to draw from; divisor of --count)
KINDS = {"5 digits, gaps of 2 and more": ((5, 5), [WIDE], 1), "2 to 8 digits, all joins": (
    (2, 8), [WIDE, WIDE, TOUCHING, OVERLAPPING], 4), "pairs that touch": ((2, 2), [TOUCHING], 2),
    "pairs that overlap": ((2, 2), [OVERLAPPING], 2), "4 digits, photographed": ((4, 4), [WIDE], 4)}
HEAD = ("Numbers of MNIST validation digits, each by one writer, slanted by up to 0.25 columns per row, on an uneven "
        "base line, read as drawings. Settings and cuts were selected on these writers; the rows of test digits are "
        "measured on other writers. Touching digits share at least 3 pixels of ink; overlapping digits are 1 to 3 "
        "pixels closer. “Connected components” reads every connected component as one digit.")
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
    for name, (length, joins, share) in KINDS.items():
        pairs = strings(part, max(5, count // share), length, joins, rng)
        photographs = "photographed" in name
        sets[name] = ([(text, photographed(picture, rng)) for text, picture in pairs] if photographs else pairs,
                      None if photographs else "canvas")
    return sets


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.numbers",
                                     description="Measure the reading of whole numbers.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--count", type=int, default=2000, help="composed numbers of the first kind")
    parser.add_argument("--words", type=Path, metavar="FILE", help="drawn letters, composed to words")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR")
    args = parser.parse_args(argv)
    with refusing("numbers"), ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as workers:
        folders = {folder.name: labelled_pictures(folder) for folder in args.folders}
        pictures = {"drawings": drawings(args.count // 10), "empty pages": blank_pages(args.count // 40)}
        if args.words:
            pictures |= words(args.words, args.count // 8)
        deployer = MNISTDeployer(args.model)
        parts = load_parts(deployer.model.config)
        part = parts["validation"]
        rows = [measure(name, workers, args.model, *given) for name, given in composed(part, args.count).items()]
        rows += [measure(f"{name}{TEST}", workers, args.model, *given)
                 for name, given in composed(grouped(parts["test"]), args.count // 3).items()]
        rows += [measure(name, workers, args.model, pairs) for name, pairs in folders.items()]
        single = accuracy(part.y, deployer.predict_arrays(part.X).argmax(axis=1))
        no_number = claims(pictures, deployer)
        text = "\n".join([
            table(rows), f"One digit is read correctly in {measured(single, 2)}; five independent ones would be in "
            f"{measured(single**5, 2)}.", "", "Stated confidence of the whole number, in fifths of all numbers:", "",
            fifths_table(rows), "Pictures without a number, and their signs that are read as a confident digit:",
            "", claims_table(no_number), times(deployer, part)])
        print(text)
        write_report("numbers", "Whole numbers", "python -m analytics.numbers", f"{HEAD}\n\n{text}")
        document = {"weights_sha256": deployer.model.weights_sha256, "rows": [row_of(row) for row in rows],
                    "no_number": no_number}
        write_atomic(REPORTS / "numbers.json", json_text(document))
        put_between_marks("numbers", headline(document))


if __name__ == "__main__":
    main()
