"""Fuzzing and fault injection: `make torture`, or `python -m analytics.torture [--quick]`.

Damaged pictures and ZIP files through the upload; patterns that are hard to read, with bounds on time and memory
(analytics/torture/patterns.py); manipulated model folders, audits, settings and tables through their
readers; kills and write errors at every step of the operations that change models and audits. A trial is at fault
unless it ends with finite figures or a documented error message, every folder can be loaded afterwards, and no
incomplete file is left. The table goes to analytics/reports/torture.md.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence

from tqdm import tqdm

from analytics.reports import write_report
from analytics.torture import data_files, faults, folders, patterns, trials
from analytics.torture import pictures as uploads
from analytics.torture.report import as_markdown

COMMAND = "python -m analytics.torture"
PARTS = {  # name -> (trial, number of trials, number with --quick)
    "pictures": (uploads.picture, 20_000, 400),
    "patterns": (patterns.pattern, 600, 36),
    "archives": (uploads.zip_file, 8_000, 200),
    "kills": (faults.kill, 300, 32),
    "failures": (faults.fail, 300, 32),
    "models": (folders.model_folder, 1_000, 60),
    "audits": (folders.audit_folder, 1_000, 60),
    "settings": (data_files.settings, 1_000, 100),
    "tables": (data_files.table, 1_000, 60),
}


def torture(counts: Mapping[str, int], seed: int = 0, workers: int = 2) -> list[trials.Result]:
    """Run counts {part: number of trials}."""
    results = []
    with trials.processes(workers) as mapped:
        for name, n in counts.items():
            def track(results: Iterable, total: int, name: str = name) -> Iterable:
                return tqdm(results, total=total, desc=f"{name:>9}", unit="trial")

            results.append(trials.run(name, PARTS[name][0], n, seed, mapped, track))
    return results


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few trials of each part, half a minute; writes no report")
    parser.add_argument("--times", type=float, default=1, help="factor on the number of trials")
    parser.add_argument("--only", choices=PARTS, action="append",
                        help="run this part only, without a report (repeatable)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args(argv)
    counts = {name: max(1, int(args.times * PARTS[name][2 if args.quick else 1])) for name in args.only or PARTS}
    results = torture(counts, args.seed, args.workers)
    text = as_markdown(results, args.seed)
    print(text)
    if not (args.quick or args.only):
        write_report("torture", "Fuzzing and fault injection", COMMAND, text)
    return 1 if any(result.faults for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
