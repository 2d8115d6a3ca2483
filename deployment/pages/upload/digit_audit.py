"""Audit of uploaded pictures with the digit in their names, such as 7_a.png."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.metrics import confusion_matrix, ece_if_calibrated, expected_calibration_error, wilson_interval
from deployment.reader.labels import digit_label
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import Prediction


@dataclass(frozen=True)
class DigitAudit:
    """Figures over the labelled pictures. An unreadable one counts as misread, and in no other figure."""

    n: int  # labelled pictures
    hits: int
    interval: tuple[float, float]  # Wilson, 95 %, of hits / n
    unreadable: int
    confusion: NDArray[np.integer]  # (10, 10) counts of the readable; row = label, column = answer
    ece: float  # calibration error, over `bins` bins of equal size
    ece_by_chance: float  # 95 % quantile of the calibration error if all probabilities were correct
    bins: int
    emotions: dict[str, tuple[int, int]]  # emotion -> (pictures, of them right)
    errors: list[int]  # indices of the misread pictures, the most confident first


def audit(names: Sequence[str], results: Sequence[Prediction | InputError]) -> DigitAudit | None:
    """The audit of the pictures with a digit in their names; None if none of them was readable."""
    labels = {i: label for i, name in enumerate(names) if (label := digit_label(name)) is not None}
    predictions = {i: result for i in labels if not isinstance(result := results[i], InputError)}
    read = list(predictions)
    if not read:
        return None
    y = np.array([labels[i] for i in read])
    probs = np.array([predictions[i].probabilities for i in read], dtype=np.float64)
    right = probs.argmax(axis=1) == y
    hits = int(right.sum())
    bins = int(np.clip(len(read) // 20, 1, 15))  # at least twenty pictures a bin, to limit noise
    by_chance = ece_if_calibrated(probs, 200, np.random.default_rng(0), bins)
    emotions = np.array([predictions[i].emotion for i in read])
    surest = sorted(np.flatnonzero(~right), key=lambda k: -probs[k].max())
    return DigitAudit(
        n=len(labels), hits=hits, interval=wilson_interval(hits, len(labels)), unreadable=len(labels) - len(read),
        confusion=confusion_matrix(y, probs.argmax(axis=1)), ece=expected_calibration_error(probs, y, bins),
        ece_by_chance=float(np.quantile(by_chance, 0.95)), bins=bins,
        emotions={str(emotion): (int((emotions == emotion).sum()), int(right[emotions == emotion].sum()))
                  for emotion in np.unique(emotions)},
        errors=[read[k] for k in surest],
    )

