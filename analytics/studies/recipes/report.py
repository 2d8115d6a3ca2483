"""The table of recipes and the verdict of the rule, in words."""

from collections.abc import Mapping, Sequence

import numpy as np

from analytics.studies.recipes.ideas import PRESENT, RECIPES
from analytics.studies.recipes.rule import (
    SEEDS,
    VALIDATION,
    Judgement,
    Runs,
    Verdict,
    choose,
    confident_and_wrong,
    ranked_seeds,
)
from core.settings import as_text


def table(finished: Mapping[str, Runs], judgements: Sequence[Judgement]) -> str:
    """Markdown, a row for each recipe {name: its finished runs}; means over seeds."""
    verdicts = {one.recipe: one for one in judgements}
    names = sorted({name for runs in finished.values() for run in runs for name in run.development})
    head = ["recipe", "changes", "parameters", "seeds", f"errors on {VALIDATION} (by seed)", "log loss", *names,
            "saved, standard error", "corrupted %", "called confident %", "wrong among them %", "AUROC", "minutes"]
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "---:|" * (len(head) - 2)]
    for recipe, runs in finished.items():
        pictures = sum(one.n for run in runs for one in run.development.values())
        confident = sum(one.confident for run in runs for one in run.development.values())
        judged = verdicts.get(recipe)
        validation = [run.sets[VALIDATION].errors for run in runs]
        cells = [recipe, ", ".join(f"{name}={as_text(value)}" for name, value in RECIPES[recipe].items()),
                 f"{runs[0].parameters:,}", ", ".join(str(run.seed) for run in runs),
                 f"{np.mean(validation):.1f} ({', '.join(map(str, validation))})",
                 f"{np.mean([run.log_loss for run in runs]):.4f}",
                 *(f"{np.mean([run.sets[name].errors for run in runs]):.1f}" for name in names),
                 f"{judged.saved:+.1f}, {judged.standard_error:.1f}" if judged else "",
                 f"{100 * np.mean([run.corrupted for run in runs]):.2f}", f"{100 * confident / max(1, pictures):.1f}",
                 f"{100 * confident_and_wrong(runs):.3f}", f"{np.mean([run.auroc for run in runs]):.4f}",
                 f"{np.mean([run.seconds for run in runs]) / 60:.0f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def reason(judged: Judgement) -> str:
    """The Judgement of a candidate as a line."""
    errors = f"{judged.saved:+.1f} errors saved, standard error {judged.standard_error:.1f}"
    if judged.passes:
        return f"- {judged.recipe} passes: {errors}; no gate fails."
    why = [errors if judged.saved < judged.standard_error or judged.saved <= 0 else "", *judged.failed]
    return f"- {judged.recipe} does not pass: {'; '.join(filter(None, why))}."


def conclusion(verdict: Verdict, finished: Mapping[str, Runs]) -> str:
    """A sentence that names the winner and why, or that nothing changes."""
    winner = verdict.winner
    if winner is None:
        return "No candidate passes: the present recipe and the shipped weights stay."
    others = [name for name in verdict.tied if name != winner]
    tie = f", the simplest of those within one standard error of the best ({', '.join(others)})" if others else ""
    seed = ranked_seeds(finished[winner])[0]
    return f"{winner} wins{tie}. Of its seeds {seed} has the fewest errors on validation and development together."


def verdict_text(runs: Mapping[str, Runs], seeds: Sequence[int], epochs: int) -> str:
    """Markdown: the table, a line for each candidate, the conclusion. runs: {name: those that are finished}.

    Candidates are judged on the seeds that they share with the present recipe's runs.
    """
    finished = {name: list(some) for name, some in runs.items() if some}
    if not finished:
        return "No run is finished.\n"
    present = {run.seed: run for run in finished.get(PRESENT, [])}
    lacking = {name: [seed for seed in seeds if seed not in {run.seed for run in runs[name]}] for name in runs}
    judgements, complete = [], {}
    for name, some in finished.items():
        shared = [run for run in some if run.seed in present]
        if name == PRESENT or not shared:
            continue
        judgements += choose([present[run.seed] for run in shared], {name: shared}).judgements
        if not lacking[name] and not lacking[PRESENT]:
            complete[name] = some
    lines = [f"{epochs} epochs.", "", table(finished, judgements), *map(reason, judgements)]
    lines += [f"- {name} is not finished: seeds {', '.join(map(str, some))} are missing."
              for name, some in lacking.items() if some]
    if any(lacking.values()) or tuple(seeds) != SEEDS:
        lines += ["", "Preliminary: the rule decides when all recipes have the seeds "
                      f"{', '.join(map(str, SEEDS))}."]
    if complete:
        lines += ["", conclusion(choose(finished[PRESENT], complete), finished)]
    return "\n".join(lines) + "\n"
