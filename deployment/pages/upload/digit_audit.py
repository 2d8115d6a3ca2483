"""The audit of uploaded pictures whose names, such as 7_a.png, state the digit."""

from dataclasses import dataclass

import numpy as np

from core.metrics import confusion_matrix, ece_if_calibrated, expected_calibration_error, wilson_interval
from deployment.reader.labels import digit_label
from deployment.reader.picture.load import InputError


@dataclass(frozen=True)
class DigitAudit:
    """The results on labelled pictures. An unreadable one counts as misread and enters no other figure."""

    n: int  # labelled pictures
    hits: int
    interval: tuple[float, float]  # Wilson, 95 %, of hits / n
    unreadable: int
    confusion: np.ndarray  # (10, 10) counts of the readable; row = label, column = answer
    ece: float  # calibration error, over `bins` bins of equal size
    ece_by_chance: float  # its 95 % quantile under perfect calibration
    bins: int
    emotions: dict[str, tuple[int, int]]  # emotion -> (pictures, right answers)
    errors: list[int]  # indices of the misread pictures, the most confident first


def audit(names: list[str], results: list) -> DigitAudit | None:
    """The audit of results (Prediction or InputError) whose names state a digit; None if none is readable."""
    labels = [digit_label(name) for name in names]
    labelled = [i for i, label in enumerate(labels) if label is not None]
    read = [i for i in labelled if not isinstance(results[i], InputError)]
    if not read:
        return None
    y = np.array([labels[i] for i in read])
    probs = np.array([results[i].probabilities for i in read], dtype=np.float64)
    right = probs.argmax(axis=1) == y
    hits = int(right.sum())
    bins = int(np.clip(len(read) // 20, 1, 15))  # at least twenty per bin, or chance dominates
    by_chance = ece_if_calibrated(probs, 200, np.random.default_rng(0), bins)
    emotions = np.array([results[i].emotion for i in read])
    surest = sorted(np.flatnonzero(~right), key=lambda k: -probs[k].max())
    return DigitAudit(
        n=len(labelled), hits=hits, interval=wilson_interval(hits, len(labelled)), unreadable=len(labelled) - len(read),
        confusion=confusion_matrix(y, probs.argmax(axis=1)), ece=expected_calibration_error(probs, y, bins),
        ece_by_chance=float(np.quantile(by_chance, 0.95)), bins=bins,
        emotions={str(emotion): (int((emotions == emotion).sum()), int(right[emotions == emotion].sum()))
                  for emotion in np.unique(emotions)},
        errors=[read[k] for k in surest],
    )

