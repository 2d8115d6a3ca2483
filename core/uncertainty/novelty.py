"""Novelty of a layer's activations: the error of their reconstruction from principal components of training digits.

The idea goes back to Japkowicz et al. (1995). The error is a share of the whole activation, so faint ink does not have
a low error only for being faint.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

COMPONENTS = 64  # principal components stored for each layer


@dataclass(frozen=True)
class Subspace:
    """An affine subspace near a layer's usual activations: mean (h,), orthonormal basis (h, k)."""

    mean: NDArray[np.floating]
    basis: NDArray[np.floating]

    def reconstruction_error(self, H: NDArray[np.floating]) -> NDArray[np.floating]:
        """|residual| / |H - mean| in (0, 1] for activations H (N, h): (N,)."""
        residual = H - self.mean
        total = np.einsum("ij,ij->i", residual, residual) + 1e-12
        residual -= (residual @ self.basis) @ self.basis.T  # a difference of squared lengths would lose precision
        lost = np.einsum("ij,ij->i", residual, residual)
        return np.sqrt(np.maximum(lost, 1e-9 * total) / total)


def fit_subspace(parts: NDArray[np.floating] | Iterable[NDArray[np.floating]],
                 components: int = COMPONENTS) -> Subspace:
    """The Subspace of a layer's activations (N, h) on training images. An iterable of parts (n, h) needs less memory.
    """
    parts = iter([parts] if isinstance(parts, np.ndarray) else parts)
    first = next(parts)
    pivot, total, n = first.mean(axis=0), 0.0, 0  # near the mean, so that the squares do not cancel
    covariance = np.zeros((len(pivot), len(pivot)))
    for part in chain([first], parts):
        centred = part - pivot
        total, n = total + centred.sum(axis=0, dtype=float), n + len(part)
        covariance += centred.T @ centred
    off = total / n
    _, vectors = np.linalg.eigh(covariance - n * np.outer(off, off))
    mean = (pivot + off).astype(first.dtype)
    return Subspace(mean, vectors[:, -min(components, len(mean) // 2) :].astype(np.float32))
