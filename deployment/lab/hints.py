"""Rules that recognise eight kinds of trouble in the history of a training, say why, and name a remedy.

The limits were chosen on trainings with seeds below 1,000; analytics/reports/lab_hints.md measures them on others.
A rule reads only what was measured after the last change of a knob.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from core.digits.data import DIGITS
from core.formats import percent
from deployment.lab.record import Record
from deployment.lab.settings import LabSettings

CHANCE = math.log(DIGITS)  # loss of equal probabilities, in nats
WINDOW = 50  # batches whose mean loss is compared
GOOD_LR = {"adamw": 0.003, "sgd": 0.05}


@dataclass(frozen=True)
class Hint:
    """A trouble. evidence: the chart that shows it: "loss", "layers", "accuracy" or "confusion"; label: of the button
    that applies `remedy`, new values of settings; needs_reset: whether training must begin anew with them."""

    kind: str
    title: str
    why: str
    evidence: str
    label: str
    remedy: dict[str, Any] = field(default_factory=dict)
    needs_reset: bool = False


class Present:
    """What a Record holds since the last change of a knob other than the pause between batches."""

    def __init__(self, record: Record) -> None:
        self.record, self.settings = record, record.settings
        self.since = max([0, *(step for step, name, _ in record.changes if name != "pace")])
        self.n = max(0, record.batches - self.since)  # batches
        self.ticks = [tick for tick in record.ticks if tick["step"] > self.since]
        starts = [0, *(row["step"] for row in record.rows)]
        self.rows = [row for start, row in zip(starts, record.rows, strict=False) if start >= self.since]

    @cached_property
    def loss(self) -> float:
        """Mean loss of the last batches."""
        start = self.record.batches - min(self.n, WINDOW)
        return float(self.record.losses(start).astype(np.float64).mean())

    @cached_property
    def highest(self) -> float:
        """The highest mean loss of WINDOW consecutive batches among the last ones."""
        n = min(self.n, 40 * WINDOW) // WINDOW * WINDOW
        blocks = self.record.losses(self.record.batches - n).astype(np.float64).reshape(-1, WINDOW)
        return float(blocks.mean(axis=1).max())

    @cached_property
    def accuracy(self) -> float:
        """Mean accuracy of the last batches."""
        start = self.record.batches - min(self.n, 4 * WINDOW)
        return float(self.record.accuracies(start).astype(np.float64).mean())

    @cached_property
    def ratio(self) -> float:
        """Size of an update relative to the weights, of the layer that changes most; the median of the last ticks."""
        return float(np.median([max(layer["ratio"] for layer in tick["layers"]) for tick in self.ticks[-5:]]))

    def largest(self, measure: str) -> tuple[float, str]:
        """The largest share "dead" or "saturated" among hidden layers of at least 8 units, and the layer's name."""
        layers = [layer for tick in self.ticks[-1:] for layer in tick["layers"] if layer["name"].startswith("hidden")]
        wide = [layer for layer, width in zip(layers, self.settings.hidden, strict=False) if width >= 8]
        return max([(layer[measure], layer["name"]) for layer in wide if layer[measure] is not None],
                   default=(0.0, ""))

    @property
    def slower(self) -> float:
        """A tenth of the learning rate, at most a usual one."""
        return max(1e-6, min(self.settings.lr / 10, GOOD_LR[self.settings.optimizer]))


def diverging(now: Present) -> Hint | None:
    if any(step > now.since for step in now.record.faults):
        why = f"With the learning rate {now.settings.lr:.2g} the loss is no longer a finite number."
    elif now.n >= WINDOW and now.highest > CHANCE + 0.5 and now.accuracy < 0.5:
        why = (f"The mean loss of {WINDOW} batches rose to {now.highest:,.2f}; guessing gives {CHANCE:.2f}. Steps of "
               f"the length {now.settings.lr:.2g} jump over every minimum.")
    else:
        return None
    return Hint("diverging", "The training diverges", why, "loss", f"Start anew with learning rate {now.slower:.2g}",
                {"lr": now.slower}, needs_reset=True)


def flat(now: Present) -> Hint | None:
    if now.n < 150 or not now.ticks or now.ratio > 1.2e-4 or now.accuracy > 0.8:
        return None
    lr = GOOD_LR[now.settings.optimizer]
    first = now.record.losses(now.since, now.since + WINDOW).astype(np.float64)
    if lr <= now.settings.lr or not len(first):
        return None
    return Hint("flat", "The loss hardly falls",
                f"In {now.n:,} batches it went from {first.mean():.2f} to {now.loss:.2f}, because a step changes the "
                f"weights by {100 * now.ratio:.2g} % only. The learning rate {now.settings.lr:.2g} is far too small.",
                "loss", f"Set the learning rate to {lr:.2g}", {"lr": lr})


def dead(now: Present) -> Hint | None:
    share, name = now.largest("dead")
    if now.n < 100 or share < 0.6:
        return None
    return Hint("dead", "Most units are dead",
                f"{percent(share, 0)} of the units of {_layer(name)} are 0 on all 500 validation images: they have no "
                f"gradient and stay so. Long steps, at the learning rate {now.settings.lr:.2g}, pushed them there.",
                "layers", f"Start anew with learning rate {now.slower:.2g}", {"lr": now.slower}, needs_reset=True)


def saturated(now: Present) -> Hint | None:
    share, name = now.largest("saturated")
    if now.n < 100 or share < 0.9 or (now.accuracy > 0.93 and share < 0.97):
        return None
    return Hint("saturated", "Most units are saturated",
                f"{percent(share, 0)} of the activations of {_layer(name)} are below 0.02 or above 0.98, where the "
                "sigmoid is flat: hardly any gradient passes.",
                "layers", f"Start anew with learning rate {now.slower:.2g}", {"lr": now.slower}, needs_reset=True)


def overfitting(now: Present) -> Hint | None:
    if len(now.rows) < 3:
        return None
    last, least = now.rows[-1], min(row["val_loss"] for row in now.rows)
    gap = last["train_accuracy"] - last["val_accuracy"]
    if gap < 0.055 or last["val_loss"] < 1.1 * least:
        return None
    remedy = {"share": 1.0} if now.settings.share < 0.5 else {"augmentation": 0.5, "dropout": 0.2}
    label = "Use all training images" if now.settings.share < 0.5 else "Add augmentation and dropout"
    return Hint("overfitting", "It learns the images by heart",
                f"{percent(last['train_accuracy'])} of the training images are right, but "
                f"{percent(last['val_accuracy'])} of the validation images; their loss rose from {least:.2f} to "
                f"{last['val_loss']:.2f}.",
                "accuracy", label, remedy)


def missing_class(now: Present) -> Hint | None:
    message = now.record.epoch()
    if message is None or not now.rows or message["step"] < max(300, now.rows[-1]["step"]):
        return None
    missing = [digit for digit in range(DIGITS) if not message["confusion"][:, digit].sum()]
    if not missing:
        return None
    names, least = " and ".join(map(str, missing)), min(now.settings.hidden)
    why = f"No validation image is called a {names}."
    if least < 8:
        units = "1 unit" if least == 1 else f"{least} units"
        return Hint("missing_class", "A class is never predicted",
                    f"{why} A hidden layer of {units} cannot tell ten classes apart.", "confusion",
                    "Start anew with 64 and 32 units", {"hidden": LabSettings().hidden}, needs_reset=True)
    lr = GOOD_LR[now.settings.optimizer]
    return Hint("missing_class", "A class is never predicted", f"{why} The training has not reached it.", "confusion",
                f"Start anew with learning rate {lr:.2g}", {"lr": lr}, needs_reset=True)


def noisy_labels(now: Present) -> Hint | None:
    if not now.rows:
        return None
    last = now.rows[-1]
    if last["val_accuracy"] - last["train_accuracy"] < 0.05:
        return None
    return Hint("noisy_labels", "Many training labels are wrong",
                f"The network answers as the label says for {percent(last['train_accuracy'])} of the training images, "
                f"but for {percent(last['val_accuracy'])} of the validation images, which it never saw: it contradicts "
                "wrong labels.", "accuracy", "Remove the label noise", {"label_noise": 0.0})


def small_batch(now: Present) -> Hint | None:
    size = now.settings.batch_size
    if not now.settings.batch_norm or size > 8 or now.n < 8 * WINDOW or now.accuracy > 0.85:
        return None
    images = "one image, whose variance is 0" if size == 1 else f"{size} images"
    return Hint("small_batch", "The batch is too small for batch normalisation",
                f"Means and variances of {images} are mostly chance: {percent(now.accuracy)} of the images of the last "
                "batches were right.", "loss", "Set the batch size to 64", {"batch_size": 64})


RULES: dict[str, Callable[[Present], Hint | None]] = {rule.__name__: rule for rule in (
    diverging, dead, saturated, small_batch, flat, missing_class, noisy_labels, overfitting)}
FOLLOWS = {  # a trouble that is a consequence of one of these is not named beside it
    "flat": {"diverging", "dead", "saturated", "small_batch"},
    "missing_class": {"diverging", "dead", "saturated", "small_batch", "flat"},
    "overfitting": {"diverging", "dead"},
    "noisy_labels": {"diverging", "dead", "missing_class"},
}


def hints(record: Record) -> list[Hint]:
    """The troubles of a training at present, causes before consequences."""
    now, named = Present(record), {}
    for kind, rule in RULES.items():
        if not FOLLOWS.get(kind, set()) & named.keys() and (hint := rule(now)):
            named[kind] = hint
    return list(named.values())


def _layer(name: str) -> str:
    return f"hidden layer {name.removeprefix('hidden')}"
