"""Compare a TableReading with what stands in the table."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from analytics.tables.sheets import TEXT
from core.digits.data import load_split
from core.digits.task import Images, load_parts
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.table.reading import Cell, TableReading

UNSCORED = "?"  # crossed out, written over, not legible
SAME_NUMBER, BOTH_NUMBERS, BOTH_FILLED = 2.0, 0.8, 0.3  # likeness of two cells
SAME_TEXT, NUMBER_FOR_TEXT, BOTH_EMPTY, SAME_DASH = 0.6, 0.3, 0.4, 1.0
MISLABELLED = (59915,)  # images of MNIST's training set: a 7 labelled 4, as its writer's other fours and sevens show
GAP = 0.01  # cost of a row or column without a partner
ROUNDS = 3  # of rows by columns and columns by rows

Pairs = list[tuple[int, int]]


@cache
def ready() -> tuple[MNISTDeployer, Images]:
    """The deployer and the digits of rendered sheets, of calibration writers, loaded once per process."""
    deployer = MNISTDeployer(SHIPPED)
    rightly_labelled = ~np.isin(load_split()["calibration"], MISLABELLED)
    return deployer, load_parts(deployer.config)["calibration"].part(rightly_labelled)


def is_number(text: str) -> bool:
    return text not in ("", TEXT, UNSCORED, "-")


def likeness(cell: Cell, text: str) -> float:
    """How alike a cell that was read and one that is known are."""
    filled = cell.kind != "empty"
    if text == TEXT:
        return SAME_TEXT if filled and cell.kind not in ("number", "dash") else NUMBER_FOR_TEXT * filled
    if text == "":
        return BOTH_EMPTY * (not filled)
    if text == "-":
        return SAME_DASH if cell.kind == "dash" else BOTH_FILLED * filled
    if text == UNSCORED:
        return BOTH_FILLED * filled
    return SAME_NUMBER if cell.text == text else BOTH_NUMBERS if cell.kind == "number" else BOTH_FILLED * filled


def aligned(likely: NDArray[np.floating]) -> tuple[Pairs, float]:
    """Pairs in order of the largest sum of likeness (n, m), with a cost for each without a partner; and that sum."""
    n, m = likely.shape
    best = np.zeros((n + 1, m + 1))
    best[1:, 0], best[0, 1:] = -GAP * np.arange(1, n + 1), -GAP * np.arange(1, m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            best[i, j] = max(best[i - 1, j - 1] + likely[i - 1, j - 1], best[i - 1, j] - GAP, best[i, j - 1] - GAP)
    i, j, pairs = n, m, []
    while i and j:
        if best[i, j] == best[i - 1, j - 1] + likely[i - 1, j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif best[i, j] == best[i - 1, j] - GAP:
            i -= 1
        else:
            j -= 1
    return pairs[::-1], float(best[-1, -1])


def places(reading: TableReading, truth: Sequence[Sequence[str]]) -> tuple[Pairs, Pairs]:
    """Pairs of rows and pairs of columns, read and true, that belong together."""
    alike = np.array([[[[likeness(cell, text) for text in true] for cell in row] for true in truth]
                      for row in reading.rows])  # rows, true rows, columns, true columns
    rows = aligned(np.array([[aligned(one)[1] for one in row] for row in alike]))[0]
    columns: Pairs = []
    for _ in range(ROUNDS):
        of_rows = [alike[i, j] for i, j in rows]
        columns = aligned(np.sum(of_rows, axis=0))[0] if of_rows else []
        chosen = np.array(columns, int).reshape(-1, 2).T
        rows = aligned(alike[:, :, chosen[0], chosen[1]].sum(axis=2))[0]
    return rows, columns


def judged(reading: TableReading | None, truth: Sequence[Sequence[str]]) -> Counter[str]:
    """Counts of a table: numbers, those read exactly and in place, sure, sure and wrong; other cells, those shown as a
    sure number; numbers read where none is; whether the counts of rows and columns are right."""
    width = max(map(len, truth))
    truth = [[*row, *[""] * (width - len(row))] for row in truth]
    counts = Counter(tables=1, numbers=sum(is_number(text) for row in truth for text in row),
                     others=sum(text in ("", TEXT, "-") for row in truth for text in row))
    if reading is None:
        return counts
    rows, columns = places(reading, truth)
    seen = {(j, n): reading.rows[i][m] for i, j in rows for m, n in columns}
    for i, row in enumerate(truth):
        for j, text in enumerate(row):
            cell = seen.get((i, j))
            if cell is None or text == UNSCORED:
                continue
            if is_number(text):
                counts.update(placed=cell.kind != "empty", exact=cell.text == text, sure=cell.sure,
                              wrong=cell.sure and cell.text != text)
            else:
                counts.update(false=cell.sure)
    used = {(i, m) for i, _ in rows for m, _ in columns}
    counts.update(extra=sum(cell.kind == "number" for i, row in enumerate(reading.rows) for m, cell in enumerate(row)
                            if (i, m) not in used),
                  structure=(len(reading.rows), len(reading.rows[0])) == (len(truth), width))
    return counts
