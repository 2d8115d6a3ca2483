"""Prediction intervals of PAD, by split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018).

A linear estimate of the absolute error is multiplied by the quantile that covers the given share of sentences, which
were used neither for training nor for choices.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.9  # share of sentences that the intervals cover
MIN_ERROR = 0.02  # of PAD; smallest estimate of an error

Rated = tuple[NDArray[np.floating], ArrayLike, NDArray[np.floating]]  # pad (N, 3), lengths (N,), target (N, 3)


def traits(pad: ArrayLike, lengths: ArrayLike, centre: NDArray[np.floating]) -> NDArray[np.floating]:
    """Regressors (N, 4) of the error: 1, log of the number of tokens, |pleasure - centre|, |arousal - centre|."""
    away = np.abs(np.asarray(pad, float) - centre)
    return np.column_stack([np.ones(len(away)), np.log(np.asarray(lengths, float)), away[:, :2]])


class Intervals:
    """weights (4, 3): the regression of |error| on `traits`; stretch (3,): its conformal factor; centre (3,)."""

    def __init__(self, weights: ArrayLike, stretch: ArrayLike, centre: ArrayLike) -> None:
        self.weights, self.stretch, self.centre = (np.array(a, float) for a in (weights, stretch, centre))
        if self.weights.shape != (4, 3) or not self.stretch.shape == self.centre.shape == (3,):
            raise ValueError("its intervals are not of three dimensions")

    @classmethod
    def fit(cls, fitting: Rated, calibration: Rated, centre: NDArray[np.floating],
            level: float = LEVEL) -> "Intervals":
        """From two sets of sentences: `weights` are fitted on the first, `stretch` on the second."""
        pad, lengths, target = fitting
        weights = np.linalg.lstsq(traits(pad, lengths, centre), np.abs(pad - target), rcond=None)[0]
        unscaled = cls(weights, np.ones(3), centre)
        pad, lengths, target = calibration
        ratios = np.sort(np.abs(pad - target) / unscaled.half(pad, lengths), axis=0)
        place = min(int(np.ceil(level * (len(ratios) + 1))), len(ratios)) - 1
        return cls(weights, ratios[place], centre)

    def half(self, pad: NDArray[np.floating], lengths: ArrayLike) -> NDArray[np.floating]:
        """Half the width of each interval (N, 3), before clipping to [-1, 1]."""
        return np.maximum(traits(pad, lengths, self.centre) @ self.weights, MIN_ERROR) * self.stretch

    def __call__(self, pad: NDArray[np.floating],
                 lengths: ArrayLike) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """(low, high), each (N, 3) in [-1, 1]."""
        half = self.half(pad, lengths)
        return np.clip(pad - half, -1, 1), np.clip(pad + half, -1, 1)

    def to_dict(self) -> dict[str, list]:
        return {"weights": self.weights.tolist(), "stretch": self.stretch.tolist(), "centre": self.centre.tolist()}
