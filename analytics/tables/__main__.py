"""Measure the reading of tables: `python -m analytics.tables [DIR ...]`.

DIR holds pictures of tables, each with a CSV file of the same name: a line for each row, T for what is no number, - for
a dash, ? for what is not scored. Their source is the part of the name before the first underscore. Rendered sheets of
10 x 6 cells, --count of each kind of lines, hold digits of calibration writers and signs of the stroke model. Rows and
columns are aligned with the truth by edit distance. The table goes to analytics/reports/tables.md.
"""

if __name__ == "__main__":  # before NumPy is imported: two processes, one BLAS thread each
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import csv
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from analytics.reports import write_report
from analytics.tables.measure import judged, ready
from analytics.tables.sheets import GRIDS, table
from core.command import refusing
from core.formats import interval, measured
from core.metrics import wilson_interval
from deployment.reader.picture.opening import ENDINGS, InputError

SHAPE, SEED = (10, 6), 28
HEAD = ("Pictures of tables are development data: thresholds were selected on them. Rendered sheets have digits of "
        "calibration writers, on which the confidence of cells is fitted, with other seeds; one image that is labelled "
        "wrongly is left out. “In place”: something was read in the right row and column. “Sure”: shown as needing no "
        "check.")


def of_file(picture: Path) -> Counter[str]:
    """Counts of a picture with a CSV file beside it."""
    with picture.with_suffix(".csv").open(encoding="utf-8", newline="") as lines:
        truth = list(csv.reader(lines))
    return judged(_read(picture), truth)


def of_rendered(grid: str, number: int) -> Counter[str]:
    """Counts of a rendered sheet."""
    rng = np.random.default_rng([SEED, GRIDS.index(grid), number])
    sheet = table(ready()[1], rng, SHAPE, grid)
    return judged(_read(sheet.photograph), sheet.rows)


def _read(source):
    try:
        return ready()[0].read_table(source)
    except InputError:
        return None


def row(name: str, counts: Counter[str]) -> str:
    """A row of the table."""
    def share(part: str, whole: str) -> str:
        n = counts[whole]
        return f"{measured(counts[part] / n)} ({interval(wilson_interval(counts[part], n))})" if n else "–"

    return (f"| {name} | {counts['tables']:,} | {counts['numbers']:,} | {share('exact', 'numbers')} | "
            f"{share('placed', 'numbers')} | {share('sure', 'numbers')} | {counts['wrong']:,} | "
            f"{share('false', 'others')} | {counts['extra']:,} | {share('structure', 'tables')} |")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.tables", description="Measure the reading of tables.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--count", type=int, default=50, help="rendered sheets of each kind of lines")
    args = parser.parse_args(argv)
    from tqdm import tqdm

    lines = ["| tables | n | numbers | read exactly | in place | sure | sure and wrong | others as a sure number | "
             "extra numbers | rows and columns right |", "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"]
    with refusing("tables"), ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as workers:
        for folder in args.folders:
            files = sorted(file for file in folder.iterdir()
                           if file.name.lower().endswith(ENDINGS) and file.with_suffix(".csv").exists())
            if not files:
                raise ValueError(f"{folder} holds no pictures with a CSV file of the same name.")
            of_sheets = list(tqdm(workers.map(of_file, files), total=len(files), desc=str(folder.name)))
            sources = [file.name.split("_")[0] for file in files]
            for source in sorted(set(sources)):
                lines.append(row(source, sum((one for one, of in zip(of_sheets, sources, strict=True) if of == source),
                                             Counter())))
            lines.append(row(f"all of {folder.name}", sum(of_sheets, Counter())))
        rendered = Counter[str]()
        for grid in GRIDS if args.count else ():
            of_sheets = list(tqdm(workers.map(partial(of_rendered, grid), range(args.count)), total=args.count,
                                  desc=grid))
            rendered += sum(of_sheets, Counter())
            lines.append(row(f"rendered, {grid}", sum(of_sheets, Counter())))
        if args.count:
            lines.append(row("all rendered", rendered))
    text = "\n".join([*lines, ""])
    print(text)
    write_report("tables", "Tables", f"python -m analytics.tables DIR --count {args.count}", f"{HEAD}\n\n{text}")


if __name__ == "__main__":
    main()
