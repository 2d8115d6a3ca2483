"""What surgery does to the digit and to the validation images, as the component shows it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.explain.bench import Bench, Result
from core.explain.surgery import Surgery, UnitChange
from core.explain.units import LayerInfo
from core.formats import measured, percent
from core.metrics import precision_recall_f1
from deployment.pages.lab.inside import write
from deployment.pages.lab.inside.once import Progress
from deployment.pages.lab.inside.subject import Subject, validation_digits


def bench(subject: Subject) -> Callable[[Progress], Bench]:
    """What makes the bench of a network: its activations for the validation images."""
    def make(progress: Progress) -> Bench:
        images, labels = validation_digits()
        return Bench(subject.network, subject.input(images), labels, subject.gate_mean)

    return make


def for_browser(result: Result, untouched: Result, surgery: Surgery, label: int | None) -> dict[str, Any]:
    """A result beside that of the untouched network. label: of the digit, None if unknown."""
    assert result.before is not None and result.after is not None, "a digit was given"
    n = len(result.answers)
    before, after = result.before.probs, result.after.probs
    facts = [("accuracy", measured(untouched.accuracy), measured(result.accuracy)),
             ("errors", f"{untouched.errors:,}", f"{result.errors:,}"),
             ("answers that differ", "", f"{result.changed:,}"),
             ("mean confidence", measured(untouched.mean_confidence), measured(result.mean_confidence))]
    return {"sentence": _sentence(result, untouched, surgery, label), "n": n,
            "facts": facts,
            "digit": [_row(i, before[i], after[i], i == result.after.digit, percent) for i in range(len(after))],
            "classes": [_row(i, *shares, False, measured) for i, shares in enumerate(
                zip(_by_class(untouched), _by_class(result), strict=True))]}


def changed_units(surgery: Surgery, infos: list[LayerInfo]) -> dict[str, list[int]]:
    """The units that a surgery changes, by layer."""
    units: dict[str, set[int]] = {}
    for change in surgery.changes:
        if isinstance(change, UnitChange):
            units.setdefault(infos[change.layer].name, set()).update(change.units)
    return {name: sorted(of) for name, of in units.items()}


def places(infos: list[LayerInfo]) -> list[tuple[str, str]]:
    """The weight matrices by the layer that they lead to, for a list of choices."""
    return [(info.name, "the gate" if info.kind == "gated" else "the output" if info.kind == "logits" else
             write.title(info, infos).lower()) for info in infos]


def _sentence(result: Result, untouched: Result, surgery: Surgery, label: int | None) -> str:
    assert result.before is not None and result.after is not None
    before, after = result.before.digit, result.after.digit
    confidence = percent(result.after.probs[after])
    truth = "" if label is None else f" It is a {label}."
    if surgery == Surgery():
        return f"Nothing is changed: a {before}, {confidence}.{truth}"
    accuracy = f"Accuracy: {measured(result.accuracy)} (before: {measured(untouched.accuracy)})."
    if before == after:
        return f"Still a {after}, {confidence} (before: {percent(result.before.probs[before])}).{truth} {accuracy}"
    return f"The answer changes from {before} to {after}, {confidence}.{truth} {accuracy}"


def _by_class(result: Result) -> NDArray[np.floating]:
    """The share of each digit's images that are read correctly."""
    return precision_recall_f1(result.confusion)["recall"]


def _row(digit: int, before: float, after: float, best: bool, write_share: Callable[[float], str]) -> dict[str, Any]:
    before_text, after_text = write_share(before), write_share(after)
    return {"digit": digit, "before": round(float(before), 4), "after": round(float(after), 4), "best": best,
            "text": after_text if before_text == after_text else f"{before_text} → {after_text}"}
