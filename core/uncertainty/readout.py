"""From activations to emotion: calibrated confidence, novelty, the digits it can be, and the four words for them.

Everything here is fitted on the calibration part, images of writers that the network was not trained on, and stored
beside the weights. An emotion is a readout with a definition, checked in this order:

    curious    novelty above the threshold that 99.5 % of calibration digits stay below
    confident  confidence of at least 95 %, and at or above the threshold from which on 99.9 % are promised to be right
    hesitant   less sure than that, though the two likeliest digits hold at least 90 % between them
    confused   anything else: no clear digit
"""

import logging
from dataclasses import dataclass, replace

import numpy as np

from core.uncertainty.calibration import Calibration, Evidence, confidence_threshold, fit_calibration
from core.uncertainty.conformal import ALPHA, CrossConformal, balanced_folds
from core.uncertainty.novelty import Subspace, fit_subspace
from core.uncertainty.test_time_augmentation import Looks, add_each

EMOTIONS = ("confident", "hesitant", "confused", "curious")
TWO_HOLD = 0.9
SURE_FROM = 0.95  # an answer less sure than this is never called confident, and its rivals are named
BATCH = 1000
ENDS = ("first", "last")
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Readout:
    """What is fitted after training. first, last: subspaces of the first hidden layer and of the last, gated one.

    looks: test-time augmentation of doubtful images (test_time_augmentation.py), or None.
    folds, fold_looks: a Calibration and Looks for each fold of the calibration part, fitted on the others, for the
    conformal sets alone; alpha: the levels of these sets.
    """

    calibration: Calibration
    confident_from: float
    curious_from: float
    folds: tuple
    conformal: CrossConformal
    first: Subspace
    last: Subspace
    two_hold: float = TWO_HOLD
    alpha: tuple = ALPHA
    looks: Looks | None = None
    fold_looks: tuple = ()

    @property
    def temperature(self):
        return self.calibration.temperature

    def evidence(self, reading):
        """The Evidence of a core.nn.network.Reading, at the first look."""
        return see(reading, self.first, self.last)

    def look(self, network, X):
        """The Evidence of any number of network inputs X (N, n_in), at the first look."""
        return look(network, X, self.first, self.last)

    def look_again(self, network, X, evidence):
        """What `evidence` of network inputs X (N, n_in) becomes when the doubtful ones are looked at again: the
        Evidence, and a list of it as each fold has it."""
        if not self.looks:
            return evidence, [evidence] * len(self.folds)
        whole, *by_fold = add_each((self.looks, *self.fold_looks), network, X, evidence)
        return whole, by_fold

    def probabilities(self, reading):
        """Calibrated probabilities (N, 10) of a Reading, in the order of its logits, at the first look."""
        return self.calibration.probabilities(self.evidence(reading))

    def novelty(self, evidence):
        """Unlikeness to the digits of training (N,), above 1 where curious.

        The first layer notices strange strokes, the last strange shapes, and the energy of the logits that nothing
        speaks for any digit (Calibration.novelty_score).
        """
        return np.exp(self.calibration.novelty_score(evidence) - self.curious_from)

    def emotions(self, probs, novelty):
        """One of EMOTIONS for each row of probs (N, 10) and novelty (N,)."""
        top = np.sort(probs, axis=1)[:, ::-1]
        return np.where(novelty > 1, "curious",
                        np.where(top[:, 0] >= self.confident_from, "confident",
                                 np.where(top[:, 0] + top[:, 1] >= self.two_hold, "hesitant", "confused")))

    def prediction_sets(self, by_fold):
        """{alpha: booleans (N, 10)}: the digits that each sample can be (core/uncertainty/conformal.py), from its
        Evidence as each fold has it."""
        probs = np.stack([fold.probabilities(seen) for fold, seen in zip(self.folds, by_fold, strict=True)])
        return {alpha: self.conformal.sets(probs, alpha) for alpha in self.alpha}

    def read(self, network, X):
        """(probabilities (N, 10), novelty (N,), Evidence by fold) of any number of network inputs X (N, n_in)."""
        evidence, by_fold = self.look_again(network, X, self.look(network, X))
        return self.calibration.probabilities(evidence), self.novelty(evidence), by_fold

    def arrays(self):
        subspaces = {f"novelty_{end}_{part}": getattr(getattr(self, end), part)
                     for end in ENDS for part in ("mean", "basis")}
        return subspaces | {"conformal_scores": self.conformal.scores, "conformal_folds": self.conformal.folds}

    def settings(self):
        folds = [fold.to_dict() for fold in self.folds]
        for fold, looks in zip(folds, self.fold_looks, strict=False):
            fold["looks"] = looks.to_dict()
        return {**self.calibration.to_dict(), "confident_from": self.confident_from, "curious_from": self.curious_from,
                "two_hold": self.two_hold, "alpha": list(self.alpha), "folds": folds,
                **({"looks": self.looks.to_dict()} if self.looks else {})}

    @classmethod
    def from_saved(cls, settings, arrays, widths):
        """From what `settings` and `arrays` gave, for a network whose first and last hidden layer have these widths.

        Raises KeyError, TypeError or ValueError for anything else.
        """
        subspaces = []
        for end, width in zip(ENDS, widths, strict=True):
            mean, basis = arrays[f"novelty_{end}_mean"], arrays[f"novelty_{end}_basis"]
            if mean.shape != (width,) or basis.shape[:1] != (width,) or basis.ndim != 2:
                raise ValueError(f"novelty_{end} is not of a layer of {width} units")
            subspaces.append(Subspace(mean, basis))
        folds = tuple(map(Calibration.from_dict, settings["folds"]))
        conformal = CrossConformal(arrays["conformal_scores"], arrays["conformal_folds"])
        if conformal.scores.ndim != 1 or conformal.folds.shape != conformal.scores.shape or not 0 < len(folds) <= 100:
            raise ValueError("its conformal scores and folds do not fit each other")
        if not np.isin(conformal.folds, np.arange(len(folds))).all():
            raise ValueError(f"its conformal folds are not those of {len(folds)} calibrations")
        looks = Looks.from_dict(settings["looks"]) if "looks" in settings else None
        fold_looks = tuple(Looks.from_dict(fold["looks"]) for fold in settings["folds"]) if looks else ()
        if any(replace(own, below=looks.below, temperature=looks.temperature) != looks for own in fold_looks):
            raise ValueError("its folds deform in other ways than the whole")
        return cls(Calibration.from_dict(settings), share(settings, "confident_from"), number(settings, "curious_from"),
                   folds, conformal, *subspaces, share(settings, "two_hold"),
                   tuple(share(settings["alpha"], i) for i in range(len(settings["alpha"]))), looks, fold_looks)


def number(settings, name):
    """A saved finite number. Raises ValueError for any other."""
    value = float(settings[name])
    if not np.isfinite(value):
        raise ValueError(f"{name} is {value}")
    return value


def share(settings, name):
    """A saved number from 0 to 1. Raises ValueError for any other."""
    value = number(settings, name)
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}, no share")
    return value


def see(reading, first, last):
    """The Evidence of a Reading on two subspaces."""
    gated = reading.hidden[-1]
    errors = [first.reconstruction_error(reading.hidden[0]), last.reconstruction_error(gated)]
    norm = np.sqrt(np.einsum("ij,ij->i", gated, gated)) + 1e-6
    return Evidence(reading.logits, np.log(np.column_stack(errors)), np.log(norm))


def look(network, X, first, last):
    """The Evidence of network inputs X (N, n_in), in parts: all activations at once would be the peak of memory."""
    return Evidence.join([see(network.read(X[i : i + BATCH]), first, last) for i in range(0, len(X), BATCH)])


def fit_readout(network, X_train, calibration, hard, looks=None):
    """A Readout for this network: subspaces from training activations, all the rest from the calibration part.

    calibration: (X (N, n_in), y (N,), groups (N,)), groups being the writers, or the images themselves where writers
    are not known; hard: the same of augmented and corrupted copies of images of these very groups; looks: Looks to be
    fitted and used, if any.
    """
    first, last = (fit_subspace(network.read(X_train[i : i + BATCH]).hidden[end]
                                for i in range(0, len(X_train), BATCH)) for end in (0, -1))
    return fit_doubt(network, first, last, calibration, hard, looks)


def fit_doubt(network, first, last, calibration, hard, looks=None):
    """The same on the subspaces of the first and the last hidden layer. Whatever is fitted to calibration images is
    fitted once more without each fold of their groups, for the conformal sets."""
    (X, y, groups), (X_hard, y_hard, groups_hard) = calibration, hard
    folds = balanced_folds(groups)
    fold_of = dict(zip(groups.tolist(), folds, strict=True))
    folds_hard = np.array([fold_of[group] for group in groups_hard.tolist()])
    kept, kept_hard = ([np.arange(len(own)), *(np.flatnonzero(own != fold) for fold in range(folds.max() + 1))]
                       for own in (folds, folds_hard))

    seen, seen_hard = ([look(network, images, first, last)] * len(kept) for images in (X, X_hard))
    all_looks = [looks.fitted(seen[0].logits[rest], y[rest]) for rest in kept] if looks else [None]
    if looks:
        seen = add_each(all_looks, network, X, seen[0])
        seen_hard = add_each(all_looks, network, X_hard, seen_hard[0])
    fitted, *others = [fit_calibration(one.part(rest), y[rest], one_hard.part(rest_hard), y_hard[rest_hard])
                       for one, one_hard, rest, rest_hard in zip(seen, seen_hard, kept, kept_hard, strict=True)]
    if fitted.curve_form == "line":
        LOG.warning("The curve from score to log odds is a line: the best parabola would fall somewhere.")

    held_out = np.empty((len(y), 10))
    for fold, (one, other) in enumerate(zip(seen[1:], others, strict=True)):
        held_out[folds == fold] = other.probabilities(one.part(folds == fold))
    conformal = CrossConformal.fit(held_out, y, folds)
    curious_from = float(np.quantile(fitted.novelty_score(seen[0]), 0.995))
    confident_from = max(SURE_FROM, confidence_threshold(fitted.probabilities(seen[0]).max(axis=1)))
    return Readout(fitted, confident_from, curious_from, tuple(others), conformal, first, last,
                   alpha=conformal.levels(), looks=all_looks[0], fold_looks=tuple(all_looks[1:]))
