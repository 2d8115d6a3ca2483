"""Fit the weights of the number reader: `python -m analytics.studies.number_weights [--write]`.

Composes numbers with separate, touching and overlapping digits, with signs, and some with what is neither, drawn or
photographed. The weights of the lattice (deployment/reader/number/score.py) maximise the likelihood of the right texts
of validation writers. Then the confidence (confidence.py) is fitted on texts of calibration writers; its error is
measured across folds of these writers. --write replaces deployment/reader/number/weights.json. About twenty minutes on
two cores. --ablation also writes analytics/reports/number_weights.md, in half an hour more.
"""

if __name__ == "__main__":  # before NumPy is imported: one thread per process
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial

from analytics.reports import write_report
from analytics.studies.number_weights import ablation, confidence, fit
from analytics.studies.number_weights.lattices import CHUNK, Example, examples_of
from core.command import refusing
from core.files import write_atomic
from core.storage import json_text
from deployment.reader.number.score import FILE

ABLATED = 1000  # numbers to which each row of the ablation table is fitted
HEAD = ("Numbers of 1 to 7 digits of validation writers, two in five joins touching or overlapping, a fifth of the "
        f"numbers with signs, half photographed: the weights of the lattice are fitted to {ABLATED:,} of them with and "
        "without each group of evidence. Measured on numbers of calibration writers, the same for each row. Each row "
        "leaves out one group.")
CONFIDENCE = ("The confidence of texts and of places, fitted on four fifths of the calibration writers and measured on "
              "the others, in bins of equal count, on numbers of the same mix:")


def gather(workers: Executor, part: str, count: int) -> list[Example]:
    """Examples of `count` numbers of a part of MNIST; without those whose lattice does not contain the text."""
    from tqdm import tqdm

    chunks = range(-(-count // CHUNK))
    composed = [one for chunk in tqdm(workers.map(partial(examples_of, part), chunks), total=len(chunks), desc=part)
                for one in chunk]
    examples = [one for one in composed if one is not None]
    print(f"{len(examples):,} of {len(composed):,} lattices of {part} writers contain the text")
    return examples


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.number_weights",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="count of numbers for the weights")
    parser.add_argument("--calibration", type=int, default=6000, help="count of numbers for the confidence")
    parser.add_argument("--ablation", action="store_true", help="leave out groups of evidence one by one")
    parser.add_argument("--write", action="store_true", help="replace the weights in use")
    args = parser.parse_args(argv)
    with refusing("numbers"), ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as workers:
        examples = gather(workers, "validation", args.count)
        others = gather(workers, "calibration", args.calibration)
        weights = fit.fitted(examples)
        print(f"read exactly {fit.right(examples, weights).mean():.1%}")
        calibrated, checked = confidence.fitted(others, weights)
        print(checked)
        if args.write:
            write_atomic(FILE, json_text(weights.to_dict() | {"confidence": calibrated.to_dict()}))
        if args.ablation:
            table = ablation.table(examples[:ABLATED], others)
            write_report("number_weights", "Evidence and confidence of the number reader",
                         "python -m analytics.studies.number_weights --ablation",
                         "\n".join([HEAD, "", table, CONFIDENCE, "", checked]))


if __name__ == "__main__":
    main()
