"""Sets of digits that leave the right one out at most so often: cross-conformal prediction over folds of writers.

A digit's score is 1 less its probability. Each fold of the calibration part is scored by probabilities whose
calibration and test-time augmentation (its temperature, and the margin below which it is used) were fitted on the other
folds, so that no image is judged by numbers fitted to it (Vovk 2015). A new image is scored by
each fold's probabilities, and a digit's p-value is the share of calibration images that were at least as strange:

    p(digit) = (1 + number of calibration images, over all folds, whose score is at least the digit's) / (n + 1)

The set at level alpha holds the digits with p > alpha. If images were exchangeable one by one, each fold by itself
would give a valid p-value; p is nearly their weighted mean, and a mean of valid p-values, doubled, is valid (Vovk &
Wang 2020), so that the right digit would be left out with a probability of at most

    2 (alpha (n + 1) + K - 1) / (n + K)                     of K folds that hold n images (`CrossConformal.miss_bound`)

What is exchangeable here, however, are writers: images of one hand resemble each other, and W writers alone can prove
no level below 1 / (W + 1). The levels are therefore measured on the test set, whose writers are others, and are not
promised for single pictures or for pictures of another kind.

A level above the error rate of the answers says nothing: the sets that it asks for are the answers alone. Such levels
are left out (`CrossConformal.levels`).
"""

from dataclasses import dataclass

import numpy as np

ALPHA = (0.01, 0.005)  # of these a readout has the levels that say something
FOLDS = 5


def balanced_folds(groups, folds=FOLDS):
    """The fold (n,) of each sample, groups (n,) kept whole and the folds of nearly equal size.

    Largest groups first, each into the fold that holds least. Never more folds than groups.
    """
    names, index, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    folds = min(folds, len(names))
    held, fold_of = np.zeros(folds, int), np.empty(len(names), int)
    for group in np.argsort(-sizes, kind="stable"):
        fold_of[group] = held.argmin()
        held[fold_of[group]] += sizes[group]
    return fold_of[index]


@dataclass(frozen=True)
class CrossConformal:
    """The scores of the calibration images, sorted within each of K folds: scores (n,), folds (n,) of numbers
    0..K-1."""

    scores: np.ndarray
    folds: np.ndarray

    @classmethod
    def fit(cls, probs, y, folds):
        """From the probability (n, 10) that the other folds' calibration gives each image; y (n,), folds (n,)."""
        scores = (1 - probs[np.arange(len(y)), y]).astype(np.float32)
        order = np.lexsort((scores, folds))
        return cls(scores[order], folds[order].astype(np.uint8))

    def p_values(self, probs):
        """p-value (N, 10) of every digit, from probs (K, N, 10): each fold's view of N images."""
        scores, reached = (1 - probs).astype(np.float32), np.ones(probs.shape[1:])
        for fold, score in enumerate(scores):
            own = self.scores[self.folds == fold]
            reached += len(own) - np.searchsorted(own, score, side="left")
        return reached / (len(self.scores) + 1)

    def sets(self, probs, alpha):
        """Which digits each image can be at a level: booleans (N, 10). The likeliest always belongs: no set is
        empty."""
        sets = self.p_values(probs) > alpha
        sets[np.arange(len(sets)), probs.sum(axis=0).argmax(axis=1)] = True  # p-values may tie, these hardly
        return sets

    def levels(self, alphas=ALPHA):
        """Those levels whose sets can hold a second digit, one of a probability of at most one half; the least of all
        where there are none."""
        error = (1 + np.sum(self.scores >= 0.5)) / (len(self.scores) + 1)
        return tuple(alpha for alpha in alphas if alpha < error) or (min(alphas),)

    def miss_bound(self, alpha):
        """How often, at most, the right digit is left out, were images exchangeable one by one."""
        n, K = len(self.scores), len(np.unique(self.folds))
        return min(1.0, 2 * (alpha * (n + 1) + K - 1) / (n + K))
