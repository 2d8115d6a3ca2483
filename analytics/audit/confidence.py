"""Check the stated uncertainty: selective accuracy, conformal sets, the promises of the emotions, and novelty.

Pure functions from answers to rows of plain numbers; shares come with a 95 % Wilson interval and their count n.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from core import metrics
from core.formats import percent
from core.models.model import Model
from core.uncertainty.calibration import Calibration
from core.uncertainty.readout import EMOTIONS, Readout
from deployment.pages.audit.evidence import selective, share

GUARANTEE = ("The target is a share of sets without the right digit. The sets are cross-conformal over {K} folds of "
             "whole writers: no image is judged by parameters fitted to it or to its writer. The bounds under “proved” "
             "hold for exchangeable images. Images of one writer are alike, so only writers are exchangeable, and {W} "
             "writers can prove no level below {least}. The share measured on test images by other writers is the "
             "evidence. It does not apply to single pictures or to other kinds of pictures.")
BY_IMAGE = ("The target is a share of sets without the right digit. The sets are cross-conformal over {K} folds of "
            "single images, because the writers are unknown. The bounds under “proved” hold for exchangeable images; "
            "several images of one writer are not exchangeable.")
MOST_ERRORS = 0.001  # the readout's limit of errors among confident answers
MOST_CURIOUS = 0.005  # and of digits called curious


def conformal(sets: Mapping[float, NDArray[np.bool_]], y: NDArray[np.integer],
              bound: Callable[[float], float]) -> list[dict]:
    """The coverage of prediction sets {alpha: booleans (N, 10)} for labels y (N,), one row per alpha.

    bound: the proved share of misses for exchangeable images, a function of alpha. Row keys: size, the mean number of
    digits, with the normal 95 % interval of the mean; single, the share of sets of one digit; and the `verdict`.
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
    """Whether a measured `share` is at least `least`: "yes", "within chance" (its interval is), "no" or "no case"."""
    if not measured["n"]:
        return "no case"
    if measured["share"] >= least:
        return "yes"
    return "within chance" if measured["interval_95"][1] >= least else "no"


def promises(emotions: NDArray[np.str_], probs: NDArray[np.floating], y: NDArray[np.integer],
             two_hold: float) -> list[dict]:
    """The promise of each emotion and the measured result, one row each, in the order of EMOTIONS.

    emotions (N,), probs (N, 10), y (N,). two_hold: promised share of hesitant images with the true digit among the two
    likeliest. Row keys: of_all, the share of all images; right, the accuracy; met, the share that met the promise.
    """
    order = np.argsort(probs, axis=1, kind="stable")
    right, in_two = order[:, -1] == y, (order[:, -2:] == y[:, None]).any(1)
    n, rows = len(y), []
    for emotion in EMOTIONS:
        selected = emotions == emotion
        count = int(selected.sum())
        row = {"emotion": emotion, "of_all": share(count, n), "right": share(int(right[selected].sum()), count),
               "errors": int((selected & ~right).sum())}
        if emotion == "confident":
            words, met, least = f"at least {100 - 100 * MOST_ERRORS:g} % right", row["right"], 1 - MOST_ERRORS
        elif emotion == "hesitant":
            words, met, least = (f"one of the two likeliest digits at least {100 * two_hold:g} % of the time",
                                 share(int(in_two[selected].sum()), count), two_hold)
        elif emotion == "confused":
            stated = float(probs[selected].max(1).mean()) if count else 0.0
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


def out_of_distribution(readout: Readout, digits_novelty: np.ndarray, kinds: dict[str, tuple]) -> list[dict]:
    """How well novelty separates other pictures from digits: the row of the digits, then one per kind.

    kinds: name -> (probs (n, 10), novelty (n,)). auroc: the chance that such a picture is more novel than a digit.
    """
    def row(name: str, novelty: np.ndarray, emotions: np.ndarray) -> dict:
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


def export_calibration(model: Model, fitted: Calibration, X: np.ndarray, y: np.ndarray, resamples: int,
                       seed: int) -> dict:
    """Errors and calibration error of the ONNX export, whose Calibration is `fitted`.

    ece_if_calibrated: the 95 % range of the calibration error if every stated probability were true.
    """
    probs = fitted.probabilities(model.readout.unaugmented_evidence(model.network, X))
    chance = metrics.ece_if_calibrated(probs, resamples, np.random.default_rng(seed))
    return {"n": len(y), "errors": int((probs.argmax(1) != y).sum()), "log_loss": metrics.log_loss(probs, y),
            "ece": metrics.expected_calibration_error(probs, y),
            "ece_if_calibrated": np.quantile(chance, [0.025, 0.975]).tolist()}


def measure(model: Model, X: np.ndarray, y: np.ndarray, others: Mapping[str, np.ndarray],
            writers: int | None) -> tuple[dict[str, np.ndarray], dict]:
    """(arrays, rows) on network input X (N, 784), y (N,).

    others: name -> network input (n, 784) of non-digits; writers: how many wrote the calibration part, None if unknown.
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
