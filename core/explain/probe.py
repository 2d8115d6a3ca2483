"""A probe of each hidden layer: which digit its activations come nearest to."""

from dataclasses import dataclass

import numpy as np

from core.digits.data import DIGITS
from core.explain.attribution import as_row
from core.nn.losses import softmax
from core.uncertainty.calibration import fit_temperature


@dataclass(frozen=True)
class NearestCentroidProbe:
    """What each hidden layer knows already: how near its activations are to the centroid of each digit.

    centroids: the mean activations of each digit, [(10, h), ...]; scales: a number a layer. Nothing is trained (the
    nearest-mean readout of Snell et al. 2017).
    """

    centroids: list
    scales: list

    @classmethod
    def fit(cls, network, X, y):
        """From labelled images X (N, 784), y (N,): a few thousand are plenty; a mean each and one scale, no training.

        Images other than the network's training images give the honest scales.
        """
        missing = sorted(set(range(DIGITS)) - set(np.unique(y).tolist()))
        if missing:
            raise ValueError(f"there is no image of the digits {missing}; give some of each digit.")
        readings = [network.read(X[i : i + 1000]).hidden for i in range(0, len(X), 1000)]
        centroids, scales = [], []
        for layer in map(np.concatenate, zip(*readings, strict=True)):
            mean = np.stack([layer[y == digit].mean(axis=0) for digit in range(DIGITS)])
            scores = _nearness(layer, mean)
            spread = float(scores.std(axis=1).mean()) or 1.0
            centroids.append(mean)
            scales.append(spread * fit_temperature((scores / spread).astype(np.float64), y))
        return cls(centroids, scales)

    def probabilities(self, hidden):
        """softmax of minus the squared distance to each digit's centroid, over the layer's scale: [(N, 10), ...]."""
        return [softmax(_nearness(layer, mean) / scale)
                for layer, mean, scale in zip(hidden, self.centroids, self.scales, strict=True)]


def _nearness(H, means):
    """Minus half the squared distance of H (N, h) to each of means (10, h), less what all ten share: (N, 10)."""
    return H @ means.T - 0.5 * (means**2).sum(axis=1)


def probe_layers(network, x, probe):
    """What each hidden layer knows already of x (784,): a list of dicts, from the first layer to the last, gated one.

    probs (10,), by the NearestCentroidProbe; digit: the nearest; active: share of units above a hundredth of the
    largest; norm: the Euclidean one. Holding a whole layer at its mean would tell nothing: all that is known of the
    image passes through each layer, so the answer would be the same constant for every image.
    """
    hidden = network.read(as_row(x, dtype=network.dtype)[None]).hidden
    answers = []
    for layer, probs in zip(hidden, probe.probabilities(hidden), strict=True):
        size = np.abs(layer[0])
        answers.append({"digit": int(probs[0].argmax()), "probs": probs[0], "norm": float(np.linalg.norm(layer[0])),
                        "active": float((size > 0.01 * size.max()).mean())})
    return answers
