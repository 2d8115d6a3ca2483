"""Calibrated probabilities from logits and reconstruction errors: temperature scaling and logistic regression."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.nn.layers import sigmoid
from core.nn.losses import softmax

N_SIGNALS = 4
VECTORS = ("error_mean", "error_std", "logistic", "curve", "strange")  # fields of Calibration that are tuples
FAR_ERROR = 2.0  # standard deviations of the first layer's log error; nearly all digits stay below
NOVELTY_WEIGHTS = (0.0, 8.0, 2.0)  # `Calibration.strange`, chosen on development data (analytics/EXPERIMENTS.md)
MIN_LEAD = 1.0001  # least ratio of the two largest probabilities, so that calibration never changes the answer


@dataclass(frozen=True)
class Evidence:
    """The quantities of N samples that separate right answers from wrong ones.

    logits (N, 10); log_errors (N, 2): logarithms of the reconstruction errors of the first hidden layer and of the
    last, gated one (core/uncertainty/novelty.py); log_norm (N,): logarithm of the Euclidean norm of the last one.
    """

    logits: NDArray[np.floating]
    log_errors: NDArray[np.floating]
    log_norm: NDArray[np.floating]

    @property
    def energy(self) -> NDArray[np.floating]:
        """-log sum exp(logits), (N,): high where no digit has a high logit (Liu et al. 2020)."""
        top = self.logits.max(axis=1)
        return -(top + np.log(np.exp(self.logits - top[:, None]).sum(axis=1)))

    def part(self, index: NDArray[np.integer] | NDArray[np.bool_] | slice) -> "Evidence":
        """The Evidence of some of the samples."""
        return Evidence(self.logits[index], self.log_errors[index], self.log_norm[index])

    @classmethod
    def join(cls, parts: Iterable["Evidence"]) -> "Evidence":
        """Concatenate along the samples."""
        parts = list(parts)
        return cls(*(np.concatenate([getattr(part, name) for part in parts])
                     for name in ("logits", "log_errors", "log_norm")))


def logit_margin(logits: NDArray[np.floating]) -> NDArray[np.floating]:
    """The largest logit minus the second largest, (N,), of logits (N, n)."""
    two = np.partition(logits, -2, axis=1)[:, -2:]
    return two[:, 1] - two[:, 0]


@dataclass(frozen=True)
class Calibration:
    """The numbers that turn Evidence into probabilities, all fitted on calibration images.

    error_mean, error_std (2,): mean and standard deviation of the log errors of the first and the last layer.
    logistic: an offset and a weight for each signal.
    energy_mean, energy_scale: mean and inverse standard deviation of the energy. A scale of 0, as in older readouts,
    leaves the energy out.
    strange: weights of the first layer's error, of its excess over FAR_ERROR, and of the energy in `novelty_score`.
    curve: (low, offset, slope, square), the map from score to log odds (see `confidence`). Slope and square are not
    negative, so the map never falls. The default, used by older readouts, is the identity.
    """

    temperature: float
    error_mean: tuple[float, ...]
    error_std: tuple[float, ...]
    logistic: tuple[float, ...]
    energy_mean: float = 0.0
    energy_scale: float = 0.0
    curve: tuple[float, ...] = (0.0, 0.0, 1.0, 0.0)
    strange: tuple[float, ...] = (1.0, 0.0, 1.0)  # of older readouts

    @property
    def curve_form(self) -> str:
        """"parabola", or "line" where the best parabola would fall somewhere (`fit_curve`)."""
        return "parabola" if self.curve[-1] else "line"

    def standardised_errors(self, evidence: Evidence) -> NDArray[np.floating]:
        """Both log errors (N, 2) in standard deviations from the mean of calibration digits."""
        return (evidence.log_errors - np.array(self.error_mean)) / np.array(self.error_std)

    def novelty_score(self, evidence: Evidence) -> NDArray[np.floating]:
        """Distance (N,) from the training digits: the standardised error of the last layer, plus weighted terms for
        the first layer's error, its excess over FAR_ERROR, and the energy."""
        first, last = self.standardised_errors(evidence).T
        plain, far, energy = self.strange
        return plain * first + far * np.maximum(first - FAR_ERROR, 0) + last + energy * (
            evidence.energy - self.energy_mean) * self.energy_scale

    def signals(self, evidence: Evidence) -> NDArray[np.floating]:
        """The inputs (N, 4) of the logistic function.

        The logit margin divided by the temperature; the standardised error of the last layer; its log norm, which is
        low where the gate is nearly closed; the squared positive part of the first layer's standardised error, which
        responds to stains and noise.
        """
        errors = self.standardised_errors(evidence)
        return np.column_stack([logit_margin(evidence.logits) / self.temperature, errors[:, 1], evidence.log_norm,
                                np.maximum(errors[:, 0], 0) ** 2])

    def score(self, evidence: Evidence) -> NDArray[np.floating]:
        """The weighted sum (N,) of the signals; it grows with the probability of a right answer."""
        offset, *weights = self.logistic
        return self.signals(evidence) @ np.array(weights) + offset

    def confidence(self, evidence: Evidence) -> NDArray[np.floating]:
        """The probability (N,) that the likeliest digit is right: sigmoid(offset + slope s + square max(s - low, 0)^2)
        of the score s.

        The log odds are a parabola if scores of right and of wrong answers are normal with different variances.
        Without the squared term, high confidences come out too low (analytics/EXPERIMENTS.md).
        """
        low, offset, slope, square = self.curve
        score = self.score(evidence)
        return sigmoid(offset + slope * score + square * np.maximum(score - low, 0) ** 2)

    def probabilities(self, evidence: Evidence) -> NDArray[np.floating]:
        """Calibrated probabilities (N, 10), in the order of the logits.

        The likeliest digit gets its confidence; the others share the rest in proportion to softmax(logits /
        temperature).
        """
        scaled, rows = evidence.logits / self.temperature, np.arange(len(evidence.logits))
        best = scaled.argmax(axis=1)
        scaled[rows, best] = -np.inf
        others = softmax(scaled)
        second = others.max(axis=1)
        confidence = np.maximum(self.confidence(evidence), MIN_LEAD * second / (1 + second)).astype(others.dtype)
        others *= (1 - confidence)[:, None]
        others[rows, best] = confidence
        return others

    def to_dict(self) -> dict[str, Any]:
        return {"temperature": self.temperature, "error_mean": list(self.error_mean),
                "error_std": list(self.error_std), "logistic": list(self.logistic),
                "energy_mean": self.energy_mean, "energy_scale": self.energy_scale, "curve": list(self.curve),
                "curve_form": self.curve_form, "strange": list(self.strange)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Calibration":
        """The inverse of `to_dict`. Raises KeyError, TypeError or ValueError for invalid values."""
        energy_mean, energy_scale = (float(saved.get(name, 0)) for name in ("energy_mean", "energy_scale"))
        error_mean, error_std, logistic = (tuple(map(float, saved[name])) for name in VECTORS[:3])
        curve, strange = (tuple(map(float, saved.get(name, getattr(cls, name)))) for name in VECTORS[3:])
        vectors = (error_mean, error_std, logistic, curve, strange)
        temperature = float(saved["temperature"])
        if tuple(map(len, vectors)) != (2, 2, 1 + N_SIGNALS, 4, 3):
            raise ValueError("its readout is of another version")
        if (not np.isfinite([temperature, energy_mean, energy_scale, *sum(vectors, ())]).all()
                or min(energy_scale, *curve[2:], *strange) < 0):
            raise ValueError("its readout has values that are not finite, or a negative scale or slope")
        if not 1e-3 <= temperature <= 1e3 or min(error_std) < 1e-9:
            raise ValueError(f"the temperature is {temperature}, the deviations of the errors are {error_std}")
        return cls(temperature, error_mean, error_std, logistic, energy_mean, energy_scale, curve, strange)


def fit_calibration(evidence: Evidence, y: NDArray[np.integer], hard: Evidence,
                    y_hard: NDArray[np.integer]) -> Calibration:
    """Fit a Calibration on clean images, labels y (N,), and on augmented and corrupted copies of them, y_hard (M,).

    The copies contain enough errors to fit the weights of the signals. The curve from score to log odds is then fitted
    on the clean images.
    """
    temperature = fit_temperature(evidence.logits.astype(np.float64), y)
    mean, std = evidence.log_errors.mean(axis=0), np.maximum(evidence.log_errors.std(axis=0), 1e-6)
    energy = evidence.energy.astype(np.float64)
    draft = Calibration(temperature, tuple(mean.tolist()), tuple(std.tolist()), (0.0,) * (1 + N_SIGNALS),
                        float(energy.mean()), float(1 / max(energy.std(), 1e-6)), strange=NOVELTY_WEIGHTS)
    signals = draft.signals(hard)
    middle, scale = signals.mean(axis=0), np.maximum(signals.std(axis=0), 1e-6)
    weights, offset = fit_logistic((signals - middle) / scale, hard.logits.argmax(axis=1) == y_hard)
    weights /= scale
    draft = replace(draft, logistic=(float(offset - middle @ weights), *weights.tolist()))
    return replace(draft, curve=fit_curve(draft.score(evidence), evidence.logits.argmax(axis=1) == y))


def fit_curve(score: NDArray[np.floating], correct: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """A Calibration's curve, from scores (N,) and whether each answer was correct (N,). A line if the best parabola
    would decrease anywhere."""
    low = float(np.quantile(score, 0.01))  # not the minimum, which depends on a single image
    (slope, square), offset = fit_logistic(np.column_stack([score, np.maximum(score - low, 0) ** 2]), correct)
    if min(slope, square) < 0:
        (slope,), offset = fit_logistic(score[:, None], correct)
        square = 0.0
    return low, offset, max(float(slope), 0.0), float(square)


def fit_temperature(logits: NDArray[np.floating], y: NDArray[np.integer]) -> float:
    """The temperature in [0.2, 5] that minimises the negative log-likelihood (Guo et al. 2017).

    logits: (N, n); y: (N,). Golden-section search over the logarithm.
    """
    rows = np.arange(len(y))

    def loss(log_t: float) -> float:
        scaled = logits / np.exp(log_t)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, y]))

    low, high, ratio = np.log(0.2), np.log(5), (np.sqrt(5) - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return float(np.exp((low + high) / 2))


def fit_logistic(features: NDArray[np.floating], correct: NDArray[np.bool_], ridge: float = 1e-3,
                 rounds: int = 50) -> tuple[NDArray[np.float64], float]:
    """(weights (k,), offset) of P(correct) = sigmoid(features @ weights + offset), by Newton's method.

    features: (N, k); correct: (N,). Platt's targets (1999) and the penalty ridge / 2 |w|^2 keep the result finite
    where all answers are right or all are wrong.
    """
    X = np.column_stack([features, np.ones(len(features))]).astype(np.float64)
    hits = int(np.sum(correct))
    target = np.where(correct, (hits + 1) / (hits + 2), 1 / (len(X) - hits + 2))
    penalty = np.append(np.full(X.shape[1] - 1, ridge), 0.0)

    def loss(w: NDArray[np.float64]) -> float:
        z = X @ w
        return float(np.mean(np.logaddexp(0, z) - target * z) + 0.5 * penalty @ w**2)

    w = np.zeros(X.shape[1])
    for _ in range(rounds):
        p = sigmoid(X @ w)
        gradient = X.T @ (p - target) / len(X) + penalty * w
        hessian = (X * (p * (1 - p))[:, None]).T @ X / len(X) + np.diag(penalty + 1e-9)
        move, share = np.linalg.solve(hessian, gradient), 1.0
        while share > 1e-6 and loss(w - share * move) > loss(w):
            share /= 2  # far from the minimum, a whole Newton step may overshoot
        w -= share * move
    return w[:-1], float(w[-1])


def confidence_threshold(confidence: NDArray[np.floating], max_error: float = 0.001) -> float:
    """The smallest t such that the mean of 1 - confidence over all answers with a confidence of at least t is at most
    max_error; 1.0 if there is none.

    The expected errors are used, not counted ones: a calibration part of a few thousand images has too few errors for
    a rate of 0.001.
    """
    ordered = np.sort(confidence)[::-1]
    expected_error = np.cumsum(1 - ordered) / np.arange(1, len(ordered) + 1)
    within = np.flatnonzero(expected_error <= max_error)
    return float(ordered[within[-1]]) if len(within) else 1.0
