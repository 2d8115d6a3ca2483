"""Is this a digit at all? What the main directions of a layer's usual activations cannot rebuild is new.

Reconstruction from principal components as a measure of novelty goes back to Japkowicz et al. (1995). The error is
taken as a share of the whole activation, so that faint ink is not familiar merely for being faint.
"""

from dataclasses import dataclass

import numpy as np

COMPONENTS = 64  # principal components kept a layer


@dataclass(frozen=True)
class Subspace:
    """Where a layer's activations usually lie: mean (h,), basis (h, k) of orthonormal directions around it."""

    mean: np.ndarray
    basis: np.ndarray

    def reconstruction_error(self, H):
        """Share in (0, 1] of each activation (N, h), from the mean, that lies off the subspace: (N,)."""
        centred = H - self.mean
        total = np.einsum("ij,ij->i", centred, centred) + 1e-12
        centred -= (centred @ self.basis) @ self.basis.T  # what is lost; subtracting squared lengths would lose digits
        lost = np.einsum("ij,ij->i", centred, centred)
        return np.sqrt(np.maximum(lost, 1e-9 * total) / total)


def fit_subspace(H, components=COMPONENTS):
    """The Subspace of a layer's activations H (N, h) on training images."""
    mean = H.mean(axis=0)
    covariance = np.zeros((len(mean), len(mean)))
    for start in range(0, len(H), 5000):
        centred = H[start : start + 5000] - mean
        covariance += centred.T @ centred
    _, vectors = np.linalg.eigh(covariance)
    return Subspace(mean, vectors[:, -min(components, len(mean) // 2) :].astype(np.float32))
