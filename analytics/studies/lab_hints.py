"""Measure the hints of the lab on trainings that they were not written on: `python -m analytics.studies.lab_hints`.

The limits of the rules (deployment/lab/hints.py) were chosen on seeds below 1,000. This trains with seeds from 1,000
on: 40 healthy trainings with varied settings, and 5 with each kind of trouble provoked. The report goes to
analytics/reports/lab_hints.md. A few minutes on one core.
"""

if __name__ == "__main__":  # before the import of NumPy
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count

import numpy as np

from analytics.reports import write_report
from core.command import refusing
from core.digits.task import Images
from core.formats import percent
from core.nn.parallel import in_one_thread
from deployment.lab.hints import RULES, hints
from deployment.lab.images import training_images
from deployment.lab.loop import Loop
from deployment.lab.record import Record
from deployment.lab.settings import LabSettings
from deployment.lab.training import DivergedError

FIRST_SEED = 1000
HEALTHY, PROVOKED = 40, 5  # trainings; of each kind
REACHES = 0.95  # of the default's validation accuracy, for a healthy training
STEPS, TICK = 1800, 100  # batches of a training, and between two questions for hints
MOST_FALSE, LEAST_NAMED = 2, 34
Rng = np.random.Generator


def observe(settings: LabSettings, images: tuple[Images, Images], steps: int = STEPS) -> tuple[Record, Counter[str]]:
    """Train for so many batches; returns the record and how often each kind of hint was given."""
    record, loop, given = Record(settings), Loop(settings, *images), Counter()
    record.add(loop.epoch())
    for step in range(1, steps + 1):
        try:
            ends = loop.train_batch()
        except DivergedError:
            record.add(loop.tick())
            record.faults.append(record.step)
            break
        if ends:
            record.add(loop.epoch())
        if ends or step % TICK == 0:
            record.add(loop.tick())
            given.update(hint.kind for hint in hints(record))
    given.update(hint.kind for hint in hints(record))
    accuracy = max((row["val_accuracy"] for row in record.rows), default=0.0)
    print(f"seed {settings.seed}: {percent(accuracy)}, {', '.join(sorted(given)) or 'no hint'}", file=sys.stderr)
    return record, given


def _log(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _any(rng: Rng, *values: object) -> object:
    return values[rng.integers(len(values))]


def varied(rng: Rng) -> dict[str, object]:
    """Settings of a network that usually learns."""
    is_sgd = bool(rng.random() < 0.3)
    batch_norm = bool(rng.random() < 0.25)
    return {
        "hidden": _any(rng, (64, 32), (32,), (128, 64), (256,), (48, 32, 16), (128, 64, 32)),
        "activation": _any(rng, "relu", "relu", "sigmoid"), "optimizer": "sgd" if is_sgd else "adamw",
        "batch_norm": batch_norm, "lr": _log(rng, 0.02, 0.1) if is_sgd else _log(rng, 0.001, 0.02),
        "momentum": round(float(rng.uniform(0.5, 0.95)), 3), "batch_size": _any(rng, 32, 64, 128, 256),
        "weight_decay": _any(rng, 0.0, 0.01, 0.1), "dropout": _any(rng, 0.0, 0.0, 0.1, 0.3),
        "augmentation": _any(rng, 0.0, 0.0, 0.5, 1.0), "focal_gamma": _any(rng, 0.0, 0.0, 1.0, 2.0),
        "gate": bool(rng.random() < 0.7), "label_noise": _any(rng, 0.0, 0.0, 0.02),
        "share": round(float(rng.uniform(0.3, 1)), 3)}


def _fast_lr(rng: Rng, adamw: tuple[float, float], sgd: tuple[float, float]) -> dict[str, object]:
    optimizer = str(_any(rng, "adamw", "adamw", "sgd"))
    return {"optimizer": optimizer, "lr": _log(rng, *(adamw if optimizer == "adamw" else sgd)), "momentum": 0.9}


# What is put over `varied` settings, or over plain ones, to provoke a kind of trouble
PROVOKING: dict[str, Callable[[Rng], dict[str, object]]] = {
    "diverging": lambda rng: {"hidden": _any(rng, (64, 32), (128, 64), (32,)), "gate": bool(rng.random() < 0.5),
                              **_fast_lr(rng, (1, 10), (2, 10))},
    "flat": lambda rng: {**varied(rng), "batch_norm": False, **_fast_lr(rng, (1e-6, 1e-5), (1e-6, 3e-5))},
    "dead": lambda rng: {"hidden": _any(rng, (64, 32), (128, 64), (48, 32, 16)), "gate": bool(rng.random() < 0.5),
                         **_fast_lr(rng, (0.08, 0.3), (0.4, 1))},
    "saturated": lambda rng: {"activation": "sigmoid", "hidden": _any(rng, (64, 32), (128, 64), (32,)),
                              "gate": bool(rng.random() < 0.5), "lr": _log(rng, 0.1, 1)},
    "overfitting": lambda rng: {"hidden": _any(rng, (64, 32), (128, 64), (256,)), "gate": bool(rng.random() < 0.5),
                                "share": _log(rng, 0.008, 0.04), "lr": _log(rng, 0.002, 0.01)},
    "missing_class": lambda rng: {"hidden": _any(rng, (1,), (64, 1), (1, 32), (2, 1), (32, 1, 16)),
                                  "gate": bool(rng.random() < 0.5), "lr": _log(rng, 0.002, 0.01)},
    "noisy_labels": lambda rng: {"hidden": _any(rng, (64, 32), (128, 64), (32,)), "lr": _log(rng, 0.002, 0.01),
                                 "label_noise": round(float(rng.uniform(0.15, 0.6)), 3)},
    "small_batch": lambda rng: {"batch_norm": True, "batch_size": _any(rng, 1, 2, 3, 4), "share": 0.1,
                                "hidden": _any(rng, (64, 32), (32,), (64, 32, 16)), "lr": _log(rng, 0.001, 0.01)},
}


def healthy(first: int, images: tuple[Images, Images], level: float) -> Iterator[Counter[str]]:
    """The hints given in each training with varied settings that reaches the level."""
    for seed in count(first):
        record, given = observe(LabSettings(seed=seed, **varied(np.random.default_rng(seed))), images)  # type: ignore
        if max((row["val_accuracy"] for row in record.rows), default=0.0) >= level:
            yield given


def provoked(kind: str, seed: int, images: tuple[Images, Images]) -> Counter[str]:
    """The hints given in a training with this trouble."""
    rng = np.random.default_rng([seed, list(RULES).index(kind)])
    return observe(LabSettings(seed=seed, **PROVOKING[kind](rng)), images)[1]  # type: ignore


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.lab_hints",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="the first seed (%(default)s)")
    parser.add_argument("--no-report", action="store_true", help="print the table only")
    args = parser.parse_args(argv)
    with refusing("lab_hints"):
        images = training_images()
    with in_one_thread(), np.errstate(all="ignore"):
        text = study(args.seed, images)
    print(text, end="")
    if not args.no_report:
        write_report("lab_hints", "The hints of the lab", "python -m analytics.studies.lab_hints", text)


def study(first: int, images: tuple[Images, Images]) -> str:
    """The report as Markdown."""
    rows = [observe(LabSettings(seed=first + i), images)[0].rows for i in range(3)]
    default = float(np.mean([max(row["val_accuracy"] for row in run) for run in rows]))
    runs = healthy(first, images, REACHES * default)
    false = [given for given, _ in zip(runs, range(HEALTHY), strict=False) if given]
    lines, named = ["| trouble provoked | trainings | named | other hints |", "|---|---:|---:|---|"], 0
    for kind in RULES:
        given = [provoked(kind, first + i, images) for i in range(PROVOKED)]
        right = sum(kind in kinds for kinds in given)
        others = Counter(other for kinds in given for other in kinds if other != kind)
        words = ", ".join(f"{other.replace('_', ' ')} in {n}" for other, n in sorted(others.items())) or "–"
        lines.append(f"| {kind.replace('_', ' ')} | {PROVOKED} | {right} | {words} |")
        named += right
    alarms = ", ".join(" and ".join(sorted(given)).replace("_", " ") for given in false) or "none"
    return "\n".join([
        f"Each training takes {STEPS:,} batches; hints are asked for every {TICK} batches and at the end of each "
        f"epoch. A hint counts if it is given once. Seeds from {first:,} on; the limits of the rules were chosen on "
        "seeds below 1,000.", "",
        f"Healthy trainings have varied settings and reach {percent(REACHES, 0)} of the validation accuracy of the "
        f"default, {percent(default)} (mean of 3 seeds).", "",
        "| | trainings | count | goal |", "|---|---:|---:|---:|",
        f"| healthy ones with a hint (false alarms: {alarms}) | {HEALTHY} | {len(false)} | at most {MOST_FALSE} |",
        f"| provoked ones whose trouble was named | {PROVOKED * len(RULES)} | {named} | at least {LEAST_NAMED} |", "",
        *lines, "", "A class is missing where a hidden layer has one unit; over-fitting is provoked with 0.8 to 4 % of "
        "the images, a small batch is one of 1 to 4 images.", ""])


if __name__ == "__main__":
    main()
