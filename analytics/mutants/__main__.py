"""Mutation testing: `make mutants`, or `python -m analytics.mutants [--sample 400] [--workers 2]`.

Mutates copies of the project, one fault at a time: first handwritten faults (planted.py), each with the test that must
fail; then a seeded sample of Cosmic Ray's mutations of the engine (operators, comparisons, numbers, booleans, loops;
sample.py). Positions are drawn evenly over the files, one mutation per position; annotations and strings are excluded.
A mutant is killed if a test of core fails or times out. analytics/reports/mutation.md lists the survivors.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from analytics.mutants.planted import PLANTED
from analytics.mutants.sample import ROOT, Mutant, draw, places
from analytics.mutants.trial import copy_project, fails, plant, tests_for
from analytics.reports import write_report
from core.formats import measured

COMMAND = "python -m analytics.mutants"


def commit() -> str:
    """The tested commit, with "+" if files differ from it; "unknown" outside a repository."""
    done = subprocess.run(["git", "describe", "--always", "--abbrev=10", "--dirty=+"], cwd=ROOT, capture_output=True,
                          text=True)
    return done.stdout.strip() or "unknown"


def report(planted: Sequence[bool | None], mutants: Sequence[Mutant], verdicts: Sequence[bool | None],
           at: str) -> str:
    """The report as Markdown: planted faults with their tests, kills by file, survivors. at: the tested commit."""
    lines = [f"Of commit {at}; files and lines are those of this commit.", "",
             "| handwritten fault | failing test |", "|---|---|"]
    for (file, old, new, test), failed in zip(PLANTED, planted, strict=True):
        failing = f"`{test.partition('::')[2]}`" if failed else "**none**"
        lines.append(f"| {file}: `{old}` as `{new}` | {failing} |")
    killed = [verdict is not False for verdict in verdicts]
    share = sum(killed) / len(killed)
    timeouts = sum(verdict is None for verdict in verdicts)
    lines += ["", f"Of {len(mutants)} sampled mutants {sum(killed)} were killed ({measured(share)}), {timeouts} of "
              "them by a timeout.", "", "| file | mutants | killed |", "|---|---:|---:|"]
    for file in dict.fromkeys(mutant.file for mutant in mutants):
        in_file = [k for mutant, k in zip(mutants, killed, strict=True) if mutant.file == file]
        lines.append(f"| {file} | {len(in_file)} | {sum(in_file)} |")
    lines += ["", "Survivors:", ""]
    for mutant, k in zip(mutants, killed, strict=True):
        if not k:
            before = (ROOT / mutant.file).read_text()
            after = mutant.apply(before)
            changed = next((b.strip() for a, b in zip(before.splitlines(), after.splitlines(), strict=False) if a != b),
                           "(lines removed)")
            lines.append(f"- {mutant.file}, line {mutant.line}: `{changed}` ({mutant.operator.removeprefix('core/')})")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", metavar="FILE", help="sample this file only, without a report")
    args = parser.parse_args(argv)
    mutants, at = draw(args.sample, args.seed), commit()
    if args.only:
        mutants = [kinds[0] for kinds in places(args.only).values()][: args.sample]
    with tempfile.TemporaryDirectory() as base:
        copies = Queue()
        for i in range(args.workers):
            copies.put(copy_project(Path(base) / str(i)))
        first = copies.get()
        started = time.monotonic()
        if fails(first, tests_for("core/metrics.py"), 600) is not False:
            raise SystemExit("mutants: the tests fail without a planted fault; fix them first")
        seconds = 3 * (time.monotonic() - started) + 30
        copies.put(first)

        def judge(file: str, mutated: str, tests: Sequence[str]) -> bool | None:
            folder = copies.get()
            try:
                return plant(folder, file, mutated, tests, seconds)
            finally:
                copies.put(folder)

        jobs = [] if args.only else [(file, (ROOT / file).read_text().replace(old, new), [test])
                                     for file, old, new, test in PLANTED]
        jobs += [(m.file, m.apply((ROOT / m.file).read_text()), tests_for(m.file)) for m in mutants]
        with ThreadPoolExecutor(args.workers) as pool:
            verdicts = list(tqdm(pool.map(lambda job: judge(*job), jobs), total=len(jobs), unit="mutant"))
    planted = verdicts[: len(jobs) - len(mutants)]
    if args.only:
        for mutant, verdict in zip(mutants, verdicts, strict=True):
            if verdict is False:
                print(f"{mutant.file}:{mutant.line} {mutant.operator} {mutant.occurrence}")
        return
    text = report(planted, mutants, verdicts[len(planted) :], at)
    write_report("mutation", "Mutation testing", COMMAND, text)
    print(text)


if __name__ == "__main__":
    main()
