"""Intervals that hold: how far an estimate may lie from what people would say, by split conformal prediction.

A rough guess of the error, from what is known of a sentence, is stretched by the quantile that covers the asked share
of sentences that neither training nor choices have seen (Papadopoulos et al. 2002; Lei et al. 2018).
"""

import numpy as np

LEVEL = 0.9
LEAST = 0.02  # of PAD: no error is guessed smaller


def traits(pad, lengths, centre):
    """What the guess looks at, (N, 4): 1, log of the number of tokens, how far pleasure and arousal are from usual."""
    away = np.abs(np.asarray(pad, float) - centre)
    return np.column_stack([np.ones(len(pad)), np.log(np.asarray(lengths, float)), away[:, :2]])


class Intervals:
    """weights (4, 3): the guess of |error| from `traits`; stretch (3,): what makes it hold; centre (3,)."""

    def __init__(self, weights, stretch, centre):
        self.weights, self.stretch, self.centre = (np.array(a, float) for a in (weights, stretch, centre))
        if self.weights.shape != (4, 3) or not self.stretch.shape == self.centre.shape == (3,):
            raise ValueError("its intervals are not of three dimensions")

    @classmethod
    def fit(cls, guessing, holding, centre, level=LEVEL):
        """guessing, holding: (pad, lengths, target) of two sets of sentences, for the guess and for the stretch."""
        pad, lengths, target = guessing
        weights = np.linalg.lstsq(traits(pad, lengths, centre), np.abs(pad - target), rcond=None)[0]
        found = cls(weights, np.ones(3), centre)
        pad, lengths, target = holding
        ratios = np.sort(np.abs(pad - target) / found.half(pad, lengths), axis=0)
        place = min(int(np.ceil(level * (len(ratios) + 1))), len(ratios)) - 1
        return cls(weights, ratios[place], centre)

    def half(self, pad, lengths):
        """Half the width of each interval (N, 3), before it meets the ends of the scale."""
        return np.maximum(traits(pad, lengths, self.centre) @ self.weights, LEAST) * self.stretch

    def __call__(self, pad, lengths):
        """(low, high), each (N, 3) in [-1, 1]."""
        half = self.half(pad, lengths)
        return np.clip(pad - half, -1, 1), np.clip(pad + half, -1, 1)

    def to_dict(self):
        return {"weights": self.weights.tolist(), "stretch": self.stretch.tolist(), "centre": self.centre.tolist()}
