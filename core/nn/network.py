"""A network: layers in a row over one flat parameter vector."""

import copy
from dataclasses import dataclass

import numpy as np

from core.nn.arguments import check_choice, check_length, check_rng, check_sizes
from core.nn.gate import EmotionalGate, HeldGate
from core.nn.layers import BatchNorm, Dense, Dropout, ReLU, Sigmoid

ACTIVATIONS = {"relu": ReLU, "sigmoid": Sigmoid}


@dataclass(frozen=True)
class Reading:
    """What a network made of a batch: logits (N, n_out), hidden layers (a list of (N, h), gated one last), gate (N,
    h)."""

    logits: np.ndarray
    hidden: list
    gate: np.ndarray | None


class Network:
    """Layers over one contiguous vector `theta`; `params[i]` are the views of layer i.

    layers: a list of (name, layer). Weight matrices come first in theta, then vectors, so that "the first `n_matrix`
    parameters" are those that weight decay is for. dtype: float32, or float64 to check gradients.
    """

    def __init__(self, layers, dtype=np.float32):
        self.names, self.layers = [name for name, _ in layers], [layer for _, layer in layers]
        self.dtype = np.dtype(dtype)
        entries = [(i, name, shape) for i, layer in enumerate(self.layers) for name, shape in layer.shapes.items()]
        entries.sort(key=lambda entry: len(entry[2]) == 1)  # stable: matrices, then vectors
        self._layout, start, self.n_matrix = [], 0, 0
        for i, name, shape in entries:
            self._layout.append((i, name, shape, start))
            start += int(np.prod(shape))
            if len(shape) > 1:
                self.n_matrix = start
        self._by_columns = False  # how matrices lie in theta; see for_inference
        self.theta = np.zeros(start, self.dtype)
        self.params = self.views(self.theta)

    def views(self, vector):
        """A flat vector shaped like theta, as a list of dicts of arrays, one per layer."""
        check_length("Network.views", "vector", vector, self.theta.size)
        found = [{} for _ in self.layers]
        for i, name, shape, start in self._layout:
            part = vector[start : start + int(np.prod(shape))]
            found[i][name] = part.reshape(shape[::-1]).T if self._by_columns else part.reshape(shape)
        return found

    def initialise(self, rng):
        check_rng("Network.initialise", rng)
        for layer, params in zip(self.layers, self.params, strict=True):
            layer.initialise(params, rng)
        return self

    def forward(self, X, *, train=False, rng=None, arena=None):
        """X (N, n_in) -> logits (N, n_out) and the caches, one a layer, that `backward` needs."""
        caches = []
        for layer, params in zip(self.layers, self.params, strict=True):
            X, cache = layer.forward(params, X, train=train, rng=rng, arena=arena)
            caches.append(cache)
        return X, caches

    def backward(self, dlogits, caches, grads, *, need_dx=False, accumulate=False, arena=None):
        """Gradients of the loss into `grads`, a list as `views` gives; returns dX (N, n_in), None without need_dx.

        With grads None only dX is computed: what the pixels mean to an answer needs no gradient of the weights.
        """
        dy = dlogits
        for i in reversed(range(len(self.layers))):
            dy = self.layers[i].backward(self.params[i], dy, caches[i], None if grads is None else grads[i],
                                         accumulate=accumulate, need_dx=need_dx or i > 0, arena=arena)
        return dy

    def logits(self, X, batch=1000):
        """Logits (N, n_out) of any number of samples, in batches that stay in cache."""
        return np.concatenate([self.forward(X[i : i + batch])[0] for i in range(0, len(X), batch)])

    def read(self, X):
        """Logits, hidden layers and gate values of X (N, n_in), as a Reading."""
        hidden, gate, y = [], None, X
        for layer, params in zip(self.layers[:-1], self.params[:-1], strict=True):
            y, cache = layer.forward(params, y)
            if isinstance(layer, ReLU | Sigmoid | EmotionalGate | HeldGate):
                hidden.append(y)
            if isinstance(layer, EmotionalGate | HeldGate):
                gate = cache[1]
        return Reading(self.layers[-1].forward(self.params[-1], y)[0], hidden, gate)

    def with_gate(self, value):
        """This network, sharing its weights, with the gate held at `value`: 1.0 is fully open, or values (h,)."""
        held = copy.copy(self)
        held.layers = [HeldGate(value) if isinstance(layer, EmotionalGate) else layer for layer in self.layers]
        return held

    def fold_batch_norm(self, X):
        """The network for use: batch normalisation, with the statistics of X (N, n_in), as part of the Dense before it.

        A network without normalisation is returned as it is.
        """
        if not any(isinstance(layer, BatchNorm) for layer in self.layers):
            return self
        _, caches = self.forward(X, train=True, rng=np.random.default_rng(0))
        kept = [i for i, layer in enumerate(self.layers) if not isinstance(layer, BatchNorm)]
        plain = Network([(self.names[i], self.layers[i]) for i in kept], self.dtype)
        for i, params in zip(kept, plain.params, strict=True):
            for name, view in params.items():
                view[...] = self.params[i][name]
            if i + 1 < len(self.layers) and isinstance(self.layers[i + 1], BatchNorm):
                gamma, beta = self.params[i + 1]["gamma"], self.params[i + 1]["beta"]
                _, mean, scale = caches[i + 1]
                params["W"] *= gamma * scale
                params["b"][...] = (params["b"] - mean) * gamma * scale + beta
        return plain

    def for_inference(self):
        """This network with each matrix kept by columns in theta: a single row times such a matrix is a sixth faster.

        Everything works as before, but training is slower.
        """
        turned = copy.copy(self)
        turned._by_columns, turned.theta = True, np.empty_like(self.theta)
        turned.params = turned.views(turned.theta)
        return turned.load(self.named_parameters())

    @property
    def has_gate(self):
        return any(isinstance(layer, EmotionalGate) for layer in self.layers)

    def named_parameters(self):
        """{"hidden1_W": view, ...}: the same memory as theta, under the names that the files carry."""
        return {f"{self.names[i]}_{name}": self.params[i][name] for i, name, _, _ in self._layout}

    def load(self, arrays):
        """Copy named arrays into theta. Raises ValueError naming the array that is missing or of another shape."""
        for name, view in self.named_parameters().items():
            if name not in arrays:
                raise ValueError(f"the model lacks the array {name}")
            if arrays[name].shape != view.shape:
                raise ValueError(f"{name} has the shape {arrays[name].shape}, the architecture asks for {view.shape}")
            if not np.isfinite(arrays[name]).all():
                raise ValueError(f"{name} holds values that are not finite")
            view[...] = arrays[name]
        return self


def build_network(config, n_in, n_out, dtype=np.float32):
    """The network that settings describe, its weights at zero: n_in - hidden ... - (gate) - n_out.

    config: anything with the settings hidden, activation, init, gate, batch_norm, dropout and input_dropout.
    """
    check_sizes("build_network", n_in=n_in, n_out=n_out)
    check_choice("activation", config.activation, ACTIVATIONS)
    layers = []
    if config.input_dropout:
        layers.append(("input_dropout", Dropout(config.input_dropout)))
    for i, width in enumerate(config.hidden, start=1):
        layers.append((f"hidden{i}", Dense(n_in, width, config.init)))
        if config.batch_norm:
            layers.append((f"norm{i}", BatchNorm(width)))
        layers.append((f"activation{i}", ACTIVATIONS[config.activation]()))
        if config.dropout:
            layers.append((f"dropout{i}", Dropout(config.dropout)))
        n_in = width
    if config.gate:
        layers.append(("gate", EmotionalGate(n_in)))
    layers.append(("output", Dense(n_in, n_out, "xavier")))
    return Network(layers, dtype)
