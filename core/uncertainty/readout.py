"""From activations to emotion: calibrated confidence, novelty, prediction sets, and the four emotions.

All parameters are fitted on the calibration part, images of writers that the network was not trained on, and stored
with the weights. An emotion is defined by thresholds, checked in this order:

    curious    novelty above the threshold that 99.5 % of calibration digits stay below
    confident  confidence of at least 0.95, and at least the threshold with an expected error rate of 0.001
    hesitant   lower confidence, but the two likeliest digits have a probability of at least 0.9 together
    confused   anything else: no clear digit
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.nn.network import Activations, Network
from core.uncertainty.calibration import Calibration, Evidence, confidence_threshold, fit_calibration
from core.uncertainty.conformal import ALPHA, CrossConformal, balanced_folds
from core.uncertainty.novelty import Subspace, fit_subspace
from core.uncertainty.test_time_augmentation import TestTimeAugmentation, augment_each

EMOTIONS = ("confident", "hesitant", "confused", "curious")
TWO_HOLD = 0.9  # least probability of the two likeliest digits together for "hesitant"
SURE_FROM = 0.95  # least confidence for "confident"; below it, alternatives are named
BATCH = 1000  # images whose activations are in memory at once
SUBSPACES = ("first", "last")
LOG = logging.getLogger(__name__)

Labelled = tuple[NDArray[np.floating], NDArray[np.integer], NDArray]  # X (N, n_in), y (N,), groups (N,)


@dataclass(frozen=True)
class Readout:
    """The parameters fitted after training. first, last: subspaces of the first and of the last, gated hidden layer.

    confident_from: least confidence of "confident"; curious_from: the novelty score where novelty is 1; two_hold: see
    TWO_HOLD. augmentation: test-time augmentation of doubtful images, or None. folds, fold_augmentations: a Calibration
    and an augmentation for each fold of the calibration part, fitted on the other folds, for the prediction sets;
    alpha: levels of these sets.
    """

    calibration: Calibration
    confident_from: float
    curious_from: float
    folds: tuple[Calibration, ...]
    conformal: CrossConformal
    first: Subspace
    last: Subspace
    two_hold: float = TWO_HOLD
    alpha: tuple[float, ...] = ALPHA
    augmentation: TestTimeAugmentation | None = None
    fold_augmentations: tuple[TestTimeAugmentation, ...] = ()

    @property
    def temperature(self) -> float:
        return self.calibration.temperature

    def evidence(self, reading: Activations) -> Evidence:
        """The Evidence of Activations, without test-time augmentation."""
        return evidence_of(reading, self.first, self.last)

    def unaugmented_evidence(self, network: Network, X: NDArray[np.floating]) -> Evidence:
        """The Evidence of network inputs X (N, n_in), without test-time augmentation."""
        return batched_evidence(network, X, self.first, self.last)

    def augment_doubtful(self, network: Network, X: NDArray[np.floating],
                         evidence: Evidence) -> tuple[Evidence, list[Evidence]]:
        """The Evidence of network inputs X (N, n_in) with test-time augmentation, and a list of it for each fold.

        evidence: that of X without augmentation.
        """
        if not self.augmentation:
            return evidence, [evidence] * len(self.folds)
        whole, *by_fold = augment_each((self.augmentation, *self.fold_augmentations), network, X, evidence)
        return whole, by_fold

    def probabilities(self, reading: Activations) -> NDArray[np.floating]:
        """Calibrated probabilities (N, 10) of Activations, without test-time augmentation."""
        return self.calibration.probabilities(self.evidence(reading))

    def novelty(self, evidence: Evidence) -> NDArray[np.floating]:
        """Distance (N,) from the training digits, above 1 where the emotion is curious (Calibration.novelty_score).

        The first layer responds to unusual strokes, the last to unusual shapes.
        """
        return np.exp(self.calibration.novelty_score(evidence) - self.curious_from)

    def emotions(self, probs: NDArray[np.floating], novelty: NDArray[np.floating]) -> NDArray[np.str_]:
        """One of EMOTIONS for each row of probs (N, 10) and novelty (N,)."""
        top = np.sort(probs, axis=1)[:, ::-1]
        return np.where(novelty > 1, "curious",
                        np.where(top[:, 0] >= self.confident_from, "confident",
                                 np.where(top[:, 0] + top[:, 1] >= self.two_hold, "hesitant", "confused")))

    def prediction_sets(self, by_fold: list[Evidence]) -> dict[float, NDArray[np.bool_]]:
        """{alpha: sets (N, 10)} from the Evidence of each fold (core/uncertainty/conformal.py)."""
        probs = np.stack([fold.probabilities(evidence) for fold, evidence in zip(self.folds, by_fold, strict=True)])
        return {alpha: self.conformal.sets(probs, alpha) for alpha in self.alpha}

    def read(self, network: Network,
             X: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating], list[Evidence]]:
        """(probabilities (N, 10), novelty (N,), Evidence by fold) of network inputs X (N, n_in)."""
        evidence, by_fold = self.augment_doubtful(network, X, self.unaugmented_evidence(network, X))
        return self.calibration.probabilities(evidence), self.novelty(evidence), by_fold

    def arrays(self) -> dict[str, NDArray]:
        subspaces = {f"novelty_{end}_{part}": getattr(getattr(self, end), part)
                     for end in SUBSPACES for part in ("mean", "basis")}
        return subspaces | {"conformal_scores": self.conformal.scores, "conformal_folds": self.conformal.folds}

    def settings(self) -> dict[str, Any]:
        folds = [fold.to_dict() for fold in self.folds]
        for fold, augmentation in zip(folds, self.fold_augmentations, strict=False):
            fold["looks"] = augmentation.to_dict()
        return {**self.calibration.to_dict(), "confident_from": self.confident_from, "curious_from": self.curious_from,
                "two_hold": self.two_hold, "alpha": list(self.alpha), "folds": folds,
                **({"looks": self.augmentation.to_dict()} if self.augmentation else {})}

    @classmethod
    def from_saved(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray],
                   widths: tuple[int, int]) -> "Readout":
        """The inverse of `settings` and `arrays`; widths: units of the first and the last hidden layer.

        Raises KeyError, TypeError or ValueError for invalid values.
        """
        subspaces = []
        for end, width in zip(SUBSPACES, widths, strict=True):
            mean, basis = arrays[f"novelty_{end}_mean"], arrays[f"novelty_{end}_basis"]
            if mean.shape != (width,) or basis.shape[:1] != (width,) or basis.ndim != 2:
                raise ValueError(f"novelty_{end} is not of a layer of {width} units")
            subspaces.append(Subspace(mean, basis))
        first, last = subspaces
        folds = tuple(map(Calibration.from_dict, settings["folds"]))
        conformal = CrossConformal(arrays["conformal_scores"], arrays["conformal_folds"])
        if conformal.scores.ndim != 1 or conformal.folds.shape != conformal.scores.shape or not 0 < len(folds) <= 100:
            raise ValueError("its conformal scores and folds do not match")
        if not np.isin(conformal.folds, np.arange(len(folds))).all():
            raise ValueError(f"its conformal folds are not those of {len(folds)} calibrations")
        whole, by_fold = None, ()
        if "looks" in settings:
            whole = TestTimeAugmentation.from_dict(settings["looks"])
            by_fold = tuple(TestTimeAugmentation.from_dict(fold["looks"]) for fold in settings["folds"])
            if any(replace(fold, below=whole.below, temperature=whole.temperature) != whole for fold in by_fold):
                raise ValueError("the test-time augmentation of its folds has other deformations")
        return cls(Calibration.from_dict(settings), share(settings, "confident_from"), number(settings, "curious_from"),
                   folds, conformal, first, last, share(settings, "two_hold"),
                   tuple(share(settings["alpha"], i) for i in range(len(settings["alpha"]))), whole, by_fold)


def number(settings: Any, name: str | int) -> float:
    """A finite number of a dict or list. Raises ValueError for any other."""
    value = float(settings[name])
    if not np.isfinite(value):
        raise ValueError(f"{name} is {value}")
    return value


def share(settings: Any, name: str | int) -> float:
    """A number from 0 to 1 of a dict or list. Raises ValueError for any other."""
    value = number(settings, name)
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}, not between 0 and 1")
    return value


def evidence_of(reading: Activations, first: Subspace, last: Subspace) -> Evidence:
    """The Evidence of Activations, given the subspaces of the first and the last hidden layer."""
    gated = reading.hidden[-1]
    errors = [first.reconstruction_error(reading.hidden[0]), last.reconstruction_error(gated)]
    norm = np.sqrt(np.einsum("ij,ij->i", gated, gated)) + 1e-6
    return Evidence(reading.logits, np.log(np.column_stack(errors)), np.log(norm))


def batched_evidence(network: Network, X: NDArray[np.floating], first: Subspace, last: Subspace) -> Evidence:
    """The Evidence of network inputs X (N, n_in), in batches, to limit memory."""
    return Evidence.join([evidence_of(network.read(X[i : i + BATCH]), first, last) for i in range(0, len(X), BATCH)])


def fit_readout(network: Network, X_train: NDArray[np.floating], calibration: Labelled, hard: Labelled,
                augmentation: TestTimeAugmentation | None = None) -> Readout:
    """Fit a Readout: the subspaces on training activations, everything else on the calibration part.

    calibration: (X (N, n_in), y (N,), groups (N,)), groups: the writer of each image, or one group per image if writers
    are unknown; hard: the same three arrays for augmented and corrupted copies; augmentation: test-time
    augmentation, fitted here.
    """
    first, last = (fit_subspace(network.read(X_train[i : i + BATCH]).hidden[end]
                                for i in range(0, len(X_train), BATCH)) for end in (0, -1))
    return fit_on_subspaces(network, first, last, calibration, hard, augmentation)


def fit_on_subspaces(network: Network, first: Subspace, last: Subspace, calibration: Labelled, hard: Labelled,
                     augmentation: TestTimeAugmentation | None = None) -> Readout:
    """`fit_readout` with given subspaces. Calibration and augmentation are fitted on the whole calibration part, then
    once per fold with that fold left out, for the prediction sets."""
    (X, y, groups), (X_hard, y_hard, groups_hard) = calibration, hard
    folds = balanced_folds(groups)
    fold_of = dict(zip(groups.tolist(), folds, strict=True))
    folds_hard = np.array([fold_of[group] for group in groups_hard.tolist()])
    # indices of the samples of each fit: all, then all but those of each fold
    rows, rows_hard = ([np.arange(len(part)), *(np.flatnonzero(part != fold) for fold in range(folds.max() + 1))]
                       for part in (folds, folds_hard))

    evidence, evidence_hard = ([batched_evidence(network, images, first, last)] * len(rows) for images in (X, X_hard))
    augmentations = [augmentation.fitted(evidence[0].logits[rest], y[rest]) for rest in rows] if augmentation else []
    if augmentations:
        evidence = augment_each(augmentations, network, X, evidence[0])
        evidence_hard = augment_each(augmentations, network, X_hard, evidence_hard[0])
    whole, *others = [
        fit_calibration(clean.part(rest), y[rest], corrupted.part(rest_hard), y_hard[rest_hard])
        for clean, corrupted, rest, rest_hard in zip(evidence, evidence_hard, rows, rows_hard, strict=True)]
    if whole.curve_form == "line":
        LOG.warning("The curve from score to log odds is a line, because the best parabola would fall somewhere.")

    probs = np.empty((len(y), 10))
    for fold, (clean, other) in enumerate(zip(evidence[1:], others, strict=True)):
        probs[folds == fold] = other.probabilities(clean.part(folds == fold))
    conformal = CrossConformal.fit(probs, y, folds)
    curious_from = float(np.quantile(whole.novelty_score(evidence[0]), 0.995))
    confident_from = max(SURE_FROM, confidence_threshold(whole.probabilities(evidence[0]).max(axis=1)))
    return Readout(whole, confident_from, curious_from, tuple(others), conformal, first, last, alpha=conformal.levels(),
                   augmentation=augmentations[0] if augmentations else None,
                   fold_augmentations=tuple(augmentations[1:]))
