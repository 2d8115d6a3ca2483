"""What the readings of a set amount to: shares with their intervals, calibration, and how well doubt tells errors."""

from dataclasses import dataclass

import numpy as np

from core.formats import interval, measured, percent
from core.metrics import auroc, ece_if_calibrated, expected_calibration_error, wilson_interval
from core.uncertainty.readout import EMOTIONS
from deployment.reader.picture.load import InputError

RESAMPLES = 200
NONE = "–"


@dataclass(frozen=True)
class Readings:
    """Of N pictures, M of which could be read: labels and right (N,), the others (M,) and probs (M, 10)."""

    name: str
    labels: np.ndarray
    right: np.ndarray
    read: np.ndarray  # (N,) booleans
    probs: np.ndarray
    emotions: np.ndarray
    novelty: np.ndarray
    left_over: np.ndarray  # (M,) whether ink was left over beside the digit

    @classmethod
    def of(cls, pictures, answers, without=(), name=None):
        """From a Pictures and what predict_batch made of it, `without` those numbers."""
        kept = np.setdiff1d(np.arange(len(answers)), without)
        read = np.array([not isinstance(answers[i], InputError) for i in kept], bool)
        good, labels = [answers[i] for i, known in zip(kept, read, strict=True) if known], pictures.labels[kept]
        right = np.zeros(len(kept), bool)
        right[read] = np.array([answer.digit for answer in good], int) == labels[read]
        return cls(name or pictures.name, labels, right, read,
                   np.array([answer.probabilities for answer in good]).reshape(-1, 10),
                   np.array([answer.emotion for answer in good]), np.array([answer.novelty for answer in good]),
                   np.array([bool(answer.left_over) for answer in good], bool))

    @classmethod
    def pooled(cls, several, name):
        return cls(name, *(np.concatenate([getattr(one, part) for one in several])
                           for part in ("labels", "right", "read", "probs", "emotions", "novelty", "left_over")))

    @property
    def confidence(self):
        return self.probs.max(axis=1)


def auroc_interval(scores, positives, rng):
    """AUROC and its 95 % interval over resamples of the samples; None where one of the two kinds is missing."""
    if positives.all() or not positives.any():
        return None
    found = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, len(scores), len(scores))
        if 0 < positives[drawn].sum() < len(drawn):
            found.append(auroc(scores[drawn], positives[drawn]))
    return auroc(scores, positives), *np.quantile(found, [0.025, 0.975])


def in_words(found):
    return NONE if found is None else f"{found[0]:.3f} ({found[1]:.3f} to {found[2]:.3f})"


def digits_table(rows):
    """Markdown, a row for each Readings of labelled digits."""
    rng = np.random.default_rng(0)
    head = ["set", "n", "read correctly", "95 % interval", "called confident", "wrong among them", "calibration error",
            "a perfect reader's", "AUROC of confidence", *EMOTIONS[1:], "ink left over", "unreadable"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row in rows:
        n, hits, right = len(row.labels), int(row.right.sum()), row.right[row.read]
        confident = row.emotions == "confident"
        wrong = int((confident & ~right).sum())
        among = f"{wrong} of {confident.sum():,} ({measured(wrong / confident.sum(), 2)})" if confident.any() else NONE
        error = expected_calibration_error(row.probs, row.labels[row.read])
        band = np.quantile(ece_if_calibrated(row.probs, RESAMPLES, rng), [0.025, 0.975])
        emotions = [measured((row.emotions == emotion).sum() / n) for emotion in EMOTIONS[1:]]
        cells = [row.name, f"{n:,}", measured(hits / n, 2), interval(wilson_interval(hits, n)),
                 measured(confident.sum() / n), among, percent(error, 2), interval(band, 2),
                 in_words(auroc_interval(row.confidence, right, rng)), *emotions,
                 measured(row.left_over.sum() / n), f"{n - row.read.sum():,}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def strange_table(rows, digits, validation):
    """Markdown, a row for each Readings of what is no digit, beside the Readings of digits.

    validation: the novelty (N,) of validation digits; found is what is stranger than 99.5 % of these.
    """
    rng, usual = np.random.default_rng(0), np.quantile(validation, 0.995)
    head = ["no digits", "n", "called curious", "95 % interval", "found", "called confident",
            f"AUROC against {digits.name}", "unreadable"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row in rows:
        n, curious = len(row.labels), int((row.emotions == "curious").sum())
        both = np.concatenate([row.novelty, digits.novelty])
        found = auroc_interval(both, np.arange(len(both)) < len(row.novelty), rng)
        cells = [row.name, f"{n:,}", measured(curious / n), interval(wilson_interval(curious, n)),
                 measured((row.novelty > usual).sum() / n), measured((row.emotions == "confident").sum() / n),
                 in_words(found), f"{n - row.read.sum():,}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
