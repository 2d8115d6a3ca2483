"""Report the paired study of the emotional gate: `python -m analytics.studies.gate`.

`python -m analytics.studies.run gate` makes the runs and stores them in analytics/reports/gate.parquet. Until the last
run has ended the report contains the protocol and the pilot only. `--quick` trains one cell again, in less than five
minutes, and compares it with the table.
"""

import argparse
import textwrap
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from analytics.archive import cluster
from analytics.reports import README, png_bytes, put_between_marks, write_report
from analytics.studies.gate.study import GATE, PILOT, done_and_missing
from analytics.studies.run import run_all
from analytics.studies.runs import Table
from core.command import refusing
from core.files import write_atomic
from core.storage import write_json

COMMAND = "python -m analytics.studies.gate"
IMAGES = README.parent / "images" / "gate"
QUICK = ("few", "gate")  # the cell that --quick trains again
QUICK_TABLE = README.parent / "runs" / "gate_quick.parquet"
MARK = "gate verdict"


def body(table: Table, progress: Callable[[list], Iterable] = iter) -> str:
    """The report as Markdown. Once all runs are done, also write the figures, verdict.json and the README's summary."""
    from analytics.studies.gate import figures, report, results
    from analytics.studies.gate.protocol import pilot_table, protocol

    rows, missing = done_and_missing(table)
    parts = [protocol(), pilot_table(table.of(PILOT.name))]
    if missing:
        state = f"{len(rows):,} runs are done, {len(missing):,} are missing; results follow when none is missing."
        return "\n".join([*parts, "## Results", "", state])
    comparisons, beyond = results.compare(rows, progress=progress), results.beyond(rows)
    gates, sentences = results.gates_of_digits(rows), report.sentences(comparisons, beyond)
    IMAGES.mkdir(exist_ok=True)
    write_atomic(IMAGES / "forest.png", png_bytes(figures.forest(comparisons)))
    write_atomic(IMAGES / "units.png", png_bytes(figures.units(gates[0])))
    write_json(IMAGES / "verdict.json", {"sentences": sentences, "runs": len(rows)})
    summary = (f"- {' '.join(sentences)} [The study](analytics/reports/gate.md). The shipped network was trained with "
               "the gate.")
    put_between_marks(MARK, textwrap.fill(summary, 120, subsequent_indent="  ", break_on_hyphens=False) + "\n")
    equal = "equals" if results.held_equals_none(rows) else "**does not equal**"
    return "\n".join([
        *[f"**{sentence}**\n" for sentence in sentences],
        "![Differences in accuracy](../../images/gate/forest.png)", "", *parts, "## Results", "",
        f"{len(rows):,} runs. The run with the gate held at 1 {equal} the run without a gate.", "",
        "### Accuracy", "", "Six pairs, as in *plain*, allow no p below 0.031, so no difference there can be "
        "significant after Holm's correction.", "", report.accuracy_table(comparisons),
        "### Other outcomes, exploratory", "",
        "Mean difference and 95 % interval over seeds; bold where the uncorrected p is below 0.05.", "",
        report.exploratory_table(comparisons), "### What the gate learned", "", report.learned_text(gates, beyond),
        "### Every cell", "", report.means(rows)])


def quick(args: argparse.Namespace) -> None:
    """Train one cell again and print its accuracy and the table's."""
    from tqdm import tqdm

    regime, arm = QUICK
    cells = [cell for cell in GATE.cells() if cell[:2] == QUICK]
    QUICK_TABLE.unlink(missing_ok=True)
    new_table = Table(QUICK_TABLE)
    with cluster.cluster(args.scheduler, args.workers) as client:
        failed = run_all(GATE, cells, new_table, client, lambda done, total: tqdm(done, total=total, unit="run"))
    if failed:
        raise ValueError("\n".join(failed))
    new, stored = ({row["seed"]: 100 * row["accuracy"] for row in rows if (row["regime"], row["arm"]) == QUICK}
                  for rows in (new_table.of(GATE.name), done_and_missing(Table(GATE.table))[0]))
    shared = sorted(new.keys() & stored.keys())
    print(f"{arm}, {regime}: {np.mean(list(new.values())):.3f} % over {len(new)} seeds.")
    if shared:
        print(f"The table has {np.mean([stored[seed] for seed in shared]):.3f} % for {len(shared)} of them; the "
              f"largest difference of a seed is {max(abs(new[seed] - stored[seed]) for seed in shared):.3f} points.")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="train one cell again, in less than five minutes")
    cluster.add_options(parser)
    args = parser.parse_args(argv)
    with refusing(COMMAND):
        if args.quick:
            quick(args)
            return
        from tqdm import tqdm

        write_report("gate", "Does the gate help?", COMMAND, body(Table(GATE.table), tqdm))


if __name__ == "__main__":
    from core.blas import use_one_thread

    use_one_thread()
    main()
