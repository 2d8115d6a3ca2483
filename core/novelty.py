"""Is this a digit at all? What the main directions of a layer's usual activations cannot express is strange.

Reconstruction from principal components as a measure of novelty goes back to Japkowicz et al. (1995). The residual is
taken as a share of the whole activation, so that faint ink is not familiar merely for being faint.
"""

from dataclasses import dataclass

import numpy as np

COMPONENTS = 64  # principal components kept a layer


@dataclass(frozen=True)
class Subspace:
    """Where a layer's activations usually lie: mean (h,), basis (h, k) of orthonormal directions around it.

    usual, spread: mean and standard deviation of the log relative residual over calibration digits.
    """

    mean: np.ndarray
    basis: np.ndarray
    usual: float = 0.0
    spread: float = 1.0

    def residual(self, H):
        """Share in (0, 1] of each activation (N, h), from the mean, that lies off the subspace: (N,)."""
        centred = H - self.mean
        total = np.einsum("ij,ij->i", centred, centred) + 1e-12
        centred -= (centred @ self.basis) @ self.basis.T  # what is lost; subtracting squared lengths would lose digits
        lost = np.einsum("ij,ij->i", centred, centred)
        return np.sqrt(np.maximum(lost, 1e-9 * total) / total)

    def strangeness(self, H):
        """The log residual in standard deviations of calibration digits: (N,), 0 for a usual digit."""
        return (np.log(self.residual(H)) - self.usual) / self.spread


def fit_subspace(H_train, H_calibration):
    """The Subspace of one layer: directions from training activations (N, h), scale from calibration ones (M, h)."""
    mean = H_train.mean(axis=0)
    covariance = np.zeros((len(mean), len(mean)))
    for start in range(0, len(H_train), 5000):
        centred = H_train[start : start + 5000] - mean
        covariance += centred.T @ centred
    _, vectors = np.linalg.eigh(covariance)
    plain = Subspace(mean, vectors[:, -min(COMPONENTS, len(mean) // 2) :].astype(np.float32))
    logs = np.log(plain.residual(H_calibration))
    return Subspace(mean, plain.basis, float(logs.mean()), float(max(logs.std(), 1e-6)))
