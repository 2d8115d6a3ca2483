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
COMPONENTS = 128  # directions of feature space in which novelty is measured


@dataclass(frozen=True)
class Emotion:
    """Fitted readout. projection: (h, k); centres: (10, k), the class means of training features, projected."""

    temperature: float
    confident_from: float
    two_hold: float
    curious_from: float
    projection: np.ndarray
    centres: np.ndarray

    def probabilities(self, logits):
        """Calibrated probabilities (N, 10): softmax(logits / temperature) (Guo et al. 2017)."""
        return softmax(logits / self.temperature)

    def novelty(self, features):
        """Distance to the nearest class centre in whitened feature space (Lee et al. 2018), as a share of the largest
        usual distance: (N,), above 1 where curious. features: (N, h), the gated layer."""
        return distance(features @ self.projection, self.centres) / self.curious_from

    def feelings(self, probs, novelty):
        """One of FEELINGS for each row of probs (N, 10) and novelty (N,)."""
        top = np.sort(probs, axis=1)[:, ::-1]
        return np.where(novelty > 1, "curious",
                        np.where(top[:, 0] >= self.confident_from, "confident",
                                 np.where(top[:, 0] + top[:, 1] >= self.two_hold, "hesitant", "confused")))

    def arrays(self):
        return {"novelty_projection": self.projection, "novelty_centres": self.centres}

    def settings(self):
        return {"temperature": self.temperature, "confident_from": self.confident_from, "two_hold": self.two_hold,
                "curious_from": self.curious_from}

    @classmethod
    def from_saved(cls, settings, arrays):
        return cls(**settings, projection=arrays["novelty_projection"], centres=arrays["novelty_centres"])


def distance(points, centres):
    """Euclidean distance of points (N, k) to the nearest of centres (n, k): (N,)."""
    squared = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
    return np.sqrt(np.maximum(squared.min(axis=1), 0))


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


def fit_novelty(features, y):
    """Whitening projection (h, k) and class centres (10, k) from training features (N, h): shared covariance."""
    means = np.stack([features[y == digit].mean(axis=0) for digit in range(10)])
    centred = (features - means[y]).astype(np.float64)
    variance, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    k = min(COMPONENTS, len(variance))
    variance, vectors = variance[-k:], vectors[:, -k:]
    projection = (vectors / np.sqrt(variance + 1e-3 * variance.mean())).astype(np.float32)
    return projection, (means @ projection).astype(np.float32)


def fit_emotion(network, X_train, y_train, X_calibration, y_calibration):
    """An Emotion for this network: novelty from training features, all thresholds from the calibration part."""
    features = np.concatenate([network.read(X_train[i : i + 1000]).hidden[-1] for i in range(0, len(X_train), 1000)])
    projection, centres = fit_novelty(features, y_train)
    reading = network.read(X_calibration)
    temperature = fit_temperature(reading.logits.astype(np.float64), y_calibration)
    probs = softmax(reading.logits / temperature)
    confident_from = confidence_threshold(probs.max(axis=1), probs.argmax(axis=1) == y_calibration)
    curious_from = float(np.quantile(distance(reading.hidden[-1] @ projection, centres), 0.995))
    return Emotion(temperature, confident_from, 0.9, curious_from, projection, centres)
