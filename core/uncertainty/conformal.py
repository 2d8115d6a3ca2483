"""Prediction sets that miss the right digit at a given rate: cross-conformal prediction over folds of writers.

The nonconformity score of a digit is 1 - probability. Each fold of the calibration part is scored by probabilities
whose calibration and test-time augmentation (temperature, margin of doubtful images) were fitted on the other folds, so
no image is scored by parameters fitted to it (Vovk 2015). A new image is scored by each fold's probabilities:

    p(digit) = (1 + number of calibration images, over all folds, whose score is at least the digit's) / (n + 1)

The set at level alpha contains the digits with p > alpha. For exchangeable images each fold gives a valid
p-value. p is nearly their weighted mean, and twice a mean of valid p-values is valid (Vovk & Wang 2020). With K folds
and n images the right digit is then missed with a probability of at most

    2 (alpha (n + 1) + K - 1) / (n + K)                     (`CrossConformal.miss_bound`)

However, writers are exchangeable, not images: images of one writer are similar, and W writers cannot prove a level
below 1 / (W + 1). The miss rates are therefore measured on the test set, which has other writers. They are not
guaranteed for single pictures or for pictures of another kind.

At a level above the error rate, sets contain the answer only; such levels are left out (`CrossConformal.levels`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALPHA = (0.01, 0.005)  # levels to choose from, see `CrossConformal.levels`
FOLDS = 5


def balanced_folds(groups: NDArray, folds: int = FOLDS) -> NDArray[np.intp]:
    """The fold (n,) of each sample, such that each group (n,) is in one fold and folds have nearly equal sizes.

    Greedy: the largest group first, each into the smallest fold. There are never more folds than groups.
    """
    names, index, group_sizes = np.unique(groups, return_inverse=True, return_counts=True)
    folds = min(folds, len(names))
    fold_sizes, fold_of = np.zeros(folds, int), np.empty(len(names), int)
    for group in np.argsort(-group_sizes, kind="stable"):
        fold_of[group] = fold_sizes.argmin()
        fold_sizes[fold_of[group]] += group_sizes[group]
    return fold_of[index]


@dataclass(frozen=True)
class CrossConformal:
    """Scores (n,) of the calibration images, sorted within each of K folds, and folds (n,) of numbers 0..K-1."""

    scores: NDArray[np.floating]
    folds: NDArray[np.integer]

    @classmethod
    def fit(cls, probs: NDArray[np.floating], y: NDArray[np.integer], folds: NDArray[np.integer]) -> "CrossConformal":
        """From each image's probabilities (n, 10) by the other folds' calibration, labels y (n,) and folds (n,)."""
        scores = (1 - probs[np.arange(len(y)), y]).astype(np.float32)
        order = np.lexsort((scores, folds))
        return cls(scores[order], folds[order].astype(np.uint8))

    def p_values(self, probs: NDArray[np.floating]) -> NDArray[np.floating]:
        """p-value (N, 10) of every digit, from the probabilities (K, N, 10) by each fold's calibration."""
        scores, counts = (1 - probs).astype(np.float32), np.ones(probs.shape[1:])
        for fold, score in enumerate(scores):
            fold_scores = self.scores[self.folds == fold]
            counts += len(fold_scores) - np.searchsorted(fold_scores, score, side="left")
        return counts / (len(self.scores) + 1)

    def sets(self, probs: NDArray[np.floating], alpha: float) -> NDArray[np.bool_]:
        """Prediction sets (N, 10) at level alpha, from probs (K, N, 10). They always contain the likeliest digit."""
        sets = self.p_values(probs) > alpha
        sets[np.arange(len(sets)), probs.sum(axis=0).argmax(axis=1)] = True  # p-values can be equal, sums rarely are
        return sets

    def levels(self, alphas: Sequence[float] = ALPHA) -> tuple[float, ...]:
        """The levels whose sets can contain a second digit (of a probability of at most 0.5); the lowest level if
        there are none."""
        error = (1 + np.sum(self.scores >= 0.5)) / (len(self.scores) + 1)
        return tuple(alpha for alpha in alphas if alpha < error) or (min(alphas),)

    def miss_bound(self, alpha: float) -> float:
        """Upper bound of the miss rate, if images were exchangeable."""
        n, K = len(self.scores), len(np.unique(self.folds))
        return min(1.0, 2 * (alpha * (n + 1) + K - 1) / (n + K))
