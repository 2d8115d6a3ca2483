"""How well whole numbers are read: `python -m analytics.numbers [DIR ...] [--count 2000] [--words FILE]`.

Composes numbers of MNIST's validation digits, each by one writer, with gaps from wide to overlapping, and reads them as
drawings; connected components alone are beside them. The cuts were developed on these writers, so a third as many are
composed of test digits, whose writers nobody knows here: those of one number stand near each other in the file. DIR
holds photographs named CONTENT_anything.jpg, what stands in them from left to right, lines divided by "-". Of the drawn
letters in FILE (.npz, as for analytics.realworld) words are made: no sign of them may become a sure digit; nor may
drawings and empty pages, which are made here. The tables go to analytics/reports/numbers.md, the figures to
numbers.json beside it and into README.md. About twenty minutes on two cores.
"""

if __name__ == "__main__":  # before NumPy is imported: one core for each of two processes
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from analytics.numbers.compose import OVERLAPPING, TOUCHING, WIDE, photographed, strings
from analytics.numbers.figures import TEST, claims, claims_table, doubt_table, headline, measure, row_of, table, times
from analytics.numbers.strangers import blank_pages, drawings, words
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

KINDS = {"5 digits, gaps of 2 and more": ((5, 5), [WIDE], 1), "2 to 8 digits, all joins": (
    (2, 8), [WIDE, WIDE, TOUCHING, OVERLAPPING], 4), "pairs that touch": ((2, 2), [TOUCHING], 2),
    "pairs that overlap": ((2, 2), [OVERLAPPING], 2), "4 digits, photographed": ((4, 4), [WIDE], 4)}  # count / last
HEAD = ("Numbers of MNIST's validation digits, each by one writer, leaning up to 0.25 columns a row, on an uneven base "
        "line; read as drawings. Settings and cuts were selected on these writers; rows of test digits are what was "
        "measured on others. Touching digits share at least 3 pixels of ink, overlapping ones stand 1 to 3 pixels "
        "closer. “Connected components”: every piece of ink that hangs together read as one digit, without cuts.")


def folder_of(path):
    """[(text, path)] of a folder's labelled pictures. Raises ValueError where there are none."""
    found = [(number_label(file.name), file) for file in sorted(Path(path).iterdir())
             if file.name.lower().endswith(ENDINGS) and number_label(file.name)]
    if not found:
        raise ValueError(f"{path} holds no pictures named like 2026_anything.jpg: name each after what it shows.")
    return found


NEAR = 60  # test images whose writers are not known are combined with others so near


def near(test):
    """Test images as if each NEAR in a row were by one writer."""
    return Images(test.X, test.y, np.arange(len(test)) // NEAR)


def composed(part, count):
    """{kind: (pairs (text, picture), how they are read)}."""
    rng, found = np.random.default_rng(0), {}
    for name, (length, joins, share) in KINDS.items():
        pairs = strings(part, max(5, count // share), length, joins, rng)
        seen = "photographed" in name
        found[name] = ([(text, photographed(picture, rng)) for text, picture in pairs] if seen else pairs,
                       None if seen else "canvas")
    return found


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.numbers", description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--count", type=int, default=2000, help="composed numbers of the first kind")
    parser.add_argument("--words", type=Path, metavar="FILE", help="letters, to make words of")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR")
    args = parser.parse_args(argv)
    with refusing("numbers"), ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as workers:
        folders = {folder.name: folder_of(folder) for folder in args.folders}
        strange = {"drawings": drawings(args.count // 10), "empty pages": blank_pages(args.count // 40)}
        if args.words:
            strange |= words(args.words, args.count // 8)
        deployer = MNISTDeployer(args.model)
        parts = load_parts(deployer.model.config)
        part = parts["validation"]
        rows = [measure(name, workers, args.model, *given) for name, given in composed(part, args.count).items()]
        rows += [measure(f"{name}{TEST}", workers, args.model, *given)
                 for name, given in composed(near(parts["test"]), args.count // 3).items()]
        rows += [measure(name, workers, args.model, pairs) for name, pairs in folders.items()]
        single = accuracy(part.y, deployer.predict_arrays(part.X).argmax(axis=1))
        strange = claims(strange, deployer)
        text = "\n".join([
            table(rows), f"One digit is read rightly in {measured(single, 2)}; five such in a row would be "
            f"{measured(single**5, 2)}.", "", "Stated confidence of the whole, from the least sure fifth of all these "
            "numbers to the surest:", "", doubt_table(rows), "What is no number: signs that are called a digit with "
            "confidence:", "", claims_table(strange), times(deployer, part)])
        print(text)
        write_report("numbers", "Whole numbers", "python -m analytics.numbers", f"{HEAD}\n\n{text}")
        document = {"weights_sha256": deployer.model.weights_sha256, "rows": [row_of(row) for row in rows],
                    "no_number": strange}
        write_atomic(REPORTS / "numbers.json", json_text(document))
        put_between_marks("numbers", headline(document))


if __name__ == "__main__":
    main()
