"""Many pictures of a person's own: a table of them, and an audit where names like 7_a.png tell the digit."""

import re
from dataclasses import dataclass

import numpy as np

from core.metrics import confusion_matrix, ece_if_calibrated, expected_calibration_error, wilson_interval
from deployment.prediction import boxes_text
from deployment.preprocess import InputError
from deployment.ui.csv_text import csv_text
from deployment.ui.words import cell

COLUMNS = ("file", "answer", "confidence", "feeling", "runner_up", "novelty", "could_be", "left_over", "true", "error")


def label_of(name: str) -> int | None:
    """The digit that a file name tells: 7 for "7_anything.png", else None."""
    told = re.match(r"([0-9])_", name)
    return int(told[1]) if told else None


@dataclass(frozen=True)
class OwnAudit:
    """How well the labelled pictures were read. An unreadable one counts as misread, and in no other figure."""

    n: int  # labelled pictures
    hits: int
    interval: tuple[float, float]  # Wilson, 95 %, of hits / n
    unreadable: int
    confusion: np.ndarray  # (10, 10) counts of the readable; row = label, column = answer
    ece: float  # calibration error, over `bins` bins of equal size
    ece_by_chance: float  # what it would stay below 95 times in 100 if every stated probability were true
    bins: int
    feelings: dict[str, tuple[int, int]]  # feeling -> (pictures, of them read rightly)
    errors: list[int]  # places in the list of pictures of those misread, the surest first


def audit(names: list[str], results: list) -> OwnAudit | None:
    """Audit of results (Prediction or InputError) whose names tell a digit; None where none was readable.

    Pictures whose names tell no digit are passed over.
    """
    labels = [label_of(name) for name in names]
    labelled = [i for i, label in enumerate(labels) if label is not None]
    read = [i for i in labelled if not isinstance(results[i], InputError)]
    if not read:
        return None
    y = np.array([labels[i] for i in read])
    probs = np.array([results[i].probabilities for i in read], dtype=np.float64)
    right = probs.argmax(axis=1) == y
    hits = int(right.sum())
    bins = int(np.clip(len(read) // 20, 1, 15))  # fewer than twenty in a bin would measure little but chance
    by_chance = ece_if_calibrated(probs, 200, np.random.default_rng(0), bins)
    felt = np.array([results[i].emotion for i in read])
    surest = sorted(np.flatnonzero(~right), key=lambda k: -probs[k].max())
    return OwnAudit(
        n=len(labelled), hits=hits, interval=wilson_interval(hits, len(labelled)), unreadable=len(labelled) - len(read),
        confusion=confusion_matrix(y, probs.argmax(axis=1)), ece=expected_calibration_error(probs, y, bins),
        ece_by_chance=float(np.quantile(by_chance, 0.95)), bins=bins,
        feelings={str(word): (int((felt == word).sum()), int(right[felt == word].sum())) for word in np.unique(felt)},
        errors=[read[k] for k in surest],
    )


def to_csv(names: list[str], results: list) -> str:
    """One line a picture; `true` is the digit its name tells; `could_be` holds the answer and its rivals, digits of a
    calibrated probability of 5 % and more, `left_over` the boxes of other ink (top left bottom right, in pixels of the
    picture, divided by "; "); one that could not be read has its reason at the end."""
    def line(name, result):
        told = {"file": cell(name), "true": label_of(name)}
        if isinstance(result, InputError):
            return told | {"error": cell(str(result))}
        return told | {"answer": result.digit, "confidence": round(result.confidence, 6), "feeling": result.emotion,
                       "runner_up": result.runner_up, "novelty": round(result.novelty, 6),
                       "could_be": " ".join(map(str, [result.digit, *result.rivals])),
                       "left_over": boxes_text(result.left_over)}

    return csv_text(COLUMNS, map(line, names, results))
