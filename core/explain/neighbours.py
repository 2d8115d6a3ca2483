"""A k-NN index of training digits by the activations of the last hidden layer."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.digits.data import as_input
from core.nn.network import Network
from core.shipped import TRAIN
from core.storage import ModelError, model_sha256, read_file

FILE = "neighbours.npz"


@dataclass(frozen=True)
class NeighbourIndex:
    """Training images as unit vectors in a subspace of the last hidden layer.

    basis (h, k): principal directions of the activations, not centred, so that angles are preserved; features (n, k)
    float32: the projected images, of length 1; labels (n,); indices (n,): of the images in the training set.
    """

    basis: NDArray[np.float32]
    features: NDArray[np.float32]
    labels: NDArray[np.integer]
    indices: NDArray[np.integer]

    @classmethod
    def build(cls, network: Network, X: NDArray, y: NDArray[np.integer], rng: np.random.Generator, n: int = 6000,
              k: int = 48, indices: NDArray[np.integer] | None = None,
              input_range: tuple[float, float] = (0.0, 1.0)) -> "NeighbourIndex":
        """Draw n of the images X, uint8 (N, 28, 28) or network input (N, 784), labels y (N,), and project their last
        hidden layer.

        indices (N,): the index of each image in the training set, if X is only a part of it. input_range: the network
        input for pixels of 0 and 255.
        """
        if len(X) != len(y) or (indices is not None and len(indices) != len(X)):
            raise ValueError(f"{len(X)} images, {len(y)} labels and their indices do not match; give as many of each.")
        chosen = np.sort(rng.choice(len(X), min(n, len(X)), replace=False))
        H = np.concatenate([network.read(as_input(X[chosen[i : i + 1000]], input_range)).hidden[-1]
                            for i in range(0, len(chosen), 1000)])
        if not 1 <= k <= H.shape[1]:
            raise ValueError(f"k is {k}; the layer has {H.shape[1]} units, so give 1 to {H.shape[1]}.")
        _, vectors = np.linalg.eigh(H.T.astype(np.float64) @ H)
        # rounded to float16 as in the file, so that a new index equals the loaded one
        basis = vectors[:, : -k - 1 : -1].astype(np.float32)
        features = _unit(H @ basis).astype(np.float16).astype(np.float32)
        return cls(basis, features, np.asarray(y)[chosen].astype(np.uint8),
                   (chosen if indices is None else np.asarray(indices)[chosen]).astype(np.int32))

    def nearest(self, h: ArrayLike, count: int = 5) -> tuple[NDArray[np.integer], NDArray[np.floating],
                                                             NDArray[np.integer]]:
        """(indices, cosine similarities of the projections, labels), each (count,), most similar first, of activations
        h (units,)."""
        h = np.asarray(h, np.float32)
        if h.shape != (len(self.basis),):
            raise ValueError(f"h has the shape {h.shape}; this index is for a layer of {len(self.basis)} units.")
        if not 1 <= count <= len(self.features):
            raise ValueError(f"count is {count}; the index has {len(self.features)} images.")
        similarity = self.features @ _unit(h @ self.basis)
        near = np.argpartition(-similarity, count - 1)[:count]
        near = near[np.argsort(-similarity[near], kind="stable")]
        return self.indices[near], similarity[near], self.labels[near]

    def of_digit(self, digit: int) -> "NeighbourIndex":
        """The index restricted to images of one digit."""
        rows = self.labels == digit
        return NeighbourIndex(self.basis, self.features[rows], self.labels[rows], self.indices[rows])

    def to_bytes(self, sha256: str) -> bytes:
        """An .npz file that contains the hash of its model (`model_sha256` of config.json)."""
        buffer = io.BytesIO()
        np.savez(buffer, model_sha256=np.array(sha256), basis=self.basis, labels=self.labels,
                 features=self.features.astype(np.float16), indices=self.indices)
        return buffer.getvalue()

    @classmethod
    def load(cls, folder: str | Path, sha256: str) -> "NeighbourIndex":
        """The index of a model folder. Raises ModelError if it is missing, damaged or made for another model."""
        path = Path(folder) / FILE
        advice = f"make it with `{TRAIN} --refit {folder}`."
        try:
            data = io.BytesIO(read_file(folder, FILE))
        except ModelError as error:
            raise ModelError(f"{str(error).partition(';')[0]}; {advice}") from None
        try:
            with np.load(data, allow_pickle=False) as saved:
                arrays = {name: saved[name] for name in ("basis", "features", "labels", "indices")}
                index_of = str(model_sha256(saved))
            index = cls(**arrays | {"features": arrays["features"].astype(np.float32)})
            n, k = index.features.shape
            if index.basis.shape[1:] != (k,) or not index.labels.shape == index.indices.shape == (n,) or not n:
                raise ValueError("its arrays do not match")
            if not (np.isfinite(index.basis).all() and np.isfinite(index.features).all()):
                raise ValueError("it has values that are not finite")
        except Exception as error:  # a damaged zip file raises many kinds of exceptions
            raise ModelError(f"{path} cannot be read ({error}); {advice}") from None
        if index_of != sha256:
            raise ModelError(f"{path} was made for another model than the one in use; {advice}")
        return index


def _unit(features: NDArray[np.floating]) -> NDArray[np.floating]:
    """Rows scaled to length 1, except rows of zeros."""
    length = np.linalg.norm(features, axis=-1, keepdims=True)
    return features / np.where(length > 0, length, 1)
