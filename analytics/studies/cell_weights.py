"""Fit the confidence of cells of tables: `python -m analytics.studies.cell_weights [--write]`.

Reads rendered sheets with digits of calibration writers (analytics/tables/sheets.py), aligns them with their truth, and
fits the logistic function of deployment/reader/table/confidence.py to whether each number is right. Prints stated
against right on sheets left out. --write replaces deployment/reader/table/cell_weights.json.
"""

if __name__ == "__main__":  # before NumPy is imported: one thread per process
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from analytics.numbers.tables import bins_table
from analytics.tables.measure import places, ready
from analytics.tables.sheets import GRIDS, TEXT, table
from core.command import refusing
from core.files import write_atomic
from core.storage import json_text
from core.uncertainty.calibration import fit_logistic
from deployment.reader.picture.opening import InputError
from deployment.reader.table.confidence import FILE, SIGNALS, probability

FOLDS, RIDGE = 4, 1e-4
ROWS, COLUMNS = (5, 14), (3, 8)  # of the sheets
Samples = tuple[np.ndarray, np.ndarray]  # signals and whether each number is right


def samples_of(number: int) -> Samples:
    """The signals of the numbers of a rendered sheet, and whether they are right."""
    rng, rows, right = np.random.default_rng([1, number]), [], []
    shape = int(rng.integers(*ROWS)), int(rng.integers(*COLUMNS))
    sheet = table(ready()[1], rng, shape, GRIDS[number % len(GRIDS)])
    try:
        reading = ready()[0].read_table(sheet.photograph)
    except InputError:
        return np.zeros((0, len(SIGNALS))), np.zeros(0, bool)
    if (len(reading.rows), len(reading.rows[0])) != shape:  # an error of the structure, which no cell knows of
        return np.zeros((0, len(SIGNALS))), np.zeros(0, bool)
    pairs_of_rows, pairs_of_columns = places(reading, sheet.rows)
    for i, j in pairs_of_rows:
        for m, n in pairs_of_columns:
            cell = reading.rows[i][m]
            if cell.kind == "number" and sheet.rows[j][n] != TEXT:
                rows.append(cell.signals)
                right.append(cell.text == sheet.rows[j][n])
    return np.array(rows).reshape(-1, len(SIGNALS)), np.array(right, bool)


def fitted(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights of the signals; the first is the constant. The penalty is on standardised signals: on the signals as they
    are it holds back the weights of those that are rarely there."""
    mean, std = X[:, 1:].mean(axis=0), X[:, 1:].std(axis=0) + 1e-9
    weights, constant = fit_logistic((X[:, 1:] - mean) / std, y, RIDGE)
    weights /= std
    return np.append(constant - mean @ weights, weights)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.cell_weights",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=400, help="rendered sheets")
    parser.add_argument("--write", action="store_true", help="replace the weights in use")
    args = parser.parse_args(argv)
    from tqdm import tqdm

    with refusing("cells"), ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as workers:
        sheets = list(tqdm(workers.map(samples_of, range(args.count)), total=args.count))
    X, y = (np.concatenate(parts) for parts in zip(*sheets, strict=True))
    fold = np.repeat(np.arange(len(sheets)) % FOLDS, [len(right) for _, right in sheets])
    stated = np.zeros(len(y))
    for left_out in range(FOLDS):
        at = fold == left_out
        stated[at] = probability(X[at], fitted(X[~at], y[~at]))
    print(f"{len(y):,} numbers of {len(sheets):,} sheets\n\n{bins_table(stated, y, 'right')}")
    for least in (0.95, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998):
        sure = stated >= least
        print(f"stated at {least:.1%} and more: {sure.mean():.1%}, {int((~y[sure]).sum())} wrong of {sure.sum():,}")
    weights = dict(zip(SIGNALS, map(float, fitted(X, y)), strict=True))
    print(weights)
    if args.write:
        write_atomic(FILE, json_text(weights))


if __name__ == "__main__":
    main()
