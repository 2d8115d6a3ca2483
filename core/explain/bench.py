"""A bench for surgery: images and the sums of an untouched network on them.

    bench = Bench(network, X, y)
    result = bench.result(Surgery().with_change(UnitChange(layer=0, units=(3, 5))), x)
    result = bench.result(another, x, previous=result)

Only the layers behind the first change are computed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.explain.attribution import as_row
from core.explain.surgery import Plan, Surgery, UnitChange, plan
from core.explain.units import layers
from core.metrics import confusion_matrix
from core.nn.arguments import check_labels, check_matrix
from core.nn.context import Array
from core.nn.layers import ReLU, sigmoid
from core.nn.losses import Labels, softmax
from core.nn.network import Network

ROWS = 500  # images that pass through the layers together


@dataclass(frozen=True, eq=False)
class Answer:
    """The answer to one image: logits (10,), probs (10,) = softmax(logits / temperature)."""

    logits: Array
    probs: Array

    @property
    def digit(self) -> int:
        return int(self.probs.argmax())


@dataclass(frozen=True, eq=False)
class Result:
    """The effect of a surgery on the images of a bench.

    errors, accuracy; confusion[label, answer]; mean_confidence: the mean of the largest probability; answers (N,);
    changed: the number of answers that differ from the untouched network's; before, after: the answers to x, None
    without an x, `before` at temperature 1; computed: the names of the layers that were computed again.
    """

    accuracy: float
    errors: int
    confusion: NDArray[np.int64]
    mean_confidence: float
    answers: NDArray[np.int64]
    changed: int
    before: Answer | None
    after: Answer | None
    computed: tuple[str, ...]
    plan: Plan = field(repr=False)  # without its parameters, which a page would hold for nothing
    sums: list[Array] = field(repr=False)  # (N, n) of each layer; equal ones are shared with the bench


class Bench:
    """Images X (N, 784), network input, with labels y (N,), and the sums of every layer of the untouched network.

    It does not change after construction, so that one object serves many threads. gate_mean (h,): the values of the
    gate "mean"; None: the mean over X. untouched: the Result of no surgery. Raises ValueError as
    core.explain.units.layers.
    """

    def __init__(self, network: Network, X: Array, y: Labels, gate_mean: ArrayLike | None = None) -> None:
        self.network, self.layers = network, layers(network)
        check_matrix("Bench", "X", X)
        check_labels("Bench", y, self.layers[-1].size, len(X))
        if not len(X):
            raise ValueError("Bench needs at least one image.")
        self.y = np.asarray(y).astype(np.int64)
        self._inked = np.flatnonzero(np.any(X, axis=0))  # the other pixels are 0 in every image
        self._X = np.ascontiguousarray(X[:, self._inked], network.dtype)
        self.gate_mean: Array | None = None
        self._plan = whole = plan(Surgery(), network, self.layers, None)
        sums = self._sums(whole, [], 0)
        for k, info in enumerate(self.layers):
            if info.kind == "gated":
                gate = sigmoid(sums[k]).mean(axis=0) if whole.gate is None else whole.gate
                self.gate_mean = np.asarray(gate if gate_mean is None else gate_mean, network.dtype)
        self.untouched = self._result(Surgery(), whole, sums, 0, None)

    def result(self, surgery: Surgery, x: ArrayLike | None = None, previous: Result | None = None) -> Result:
        """The effect of a surgery. x (784,): an image to answer before and after. previous: a result of this bench,
        whose layers are used again where they are equal. Raises ValueError as core.explain.surgery.plan."""
        row = None if x is None else as_row(x, dtype=self.network.dtype)[None]
        new, source = plan(surgery, self.network, self.layers, self.gate_mean), self.untouched
        if previous is not None and new.shared_with(previous.plan) > new.shared_with(source.plan):
            source = previous
        start = new.shared_with(source.plan)
        units = None
        if source is self.untouched and 0 < start < len(self.layers) and self.layers[start - 1].kind == "hidden":
            units = _few_units(new, source.plan, start, self.layers[start - 1].size)
        return self._result(surgery, new, self._sums(new, source.sums, start, units), start, row)

    def _sums(self, new: Plan, known: Sequence[Array], start: int, units: list[int] | None = None) -> list[Array]:
        """The sums (N, n) of every layer: those before layer `start` as known, the others computed.

        units: the only units of the hidden layer before `start` that are changed, known being the untouched network's:
        the sums of `start` then change by the product with these units alone.
        """
        if start == len(self.layers):
            return list(known)
        parameters, n = list(new.parameters), len(self.y)
        if start == 0 and (first := parameters[0]) is not None:
            parameters[0] = first[0][self._inked], first[1]
        sums = [*known[:start], *(np.empty((n, 0 if self._is_held(new, k) else info.size), self.network.dtype)
                                  for k, info in enumerate(self.layers) if k >= start)]
        for i in range(0, n, ROWS):
            rows = slice(i, i + ROWS)
            h = self._X[rows]
            for k in range(max(0, start - 2), start):  # a gated layer needs the one before it
                h = self._values(new, k, sums[k][rows], h)
            for k in range(start, len(self.layers)):
                Z, both = sums[k][rows], parameters[k]
                if both is not None and Z.size:
                    if k == start and units:
                        before = self._values(new, k - 1, sums[k - 1][rows], h, changed=False)
                        np.matmul(h[:, units] - before[:, units], both[0][units], out=Z)
                        Z += known[k][rows]
                    else:
                        np.matmul(h, both[0], out=Z)
                        Z += both[1]
                h = self._values(new, k, Z, h)
        return sums

    def _is_held(self, new: Plan, k: int) -> bool:
        return self.layers[k].kind == "gated" and new.gate is not None

    def _values(self, new: Plan, k: int, Z: Array, before: Array, changed: bool = True) -> Array:
        """The units' values (n, size) of layer k from its sums Z and the values of the layer before it; with or without
        the changes of its units."""
        info = self.layers[k]
        if info.kind == "gated":
            h = before * (sigmoid(Z) if new.gate is None else new.gate)
        elif info.kind == "hidden":
            h = np.maximum(Z, 0) if isinstance(self.network.layers[info.output], ReLU) else sigmoid(Z)
        else:
            h = Z.copy()
        for change in new.units[k] if changed else ():
            of = list(change.units) if change.units else slice(None)
            h[:, of] = h.dtype.type(change.scale) * h[:, of] + h.dtype.type(change.shift)
        return h

    def _answer(self, of: Plan, row: Array, temperature: float) -> Answer:
        """The answer to one image (1, 784) under a plan."""
        h = row
        for k, both in enumerate(of.parameters):
            Z = row if both is None or self._is_held(of, k) else h @ both[0] + both[1]
            h = self._values(of, k, Z, h)
        logits = h[0].astype(np.float64)
        return Answer(logits, softmax(logits / temperature))

    def _result(self, surgery: Surgery, new: Plan, sums: list[Array], start: int, row: Array | None) -> Result:
        last, size = len(self.layers) - 1, self.layers[-1].size
        probs = softmax(self._values(new, last, sums[last], sums[last]).astype(np.float64) / surgery.temperature)
        answers = probs.argmax(axis=1)
        confusion = confusion_matrix(self.y, answers, size)
        errors = int((answers != self.y).sum())
        changed = int((answers != self.untouched.answers).sum()) if start or surgery != Surgery() else 0
        return Result(
            1 - errors / len(self.y), errors, confusion, float(probs.max(axis=1).mean()), answers, changed,
            None if row is None else self._answer(self._plan, row, 1.0),
            None if row is None else self._answer(new, row, surgery.temperature),
            tuple(info.name for info in self.layers[start:]), replace(new, parameters=[]), sums)


def _few_units(new: Plan, untouched: Plan, start: int, size: int) -> list[int] | None:
    """The units of the layer before `start` that a plan changes, if these are all that its sums differ by and at most
    half of the layer; None otherwise."""
    changes: tuple[UnitChange, ...] = new.units[start - 1]
    named = all(change.units for change in changes)
    units = sorted({unit for change in changes for unit in change.units})
    return units if new.keys[start] == untouched.keys[start] and named and len(units) <= size // 2 else None
