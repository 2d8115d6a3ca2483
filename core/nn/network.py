"""A network: a sequence of layers over one flat parameter vector."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.nn.arguments import check_choice, check_length, check_rng, check_sizes
from core.nn.context import EVALUATION, Array, Context, Params
from core.nn.gate import EmotionalGate
from core.nn.layers import BatchNorm, Dense, Dropout, Layer, ReLU, Sigmoid
from core.nn.settings import NetworkSettings

ACTIVATIONS: dict[str, type[Layer]] = {"relu": ReLU, "sigmoid": Sigmoid}


@dataclass(frozen=True)
class Activations:
    """The activations of a batch: logits (N, n_out), hidden layers (a list of (N, h), the gated one last), gate (N, h)
    or None."""

    logits: Array
    hidden: list[Array]
    gate: Array | None


class Network:
    """Layers over one contiguous vector `theta`; `params[i]` holds views of the parameters of layer i.

    layers: a list of (name, layer). Weight matrices come first in theta, then vectors: weight decay applies to the
    first `n_matrix` parameters. dtype: float32, or float64 to check gradients.
    """

    def __init__(self, layers: Sequence[tuple[str, Layer]], dtype: DTypeLike = np.float32) -> None:
        self.names, self.layers = [name for name, _ in layers], [layer for _, layer in layers]
        self.dtype: np.dtype[np.floating] = np.dtype(dtype)  # pyright: ignore[reportAttributeAccessIssue]
        entries = [(i, name, shape) for i, layer in enumerate(self.layers) for name, shape in layer.shapes.items()]
        entries.sort(key=lambda entry: len(entry[2]) == 1)  # stable: matrices, then vectors
        self._layout: list[tuple[int, str, tuple[int, ...], int]] = []
        start = self.n_matrix = 0
        for i, name, shape in entries:
            self._layout.append((i, name, shape, start))
            start += int(np.prod(shape))
            if len(shape) > 1:
                self.n_matrix = start
        self.theta: Array = np.zeros(start, self.dtype)
        self.params = self.views(self.theta)

    def views(self, vector: Array) -> list[Params]:
        """A flat vector shaped like theta, as a list of dicts of arrays, one per layer."""
        check_length("Network.views", "vector", vector, self.theta.size)
        views: list[Params] = [{} for _ in self.layers]
        for i, name, shape, start in self._layout:
            views[i][name] = vector[start : start + int(np.prod(shape))].reshape(shape)
        return views

    def initialise(self, rng: np.random.Generator) -> Self:
        """Draw initial weights; returns the network."""
        check_rng("Network.initialise", rng)
        for layer, params in zip(self.layers, self.params, strict=True):
            layer.initialise(params, rng)
        return self

    def forward(self, X: Array, ctx: Context = EVALUATION) -> tuple[Array, list[Any]]:
        """X (N, n_in) -> logits (N, n_out) and the caches that `backward` needs, one per layer."""
        caches = []
        for layer, params in zip(self.layers, self.params, strict=True):
            X, cache = layer.forward(params, X, ctx)
            caches.append(cache)
        return X, caches

    def backward(self, dlogits: Array, caches: Sequence[Any], grads: Sequence[Params] | None,
                 ctx: Context = EVALUATION) -> Array | None:
        """Write the gradients of the loss into `grads`, a list as of `views`, or nowhere if it is None.

        Returns dX (N, n_in), None if ctx.input_gradient is False.
        """
        dy, inner = dlogits, Context(ctx.train, ctx.rng, ctx.arena, ctx.accumulate)
        for i in reversed(range(len(self.layers))):
            dy = self.layers[i].backward(self.params[i], dy, caches[i], None if grads is None else grads[i],
                                         inner if i else ctx)
        return dy if ctx.input_gradient else None

    def logits(self, X: Array, batch: int = 1000) -> Array:
        """Logits (N, n_out) of any number of samples, in batches that stay in cache."""
        return np.concatenate([self.forward(X[i : i + batch])[0] for i in range(0, len(X), batch)])

    def read(self, X: Array) -> Activations:
        """Logits, hidden layers and gate values of X (N, n_in)."""
        hidden, gate, y = [], None, X
        for layer, params in zip(self.layers, self.params, strict=True):
            y, cache = layer.forward(params, y)
            if layer.is_hidden:
                hidden.append(y)
            values = layer.gate_values(cache)
            gate = gate if values is None else values
        return Activations(y, hidden, gate)

    def with_gate(self, value: Array | float) -> Self:
        """The network, sharing its weights, with the gate held at `value`: 1.0 is fully open, or values (h,)."""
        held = copy.copy(self)
        held.layers = [layer.with_gate(value) for layer in self.layers]
        return held

    def fold_batch_norm(self, X: Array) -> "Network":
        """The network for use: batch normalisation, with the statistics of X (N, n_in), merged into the Dense before.

        A network without normalisation is returned unchanged.
        """
        if not any(isinstance(layer, BatchNorm) for layer in self.layers):
            return self
        _, caches = self.forward(X, Context(train=True, rng=np.random.default_rng(0)))
        rest = [i for i, layer in enumerate(self.layers) if not isinstance(layer, BatchNorm)]
        plain = Network([(self.names[i], self.layers[i]) for i in rest], self.dtype)
        for i, params in zip(rest, plain.params, strict=True):
            for name, view in params.items():
                view[...] = self.params[i][name]
            if i + 1 < len(self.layers) and isinstance(self.layers[i + 1], BatchNorm):
                gamma, beta = self.params[i + 1]["gamma"], self.params[i + 1]["beta"]
                _, mean, scale = caches[i + 1]
                params["W"] *= gamma * scale
                params["b"][...] = (params["b"] - mean) * gamma * scale + beta
        return plain

    @property
    def has_gate(self) -> bool:
        return any(isinstance(layer, EmotionalGate) for layer in self.layers)

    def named_parameters(self) -> dict[str, Array]:
        """{"hidden1_W": view, ...}: views of theta under the names of the saved files."""
        return {f"{self.names[i]}_{name}": self.params[i][name] for i, name, _, _ in self._layout}

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Copy named arrays into theta. Raises ValueError naming the array that is missing, of another shape or not
        finite."""
        for name, view in self.named_parameters().items():
            if name not in arrays:
                raise ValueError(f"the model lacks the array {name}")
            if arrays[name].shape != view.shape:
                raise ValueError(f"{name} has the shape {arrays[name].shape}, the architecture asks for {view.shape}")
            if not np.isfinite(arrays[name]).all():
                raise ValueError(f"{name} holds values that are not finite")
            view[...] = arrays[name]
        return self


def build_network(settings: NetworkSettings, n_in: int, n_out: int, dtype: DTypeLike = np.float32) -> Network:
    """The network that settings describe, its weights at zero: n_in - hidden ... - (gate) - n_out."""
    check_sizes("build_network", n_in=n_in, n_out=n_out)
    check_choice("activation", settings.activation, ACTIVATIONS)
    layers: list[tuple[str, Layer]] = []
    if settings.input_dropout:
        layers.append(("input_dropout", Dropout(settings.input_dropout)))
    for i, width in enumerate(settings.hidden, start=1):
        layers.append((f"hidden{i}", Dense(n_in, width, settings.init)))
        if settings.batch_norm:
            layers.append((f"norm{i}", BatchNorm(width)))
        layers.append((f"activation{i}", ACTIVATIONS[settings.activation]()))
        if settings.dropout:
            layers.append((f"dropout{i}", Dropout(settings.dropout)))
        n_in = width
    if settings.gate:
        layers.append(("gate", EmotionalGate(n_in)))
    layers.append(("output", Dense(n_in, n_out, "xavier")))
    return Network(layers, dtype)
