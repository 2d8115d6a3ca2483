"""Does the gate help? Does attention to confusion? A paired study: `python -m analytics.gate_study [--seeds 5]`.

Three networks, 784-256-256-256-10 with the gate, without it, and with a further Dense layer of exactly the gate's
number of parameters in its place, each with and without attention to the samples that confuse. A seed fixes initial
weights, order and deformations for all six alike, so that differences are taken within seeds; their means stand with a
95 % t-interval. Every finished run is kept in images/gate_study.json, and a stopped study goes on where it was.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from analytics.readme import put_between_marks
from core.data import as_input
from core.digits import DigitTask, load_parts
from core.losses import softmax
from core.metrics import accuracy, auroc, log_loss
from core.presets import DEFAULT
from core.storage import write_json
from core.training import fit

RESULTS = Path(__file__).resolve().parents[1] / "images" / "gate_study.json"
WIDTH = 256
NETWORKS = {
    "gate": {"hidden": (WIDTH,) * 3, "gate": True},
    "none": {"hidden": (WIDTH,) * 3, "gate": False},
    "dense": {"hidden": (WIDTH,) * 4, "gate": False},  # W (256, 256) and b (256,): as many as Wg and bg
}
ATTENTION = 0.5
ARMS = {f"{name}{' + attention' if power else ''}": settings | {"attention": power}
        for power in (0.0, ATTENTION) for name, settings in NETWORKS.items()}
PAIRS = (("gate", "none"), ("gate", "dense"), ("gate + attention", "gate"), ("none + attention", "none"),
         ("dense + attention", "dense"))
# 97.5 % points of Student's t for 1 to 30 degrees of freedom
T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
     2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042)


def paired_interval(a, b):
    """Mean of a - b (n,) and the ends of its 95 % t-interval, for n = 2 ... 31 paired values."""
    difference = np.asarray(a, float) - np.asarray(b, float)
    half = T[len(difference) - 2] * difference.std(ddof=1) / np.sqrt(len(difference))
    return float(difference.mean()), float(difference.mean() - half), float(difference.mean() + half)


def run(arm, seed, epochs, parts):
    """One training: {"accuracy": %, "log_loss": nats, "auroc": of confidence} on the test set."""
    config = DEFAULT.but(preset="gate-study", seed=seed, epochs=epochs, ornament=0.0, **ARMS[arm])
    task = DigitTask(config, parts["train"], parts["validation"])
    fit(task, config)
    probs = softmax(task.finished().logits(as_input(parts["test"].X)))
    y = parts["test"].y
    return {"accuracy": 100 * accuracy(y, probs.argmax(axis=1)), "log_loss": log_loss(probs, y),
            "auroc": auroc(probs.max(axis=1), probs.argmax(axis=1) == y), "parameters": int(task.theta.size)}


def table(results):
    """Markdown: each arm's mean and spread, then the paired differences."""
    n = len(next(iter(results.values())))
    lines = [f"| network (n = {n} seeds) | parameters | test accuracy % (mean ± sd) | log loss | AUROC of confidence |",
             "|---|---|---|---|---|"]
    for arm, runs in results.items():
        columns = {name: np.array([run[name] for run in runs.values()]) for name in ("accuracy", "log_loss", "auroc")}
        cells = [f"{columns[name].mean():.{d}f} ± {columns[name].std(ddof=1):.{d}f}"
                 for name, d in (("accuracy", 2), ("log_loss", 4), ("auroc", 4))]
        lines.append(f"| {arm} | {next(iter(runs.values()))['parameters']:,} | {' | '.join(cells)} |")
    lines += ["", "| difference, within seeds | accuracy, points (95 % interval) | log loss (95 % interval) | so |",
              "|---|---|---|---|"]
    for a, b in PAIRS:
        cells, verdict = [], "no difference shown"
        for name, d in (("accuracy", 3), ("log_loss", 4)):
            mean, low, high = paired_interval(*([run[name] for run in results[arm].values()] for arm in (a, b)))
            cells.append(f"{mean:+.{d}f} ({low:+.{d}f} to {high:+.{d}f})")
            if name == "accuracy" and low * high > 0:
                verdict = f"{a if mean > 0 else b} is more accurate"
        lines.append(f"| {a} less {b} | {' | '.join(cells)} | {verdict} |")
    return "\n".join(lines) + "\n"


def main(argv=None):
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m analytics.gate_study", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, choices=range(2, 32), metavar="N")
    parser.add_argument("--epochs", type=int, default=12)
    args = parser.parse_args(argv)
    saved = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results = saved["runs"] if saved.get("epochs") == args.epochs else {}
    parts = load_parts(DEFAULT)
    for seed in tqdm(range(args.seeds), desc="seeds"):
        for arm in tqdm(ARMS, leave=False):
            runs = results.setdefault(arm, {})
            if str(seed) not in runs:
                runs[str(seed)] = run(arm, seed, args.epochs, parts)
                write_json(RESULTS, {"epochs": args.epochs, "runs": results})
    chosen = {arm: {seed: results[arm][seed] for seed in map(str, range(args.seeds))} for arm in ARMS}
    put_between_marks("gate-study", table(chosen))
    print(table(chosen))


if __name__ == "__main__":
    main()
