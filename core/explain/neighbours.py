"""A k-NN index of training digits, looked up by how the network sees them: the neighbours of a new digit."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.digits.data import as_input
from core.storage import ModelError, model_sha256, read_file

FILE = "neighbours.npz"


@dataclass(frozen=True)
class NeighbourIndex:
    """Training images as directions in the space of the gated layer.

    basis (h, k): principal directions of the activations, not centred, so that angles are kept; features (n, k)
    float32: the images, projected and of length 1; labels (n,); indices (n,): which training images they are.
    """

    basis: np.ndarray
    features: np.ndarray
    labels: np.ndarray
    indices: np.ndarray

    @classmethod
    def build(cls, network, X, y, rng, n=6000, k=48, indices=None, input_range=(0.0, 1.0)):
        """Draw n of the images X, uint8 (N, 28, 28) or network input (N, 784), labels y (N,), and project their last
        hidden layer.

        indices (N,): the number of each image in the training set, if X is only a part of it. input_range: what the
        network takes for 0 and 255.
        """
        if len(X) != len(y) or (indices is not None and len(indices) != len(X)):
            raise ValueError(f"{len(X)} images, {len(y)} labels and their indices do not match; give as many of each.")
        chosen = np.sort(rng.choice(len(X), min(n, len(X)), replace=False))
        H = np.concatenate([network.read(as_input(X[chosen[i : i + 1000]], input_range)).hidden[-1]
                            for i in range(0, len(chosen), 1000)])
        if not 1 <= k <= H.shape[1]:
            raise ValueError(f"k is {k}; the layer has {H.shape[1]} units, so give 1 to {H.shape[1]}.")
        _, vectors = np.linalg.eigh(H.T.astype(np.float64) @ H)
        # stored as float16 and used as it was stored, so that an index built and an index loaded agree
        basis = vectors[:, : -k - 1 : -1].astype(np.float32)
        features = _unit(H @ basis).astype(np.float16).astype(np.float32)
        return cls(basis, features, np.asarray(y)[chosen].astype(np.uint8),
                   (chosen if indices is None else np.asarray(indices)[chosen]).astype(np.int32))

    def nearest(self, h, count=5):
        """(indices, cosine similarities, labels), each (count,), most alike first, of gated activations h (units,).

        The similarity is that of the projections: 1 for the same direction, -1 at least.
        """
        h = np.asarray(h, np.float32)
        if h.shape != (len(self.basis),):
            raise ValueError(f"h has the shape {h.shape}; this index is for a layer of {len(self.basis)} units.")
        if not 1 <= count <= len(self.features):
            raise ValueError(f"count is {count}; the index holds {len(self.features)} images.")
        similarity = self.features @ _unit(h @ self.basis)
        near = np.argpartition(-similarity, count - 1)[:count]
        near = near[np.argsort(-similarity[near], kind="stable")]
        return self.indices[near], similarity[near], self.labels[near]

    def of_digit(self, digit):
        """The index of one digit's images alone."""
        own = self.labels == digit
        return NeighbourIndex(self.basis, self.features[own], self.labels[own], self.indices[own])

    def to_bytes(self, sha256):
        """An .npz that belongs to the model with this hash (`model_sha256` of its config.json)."""
        buffer = io.BytesIO()
        np.savez(buffer, model_sha256=np.array(sha256), basis=self.basis, labels=self.labels,
                 features=self.features.astype(np.float16), indices=self.indices)
        return buffer.getvalue()

    @classmethod
    def load(cls, folder, sha256):
        """The index of a model folder. Raises ModelError when it is missing, damaged or made for another model."""
        path = Path(folder) / FILE
        again = f"make it with `python core/train.py --refit {folder}`."
        try:
            data = io.BytesIO(read_file(folder, FILE))
        except ModelError as error:
            raise ModelError(f"{str(error).partition(';')[0]}; {again}") from None
        try:
            with np.load(data, allow_pickle=False) as saved:
                arrays = {name: saved[name] for name in ("basis", "features", "labels", "indices")}
                belongs = str(model_sha256(saved))
            index = cls(**arrays | {"features": arrays["features"].astype(np.float32)})
            n, k = index.features.shape
            if index.basis.shape[1:] != (k,) or not index.labels.shape == index.indices.shape == (n,) or not n:
                raise ValueError("its arrays do not fit each other")
            if not (np.isfinite(index.basis).all() and np.isfinite(index.features).all()):
                raise ValueError("it holds values that are not finite")
        except Exception as error:  # a damaged zip raises many kinds
            raise ModelError(f"{path} cannot be read ({error}); {again}") from None
        if belongs != sha256:
            raise ModelError(f"{path} was made for another model than the one in use; {again}")
        return index


def _unit(features):
    """Rows of length 1; a row of zeros stays so."""
    length = np.linalg.norm(features, axis=-1, keepdims=True)
    return features / np.where(length > 0, length, 1)
