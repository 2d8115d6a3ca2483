"""From activations to feeling: calibrated confidence, novelty, the digits it can be, and the four words for them.

Everything here is fitted on the calibration part, images of writers that neither training nor selection has seen, and
stored beside the weights. A feeling is a readout with a definition, checked in this order:

    curious    novelty above the threshold that 99.5 % of calibration digits stay below
    confident  confidence at or above the threshold from which on 99.9 % are promised to be right
    hesitant   two digits hold at least 90 % of the probability between them
    confused   anything else: no clear digit
"""

from dataclasses import dataclass

import numpy as np

from core.calibration import confidence_threshold, conformal_sets, conformal_threshold, fit_logistic, fit_temperature
from core.layers import sigmoid
from core.losses import softmax
from core.novelty import Subspace, fit_subspace

FEELINGS = ("confident", "hesitant", "confused", "curious")
ERROR_LEVELS = (0.05, 0.01, 0.001)  # of the conformal sets
TWO_HOLD = 0.9
SIGNALS = 4
AHEAD = 1.0001  # however small its confidence, the answer stays ahead of the second by this factor


@dataclass(frozen=True)
class Emotion:
    """Fitted readout. first, last: the subspaces of the first hidden layer and of the last, gated one."""

    temperature: float
    doubt: tuple  # (offset, and one weight for each of `signals`)
    confident_from: float
    curious_from: float
    conformal: tuple  # least probability in the set, for each of ERROR_LEVELS
    first: Subspace
    last: Subspace
    two_hold: float = TWO_HOLD

    def signals(self, reading):
        """What tells a right answer from a wrong one, (N, 4), of a network.Reading.

        The lead of the best logit over the second, in units of the temperature; the strangeness of the last hidden
        layer; the logarithm of that layer's length: a wavering gate lets little through; and how far the strangeness of
        the first layer exceeds the usual, its square: stains and noise show there.
        """
        two = np.partition(reading.logits, -2, axis=1)[:, -2:]
        gated = reading.hidden[-1]
        length = np.sqrt(np.einsum("ij,ij->i", gated, gated)) + 1e-6
        return np.column_stack([(two[:, 1] - two[:, 0]) / self.temperature, self.last.strangeness(gated),
                                np.log(length), np.maximum(self.first.strangeness(reading.hidden[0]), 0) ** 2])

    def confidence(self, reading):
        """The chance (N,) that the likeliest digit is right: a logistic function of `signals`."""
        offset, *weights = self.doubt
        return sigmoid(self.signals(reading) @ np.array(weights) + offset)

    def probabilities(self, reading):
        """Calibrated probabilities (N, 10), in the order of the logits.

        The likeliest digit gets its confidence; the others share the rest as softmax(logits / temperature) would.
        """
        scaled, rows = reading.logits / self.temperature, np.arange(len(reading.logits))
        best = scaled.argmax(axis=1)
        scaled[rows, best] = -np.inf
        others = softmax(scaled)
        second = others.max(axis=1)
        confidence = np.maximum(self.confidence(reading), AHEAD * second / (1 + second)).astype(others.dtype)
        others *= (1 - confidence)[:, None]
        others[rows, best] = confidence
        return others

    def novelty(self, hidden):
        """Unlikeness to the digits of training (N,), above 1 where curious; hidden: activations of the layers, (N, h).

        The first layer notices strange strokes, the last strange shapes: their strangeness is added.
        """
        return np.exp(self.first.strangeness(hidden[0]) + self.last.strangeness(hidden[-1]) - self.curious_from)

    def feelings(self, probs, novelty):
        """One of FEELINGS for each row of probs (N, 10) and novelty (N,)."""
        top = np.sort(probs, axis=1)[:, ::-1]
        return np.where(novelty > 1, "curious",
                        np.where(top[:, 0] >= self.confident_from, "confident",
                                 np.where(top[:, 0] + top[:, 1] >= self.two_hold, "hesitant", "confused")))

    def could_be(self, probs):
        """{error level: booleans (N, 10)}: the digits that each sample can be, wrong at most so often."""
        return {error: conformal_sets(probs, threshold)
                for error, threshold in zip(ERROR_LEVELS, self.conformal, strict=True)}

    def read(self, network, X, batch=1000):
        """(probabilities (N, 10), novelty (N,)) of any number of network inputs X (N, n_in)."""
        parts = [network.read(X[i : i + batch]) for i in range(0, len(X), batch)]
        return (np.concatenate([self.probabilities(part) for part in parts]),
                np.concatenate([self.novelty(part.hidden) for part in parts]))

    def arrays(self):
        return {f"novelty_{name}_{part}": getattr(getattr(self, name), part)
                for name in ("first", "last") for part in ("mean", "basis")}

    def settings(self):
        return {"temperature": self.temperature, "doubt": list(self.doubt), "confident_from": self.confident_from,
                "curious_from": self.curious_from, "conformal": list(self.conformal), "two_hold": self.two_hold,
                **{f"{name}_{part}": getattr(getattr(self, name), part)
                   for name in ("first", "last") for part in ("usual", "spread")}}

    @classmethod
    def from_saved(cls, settings, arrays):
        settings = dict(settings)
        subspaces = {name: Subspace(arrays[f"novelty_{name}_mean"], arrays[f"novelty_{name}_basis"],
                                    settings.pop(f"{name}_usual"), settings.pop(f"{name}_spread"))
                     for name in ("first", "last")}
        settings["doubt"], settings["conformal"] = tuple(settings["doubt"]), tuple(settings["conformal"])
        if len(settings["doubt"]) != 1 + SIGNALS or len(settings["conformal"]) != len(ERROR_LEVELS):
            raise ValueError("its readout is of another version")
        return cls(**settings, **subspaces)


def fit_emotion(network, X_train, X_calibration, y_calibration, X_hard, y_hard):
    """An Emotion for this network: subspaces from training activations, all the rest from the calibration part.

    X_hard, y_hard: deformed and spoilt copies of the calibration images. They hold enough errors to learn how the
    signals weigh against each other; how sure the network may be is then fitted on the images as they are.
    """
    reading = network.read(X_calibration)
    ends = [network.read(X_train[i : i + 1000]).hidden[:: len(reading.hidden) - 1 or 1]
            for i in range(0, len(X_train), 1000)]
    first, last = (fit_subspace(np.concatenate([hidden[end] for hidden in ends]), reading.hidden[end])
                   for end in (0, -1))
    temperature = fit_temperature(reading.logits.astype(np.float64), y_calibration)
    draft = Emotion(temperature, (0.0, 1.0, 0.0, 0.0, 0.0), 1.0, 0.0, (0.0,) * len(ERROR_LEVELS), first, last)

    signals, correct = [], []
    for start in range(0, len(X_hard), 1000):  # in parts: all activations at once would be the peak of memory
        hard = network.read(X_hard[start : start + 1000])
        signals.append(draft.signals(hard))
        correct.append(hard.logits.argmax(axis=1) == y_hard[start : start + 1000])
    signals, correct = np.concatenate(signals), np.concatenate(correct)
    middle, scale = signals.mean(axis=0), np.maximum(signals.std(axis=0), 1e-6)
    weights, _ = fit_logistic((signals - middle) / scale, correct)
    score = (draft.signals(reading) - middle) / scale @ weights
    (slope,), offset = fit_logistic(score[:, None], reading.logits.argmax(axis=1) == y_calibration)
    doubt = (offset - slope * float(middle / scale @ weights), *(slope * weights / scale).tolist())

    curious_from = float(np.quantile(np.log(draft.novelty(reading.hidden)), 0.995))
    fitted = Emotion(temperature, doubt, 1.0, curious_from, draft.conformal, first, last)
    probs = fitted.probabilities(reading)
    return Emotion(temperature, doubt, confidence_threshold(probs.max(axis=1)), curious_from,
                   tuple(conformal_threshold(probs, y_calibration, error) for error in ERROR_LEVELS), first, last)
