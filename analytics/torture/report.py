"""The results of all trials as Markdown."""

from collections import Counter

TITLES = {
    "pictures": "damaged pictures, through `MNISTDeployer.predict`",
    "archives": "damaged ZIP files, through the upload",
    "kills": "kills while training, saving, promoting, auditing",
    "failures": "writes that fail there",
    "models": "hostile model folders",
    "audits": "hostile audits",
    "settings": "settings, through `--set`",
    "tables": "damaged CSV files",
}
BAR = 60  # characters of the longest


def as_markdown(results, seed):
    """Tables of what came of every part, of the steps at which operations were killed, and the list of faults."""
    lines = [f"Seed {seed}. At fault: an exception that nobody promised, figures that are not finite, a folder that "
             "cannot be loaded, or something half-written that stays.", "",
             "| part | n | what came | slowest, s | most memory, MB | faults |", "|---|---:|---|---:|---:|---:|"]
    for result in results:
        kinds = result.kinds if result.name != "kills" else Counter(trial.details[2] for trial in result.trials)
        came = ", ".join(f"{kind} {n:,}" for kind, n in kinds.most_common())
        lines.append(f"| {TITLES[result.name]} | {len(result.trials):,} | {came} | "
                     f"{max(trial.seconds for trial in result.trials):.2f} | "
                     f"{max(trial.megabytes for trial in result.trials):.0f} | {len(result.faults)} |")
    lines += [line for result in results if result.name in ("kills", "failures") for line in histogram(result)]
    faults = [f"- {result.name} {number}: {fault}" for result in results for number, fault in result.faults]
    return "\n".join([*lines, "", "Faults: none." if not faults else "Faults:", "", *faults]).rstrip() + "\n"


def histogram(result):
    """At which steps of which operation, as bars of text."""
    counts = Counter(tuple(trial.details[:2]) for trial in result.trials)
    most = max(counts.values())
    rows = [f"{operation:<10} {step:<24} {n:>4} {'#' * round(BAR * n / most)}"
            for (operation, step), n in sorted(counts.items())]
    return ["", f"{TITLES[result.name].capitalize()}, by operation and step:", "", "```", *rows, "```"]
