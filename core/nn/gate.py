"""The emotional gate: the network's taste test before it answers.

    gated = h * g,   g = sigmoid(h Wg + bg)

Each unit of the last hidden layer is let through by a share g in (0, 1) that the whole layer decides on. The name is a
metaphor, the formula is all there is. It is a layer like any other; `HeldGate` puts fixed values in its place, and at
1 it is the network without a gate, bit for bit, because h * 1 = h.
"""

import numpy as np

from core.nn.arguments import check_matrix, check_rng, check_sizes
from core.nn.layers import Layer, empty, product, sigmoid, store
from core.nn.parallel import for_rows


class EmotionalGate(Layer):
    """gated = h * sigmoid(h Wg + bg), h and gated: (N, n). The cache is (h, g); g: (N, n) are the gate's values.

    Wg starts small (Glorot & Bengio 2010) and bg at 1, so that the gate begins mostly open and learns what to shut.
    """

    def __init__(self, n):
        check_sizes("EmotionalGate", n=n)
        self.shapes = {"Wg": (n, n), "bg": (n,)}

    def initialise(self, params, rng):
        check_rng("EmotionalGate.initialise", rng)
        n = len(params["bg"])
        params["Wg"][...] = rng.normal(0, np.sqrt(1 / n), (n, n))
        params["bg"][...] = 1

    def forward(self, params, h, *, train=False, rng=None, arena=None):
        check_matrix("EmotionalGate", "h", h, *self.shapes["bg"])
        g, gated = product(h, params["Wg"], arena), empty(arena, h.shape, h.dtype)

        def feel(rows):
            g[rows] += params["bg"]
            sigmoid(g[rows], out=g[rows])
            np.multiply(h[rows], g[rows], out=gated[rows])

        for_rows(feel, g)
        return gated, (h, g)

    def backward(self, params, dy, cache, grads, *, accumulate=False, need_dx=True, arena=None):
        h, g = cache
        check_matrix("EmotionalGate", "dy", dy, h.shape[1], len(h))
        dz = empty(arena, dy.shape, dy.dtype)

        def differentiate(rows):  # d gated / d z = h g (1 - g)
            part = np.subtract(1, g[rows], out=dz[rows])
            part *= g[rows]
            part *= h[rows]
            part *= dy[rows]

        for_rows(differentiate, dy)
        store(grads, "Wg", lambda out: np.matmul(h.T, dz, out=out), accumulate)
        store(grads, "bg", lambda out: np.sum(dz, axis=0, out=out), accumulate)
        if not need_dx:
            return None
        dh = product(dz, params["Wg"].T, arena)  # through the gate's own reading of h ...

        def straight(rows):  # ... and straight through the product
            dh[rows] += np.multiply(dy[rows], g[rows], out=dz[rows])

        for_rows(straight, dy)
        return dh


class HeldGate(Layer):
    """A gate held at fixed values: gated = h * value, value a number or (n,). No parameters are used or changed."""

    def __init__(self, value):
        self.value = value

    def forward(self, params, h, *, train=False, rng=None, arena=None):
        value = np.asarray(self.value, h.dtype)
        if value.shape not in ((), h.shape[1:], h.shape):
            raise ValueError(f"HeldGate needs a value that is a number or of shape {h.shape[1:]} or {h.shape}, not "
                             f"{value.shape}")
        return h * value, (h, np.broadcast_to(value, h.shape))

    def backward(self, params, dy, cache, grads, *, accumulate=False, need_dx=True, arena=None):
        return dy * cache[1]
