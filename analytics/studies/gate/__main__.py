"""Does the emotional gate help? Report the paired study: `python -m analytics.studies.gate`.

The runs themselves are made by `python -m analytics.studies.run gate`, and stand in analytics/reports/gate.parquet.
Before the last of them the report holds the protocol and the pilot alone. `--quick` trains one cell anew, in less than
five minutes, and lays it beside the table's.
"""

import argparse
import textwrap

import numpy as np

from analytics.archive import cluster
from analytics.reports import README, png_bytes, put_between_marks, write_report
from analytics.studies.gate.study import GATE, PILOT, done_and_missing
from analytics.studies.results import Table
from analytics.studies.run import run_all
from core.command import refusing
from core.files import write_atomic
from core.storage import write_json

COMMAND = "python -m analytics.studies.gate"
IMAGES = README.parent / "images" / "gate"
QUICK = ("few", "gate")  # the cell that --quick makes anew
QUICK_TABLE = README.parent / "runs" / "gate_quick.parquet"
MARK = "gate verdict"


def body(table, progress=iter):
    """The report as Markdown; with all runs done it also writes pictures, verdict and README's sentences."""
    from analytics.studies.gate import figures, report, results
    from analytics.studies.gate.protocol import pilot_table, protocol

    rows, missing = done_and_missing(table)
    parts = [protocol(), pilot_table(table.of(PILOT.name))]
    if missing:
        told = f"{len(rows):,} runs are done, {len(missing):,} are missing; results are worked out when none is."
        return "\n".join([*parts, "## Results", "", told])
    comparisons, beyond = results.compare(rows, progress=progress), results.beyond(rows)
    gates, said = results.gates_of_digits(rows), report.sentences(comparisons, beyond)
    IMAGES.mkdir(exist_ok=True)
    write_atomic(IMAGES / "forest.png", png_bytes(figures.forest(comparisons)))
    write_atomic(IMAGES / "units.png", png_bytes(figures.units(gates[0])))
    write_json(IMAGES / "verdict.json", {"sentences": said, "runs": len(rows)})
    told = f"- {' '.join(said)} [The study](analytics/reports/gate.md). The shipped network was trained with the gate."
    put_between_marks(MARK, textwrap.fill(told, 120, subsequent_indent="  ", break_on_hyphens=False) + "\n")
    equal = "equals" if results.held_equals_none(rows) else "**does not equal**"
    return "\n".join([
        *[f"**{sentence}**\n" for sentence in said], "![Differences in accuracy](../../images/gate/forest.png)", "",
        *parts, "## Results", "",
        f"{len(rows):,} runs. The one with the gate held at 1 {equal} the one without it.", "",
        "### Accuracy", "", "Six pairs, as in *plain*, allow no p below 0.031: nothing there can hold after Holm's "
        "correction, however large it is.", "", report.accuracy_table(comparisons),
        "### Other outcomes, exploratory", "",
        "Mean difference and 95 % interval over seeds; bold where p < 0.05 by itself.", "",
        report.exploratory_table(comparisons), "### What it learned", "", report.learned_text(gates, beyond),
        "### Every cell", "", report.means(rows)])


def quick(args):
    """Train one cell anew and print its accuracy beside the table's."""
    from tqdm import tqdm

    regime, arm = QUICK
    cells = [cell for cell in GATE.cells() if cell[:2] == QUICK]
    QUICK_TABLE.unlink(missing_ok=True)
    again = Table(QUICK_TABLE)
    with cluster.cluster(args.scheduler, args.workers) as client:
        failed = run_all(GATE, cells, again, client, lambda done, total: tqdm(done, total=total, unit="run"))
    if failed:
        raise ValueError("\n".join(failed))
    made, kept = ({row["seed"]: 100 * row["accuracy"] for row in rows if (row["regime"], row["arm"]) == QUICK}
                  for rows in (again.of(GATE.name), done_and_missing(Table(GATE.table))[0]))
    shared = sorted(made.keys() & kept.keys())
    print(f"{arm}, {regime}: {np.mean(list(made.values())):.3f} % over {len(made)} seeds.")
    if shared:
        print(f"The table has {np.mean([kept[seed] for seed in shared]):.3f} % for {len(shared)} of them; the largest "
              f"difference of a seed is {max(abs(made[seed] - kept[seed]) for seed in shared):.3f} points.")


def main(argv=None):
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="train one cell anew, in less than five minutes")
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
