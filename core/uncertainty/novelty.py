"""Is this a digit at all? What the main directions of a layer's usual activations cannot rebuild is new.

Reconstruction from principal components as a measure of novelty goes back to Japkowicz et al. (1995). The error is
taken as a share of the whole activation, so that faint ink is not familiar merely for being faint.
"""

from dataclasses import dataclass
from itertools import chain

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


def fit_subspace(parts, components=COMPONENTS):
    """The Subspace of a layer's activations (N, h) on training images, also in parts (n, h): all at once would be the
    peak of memory in training."""
    parts = iter([parts] if isinstance(parts, np.ndarray) else parts)
    first = next(parts)
    pivot, total, n = first.mean(axis=0), 0.0, 0  # near the mean, so that subtracting the squares costs no digits
    covariance = np.zeros((len(pivot), len(pivot)))
    for part in chain([first], parts):
        centred = part - pivot
        total, n = total + centred.sum(axis=0, dtype=float), n + len(part)
        covariance += centred.T @ centred
    off = total / n
    _, vectors = np.linalg.eigh(covariance - n * np.outer(off, off))
    mean = (pivot + off).astype(first.dtype)
    return Subspace(mean, vectors[:, -min(components, len(mean) // 2) :].astype(np.float32))
