"""From scores to probabilities that keep their word: temperature scaling and logistic calibration."""

from dataclasses import dataclass, replace

import numpy as np

from core.nn.layers import sigmoid
from core.nn.losses import softmax

SIGNALS = 4
VECTORS = ("error_mean", "error_std", "logistic", "curve", "strange")  # of a Calibration
FAR = 2.0  # standard deviations of the first layer's error: beyond, strokes are unlike those of nearly all digits
STRANGE = (0.0, 8.0, 2.0)  # a Calibration's weights of novelty; chosen on development data (analytics/EXPERIMENTS.md)
AHEAD = 1.0001  # however small its confidence, the answer stays ahead of the second by this factor


@dataclass(frozen=True)
class Evidence:
    """What of N readings tells a right answer from a wrong one.

    logits (N, 10); log_errors (N, 2): logarithms of the reconstruction errors of the first hidden layer and of the
    last, gated one (core/uncertainty/novelty.py); log_norm (N,): logarithm of the last one's Euclidean norm.
    """

    logits: np.ndarray
    log_errors: np.ndarray
    log_norm: np.ndarray

    @property
    def energy(self):
        """-log sum exp(logits), (N,): high where nothing speaks for any digit (Liu et al. 2020)."""
        top = self.logits.max(axis=1)
        return -(top + np.log(np.exp(self.logits - top[:, None]).sum(axis=1)))

    def part(self, chosen):
        return Evidence(self.logits[chosen], self.log_errors[chosen], self.log_norm[chosen])

    @classmethod
    def join(cls, parts):
        return cls(*(np.concatenate([getattr(part, name) for part in parts])
                     for name in ("logits", "log_errors", "log_norm")))


def lead(logits):
    """How far the best of logits (N, n) is before the second: (N,)."""
    two = np.partition(logits, -2, axis=1)[:, -2:]
    return two[:, 1] - two[:, 0]


@dataclass(frozen=True)
class Calibration:
    """The numbers that turn Evidence into probabilities, all fitted on calibration images.

    error_mean, error_std (2,): of the log errors, first and last layer; logistic: an offset and a weight a signal.
    energy_mean, energy_scale: the mean of the energy and one over its standard deviation; a scale of 0, as in readouts
    of before, leaves it out.
    strange: weights of the first layer's error in novelty, of what of it is beyond FAR, and of the energy.
    curve: (low, offset, slope, square), from the signals' weighted sum to log odds (`confidence`); slope and square
    are not negative, so that more is never less sure. That of readouts of before changes nothing.
    """

    temperature: float
    error_mean: tuple
    error_std: tuple
    logistic: tuple
    energy_mean: float = 0.0
    energy_scale: float = 0.0
    curve: tuple = (0.0, 0.0, 1.0, 0.0)
    strange: tuple = (1.0, 0.0, 1.0)  # of readouts of before

    @property
    def curve_form(self):
        """What the curve is: "parabola", or "line" where the best parabola would fall somewhere (`fit_curve`)."""
        return "parabola" if self.curve[-1] else "line"

    def standardised_errors(self, evidence):
        """Both log errors in standard deviations of calibration digits: (N, 2), 0 for a usual digit."""
        return (evidence.log_errors - np.array(self.error_mean)) / np.array(self.error_std)

    def novelty_score(self, evidence):
        """How unlike the digits of training each sample is (N,), in standard deviations of calibration digits: what its
        last layer leaves unexplained, the first one where that is far off, and how little speaks for any digit."""
        first, last = self.standardised_errors(evidence).T
        plain, far, energy = self.strange
        return plain * first + far * np.maximum(first - FAR, 0) + last + energy * (
            evidence.energy - self.energy_mean) * self.energy_scale

    def signals(self, evidence):
        """What the logistic function weighs: (N, 4).

        The margin, the best logit's lead over the second in units of the temperature; the standardised error of the
        last layer; its log norm: a wavering gate lets little through; and how far the first layer's standardised error
        is above the usual, its square: stains and noise show there.
        """
        errors = self.standardised_errors(evidence)
        return np.column_stack([lead(evidence.logits) / self.temperature, errors[:, 1], evidence.log_norm,
                                np.maximum(errors[:, 0], 0) ** 2])

    def score(self, evidence):
        """The weighted sum of the signals (N,): the higher, the likelier is the answer right."""
        offset, *weights = self.logistic
        return self.signals(evidence) @ np.array(weights) + offset

    def confidence(self, evidence):
        """The chance (N,) that the likeliest digit is right: sigmoid(offset + slope s + square max(s - low, 0)^2) of
        the score s.

        As for scores that are normal, of two means and two spreads, for right and for wrong answers. Without the
        square, the surest answers are far more often right than they say (analytics/EXPERIMENTS.md).
        """
        low, offset, slope, square = self.curve
        score = self.score(evidence)
        return sigmoid(offset + slope * score + square * np.maximum(score - low, 0) ** 2)

    def probabilities(self, evidence):
        """Calibrated probabilities (N, 10), in the order of the logits.

        The likeliest digit gets its confidence; the others share the rest as softmax(logits / temperature) would.
        """
        scaled, rows = evidence.logits / self.temperature, np.arange(len(evidence.logits))
        best = scaled.argmax(axis=1)
        scaled[rows, best] = -np.inf
        others = softmax(scaled)
        second = others.max(axis=1)
        confidence = np.maximum(self.confidence(evidence), AHEAD * second / (1 + second)).astype(others.dtype)
        others *= (1 - confidence)[:, None]
        others[rows, best] = confidence
        return others

    def to_dict(self):
        return {"temperature": self.temperature, "error_mean": list(self.error_mean),
                "error_std": list(self.error_std), "logistic": list(self.logistic),
                "energy_mean": self.energy_mean, "energy_scale": self.energy_scale, "curve": list(self.curve),
                "curve_form": self.curve_form, "strange": list(self.strange)}

    @classmethod
    def from_dict(cls, saved):
        """Raises KeyError, TypeError or ValueError for what `to_dict` did not write."""
        found = cls(float(saved["temperature"]), *(tuple(map(float, saved[name]))
                                                   for name in ("error_mean", "error_std", "logistic")),
                    *(float(saved.get(name, 0)) for name in ("energy_mean", "energy_scale")),
                    *(tuple(map(float, saved.get(name, getattr(cls, name)))) for name in ("curve", "strange")))
        lengths = (2, 2, 1 + SIGNALS, 4, 3)
        if tuple(len(getattr(found, name)) for name in VECTORS) != lengths:
            raise ValueError("its readout is of another version")
        values = [found.temperature, found.energy_mean, found.energy_scale,
                  *(value for name in VECTORS for value in getattr(found, name))]
        if not np.isfinite(values).all() or min(found.energy_scale, *found.curve[2:], *found.strange) < 0:
            raise ValueError("its readout holds values that are not finite, or a negative scale or slope")
        if not 1e-3 <= found.temperature <= 1e3 or min(found.error_std) < 1e-9:
            raise ValueError(
                f"the temperature is {found.temperature}, the deviations of the errors are {found.error_std}"
            )
        return found


def fit_calibration(evidence, y, hard, y_hard):
    """The Calibration of Evidence on images as they are, labels y (N,), and on augmented and corrupted copies of them.

    The copies hold enough errors to learn how the signals weigh against each other; how sure their weighted sum may be
    is then fitted on the images as they are.
    """
    temperature = fit_temperature(evidence.logits.astype(np.float64), y)
    mean, std = evidence.log_errors.mean(axis=0), np.maximum(evidence.log_errors.std(axis=0), 1e-6)
    energy = evidence.energy.astype(np.float64)
    known = (temperature, tuple(mean.tolist()), tuple(std.tolist()))
    rest = (float(energy.mean()), float(1 / max(energy.std(), 1e-6)))
    draft = Calibration(*known, (0.0,) * (1 + SIGNALS), *rest, strange=STRANGE)
    signals = draft.signals(hard)
    middle, scale = signals.mean(axis=0), np.maximum(signals.std(axis=0), 1e-6)
    weights, offset = fit_logistic((signals - middle) / scale, hard.logits.argmax(axis=1) == y_hard)
    weights /= scale
    draft = replace(draft, logistic=(float(offset - middle @ weights), *weights.tolist()))
    return replace(draft, curve=fit_curve(draft.score(evidence), evidence.logits.argmax(axis=1) == y))


def fit_curve(score, correct):
    """A Calibration's curve, of scores (N,) and whether each answer was correct (N,); straight where the best parabola
    would fall."""
    low = float(np.quantile(score, 0.01))  # the least of all would hang on one image
    (slope, square), offset = fit_logistic(np.column_stack([score, np.maximum(score - low, 0) ** 2]), correct)
    if min(slope, square) < 0:
        (slope,), offset = fit_logistic(score[:, None], correct)
        square = 0.0
    return low, offset, max(float(slope), 0.0), float(square)


def fit_temperature(logits, y):
    """The temperature in [0.2, 5] of least negative log-likelihood (Guo et al. 2017).

    logits: (N, n); y: (N,). Golden-section search over the logarithm.
    """
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


def fit_logistic(features, correct, ridge=1e-3, rounds=50):
    """(weights (k,), offset) of P(correct) = sigmoid(features @ weights + offset), by Newton's method.

    features: (N, k); correct: (N,) booleans. Targets are drawn in from 0 and 1 as Platt (1999) does, and the weights
    shrunk by ridge / 2 |w|^2, so that a part without a single error still gives finite numbers.
    """
    X = np.column_stack([features, np.ones(len(features))]).astype(np.float64)
    hits = int(np.sum(correct))
    target = np.where(correct, (hits + 1) / (hits + 2), 1 / (len(X) - hits + 2))
    penalty = np.append(np.full(X.shape[1] - 1, ridge), 0.0)

    def loss(w):
        z = X @ w
        return float(np.mean(np.logaddexp(0, z) - target * z) + 0.5 * penalty @ w**2)

    w = np.zeros(X.shape[1])
    for _ in range(rounds):
        p = sigmoid(X @ w)
        slope = X.T @ (p - target) / len(X) + penalty * w
        curvature = (X * (p * (1 - p))[:, None]).T @ X / len(X) + np.diag(penalty + 1e-9)
        move, share = np.linalg.solve(curvature, slope), 1.0
        while share > 1e-6 and loss(w - share * move) > loss(w):
            share /= 2  # far from the minimum a whole Newton step may overshoot
        w -= share * move
    return w[:-1], float(w[-1])


def confidence_threshold(confidence, max_error=0.001):
    """The smallest confidence above which calibrated ones promise at most a share max_error of errors; 1 if none.

    The promise is their own mean doubt, not a count of errors: at one in a thousand, a calibration part of some
    thousand images has too few to count.
    """
    ordered = np.sort(confidence)[::-1]
    doubt = np.cumsum(1 - ordered) / np.arange(1, len(ordered) + 1)
    kept = np.flatnonzero(doubt <= max_error)
    return float(ordered[kept[-1]]) if len(kept) else 1.0
