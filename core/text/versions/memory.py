"""SoulKernel: the memory of one conversation, explicit and resettable, and the layer through which it is felt.

It never mixes conversations: whoever reads passes the kernel of theirs, or none.
"""

import numpy as np

from core.nn.context import EVALUATION
from core.nn.layers import Layer, sigmoid

CAPACITY, RECENT = 100, 3


class SoulKernel:
    """Past responses of one conversation, at most 100 (the oldest leave), each y (dim,) and its PAD estimate (3,)."""

    def __init__(self, dim):
        self.dim = dim
        self.reset()

    def reset(self):
        """Forget everything."""
        self.states, self.pads = [], []

    def remember(self, state, pad):
        """Append one response. state: (dim,), pad: (3,)."""
        if np.shape(state) != (self.dim,):
            raise ValueError(f"this memory holds states of {self.dim} values, not {np.shape(state)}")
        self.states = [*self.states, np.array(state, np.float32)][-CAPACITY:]
        self.pads = [*self.pads, np.array(pad, np.float32)][-CAPACITY:]

    def __len__(self):
        return len(self.states)

    def recent(self):
        """The last three states, newest last, zeros where there are fewer, and whether there is any: (3 dim + 1,)."""
        filled = np.zeros((RECENT, self.dim), np.float32)
        last = self.states[-RECENT:]
        if last:
            filled[-len(last):] = last
        return np.append(filled.ravel(), np.float32(bool(last)))


class Bond(Layer):
    """A remembered past pulls a state: y = s + p bond (future - s), future = tanh(r Wf), bond = sigmoid(b).

    x: (N, 4 n + 1) is [s, the last three states r (3 n), p], p = 1 with and 0 without a memory; y: (N, n).
    The gradient towards r and p is zero: memories are not changed by what they cause.
    """

    def __init__(self, n):
        self.n = n
        self.shapes = {"Wf": (RECENT * n, n), "b": (1,)}

    def initialise(self, params, rng):
        params["Wf"][...] = rng.normal(0, np.sqrt(1 / len(params["Wf"])), params["Wf"].shape)
        params["b"][...] = -2

    def forward(self, params, x, ctx=EVALUATION):
        s, r, present = x[:, : self.n], x[:, self.n : -1], x[:, -1:]
        future, bond = np.tanh(r @ params["Wf"]), sigmoid(params["b"])
        return s + present * bond * (future - s), (s, r, present, future, bond)

    def backward(self, params, dy, cache, grads, ctx=EVALUATION):
        s, r, present, future, bond = cache
        felt = present * dy
        dfuture = bond * felt * (1 - future * future)
        db = np.sum(felt * (future - s)) * bond * (1 - bond)
        ctx.write(grads, b=db)
        ctx.write(grads, Wf=r.T @ dfuture)
        dx = np.zeros((len(dy), 4 * self.n + 1), dy.dtype)
        dx[:, : self.n] = dy - bond * felt
        return dx
