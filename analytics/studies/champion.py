"""Train several seeds of the champion preset and propose the one to ship: `make champion`, or

    python -m analytics.studies.champion [DIR ...] [--seeds 0 1 2] [--workers 2]

Runs are stored in runs/champion-SEED; the same command resumes interrupted ones. The rule of
analytics/studies/recipes/rule.py determines the proposed seed: the fewest errors on validation and on the development
pictures in DIR (as for `python -m analytics.realworld`; make champion ARGS=DIR) together, then the lowest log loss on
validation. Without DIR validation alone decides. Test figures are reported but not used. The table goes to
analytics/reports/champion.md, which names the shipped seed and how it was chosen. The command prints why it proposes a
run and how to ship it. One seed takes one to two hours on one core.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analytics.reports import write_report
from analytics.studies.processes import ROOT, run_all
from analytics.studies.recipes.measure import Material, measure
from analytics.studies.recipes.rule import Result, ranked_seeds
from analytics.studies.reproduce import interval_of_mean
from core.command import refusing
from core.digits.config import Config
from core.digits.presets import CHAMPION
from core.digits.task import load_parts
from core.formats import interval, percent
from core.models.model import FINAL_MODEL, load_network, weights_sha256
from core.storage import read_json
from deployment.deploy_mnist import MNISTDeployer

HEAD = ("Several seeds of the preset of the shipped network, in the order of the rule in "
        "`analytics/studies/recipes/rule.py`; the command proposes the first. The test set is read once per run; it "
        "does not count.")
WITHOUT_PICTURES = "No development pictures were given: errors on validation decide, then its log loss."
BEFORE = "It was chosen before this rule was written."
OTHER_CHOICE = ("It was not chosen by this order but by the errors on validation and on the development images "
                "together, and the test figures had been seen: [EXPERIMENTS](../EXPERIMENTS.md).")

Metrics = Mapping[str, Any]  # metrics.json of a run


def folder(seed: int) -> Path:
    return ROOT / "runs" / f"champion-{seed}"


def is_done(seed: int) -> bool:
    """True if this seed is fully trained with the preset. Raises ValueError if its folder has other settings."""
    settings = folder(seed) / "settings.json"
    if not settings.exists():
        return False
    if Config.from_dict(read_json(settings)) != CHAMPION.replace(seed=seed):
        raise ValueError(f"{folder(seed)} holds a run with other settings; move it away.")
    metrics = folder(seed) / "metrics.json"
    return metrics.exists() and not read_json(metrics)["interrupted"]


def command(seed: int) -> list[str]:
    """The command that trains a seed or resumes it."""
    train = [sys.executable, str(ROOT / "core" / "train.py")]
    if (folder(seed) / "settings.json").exists():
        return [*train, "--resume", str(folder(seed))]
    return [*train, "--preset", "champion", "--seed", str(seed), "--out", str(folder(seed))]


def train_all(seeds: Iterable[int], workers: int) -> None:
    """Train the missing seeds, `workers` at a time."""
    run_all([command(seed) for seed in seeds if not is_done(seed)], workers)


def rank(runs: Mapping[int, Metrics]) -> list[int]:
    """The seeds of {seed: metrics}, ordered by validation errors, then validation log loss."""
    return sorted(runs, key=lambda seed: (runs[seed]["validation"]["errors"], runs[seed]["validation"]["log_loss"]))


def measured(seeds: Iterable[int], sources: Sequence[Path]) -> dict[int, Result]:
    """{seed: Result} of finished runs on validation and on the development pictures in `sources`."""
    material = Material.load(sources, load_parts(CHAMPION)["validation"], corrupted=False)
    results = {}
    for seed in seeds:
        deployer = MNISTDeployer(folder(seed))
        results[seed] = Result("champion", seed, CHAMPION.epochs, int(deployer.network.theta.size),
                               **measure(deployer, material))
    return results


def reasons(results: Mapping[int, Result]) -> str:
    """Lines: what decides between the seeds {seed: Result}, in their order."""
    lines = ["Errors on validation in one pass and on development pictures by the full pipeline; their sum decides, "
             "then the log loss:", ""]
    for seed in ranked_seeds(list(results.values())):
        sets = ", ".join(f"{name} {one.errors}" for name, one in results[seed].sets.items())
        lines.append(f"- seed {seed}: {results[seed].errors} ({sets}), log loss {results[seed].log_loss:.4f}")
    return "\n".join(lines)


def table(runs: Mapping[int, Metrics], ranked: Iterable[int]) -> str:
    """Markdown of {seed: metrics}, in the order `ranked`, and the mean test accuracy."""
    lines = ["| seed | validation % (errors) | log loss | test % (errors) | 95 % interval | minutes |",
             "|---:|---|---:|---|---|---:|"]
    for seed in ranked:
        validation, test = runs[seed]["validation"], runs[seed]["test"]
        lines.append(f"| {seed} | {percent(validation['accuracy'], 2)} ({validation['errors']}) | "
                     f"{validation['log_loss']:.4f} | {percent(test['accuracy'], 2)} ({test['errors']}) | "
                     f"{interval(test['interval_95'], 2)} | {runs[seed]['training_seconds'] / 60:.0f} |")
    scores = [100 * run["test"]["accuracy"] for run in runs.values()]
    if len(scores) > 1:
        lines += ["", f"Mean of {len(scores)} seeds on the test set: {np.mean(scores):.3f} %, 95 % interval over seeds "
                      "and test images {:.2f} to {:.2f} %.".format(*interval_of_mean(scores))]
    return "\n".join(lines) + "\n"


def shipped(ranked: Sequence[int], weights: Callable[[Path], object], otherwise: str = OTHER_CHOICE) -> str:
    """Sentences: which of the ranked seeds is the model in final_model/, and how it was chosen.

    weights: a function from a model folder to the hash of its weights; otherwise: how, if it is not the first.
    """
    in_use = weights(FINAL_MODEL)
    for place, seed in enumerate(ranked):
        if weights(folder(seed)) == in_use:
            return f"final_model/ contains seed {seed}, " + (
                "the first in this order." if place == 0 else f"number {place + 1} of {len(ranked)}. {otherwise}")
    return "final_model/ contains none of these."


def weights_of(model_folder: Path) -> str:
    network, _, _, saved, *_ = load_network(model_folder)
    return weights_sha256(saved, network)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.champion",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path, metavar="DIR", help="development pictures")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help="seeds at a time")
    args = parser.parse_args(argv)
    with refusing("champion"):
        train_all(args.seeds, args.workers)
        runs = {seed: read_json(folder(seed) / "metrics.json") for seed in args.seeds}
        if args.sources:
            results = measured(args.seeds, args.sources)
            ranked, why, otherwise = ranked_seeds(list(results.values())), reasons(results), BEFORE
        else:
            ranked, why, otherwise = rank(runs), WITHOUT_PICTURES, OTHER_CHOICE
        text = f"{table(runs, ranked)}\n{why}\n"
        write_report("champion", "The network that ships", "make champion",
                     f"{HEAD}\n\n{text}\n{shipped(ranked, weights_of, otherwise)}\n")
        print(text + f"To ship the first: python core/train.py --promote {folder(ranked[0])}")


if __name__ == "__main__":
    main()
