"""Train the champion, several seeds of it, and say which to ship: `make champion`, or

    python -m analytics.studies.champion [--seeds 0 1 2] [--workers 2]

Runs live in runs/champion-SEED, say how long they take, and go on where they were stopped when the command is called
again; finished ones are kept. The seed to ship is proposed by validation (accuracy, then log loss); test figures are in
the table because each run measures them once, and play no part in it. The table goes to analytics/reports/champion.md,
which names the seed that ships and how it was chosen. It ends with the command that ships the proposed run. One seed
takes about an hour on one core.
"""

import argparse
import os
import sys

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

HEAD = ("The preset of the network that ships, several seeds, the one with the best validation first (accuracy, then "
        "log loss): the command proposes that one. The test set is read once a run.")
OTHERWISE = ("It was not chosen by this order but by the errors on validation and on the development pictures "
             "together, and the test figures had been seen: [EXPERIMENTS](../EXPERIMENTS.md).")


def folder(seed):
    return ROOT / "runs" / f"champion-{seed}"


def is_done(seed):
    """Whether this seed is trained to the end with today's preset. Raises ValueError where its folder holds another
    recipe."""
    settings = folder(seed) / "settings.json"
    if not settings.exists():
        return False
    if Config.from_dict(read_json(settings)) != CHAMPION.replace(seed=seed):
        raise ValueError(f"{folder(seed)} holds a run with other settings; move it away.")
    metrics = folder(seed) / "metrics.json"
    return metrics.exists() and not read_json(metrics)["interrupted"]


def command(seed):
    """What trains a seed, or goes on with it."""
    train = [sys.executable, str(ROOT / "core" / "train.py")]
    if (folder(seed) / "settings.json").exists():
        return [*train, "--resume", str(folder(seed))]
    return [*train, "--preset", "champion", "--seed", str(seed), "--out", str(folder(seed))]


def train_all(seeds, workers):
    """Train what is not done yet, `workers` seeds at a time."""
    run_all([command(seed) for seed in seeds if not is_done(seed)], workers)


def rank(runs):
    """The seeds of {seed: metrics}, the one to ship first: fewest errors on validation, then least log loss."""
    return sorted(runs, key=lambda seed: (runs[seed]["validation"]["errors"], runs[seed]["validation"]["log_loss"]))


def table(runs):
    """Markdown of {seed: metrics}, the one to ship first, and the mean of the test figures."""
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


def shipped(ranked, weights):
    """Sentences: which of the seeds, in the order of `rank`, is the model in final_model/, and how it was chosen.

    weights: a function from a model folder to the hash of its weights.
    """
    in_use = weights(FINAL_MODEL)
    for place, seed in enumerate(ranked):
        if weights(folder(seed)) == in_use:
            return f"In final_model/ is seed {seed}, " + (
                "the first by this order." if place == 0 else f"number {place + 1} of {len(ranked)}. {OTHERWISE}")
    return "In final_model/ is none of these."


def weights_of(model_folder):
    network, _, _, saved, *_ = load_network(model_folder)
    return weights_sha256(saved, network)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.champion", description=__doc__.splitlines()[0])
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
