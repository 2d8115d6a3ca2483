"""The options of one pass through a network, and the buffers that a training step reuses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.nn.parallel import products

Array = NDArray[np.floating]
Params = dict[str, Array]  # the arrays of one layer by name, or their gradients


class Arena:
    """Buffers handed out in order and, after `reset`, handed out again: a training step without allocations.

    An arena belongs to one thread; an array from it is overwritten after the next `reset`.
    """

    def __init__(self) -> None:
        self._buffers: list[NDArray[Any]] = []
        self._next = 0

    def reset(self) -> None:
        self._next = 0

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        if self._next == len(self._buffers):
            self._buffers.append(np.empty(shape, dtype))
        buffer = self._buffers[self._next]
        if buffer.shape != shape or buffer.dtype != dtype:
            buffer = self._buffers[self._next] = np.empty(shape, dtype)
        self._next += 1
        return buffer


@dataclass(slots=True)  # not frozen, because that triples the time to create one
class Context:
    """How a pass runs.

    train: whether dropout and batch statistics are active; rng: the source of dropout masks; arena: buffers to reuse,
    used by the layers of core/nn/fast; accumulate: whether `backward` adds to the gradients, for weights that are
    used more than once, or overwrites them; input_gradient: whether `backward` of a network computes the gradient with
    respect to its input.
    """

    train: bool = False
    rng: np.random.Generator | None = None
    arena: Arena | None = None
    accumulate: bool = False
    input_gradient: bool = True

    def write(self, grads: Params | None, **values: Array) -> None:
        """Write the gradients of parameters by name, or add them with `accumulate`. Without `grads`, nothing."""
        if grads is None:
            return
        for name, value in values.items():
            if self.accumulate:
                grads[name] += value
            else:
                grads[name][...] = value

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An uninitialised array, from the arena if there is one."""
        return np.empty(shape, dtype) if self.arena is None else self.arena.empty(shape, dtype)

    def matmul(self, a: Array, b: Array) -> Array:
        """a @ b of two matrices, in an array of `empty`; in training on the threads, if it is large."""
        out = self.empty((a.shape[0], b.shape[1]), a.dtype)
        if self.train:
            products((a, b, out))
            return out
        return np.matmul(a, b, out=out)


EVALUATION = Context()  # the network in use: no dropout
ACCUMULATION = Context(accumulate=True)
