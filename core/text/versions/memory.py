"""The memory of a conversation (SoulKernel) and the layer that reads it (Bond).

A SoulKernel belongs to one conversation; the caller passes it to the model, or passes none.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.nn.context import EVALUATION, Array, Context, Params
from core.nn.layers import Layer, sigmoid

CAPACITY = 100  # responses in a SoulKernel
RECENT = 3  # responses that the model reads


class SoulKernel:
    """The last 100 responses of one conversation, each a state y (dim,) and its PAD estimate (3,)."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.reset()

    def reset(self) -> None:
        """Remove all responses."""
        self.states: list[NDArray[np.float32]] = []
        self.pads: list[NDArray[np.float32]] = []

    def remember(self, state: ArrayLike, pad: ArrayLike) -> None:
        """Append one response, state (dim,) and pad (3,); beyond the capacity the oldest is removed. Raises ValueError
        for a state of another shape."""
        if np.shape(state) != (self.dim,):
            raise ValueError(f"SoulKernel needs states of {self.dim} values, not of shape {np.shape(state)}")
        self.states = [*self.states, np.array(state, np.float32)][-CAPACITY:]
        self.pads = [*self.pads, np.array(pad, np.float32)][-CAPACITY:]

    def __len__(self) -> int:
        return len(self.states)

    def recent(self) -> NDArray[np.float32]:
        """The last three states, newest last, padded with zeros in front, then 1 if there is any, else 0:
        (3 dim + 1,)."""
        padded = np.zeros((RECENT, self.dim), np.float32)
        last = self.states[-RECENT:]
        if last:
            padded[-len(last):] = last
        return np.append(padded.ravel(), np.float32(bool(last)))


class Bond(Layer):
    """Interpolation of a state towards a function of the memory: y = s + p bond (future - s), future = tanh(r Wf),
    bond = sigmoid(b).

    x: (N, 4 n + 1) is [s, the last three states r (3 n), p], p = 1 with and 0 without a memory; y: (N, n).
    The gradient with respect to r and p is zero: memories are constants.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self.shapes = {"Wf": (RECENT * n, n), "b": (1,)}

    def initialise(self, params: Params, rng: np.random.Generator) -> None:
        params["Wf"][...] = rng.normal(0, np.sqrt(1 / len(params["Wf"])), params["Wf"].shape)
        params["b"][...] = -2

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, tuple[Array, ...]]:
        s, r, present = x[:, : self.n], x[:, self.n : -1], x[:, -1:]
        future, bond = np.tanh(r @ params["Wf"]), sigmoid(params["b"])
        return s + present * bond * (future - s), (s, r, present, future, bond)

    def backward(self, params: Params, dy: Array, cache: tuple[Array, ...], grads: Params | None,
                 ctx: Context = EVALUATION) -> Array:
        s, r, present, future, bond = cache
        dpulled = present * dy
        dfuture = bond * dpulled * (1 - future * future)
        db = np.sum(dpulled * (future - s)) * bond * (1 - bond)
        ctx.write(grads, Wf=r.T @ dfuture, b=db)
        dx = np.zeros((len(dy), 4 * self.n + 1), dy.dtype)
        dx[:, : self.n] = dy - bond * dpulled
        return dx
