"""Does the doubt keep its word? Selective accuracy, conformal sets, the promises of the emotions, and novelty.

Pure functions from answers to rows of plain numbers; shares carry a 95 % Wilson interval and their count n.
"""

import numpy as np

from core import metrics
from core.formats import percent
from core.uncertainty.readout import EMOTIONS
from deployment.pages.audit.evidence import selective, share

GUARANTEE = ("Aimed at is the share of sets that leave the right digit out. The sets are cross-conformal over {K} "
             "folds of "
             "whole writers: no image was judged by numbers fitted to it or to its writer. The bounds under “proved” "
             "would hold if images were exchangeable one by one. It is writers that are: images of one hand resemble "
             "each "
             "other, and {W} writers alone can prove no level below {least}. So what counts is what was measured, on "
             "test images by other writers. Nothing is promised for single pictures or for pictures of another kind.")
BY_IMAGE = ("Aimed at is the share of sets that leave the right digit out. The sets are cross-conformal over {K} "
            "folds, "
            "drawn image by image, as nobody knows who wrote which. The bounds under “proved” hold if images are "
            "exchangeable one by one; where one hand wrote several, they are not.")
MOST_ERRORS, MOST_CURIOUS = 0.001, 0.005  # what the readout promises of confident answers, and of digits found curious


def conformal(sets: dict[float, np.ndarray], y: np.ndarray, bound) -> list[dict]:
    """How often the sets held the true digit: a row for each level of {alpha: booleans (N, 10)}, y (N,).

    bound: a function of the level, the share of misses that is proved for exchangeable images. size: mean number of
    digits, with the 95 % interval of the mean (normal); single: share of sets of one digit; kept: yes, "within chance"
    when the interval reaches what was promised, or no.
    """
    rows = []
    for level, members in sets.items():
        held, size = members[np.arange(len(y)), y], members.sum(1)
        covered = share(int(held.sum()), len(y))
        half = 1.96 * size.std() / np.sqrt(len(size))
        rows.append({"level": level, **covered, "size": float(size.mean()), "single": float((size == 1).mean()),
                     "size_interval_95": [float(size.mean() - half), float(size.mean() + half)],
                     "largest": int(size.max()), "bound": bound(level), "kept": verdict(covered, 1 - level)})
    return rows


def verdict(measured: dict, least: float) -> str:
    """Whether a share as from `share` is at least what was promised: "yes", "within chance", "no" or "no case"."""
    if not measured["n"]:
        return "no case"
    if measured["share"] >= least:
        return "yes"
    return "within chance" if measured["interval_95"][1] >= least else "no"


def promises(emotions: np.ndarray, probs: np.ndarray, y: np.ndarray, two_hold: float) -> list[dict]:
    """What each emotion promises of the images it is said of, and what happened: a row each, in order of EMOTIONS.

    emotions (N,) words, probs (N, 10), y (N,). Each row has of_all, the share of images; right, the share answered
    rightly; and kept, the share that met the promise.
    """
    order = np.argsort(probs, axis=1, kind="stable")
    right, in_two = order[:, -1] == y, (order[:, -2:] == y[:, None]).any(1)
    n, rows = len(y), []
    for emotion in EMOTIONS:
        felt = emotions == emotion
        count = int(felt.sum())
        row = {"emotion": emotion, "of_all": share(count, n), "right": share(int(right[felt].sum()), count),
               "errors": int((felt & ~right).sum())}
        if emotion == "confident":
            words, met, least = f"at least {100 - 100 * MOST_ERRORS:g} % right", row["right"], 1 - MOST_ERRORS
        elif emotion == "hesitant":
            words, met, least = (f"one of the two likeliest digits at least {100 * two_hold:g} % of the time",
                                 share(int(in_two[felt].sum()), count), two_hold)
        elif emotion == "confused":
            stated = float(probs[felt].max(1).mean()) if count else 0.0
            words, met, least = f"right as often as it states, {100 * stated:.0f} %", row["right"], stated
        else:
            words = f"said of at most {100 * MOST_CURIOUS:g} % of digits"
            met, least = share(n - count, n), 1 - MOST_CURIOUS
        rows.append(row | {"promise": words, "met": met, "kept": verdict(met, least)})
    return rows


def auroc_interval(area: float, positives: int, negatives: int) -> list[float]:
    """95 % interval of an area under the ROC curve, by its standard error (Hanley and McNeil, 1982)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    half = 1.96 * np.sqrt(max(0.0, variance) / (positives * negatives))
    return [max(0.0, area - half), min(1.0, area + half)]


def out_of_distribution(readout, digits_novelty: np.ndarray, kinds: dict[str, tuple]) -> list[dict]:
    """How novelty tells other pictures from digits: the digits' row, then one for each kind.

    kinds: name -> (probs (n, 10), novelty (n,)). auroc: how often such a picture is more novel than a digit.
    """
    def row(name, novelty, emotions):
        return {"kind": name, "curious": share(int((emotions == "curious").sum()), len(novelty)),
                "confident": share(int((emotions == "confident").sum()), len(novelty)),
                "novelty_quantiles": np.quantile(novelty, (0.05, 0.25, 0.5, 0.75, 0.95)).tolist()}

    rows = []
    for name, (probs, novelty) in kinds.items():
        rows.append(row(name, novelty, readout.emotions(probs, novelty)))
        if name != "test digits":
            scores = np.concatenate([novelty, digits_novelty])
            area = metrics.auroc(scores, np.arange(len(scores)) < len(novelty))
            rows[-1] |= {"auroc": area, "auroc_interval_95": auroc_interval(area, len(novelty), len(digits_novelty))}
    return rows


def without_looks(model, fitted, X: np.ndarray, y: np.ndarray, resamples: int, seed: int) -> dict:
    """Errors and calibration error of the Calibration `fitted`, that of the ONNX export, and what chance alone gives
    that error, 95 times in 100, were every stated probability true."""
    probs = fitted.probabilities(model.readout.unaugmented_evidence(model.network, X))
    chance = metrics.ece_if_calibrated(probs, resamples, np.random.default_rng(seed))
    return {"n": len(y), "errors": int((probs.argmax(1) != y).sum()), "log_loss": metrics.log_loss(probs, y),
            "ece": metrics.expected_calibration_error(probs, y),
            "ece_if_calibrated": np.quantile(chance, [0.025, 0.975]).tolist()}


def measure(model, X: np.ndarray, y: np.ndarray, others: dict, writers: int | None) -> tuple[dict, dict]:
    """(arrays, rows) of a core.models.model.Model on network input X (N, 784), y (N,).

    others: name -> input (n, 784) of pictures that are no digits; writers: how many wrote the calibration
    part, None where that is not known.
    """
    readout = model.readout
    probs, novelty, by_fold = readout.read(model.network, X)
    kinds = {"test digits": (probs, novelty)} | {k: readout.read(model.network, Z)[:2] for k, Z in others.items()}
    K = len(readout.folds)
    guarantee = BY_IMAGE.format(K=K) if writers is None else GUARANTEE.format(
        K=K, W=writers, least=percent(1 / (writers + 1)))
    rows = {"selective": selective(probs, y), "guarantee": guarantee,
            "conformal": conformal(readout.prediction_sets(by_fold), y, readout.conformal.miss_bound),
            "promises": promises(readout.emotions(probs, novelty), probs, y, readout.two_hold),
            "confident_from": readout.confident_from,
            "out_of_distribution": out_of_distribution(readout, novelty, kinds)}
    return {"novelty": novelty.astype(np.float32)}, rows
