"""Hints: each rule on a history made by hand, on real short trainings, and the remedies on the same trainings."""

import numpy as np
import pytest

from deployment.lab.hints import RULES, hints
from deployment.lab.loop import Loop
from deployment.lab.record import Record
from deployment.lab.settings import KNOBS, LabSettings
from deployment.lab.training import DivergedError


def history(settings=None, loss=0.3, accuracy=0.9, first=2.2, ratio=2e-3, dead=0.05, saturated=None, rows=3,
            train=0.95, val=0.94, val_losses=(0.4, 0.3, 0.3), missing=(), batches=1200):
    """A record of a training that is healthy but for what is given."""
    record = Record(settings or LabSettings())
    layers = [{"name": "hidden1", "ratio": ratio, "dead": dead, "saturated": saturated},
              {"name": "hidden2", "ratio": ratio, "dead": 0.0 if saturated is None else None, "saturated": saturated},
              {"name": "output", "ratio": ratio, "dead": None, "saturated": None}]
    confusion = np.full((10, 10), 20, np.int32)
    confusion[:, list(missing)] = 0
    for i in range(rows + 1):
        record.add({"kind": "epoch", "step": batches * i // max(rows, 1), "epoch": i, "loss": loss, "gate": True,
                    "train_accuracy": train, "val_accuracy": val, "confusion": confusion,
                    "val_loss": val_losses[min(i, len(val_losses)) - 1], "resume": np.zeros(3)})
    for i in range(6):
        n = batches // 6
        record.add({"kind": "tick", "step": n * (i + 1), "epoch": 0.5, "layers": layers, "gate": None,
                    "losses": np.linspace(first, loss, 6)[[i] * n].astype(np.float16),
                    "accuracies": np.full(n, accuracy, np.float16)})
    return record


TROUBLES = {
    "diverging": {"loss": 55.0, "accuracy": 0.1, "settings": LabSettings(lr=1.0)},
    "dead": {"dead": 0.8, "loss": 2.3, "accuracy": 0.1, "settings": LabSettings(lr=0.1)},
    "saturated": {"saturated": 0.98, "dead": None, "settings": LabSettings(activation="sigmoid", lr=0.2)},
    "small_batch": {"accuracy": 0.3, "settings": LabSettings(batch_norm=True, batch_size=2)},
    "flat": {"ratio": 1e-5, "loss": 2.2, "accuracy": 0.2, "settings": LabSettings(lr=1e-6)},
    "missing_class": {"missing": (3, 7), "settings": LabSettings(hidden=(2,))},
    "noisy_labels": {"train": 0.7, "val": 0.93, "settings": LabSettings(label_noise=0.3)},
    "overfitting": {"train": 1.0, "val": 0.88, "val_losses": (0.5, 0.45, 0.6), "settings": LabSettings(share=0.02)},
}


def test_there_is_a_trouble_for_each_rule():
    assert TROUBLES.keys() == RULES.keys() and hints(history()) == [] and hints(Record(LabSettings())) == []


@pytest.mark.parametrize("kind", TROUBLES)
def test_a_trouble_is_named_with_its_values_and_a_remedy(kind):
    settings = TROUBLES[kind]["settings"]
    [hint] = hints(history(**TROUBLES[kind]))
    assert hint.kind == kind and any(letter.isdigit() for letter in hint.why) and hint.why.endswith(".")
    assert hint.evidence in ("loss", "layers", "accuracy", "confusion") and hint.label and hint.title
    assert settings.replace(**hint.remedy) != settings
    assert hint.needs_reset or hint.remedy.keys() <= KNOBS.keys()


@pytest.mark.parametrize("kind", TROUBLES)
def test_a_moved_knob_begins_a_new_judgement(kind):
    record = history(**TROUBLES[kind])
    record.change("pace", 0.1)
    assert len(hints(record)) == 1
    record.change("dropout", 0.1)
    assert hints(record) == []


def test_a_loss_that_is_not_finite_is_named_until_a_knob_is_moved():
    record = history()
    record.faults.append(record.step)
    assert [hint.kind for hint in hints(record)] == ["diverging"]
    record.change("lr", 0.001)
    assert hints(record) == []


def test_a_cause_is_named_without_its_consequences():
    flat = hints(history(**TROUBLES["flat"] | {"missing": (1,)}))
    assert [hint.kind for hint in flat] == ["flat"]
    both = hints(history(**TROUBLES["dead"] | {"missing": (1,), "train": 0.6, "val": 0.7}))
    assert [hint.kind for hint in both] == ["dead"]


def test_a_loss_weighted_by_focal_gamma_is_no_divergence():
    assert hints(history(loss=3.5, accuracy=0.9, settings=LabSettings(focal_gamma=5.0))) == []


def test_a_divergence_that_ended_in_guessing_is_still_named():
    record = history(first=40.0, loss=2.3, accuracy=0.1, settings=LabSettings(lr=1.0))
    assert [hint.kind for hint in hints(record)] == ["diverging"]


def train(record, loop, steps):
    for step in range(1, steps + 1):
        try:
            if loop.train_batch():
                record.add(loop.epoch())
        except DivergedError:
            record.faults.append(record.step)
            break
        if step % 100 == 0:
            record.add(loop.tick())
    record.add(loop.tick())


REAL = {  # settings, batches to the hint, batches with the remedy, accuracy afterwards
    "flat": ({"lr": 1e-6, "share": 0.1}, 400, 400, 0.85),
    "diverging": ({"lr": 5.0, "share": 0.1}, 100, 400, 0.85),
    "dead": ({"lr": 0.2, "share": 0.1}, 400, 400, 0.85),
    "saturated": ({"activation": "sigmoid", "lr": 0.4, "share": 0.1}, 400, 600, 0.85),
    "overfitting": ({"share": 0.01}, 900, 1500, 0.93),
    "missing_class": ({"hidden": (1,), "share": 0.1}, 400, 400, 0.85),
    "noisy_labels": ({"label_noise": 0.4, "share": 0.2}, 600, 600, 0.88),
    "small_batch": ({"batch_norm": True, "batch_size": 1, "share": 0.1}, 500, 500, 0.85),
}
QUICK = ("flat", "diverging")


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=[] if kind in QUICK else pytest.mark.ci) for kind in REAL])
def test_the_remedy_mends_a_real_training(kind, images):
    changes, before, after, accuracy = REAL[kind]
    settings = LabSettings(**changes)
    record, loop = Record(settings), Loop(settings, *images)
    with np.errstate(all="ignore"):
        train(record, loop, before)
        hint = next(hint for hint in hints(record) if hint.kind == kind)
        if hint.needs_reset:
            settings = settings.replace(**hint.remedy)
            record, loop = Record(settings), Loop(settings, *images)
        else:
            for knob, value in hint.remedy.items():
                loop.task.set(knob, value)
                record.change(knob, value)
        worse = loop.epoch()["val_accuracy"]
        train(record, loop, after)
        mended = loop.epoch()["val_accuracy"]
    assert mended > accuracy and mended > worse
    assert kind not in [hint.kind for hint in hints(record)]
