"""Train the four small reference networks of core/digits/presets.py, as stated and improved, and report test accuracy.

    python -m analytics.studies.reproduce [--seeds 3] [--only NAME ...] [--workers 2]

Each row is the mean and standard deviation over the seeds of the accuracy on the 10,000 test images, read once a run.
Finished runs are stored in runs/reproduce/ and not trained again. The table goes to analytics/reports/reproduction.md.
Its intervals include the variance over seeds and over test images (`interval_of_mean`).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import t

from analytics.reports import write_report
from analytics.studies.processes import ROOT, run_all, sole_training
from core.command import refusing
from core.digits.config import Config
from core.digits.data import as_input
from core.digits.presets import AS_STATED, MADE_GOOD
from core.digits.task import DigitTask, load_parts
from core.metrics import accuracy
from core.nn.training import fit
from core.storage import write_json

RESULTS = ROOT / "runs" / "reproduce"
HEAD = ("Each network *as stated* by its author and *made good*: the same network with our schedule and "
        "regularisation. The headline is the author's figure, often of the best epoch on the test set; here the test "
        "set is read once per run. The 95 % interval is of the mean, over seeds and test images.\n\n")
TEST_IMAGES = 10_000
FORMS = {"as stated": AS_STATED, "made good": MADE_GOOD}
HEADLINES = {"emotion-mlp": 98.06, "logistic-mlp": 97.64, "plain-ann": 97.5, "digit-app": 98.38}
CHANGES = {
    "emotion-mlp": "widths 256-128-64 and momentum 0.9 are ours; early stopping on validation",
    "logistic-mlp": "lr 0.1 halved every 10 epochs, momentum 0.9, L2 1e-4, batch 64 are ours",
    "plain-ann": "SGD 0.1, batch 32, 30 epochs are ours; the source states no headline, 97.50 is our target",
    "digit-app": "no deviation known",
}


def result_path(name: str, form: str, seed: int | str) -> Path:
    return RESULTS / f"{name}_{form.replace(' ', '_')}_{seed}.json"


def run_one(name: str, form: str, seed: int) -> None:
    """Train one network and write its test accuracy, epochs and seconds."""
    config = FORMS[form][name].replace(seed=seed)
    parts = load_parts(config)
    task = DigitTask(config, parts["train"], parts["validation"])
    progress = fit(task, config)
    test = parts["test"]
    predictions = task.network.logits(as_input(test.X, config.input_range)).argmax(axis=1)
    history = progress.history["val_accuracy"]
    write_json(result_path(name, form, seed), {
        "settings": config.to_dict(), "test_accuracy": accuracy(test.y, predictions), "epochs": progress.epoch,
        "seconds": sum(progress.history["seconds"]), "val_accuracy_epoch_3": history[2],
        "val_accuracy_epoch_15": history[min(14, len(history) - 1)]})


def is_done(name: str, form: str, seed: int) -> bool:
    """True if this run is finished with the current settings."""
    path = result_path(name, form, seed)
    if not path.exists():
        return False
    return Config.from_dict(json.loads(path.read_text())["settings"]) == FORMS[form][name].replace(seed=seed)


def train_all(names: Sequence[str], seeds: int, workers: int) -> None:
    """Train the missing runs in `workers` single-threaded processes, the fastest setup for small networks."""
    from tqdm import tqdm

    jobs = [(name, form, str(seed)) for name in names for form in FORMS for seed in range(seeds)
            if not is_done(name, form, seed)]
    with tqdm(total=len(jobs), unit="run") as bar:
        run_all([[sys.executable, "-m", "analytics.studies.reproduce", "--job", *job] for job in jobs], workers,
                bar.update)


def interval_of_mean(scores: Sequence[float], images: int = TEST_IMAGES) -> tuple[float, float]:
    """(low, high) of the 95 % interval of the mean accuracy (%) over seeds and test images.

    Adds the variance over seeds (n - 1 degrees of freedom) and the known binomial variance of the test images; the
    degrees of freedom of the sum are those of Satterthwaite (1946).
    """
    p, n = float(np.mean(scores)) / 100, len(scores)
    seeds, chance = np.var(scores, ddof=1) / n, 1e4 * p * (1 - p) / images
    freedom = (seeds + chance) ** 2 * (n - 1) / seeds**2 if seeds else np.inf
    half = float(t.ppf(0.975, freedom)) * np.sqrt(seeds + chance)
    return 100 * p - half, 100 * p + half


def table(names: Sequence[str], seeds: int) -> str:
    """The table as Markdown, from the results on disk."""
    lines = ["| network | form | test accuracy % (mean ± sd) | 95 % interval | n | headline % | epochs | seconds per "
             "run | validation % after epoch 3 / 15 | settings of ours |", "|---|---|---|---|---|---|---|---|---|---|"]
    for name in names:
        for form, configs in FORMS.items():
            runs = [json.loads(result_path(name, form, seed).read_text()) for seed in range(seeds)]
            scores = [100 * run["test_accuracy"] for run in runs]
            mean = {key: np.mean([run[key] for run in runs]) for key in runs[0] if key != "settings"}
            config = configs[name]
            shape = f"784-{'-'.join(map(str, config.hidden))}{'-gate' if config.gate else ''}-10"
            note = CHANGES[name] if form == "as stated" else (
                f"AdamW {config.lr:g} cosine, decay {config.weight_decay:g}, dropout {config.input_dropout:g} on "
                f"pixels, {config.dropout:g} on layers, all 60,000 images")
            # with all 60,000 images the validation set is part of the training set
            early = "" if config.train_on == "all" else (
                f"{mean['val_accuracy_epoch_3']:.1%} / {mean['val_accuracy_epoch_15']:.1%}".replace("%", ""))
            cells = [f"{name} {shape}", form, f"{np.mean(scores):.2f} ± {np.std(scores, ddof=1):.2f}",
                     "{:.2f} to {:.2f}".format(*interval_of_mean(scores)), seeds, f"{HEADLINES[name]:.2f}",
                     f"{mean['epochs']:.0f}", f"{mean['seconds']:.0f}", early, note]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.reproduce",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=sorted(AS_STATED), default=list(AS_STATED))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--job", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.job:
        name, form, seed = args.job
        with refusing("reproduce"), sole_training(result_path(name, form, seed)):
            return run_one(name, form, int(seed))
    with refusing("reproduce"):
        train_all(args.only, args.seeds, args.workers)
    text = table(args.only, args.seeds)
    print(text)
    if set(args.only) == set(AS_STATED):
        write_report("reproduction", "Four well-known small networks", "python -m analytics.studies.reproduce",
                     HEAD + text)


if __name__ == "__main__":
    main()
