"""Train several seeds of the champion preset and propose the one to ship: `make champion`, or

    python -m analytics.studies.champion [--seeds 0 1 2] [--workers 2]

Runs are stored in runs/champion-SEED; the same command resumes interrupted ones. Validation (accuracy, then log loss)
determines the proposed seed; test figures are reported but not used. The table goes to analytics/reports/champion.md,
which names the shipped seed and how it was chosen. The command prints how to ship the proposed run. One seed takes
about an hour on one core.
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
from analytics.studies.reproduce import interval_of_mean
from core.command import refusing
from core.digits.config import Config
from core.digits.presets import CHAMPION
from core.formats import interval, percent
from core.models.model import FINAL_MODEL, load_network, weights_sha256
from core.storage import read_json

HEAD = ("Several seeds of the preset of the shipped network, ordered by validation (accuracy, then log loss); the "
        "command proposes the first. The test set is read once per run.")
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


def table(runs: Mapping[int, Metrics]) -> str:
    """Markdown of {seed: metrics}, in the order of `rank`, and the mean test accuracy."""
    lines = ["| seed | validation % (errors) | log loss | test % (errors) | 95 % interval | minutes |",
             "|---:|---|---:|---|---|---:|"]
    for seed in rank(runs):
        validation, test = runs[seed]["validation"], runs[seed]["test"]
        lines.append(f"| {seed} | {percent(validation['accuracy'], 2)} ({validation['errors']}) | "
                     f"{validation['log_loss']:.4f} | {percent(test['accuracy'], 2)} ({test['errors']}) | "
                     f"{interval(test['interval_95'], 2)} | {runs[seed]['training_seconds'] / 60:.0f} |")
    scores = [100 * run["test"]["accuracy"] for run in runs.values()]
    if len(scores) > 1:
        lines += ["", f"Mean of {len(scores)} seeds on the test set: {np.mean(scores):.3f} %, 95 % interval over seeds "
                      "and test images {:.2f} to {:.2f} %.".format(*interval_of_mean(scores))]
    return "\n".join(lines) + "\n"


def shipped(ranked: Sequence[int], weights: Callable[[Path], object]) -> str:
    """Sentences: which of the ranked seeds is the model in final_model/, and how it was chosen.

    weights: a function from a model folder to the hash of its weights.
    """
    in_use = weights(FINAL_MODEL)
    for place, seed in enumerate(ranked):
        if weights(folder(seed)) == in_use:
            return f"final_model/ contains seed {seed}, " + (
                "the first in this order." if place == 0 else f"number {place + 1} of {len(ranked)}. {OTHER_CHOICE}")
    return "final_model/ contains none of these."


def weights_of(model_folder: Path) -> str:
    network, _, _, saved, *_ = load_network(model_folder)
    return weights_sha256(saved, network)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.champion",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help="seeds at a time")
    args = parser.parse_args(argv)
    with refusing("champion"):
        train_all(args.seeds, args.workers)
        runs = {seed: read_json(folder(seed) / "metrics.json") for seed in args.seeds}
        text = table(runs)
        write_report("champion", "The network that ships", "make champion",
                     f"{HEAD}\n\n{text}\n{shipped(rank(runs), weights_of)}\n")
        print(text + f"To ship the first: python core/train.py --promote {folder(rank(runs)[0])}")


if __name__ == "__main__":
    main()
