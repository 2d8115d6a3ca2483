"""The training images that argued for or against an answer, by the gradient of the last layer.

The output layer computes z = a W + b from the features a (h,) of the last (gated) hidden layer. With A = (a, 1) the
gradient of the cross-entropy of one training image (a', y') with respect to (W, b) is the outer product of A' and
p' - y', p' its probabilities and y' its label as a unit vector. A step of gradient descent on that image, of rate r,
changes (W, b) by -r A' (p' - y') and therefore the logits of another image by

    dz = -r (A . A') (p' - y'),    A . A' = a . a' + 1.

The logarithm of the probability of class c of that image has the derivative y - p with respect to z, y the unit vector
of c and p its probabilities. To first order it changes by

    d log p_c = r (a . a' + 1) (p - y) . (p' - y').

The factor of r is the score. It is positive if learning from the training image raises the probability of class c, so
the image argued for the answer; it is negative if the image argued against it. Leaving the image out has the opposite
sign. The score is the inner product of two loss gradients (Pruthi et al. 2020, with one checkpoint), the influence
function of Koh & Liang (2017) with the identity in place of the inverse Hessian, and, as in the representer points of
Yeh et al. (2018), a similarity of features times a residual. Hard training images have large residuals, so a few of
them lead many lists (Barshan et al. 2020).

Features are stored projected to their principal directions, as int8 with one scale an image: for the shipped network
the inner products are off by about 1 %, against 28 % with a random projection to as many dimensions.
analytics/studies/influence.py checks the sign by fitting the last layer again.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.digits.data import DIGITS, as_input
from core.explain.attribution import as_row, check_digits
from core.files import write_atomic
from core.nn.arguments import check_labels
from core.nn.context import Array
from core.nn.losses import Labels, softmax
from core.nn.network import Network
from core.storage import ModelError

DIMENSIONS = 256  # of the projection
BATCH = 500  # images that pass through the network together
SAMPLE = 6000  # images whose features give the principal directions
CHECKED = 400  # images whose inner products with each other are compared with the exact ones
ROWS = 4096  # stored features that are converted to floats together


@dataclass(frozen=True, eq=False)
class Influences:
    """The training images with the largest positive and negative scores, strongest first: indices in the training set
    and scores, (count,) each; fewer where fewer have that sign."""

    supporting: NDArray[np.integer]
    supporting_scores: NDArray[np.float32]
    opposing: NDArray[np.integer]
    opposing_scores: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class InfluenceIndex:
    """Features and residuals of n training images.

    basis (h, k) float32: orthonormal principal directions, not centred; features (n, k) int8 and scale (n,) float32:
    the projected features are features * scale; residuals (n, 10) float16: p' - y'; indices (n,) int32: of the images
    in the training set; error: the root mean square error of inner products a . a', relative to their root mean square.
    """

    basis: NDArray[np.float32]
    features: NDArray[np.int8]
    scale: NDArray[np.float32]
    residuals: NDArray[np.float16]
    indices: NDArray[np.int32]
    error: float

    def scores(self, features: ArrayLike, probs: ArrayLike, of: int) -> NDArray[np.float32]:
        """The score (n,) of every image for the class `of`: features (h,) and probs (10,) of the image in question."""
        check_digits(of)
        a = as_row(features, len(self.basis), what="the last hidden layer")
        direction = as_row(probs, DIGITS, what="the list of probabilities").copy()
        direction[of] = 0
        direction[of] = -direction.sum()  # p - 1, without cancellation where p is nearly 1
        projected = a @ self.basis
        scores = np.empty(len(self.scale), np.float32)
        for i in range(0, len(scores), ROWS):
            rows = slice(i, i + ROWS)
            similarity = (self.features[rows].astype(np.float32) @ projected) * self.scale[rows] + 1
            scores[rows] = similarity * (self.residuals[rows].astype(np.float32) @ direction)
        return scores

    def ask(self, features: ArrayLike, probs: ArrayLike, of: int, count: int = 6) -> Influences:
        """The `count` training images that argued most for the class `of`, and as many against it.

        features (h,): the last hidden layer of the image in question, gated if there is a gate; probs (10,): its
        probabilities softmax(logits).
        """
        if not 1 <= count <= len(self.scale):
            raise ValueError(f"count is {count}; the index has {len(self.scale)} images.")
        scores = self.scores(features, probs, of)
        near = np.argpartition(-scores, count - 1)[:count]
        near = near[np.argsort(-scores[near], kind="stable")]
        near = near[scores[near] > 0]
        far = np.argpartition(scores, count - 1)[:count]
        far = far[np.argsort(scores[far], kind="stable")]
        far = far[scores[far] < 0]
        return Influences(self.indices[near], scores[near], self.indices[far], scores[far])

    @property
    def bytes(self) -> int:
        """The memory of the arrays."""
        return sum(a.nbytes for a in (self.basis, self.features, self.scale, self.residuals, self.indices))

    def save(self, path: str | Path) -> None:
        """Write the arrays to an .npz file."""
        buffer = io.BytesIO()
        np.savez(buffer, basis=self.basis, features=self.features, scale=self.scale, residuals=self.residuals,
                 indices=self.indices, error=np.float64(self.error))
        write_atomic(path, buffer.getvalue())

    @classmethod
    def load(cls, path: str | Path) -> "InfluenceIndex":
        """The index of a file written by `save`. Raises ModelError if it is missing or damaged."""
        try:
            with open(path, "rb") as source, np.load(source, allow_pickle=False) as saved:
                basis, features, scale = saved["basis"], saved["features"], saved["scale"]
                index = cls(basis, features, scale, saved["residuals"], saved["indices"], float(saved["error"]))
            n, k = features.shape
            if (basis.shape[1:] != (k,) or index.residuals.shape != (n, DIGITS) or features.dtype != np.int8
                    or not scale.shape == index.indices.shape == (n,) or not n):
                raise ValueError("its arrays do not match")
            if not all(np.isfinite(values).all() for values in (basis, scale, index.residuals, index.error)):
                raise ValueError("it has values that are not finite")
        except Exception as error:  # a damaged zip file raises many kinds of exceptions
            raise ModelError(f"{path} cannot be read ({error}); delete it, it is computed again.") from None
        return index


def build(network: Network, X: NDArray[Any], y: Labels, progress: Callable[[float], object] = lambda share: None,
          indices: NDArray[np.integer] | None = None, input_range: tuple[float, float] = (0.0, 1.0),
          dimensions: int = DIMENSIONS) -> InfluenceIndex:
    """The index of training images X, uint8 (N, 28, 28) or network input (N, 784), with labels y (N,).

    indices (N,): the index of each image in the training set, if X is only a part of it. input_range: the network input
    for pixels of 0 and 255. progress(share) is called after each batch, share from 0 to 1. The result is deterministic.
    """
    check_labels("build", y, DIGITS, len(X))
    if not len(X) or (indices is not None and len(indices) != len(X)):
        raise ValueError(f"{len(X)} images and {0 if indices is None else len(indices)} indices do not match; give at "
                         "least one image and as many of each.")
    rng, n = np.random.default_rng(0), len(X)
    chosen = np.sort(rng.choice(n, min(n, SAMPLE), replace=False))
    steps = -(-len(chosen) // BATCH) + -(-n // BATCH)

    def read(images: NDArray[Any]) -> tuple[Array, Array]:
        reading = network.read(as_input(images, input_range))
        return reading.hidden[-1].astype(np.float32), softmax(reading.logits.astype(np.float32))

    moments = None
    for step, i in enumerate(range(0, len(chosen), BATCH)):
        H = read(X[chosen[i : i + BATCH]])[0].astype(np.float64)
        moments = H.T @ H if moments is None else moments + H.T @ H
        progress((step + 1) / steps)
    assert moments is not None, "there is at least one image"
    basis = np.ascontiguousarray(np.linalg.eigh(moments)[1][:, : -dimensions - 1 : -1], np.float32)
    features = np.empty((n, basis.shape[1]), np.int8)
    scale, residuals = np.empty(n, np.float32), np.empty((n, DIGITS), np.float16)
    for i in range(0, n, BATCH):
        rows = slice(i, i + BATCH)
        H, probs = read(X[rows])
        projected = H @ basis
        scale[rows] = np.abs(projected).max(axis=1) / 127
        features[rows] = np.round(projected / np.where(scale[rows] > 0, scale[rows], 1)[:, None])
        probs[np.arange(len(probs)), y[rows]] -= 1
        residuals[rows] = probs
        progress((len(chosen) // BATCH + i // BATCH + 1) / steps)
    progress(1.0)
    checked = rng.choice(n, min(n, CHECKED), replace=False)
    exact = read(X[checked])[0]
    stored = features[checked].astype(np.float32) * scale[checked, None]
    products = exact @ exact.T
    difference = (exact @ basis) @ stored.T - products
    error = float(np.sqrt(np.mean(difference**2) / max(np.mean(products**2), 1e-30)))
    where = np.arange(n) if indices is None else np.asarray(indices)
    return InfluenceIndex(basis, features, scale, residuals, where.astype(np.int32), error)
