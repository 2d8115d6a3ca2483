"""The results of all trials as Markdown."""

from collections import Counter
from collections.abc import Sequence

from analytics.torture.trials import Result

TITLES = {
    "pictures": "damaged pictures, through `MNISTDeployer.predict`",
    "patterns": "noise, stripes, grids, thousands of lines, through the same",
    "archives": "damaged ZIP files, through the upload",
    "kills": "process killed while training, saving, promoting, auditing",
    "failures": "write errors in the same operations",
    "models": "manipulated model folders",
    "audits": "manipulated audits",
    "settings": "settings, through `--set`",
    "tables": "damaged CSV files",
}
BAR = 60  # characters of the longest bar


def as_markdown(results: Sequence[Result], seed: int) -> str:
    """Table of outcomes per part, histograms of the steps at which operations failed, and the list of faults."""
    lines = [f"Seed {seed}. A fault is an undocumented exception, a non-finite figure, a folder that cannot be loaded, "
             "or an incomplete file left behind.", "",
             "| part | n | outcomes | slowest, s | peak memory, MB | faults |", "|---|---:|---|---:|---:|---:|"]
    for result in results:
        kinds = result.kinds if result.name != "kills" else Counter(trial.details[2] for trial in result.trials)
        outcomes = ", ".join(f"{kind} {n:,}" for kind, n in kinds.most_common())
        lines.append(f"| {TITLES[result.name]} | {len(result.trials):,} | {outcomes} | "
                     f"{max(trial.seconds for trial in result.trials):.2f} | "
                     f"{max(trial.megabytes for trial in result.trials):.0f} | {len(result.faults)} |")
    lines += [line for result in results if result.name in ("kills", "failures") for line in histogram(result)]
    faults = [f"- {result.name} {number}: {fault}" for result in results for number, fault in result.faults]
    return "\n".join([*lines, "", "Faults: none." if not faults else "Faults:", "", *faults]).rstrip() + "\n"


def histogram(result: Result) -> list[str]:
    """Text bars: number of trials by operation and step."""
    counts = Counter(tuple(trial.details[:2]) for trial in result.trials)
    most = max(counts.values())
    rows = [f"{operation:<10} {step:<24} {n:>4} {'#' * round(BAR * n / most)}"
            for (operation, step), n in sorted(counts.items())]
    return ["", f"{TITLES[result.name].capitalize()}, by operation and step:", "", "```", *rows, "```"]
