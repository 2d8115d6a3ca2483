"""Does the gate help? Do focal weights? A paired study: `python -m analytics.studies.gate [--seeds 5]`.

Three networks, 784-256-256-256-10 with the gate, without it, and with a further Dense layer of exactly the gate's
number of parameters in its place, each with and without focal weights. A seed fixes initial weights, order and
augmentation for all six alike, so that differences are taken within seeds. Their intervals hold both what other seeds
and what other test images would change. Every finished run is kept in runs/gate_study/, and a stopped study goes on
where it was; the table goes to analytics/reports/gate.md.
"""

import argparse
import io
from pathlib import Path

import numpy as np
from scipy.stats import t

from analytics.reports import write_report
from core.digits.data import as_input
from core.digits.presets import DEFAULT
from core.digits.task import DigitTask, load_parts
from core.files import write_atomic
from core.metrics import auroc
from core.nn.losses import softmax
from core.nn.training import fit

COMMAND = "python -m analytics.studies.gate"
RESULTS = Path(__file__).resolve().parents[2] / "runs" / "gate_study"
WIDTH = 256
NETWORKS = {
    "gate": {"hidden": (WIDTH,) * 3, "gate": True},
    "none": {"hidden": (WIDTH,) * 3, "gate": False},
    "dense": {"hidden": (WIDTH,) * 4, "gate": False},  # W (256, 256) and b (256,): as many as Wg and bg
}
GAMMA = 0.5
ARMS = {f"{name}{' + focal' if gamma else ''}": {**network, "focal_gamma": gamma}
        for gamma in (0.0, GAMMA) for name, network in NETWORKS.items()}
PAIRS = (("gate", "none"), ("gate", "dense"), ("gate + focal", "gate"), ("none + focal", "none"),
         ("dense + focal", "dense"))
HEAD = """Small networks, augmented digits, differences within seeds, whichever way they fall. Intervals of differences
hold 95 % over seeds (t) and over test images (normal), their variances added.

"""


def settings(arm, seed, epochs):
    """The Config of one training."""
    return DEFAULT.replace(preset="gate-study", seed=seed, epochs=epochs, ornament=0.0, **ARMS[arm])


def run(arm, seed, epochs, parts):
    """One training: what it makes of the test images, (right (N,), log_loss (N,) in nats, confidence (N,))."""
    config = settings(arm, seed, epochs)
    task = DigitTask(config, parts["train"], parts["validation"])
    fit(task, config)
    probs, y = softmax(task.finished().logits(as_input(parts["test"].X))), parts["test"].y
    return {"right": probs.argmax(axis=1) == y, "confidence": probs.max(axis=1),
            "log_loss": -np.log(np.maximum(probs[np.arange(len(y)), y], 1e-12)),
            "parameters": np.array(task.theta.size)}


def kept(arm, seed, epochs, parts):
    """The run's arrays, trained now where runs/gate_study/ does not hold them with today's settings."""
    told = np.array(repr(settings(arm, seed, epochs).to_dict()))
    path = RESULTS / f"{arm.replace(' + ', '_')}_{seed}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as saved:
            if saved["settings"] == told:
                return dict(saved)
    found, buffer = run(arm, seed, epochs, parts) | {"settings": told}, io.BytesIO()
    np.savez_compressed(buffer, **found)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, buffer.getvalue())
    return found


def paired_interval(a, b):
    """Mean of a - b (n seeds, N images) and the ends of its 95 % interval, over seeds and images."""
    difference = np.asarray(a, float) - np.asarray(b, float)
    n, N = difference.shape
    of_seeds, of_images = difference.mean(axis=1), difference.mean(axis=0)
    half = t.ppf(0.975, n - 1) * np.sqrt(of_seeds.var(ddof=1) / n + of_images.var(ddof=1) / N)
    mean = float(difference.mean())
    return mean, mean - half, mean + half


def verdict(a, b, accuracy, log_loss):
    """What both intervals allow to be said, each (mean, low, high) of a less b."""
    (gain, *ends), (loss, *loss_ends) = accuracy, log_loss
    return "; ".join([
        f"{a if gain > 0 else b} is more accurate" if np.prod(ends) > 0 else "no difference in accuracy shown",
        f"{a if loss < 0 else b} has the lower log loss" if np.prod(loss_ends) > 0 else "no difference in log loss "
        "shown"])


def table(results):
    """Markdown of {arm: [runs, one a seed]}: each arm's mean and spread, then the paired differences."""
    n = len(next(iter(results.values())))
    lines = [f"| network (n = {n} seeds) | parameters | test accuracy % (mean ± sd) | log loss | AUROC of confidence |",
             "|---|---|---|---|---|"]
    for arm, runs in results.items():
        columns = ([100 * run["right"].mean() for run in runs], [run["log_loss"].mean() for run in runs],
                   [auroc(run["confidence"], run["right"]) for run in runs])
        cells = [f"{np.mean(column):.{d}f} ± {np.std(column, ddof=1):.{d}f}"
                 for column, d in zip(columns, (2, 4, 4), strict=True)]
        lines.append(f"| {arm} | {int(runs[0]['parameters']):,} | {' | '.join(cells)} |")
    lines += ["", "| difference, within seeds | accuracy, points (95 % interval) | log loss (95 % interval) | so |",
              "|---|---|---|---|"]
    for a, b in PAIRS:
        found = [paired_interval(*([scale * run[name] for run in results[arm]] for arm in (a, b)))
                 for name, scale in (("right", 100), ("log_loss", 1))]
        cells = [f"{mean:+.{d}f} ({low:+.{d}f} to {high:+.{d}f})"
                 for (mean, low, high), d in zip(found, (3, 4), strict=True)]
        lines.append(f"| {a} less {b} | {' | '.join(cells)} | {verdict(a, b, *found)} |")
    return "\n".join(lines) + "\n"


def main(argv=None):
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, choices=range(2, 101), metavar="N")
    parser.add_argument("--epochs", type=int, default=12)
    args = parser.parse_args(argv)
    parts, results = load_parts(DEFAULT), {arm: [] for arm in ARMS}
    for seed in tqdm(range(args.seeds), desc="seeds"):
        for arm in tqdm(ARMS, leave=False):
            results[arm].append(kept(arm, seed, args.epochs, parts))
    write_report("gate", "Does the gate help?", COMMAND, HEAD + table(results))
    print(table(results))


if __name__ == "__main__":
    main()
