"""A probe of each hidden layer: the digit with the nearest centroid of activations."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.digits.data import DIGITS
from core.explain.attribution import as_row
from core.nn.losses import softmax
from core.nn.network import Network
from core.uncertainty.calibration import fit_temperature


@dataclass(frozen=True)
class NearestCentroidProbe:
    """Digit probabilities from the distances to class centroids in each hidden layer (Snell et al. 2017).

    centroids: the mean activations of each digit, [(10, h), ...]; scales: a divisor of the scores for each layer.
    """

    centroids: list[NDArray[np.floating]]
    scales: list[float]

    @classmethod
    def fit(cls, network: Network, X: NDArray[np.floating], y: NDArray[np.integer]) -> "NearestCentroidProbe":
        """From labelled images X (N, 784), y (N,); a few thousand suffice. They should not be training images, on which
        the scales would be too small."""
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

    def probabilities(self, hidden: list[NDArray[np.floating]]) -> list[NDArray[np.floating]]:
        """softmax(-distance^2 / 2 / scale) over the digits' centroids, for each layer: [(N, 10), ...]."""
        return [softmax(_nearness(layer, mean) / scale)
                for layer, mean, scale in zip(hidden, self.centroids, self.scales, strict=True)]


def _nearness(H: NDArray[np.floating], means: NDArray[np.floating]) -> NDArray[np.floating]:
    """Minus half the squared distance of H (N, h) to means (10, h), up to a constant per row: (N, 10)."""
    return H @ means.T - 0.5 * (means**2).sum(axis=1)


def probe_layers(network: Network, x: ArrayLike, probe: NearestCentroidProbe) -> list[dict[str, Any]]:
    """The probe's answers for x (784,), a dict for each hidden layer, the gated one last.

    probs (10,); digit: the likeliest; active: share of units above 0.01 of the largest; norm: Euclidean. (Ablation by
    the mean of a whole layer is no alternative: the answer would not depend on the image.)
    """
    hidden = network.read(as_row(x, dtype=network.dtype)[None]).hidden
    answers = []
    for layer, probs in zip(hidden, probe.probabilities(hidden), strict=True):
        size = np.abs(layer[0])
        answers.append({"digit": int(probs[0].argmax()), "probs": probs[0], "norm": float(np.linalg.norm(layer[0])),
                        "active": float((size > 0.01 * size.max()).mean())})
    return answers
