"""From activations to feeling: calibrated confidence, novelty, and the four words for them.

Everything here is fitted on the calibration part, images of writers that neither training nor selection has seen, and
stored beside the weights. A feeling is a readout with a definition, checked in this order:

    curious    novelty above the threshold that 99.5 % of calibration digits stay below
    confident  confidence at or above the smallest threshold with at most 0.1 % errors on the calibration digits
    hesitant   two digits hold at least 90 % of the probability between them
    confused   anything else: no clear digit
"""

from dataclasses import dataclass

import numpy as np

from core.losses import softmax

FEELINGS = ("confident", "hesitant", "confused", "curious")
COMPONENTS = 128  # principal components a layer is rebuilt from: what they cannot express is new


@dataclass(frozen=True)
class Subspace:
    """Where the activations of a layer usually lie: mean (h,), basis (h, k) of principal components, usual residual."""

    mean: np.ndarray
    basis: np.ndarray
    usual: float

    def residual(self, H):
        """What the components cannot rebuild of activations H (N, h): its length (N,), 1 for the median digit."""
        centred = H - self.mean
        lost = (centred**2).sum(axis=1) - ((centred @ self.basis) ** 2).sum(axis=1)
        return np.sqrt(np.maximum(lost, 0)) / self.usual


@dataclass(frozen=True)
class Emotion:
    """Fitted readout. first, last: the subspaces of the first hidden layer and of the last, gated one."""

    temperature: float
    confident_from: float
    two_hold: float
    curious_from: float
    first: Subspace
    last: Subspace

    def probabilities(self, logits):
        """Calibrated probabilities (N, 10): softmax(logits / temperature) (Guo et al. 2017)."""
        return softmax(logits / self.temperature)

    def novelty(self, hidden):
        """Unlikeness to the digits of training (N,), above 1 where curious; hidden: activations of the layers, (N, h).

        The first layer notices strange strokes, the last strange shapes: their residuals are added, as a share of the
        sum that 99.5 % of calibration digits stay below.
        """
        return (self.first.residual(hidden[0]) + self.last.residual(hidden[-1])) / self.curious_from

    def feelings(self, probs, novelty):
        """One of FEELINGS for each row of probs (N, 10) and novelty (N,)."""
        top = np.sort(probs, axis=1)[:, ::-1]
        return np.where(novelty > 1, "curious",
                        np.where(top[:, 0] >= self.confident_from, "confident",
                                 np.where(top[:, 0] + top[:, 1] >= self.two_hold, "hesitant", "confused")))

    def arrays(self):
        return {f"novelty_{name}_{part}": getattr(getattr(self, name), part)
                for name in ("first", "last") for part in ("mean", "basis")}

    def settings(self):
        return {"temperature": self.temperature, "confident_from": self.confident_from, "two_hold": self.two_hold,
                "curious_from": self.curious_from, "usual_first": self.first.usual, "usual_last": self.last.usual}

    @classmethod
    def from_saved(cls, settings, arrays):
        settings = dict(settings)
        subspaces = {name: Subspace(arrays[f"novelty_{name}_mean"], arrays[f"novelty_{name}_basis"],
                                    settings.pop(f"usual_{name}")) for name in ("first", "last")}
        return cls(**settings, **subspaces)


def fit_temperature(logits, y):
    """The temperature in [0.2, 5] of least negative log-likelihood, by golden-section search over its logarithm."""
    rows = np.arange(len(y))

    def loss(log_t):
        scaled = logits / np.exp(log_t)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, y]))

    low, high, ratio = np.log(0.2), np.log(5), (np.sqrt(5) - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return float(np.exp((low + high) / 2))


def confidence_threshold(confidence, correct, max_error=0.001):
    """The smallest confidence above which at most a share max_error of the samples is wrong; 1 if there is none."""
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(~correct[order]) / np.arange(1, len(order) + 1)
    kept = np.flatnonzero(errors <= max_error)
    return float(confidence[order[kept[-1]]]) if len(kept) else 1.0


def fit_subspace(H_train, H_calibration):
    """The Subspace of one layer: components from training activations (N, h), usual residual from calibration ones."""
    mean = H_train.mean(axis=0)
    covariance = np.zeros((len(mean), len(mean)))
    for start in range(0, len(H_train), 5000):
        centred = H_train[start : start + 5000] - mean
        covariance += centred.T @ centred
    _, vectors = np.linalg.eigh(covariance)
    basis = vectors[:, -min(COMPONENTS, len(mean) // 2) :].astype(np.float32)
    usual = float(np.median(Subspace(mean, basis, 1.0).residual(H_calibration)))
    return Subspace(mean, basis, max(usual, 1e-6))


def fit_emotion(network, X_train, X_calibration, y_calibration):
    """An Emotion for this network: subspaces from training activations, all thresholds from the calibration part."""
    reading = network.read(X_calibration)
    X_train = X_train[::3]  # plenty for 128 components, and a third of the memory
    ends = [network.read(X_train[i : i + 1000]).hidden[:: len(reading.hidden) - 1 or 1]
            for i in range(0, len(X_train), 1000)]
    first, last = (fit_subspace(np.concatenate([hidden[end] for hidden in ends]), reading.hidden[end])
                   for end in (0, -1))
    temperature = fit_temperature(reading.logits.astype(np.float64), y_calibration)
    probs = softmax(reading.logits / temperature)
    confident_from = confidence_threshold(probs.max(axis=1), probs.argmax(axis=1) == y_calibration)
    unscaled = Emotion(temperature, confident_from, 0.9, 1.0, first, last).novelty(reading.hidden)
    return Emotion(temperature, confident_from, 0.9, float(np.quantile(unscaled, 0.995)), first, last)
