"""Optimisers over one flat parameter vector, written as the equations read.

`step(theta, grads, lr)` changes theta in place. `state` holds an optimiser's arrays by name: a run that restores them
continues bit for bit. core/nn/fast/optimizers.py has the same optimisers in chunks and threads.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.nn.context import Array


class SGD:
    """theta -= lr * velocity, velocity = momentum * velocity + grads (Polyak 1964), with decoupled weight decay.

    decay_size: weight decay applies to the first decay_size parameters (the weight matrices; None: to all).
    """

    def __init__(self, theta: Array, momentum: float = 0.0, weight_decay: float = 0.0,
                 decay_size: int | None = None) -> None:
        self.momentum, self.weight_decay = momentum, weight_decay
        self.decay_size = theta.size if decay_size is None else decay_size
        self.state: dict[str, NDArray[Any]] = {"velocity": np.zeros_like(theta)} if momentum else {}

    def step(self, theta: Array, grads: Array, lr: float) -> None:
        grads = as_vector(grads, theta)
        theta[: self.decay_size] *= 1 - lr * self.weight_decay
        if self.momentum:
            velocity = self.state["velocity"]
            velocity[...] = self.momentum * velocity + grads
            grads = velocity
        theta -= lr * grads


class Adam:
    """Adam (Kingma & Ba 2015); with weight_decay AdamW (Loshchilov & Hutter 2019).

    decay_size: as of SGD.
    """

    def __init__(self, theta: Array, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
                 weight_decay: float = 0.0, decay_size: int | None = None) -> None:
        self.beta1, self.beta2, self.eps, self.weight_decay = beta1, beta2, eps, weight_decay
        self.decay_size = theta.size if decay_size is None else decay_size
        self.state: dict[str, NDArray[Any]] = {
            "m": np.zeros_like(theta), "v": np.zeros_like(theta), "t": np.zeros(1, np.int64)}

    def step(self, theta: Array, grads: Array, lr: float) -> None:
        grads = as_vector(grads, theta)
        m, v, t = self.state.values()
        t += 1
        theta[: self.decay_size] *= 1 - lr * self.weight_decay
        m[...] = self.beta1 * m + (1 - self.beta1) * grads
        v[...] = self.beta2 * v + (1 - self.beta2) * grads**2
        m_hat = m / (1 - self.beta1 ** int(t[0]))
        v_hat = v / (1 - self.beta2 ** int(t[0]))
        theta -= lr * m_hat / (np.sqrt(v_hat) + self.eps)


def check_gradient(grads: Array, theta: Array) -> None:
    """Raises ValueError unless grads is (n,) like theta, or (parts, n)."""
    if grads.ndim not in (1, 2) or grads.shape[-1] != theta.size:
        raise ValueError(f"an optimiser needs grads of shape ({theta.size},) or (parts, {theta.size}), not "
                         f"{grads.shape}")


def as_vector(grads: Array, theta: Array) -> Array:
    """The gradient (n,) of parts (parts, n) or of (n,); raises as check_gradient."""
    check_gradient(grads, theta)
    return grads if grads.ndim == 1 else grads.sum(axis=0)


def total(grads: Array) -> Array:
    """The gradient (n,) of parts (parts, n), summed into the first part."""
    if grads.ndim == 1:
        return grads
    for part in grads[1:]:
        grads[0] += part
    return grads[0]


def clip_norm(grads: Array, limit: float) -> float:
    """Scale grads in place to a Euclidean norm of at most `limit` (Pascanu et al. 2013); returns the norm before."""
    norm = math.sqrt(float(np.dot(grads, grads)))
    if norm > limit:
        grads *= grads.dtype.type(limit / norm)
    return norm
