"""Accuracy, calibration and error detection of the answers for a set of pictures, as tables."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.realworld.sets import Pictures
from core.formats import interval, measured, percent
from core.metrics import auroc, ece_if_calibrated, expected_calibration_error, wilson_interval
from core.uncertainty.readout import EMOTIONS
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import Prediction

Answer = Prediction | InputError

RESAMPLES = 200  # of bootstrap intervals and of ece_if_calibrated
NONE = "–"  # an empty cell


@dataclass(frozen=True)
class Readings:
    """The answers for N pictures, of which M are readable."""

    name: str
    labels: NDArray[np.integer]  # (N,)
    right: NDArray[np.bool_]  # (N,)
    read: NDArray[np.bool_]  # (N,)
    probs: NDArray[np.floating]  # (M, 10)
    emotions: NDArray[np.str_]  # (M,)
    novelty: NDArray[np.floating]  # (M,)
    left_over: NDArray[np.bool_]  # (M,) whether ink is left over beside the digit

    @classmethod
    def of(cls, pictures: Pictures, answers: Sequence[Answer], without: Collection[int] = (),
           name: str | None = None) -> "Readings":
        """From the answers of predict_batch for a set, excluding the indices `without`."""
        indices = np.setdiff1d(np.arange(len(answers)), np.array(list(without), int))
        read = np.array([not isinstance(answers[i], InputError) for i in indices], bool)
        predictions = [answer for i in indices if not isinstance(answer := answers[i], InputError)]
        labels, right = pictures.labels[indices], np.zeros(len(indices), bool)
        right[read] = np.array([answer.digit for answer in predictions], int) == labels[read]
        return cls(name or pictures.name, labels, right, read,
                   np.array([answer.probabilities for answer in predictions]).reshape(-1, 10),
                   np.array([answer.emotion for answer in predictions]),
                   np.array([answer.novelty for answer in predictions]),
                   np.array([bool(answer.left_over) for answer in predictions], bool))

    @classmethod
    def pooled(cls, several: Sequence["Readings"], name: str) -> "Readings":
        """All sets as one."""
        return cls(name, *(np.concatenate([getattr(one, part) for one in several])
                           for part in ("labels", "right", "read", "probs", "emotions", "novelty", "left_over")))

    @property
    def confidence(self) -> NDArray[np.floating]:
        return self.probs.max(axis=1)


def auroc_interval(scores: NDArray[np.floating], positives: NDArray[np.bool_], rng: np.random.Generator
                   ) -> tuple[float, float, float] | None:
    """AUROC and its 95 % bootstrap interval (value, low, high); None without positives or without negatives."""
    if positives.all() or not positives.any():
        return None
    areas = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, len(scores), len(scores))
        if 0 < positives[drawn].sum() < len(drawn):
            areas.append(auroc(scores[drawn], positives[drawn]))
    low, high = np.quantile(areas, [0.025, 0.975])
    return auroc(scores, positives), low, high


def auroc_cell(area: tuple[float, float, float] | None) -> str:
    return NONE if area is None else f"{area[0]:.3f} ({area[1]:.3f} to {area[2]:.3f})"


def digits_table(rows: Iterable[Readings]) -> str:
    """Markdown, a row for each Readings of labelled digits."""
    rng = np.random.default_rng(0)
    head = ["set", "n", "read correctly", "95 % interval", "called confident", "wrong among them", "calibration error",
            "if calibrated", "AUROC of confidence", *EMOTIONS[1:], "ink left over", "unreadable"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row in rows:
        n, hits, right = len(row.labels), int(row.right.sum()), row.right[row.read]
        confident = row.emotions == "confident"
        wrong = int((confident & ~right).sum())
        among = f"{wrong} of {confident.sum():,} ({measured(wrong / confident.sum(), 2)})" if confident.any() else NONE
        error = expected_calibration_error(row.probs, row.labels[row.read])
        calibrated = np.quantile(ece_if_calibrated(row.probs, RESAMPLES, rng), [0.025, 0.975])
        emotions = [measured((row.emotions == emotion).sum() / n) for emotion in EMOTIONS[1:]]
        cells = [row.name, f"{n:,}", measured(hits / n, 2), interval(wilson_interval(hits, n)),
                 measured(confident.sum() / n), among, percent(error, 2), interval(calibrated, 2),
                 auroc_cell(auroc_interval(row.confidence, right, rng)), *emotions,
                 measured(row.left_over.sum() / n), f"{n - row.read.sum():,}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def non_digits_table(rows: Iterable[Readings], digits: Readings, validation: NDArray[np.floating]) -> str:
    """Markdown, a row for each Readings of non-digits, compared with the Readings of digits.

    validation: novelty (N,) of validation digits; detected means more novel than 99.5 % of these.
    """
    rng, threshold = np.random.default_rng(0), np.quantile(validation, 0.995)
    head = ["non-digits", "n", "called curious", "95 % interval", "detected", "called confident",
            f"AUROC against {digits.name}", "unreadable"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row in rows:
        n, curious = len(row.labels), int((row.emotions == "curious").sum())
        both = np.concatenate([row.novelty, digits.novelty])
        area = auroc_interval(both, np.arange(len(both)) < len(row.novelty), rng)
        cells = [row.name, f"{n:,}", measured(curious / n), interval(wilson_interval(curious, n)),
                 measured((row.novelty > threshold).sum() / n), measured((row.emotions == "confident").sum() / n),
                 auroc_cell(area), f"{n - row.read.sum():,}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
