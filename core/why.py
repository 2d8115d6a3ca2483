"""Why a network answers as it does: which pixels, which layers and which units speak for the digit.

Everything is asked of the network in hand: its own gradient, its own answers to changed images. Images are network
input, x (784,) in the range that the network was trained on; nothing here keeps state, so many threads may ask at once.
"""

from dataclasses import dataclass

import numpy as np

from core.calibration import fit_temperature
from core.layers import Dense
from core.losses import softmax

SIDE = 28


def as_row(x, n=SIDE * SIDE, dtype=np.float32, what="the image"):
    """One image (784,) or (28, 28) as a finite row (n,). Raises ValueError with a sentence."""
    x = np.asarray(x)
    if x.size != n:
        raise ValueError(f"{what} holds {x.size} values of shape {x.shape}; give one, {n} values.")
    if not np.isfinite(x).all():
        raise ValueError(f"{what} holds values that are not finite; replace them first.")
    return x.reshape(n).astype(dtype)


def check_digits(digit, against=None):
    """Raises ValueError unless digit is 0..9 and against is None or another digit."""
    for name, value in (("digit", digit), ("against", against)):
        if value is not None and value not in range(10):
            raise ValueError(f"{name} is {value!r}; give a whole number from 0 to 9.")
    if digit == against:
        raise ValueError(f"against is {against}, the digit itself; give another digit, or None.")


def pull_back(network, caches, weights):
    """Gradients (N, n_in) of the sum of weights (N, 10) times logits, from the caches that `forward` returned."""
    return network.backward(weights, caches, None, need_dx=True)


def input_gradient(network, X, digit, against=None):
    """Gradients (N, 784) of logit[digit], or of logit[digit] - logit[against], at the rows of X (N, 784)."""
    logits, caches = network.forward(X)
    weights = np.zeros_like(logits)
    weights[:, digit] = 1
    if against is not None:
        weights[:, against] = -1
    return pull_back(network, caches, weights)


def gradient_x_input(network, x, digit, against=None):
    """Each pixel times the slope of the logit (or logit difference) there: x (784,) -> (784,).

    Fast and local: pixels of value 0 get 0 whatever their slope (Shrikumar et al. 2016). Its sum is the value itself
    where the network is linear without a bias, and otherwise nothing in particular; see integrated_gradients.
    """
    check_digits(digit, against)
    x = as_row(x, dtype=network.dtype)
    return x * input_gradient(network, x[None], digit, against)[0]


def integrated_gradients(network, x, digit, against=None, steps=64, baseline=0):
    """What each pixel adds to the logit (or logit difference) on the way from the baseline to x: (784,).

        a_i = (x_i - b_i) * integral over t in (0, 1) of df/dx_i (b + t (x - b))

    (Sundararajan, Taly & Yan 2017), by the midpoint rule with `steps` points, all in one batch. Complete: the sum is
    f(x) - f(baseline) up to the error of the rule. baseline: a number or (784,), in the units of x.
    """
    check_digits(digit, against)
    if steps < 1:
        raise ValueError(f"steps is {steps}; the integral needs at least 1.")
    x = as_row(x, dtype=network.dtype)
    start = as_row(np.broadcast_to(baseline, x.shape) if np.ndim(baseline) == 0 else baseline, dtype=network.dtype,
                   what="the baseline")
    t = ((np.arange(steps) + 0.5) / steps).astype(network.dtype)
    slopes = input_gradient(network, start + t[:, None] * (x - start), digit, against)
    return (x - start) * slopes.mean(axis=0)


def occlusion(model, x, size=4, stride=2):
    """How far the calibrated probability of the answer falls when a patch is blanked: x (784,) -> (28, 28).

    Square patches of `size` pixels, `stride` apart, are set to blank paper (Zeiler & Fergus 2014); a pixel gets the
    mean fall over the patches that cover it. Negative where blanking makes the network surer. Patches without ink are
    not tried: nothing changes.
    """
    if not 1 <= stride <= size <= SIDE:
        raise ValueError(f"size {size} and stride {stride} leave pixels out; 1 <= stride <= size <= {SIDE} is needed.")
    x, paper = as_row(x), np.float32(model.config.input_range[0])
    starts = np.unique([*range(0, SIDE - size + 1, stride), SIDE - size])
    inside = (np.arange(SIDE) >= starts[:, None]) & (np.arange(SIDE) < starts[:, None] + size)
    patches = (inside[:, None, :, None] & inside[None, :, None, :]).reshape(-1, SIDE * SIDE)
    touched = (patches & (x != paper)).any(axis=1)
    probs = model.probabilities(np.concatenate([x[None], np.where(patches[touched], paper, x)]))
    answer = probs[0].argmax()
    fall = np.zeros(len(patches), np.float32)
    fall[touched] = probs[0, answer] - probs[1:, answer]
    return (fall @ patches / patches.sum(axis=0)).reshape(SIDE, SIDE)


def gate_modes(model, x, rng, shuffles=20):
    """Calibrated probabilities (10,) of x (784,) under four gates, by name; None for a network without a gate.

    "live": as trained; "mean": held at its mean over training images; "open": all ones, which also scales the logits;
    "shuffled": this image's own values dealt to other units, averaged over `shuffles` deals by `rng`. When "shuffled"
    is as good as "live", the values matter only as a scale; when "mean" is, they do not depend on the image.
    """
    network = model.network
    if not network.has_gate:
        return None
    x = as_row(x)[None]
    live = network.read(x)
    dealt = rng.permuted(np.repeat(live.gate, shuffles, axis=0), axis=1)
    readings = {"live": live, "mean": network.with_gate(model.gate_mean).read(x),
                "open": network.with_gate(1.0).read(x),
                "shuffled": network.with_gate(dealt).read(np.repeat(x, shuffles, axis=0))}
    return {name: model.emotion.probabilities(reading).mean(axis=0) for name, reading in readings.items()}


def unit_votes(network, x, digit, against):
    """What each unit of the last hidden layer adds to logit[digit] - logit[against]: (h,), exact.

    The output layer is linear, so the difference is the sum of the votes and of the difference of two biases.
    """
    check_digits(digit, against)
    if not isinstance(network.layers[-1], Dense):
        raise ValueError("the network does not end in a Dense layer, so its units have no votes of their own.")
    last, W = network.read(as_row(x, dtype=network.dtype)[None]).hidden[-1][0], network.params[-1]["W"]
    return last * (W[:, digit] - W[:, against])


@dataclass(frozen=True)
class LayerMeans:
    """The mean activations of each digit in each hidden layer, [(10, h), ...], and a scale for each layer."""

    means: list
    scales: list

    @classmethod
    def fit(cls, network, X, y):
        """From labelled images X (N, 784), y (N,): a few thousand are plenty; a mean each and one scale, no training.

        Images other than the network's training images give the honest scales.
        """
        missing = sorted(set(range(10)) - set(np.unique(y).tolist()))
        if missing:
            raise ValueError(f"there is no image of the digits {missing}; give some of each digit.")
        readings = [network.read(X[i : i + 1000]).hidden for i in range(0, len(X), 1000)]
        means, scales = [], []
        for layer in map(np.concatenate, zip(*readings, strict=True)):
            mean = np.stack([layer[y == digit].mean(axis=0) for digit in range(10)])
            scores = _nearness(layer, mean)
            spread = float(scores.std(axis=1).mean()) or 1.0
            means.append(mean)
            scales.append(spread * fit_temperature((scores / spread).astype(np.float64), y))
        return cls(means, scales)

    def probabilities(self, hidden):
        """softmax of minus the squared distance to each digit's mean, over the layer's scale: [(N, 10), ...]."""
        return [softmax(_nearness(layer, mean) / scale)
                for layer, mean, scale in zip(hidden, self.means, self.scales, strict=True)]


def _nearness(H, means):
    """Minus half the squared distance of H (N, h) to each of means (10, h), less what all ten share: (N, 10)."""
    return H @ means.T - 0.5 * (means**2).sum(axis=1)


def layer_contributions(network, x, layer_means):
    """What each hidden layer knows already of x (784,): a list of dicts, from the first layer to the last, gated one.

    probs (10,): how near its activations are to the mean of each digit (LayerMeans; the nearest-mean readout of Snell
    et al. 2017, with nothing trained); digit: the nearest; active: share of units above a hundredth of the largest;
    norm: their length. Holding a whole layer at its mean would tell nothing: all that is known of the image passes
    through each layer, so the answer would be the same constant for every image.
    """
    hidden = network.read(as_row(x, dtype=network.dtype)[None]).hidden
    answers = []
    for layer, probs in zip(hidden, layer_means.probabilities(hidden), strict=True):
        size = np.abs(layer[0])
        answers.append({"digit": int(probs[0].argmax()), "probs": probs[0], "norm": float(np.linalg.norm(layer[0])),
                        "active": float((size > 0.01 * size.max()).mean())})
    return answers
