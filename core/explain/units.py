"""The units of a network: the exact sum of one unit, its preferred input, and the units that it feeds.

A layer of units is an activation (hidden), the product of the last hidden layer and the gate (gated), or the logits;
`layers` lists them, and the other functions name a layer by its position in that list. Batch normalisation must be
folded into the weights (`Network.fold_batch_norm`). Nothing here changes a network, so the functions are thread-safe.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.digits.data import as_input
from core.explain.attribution import as_row
from core.nn.context import Array
from core.nn.gate import EmotionalGate, HeldGate
from core.nn.layers import Dense, Dropout, ReLU, Sigmoid, sigmoid
from core.nn.network import Network

ASCENT_STEPS = 8
RADIUS = 7.0  # Euclidean norm of the change of the picture: 0.25 a pixel
BATCH = 500  # images


@dataclass(frozen=True)
class LayerInfo:
    """One layer of units. kind: "hidden" (activation(x W + b)), "gated" (h * gate) or "logits" (x W + b).

    product: the index in network.layers of the layer that holds the weights, or of a gate held at fixed values; output:
    the index of the layer whose output the units are.
    """

    name: str
    kind: Literal["hidden", "gated", "logits"]
    size: int
    product: int
    output: int


@dataclass(frozen=True, eq=False)
class UnitSum:
    """The sum of one unit: terms = inputs * weights, each (n_in,); total = sum(terms) + bias; activation.

    For a gated unit the sum is that of its gate: gate = sigmoid(total), activation = ungated * gate, where ungated is
    the activation of the same unit before the gate. gate and ungated are None in other layers. A gate held at a fixed
    value has no sum: no terms, and a total of 0.
    """

    inputs: Array
    weights: Array
    terms: Array
    bias: float
    total: float
    activation: float
    gate: float | None = None
    ungated: float | None = None


@dataclass(frozen=True, eq=False)
class Targets:
    """The units that a unit feeds: their layer (None after the logits), indices (count,), weights (count,)."""

    layer: int | None
    indices: NDArray[np.integer]
    weights: Array


def layers(network: Network) -> list[LayerInfo]:
    """The layers of units, from the first hidden layer to the logits. All but the last match `Network.read(X).hidden`.

    Raises ValueError for a network with a layer of another kind, such as batch normalisation.
    """
    infos: list[LayerInfo] = []
    waiting: tuple[str, int] | None = None  # a Dense whose activation follows
    for i, (name, layer) in enumerate(zip(network.names, network.layers, strict=True)):
        if isinstance(layer, Dense):
            waiting = name, i
        elif isinstance(layer, ReLU | Sigmoid) and waiting:
            size = network.layers[waiting[1]].shapes["b"][0]
            infos.append(LayerInfo(waiting[0], "hidden", size, waiting[1], i))
            waiting = None
        elif isinstance(layer, EmotionalGate | HeldGate) and infos:
            infos.append(LayerInfo(name, "gated", infos[-1].size, i, i))
        elif not isinstance(layer, Dropout):
            raise ValueError(f"the layer {name} ({type(layer).__name__}) has no units to show; fold batch "
                             "normalisation into the weights first.")
    if waiting is None:
        raise ValueError("the network does not end in a Dense layer, so it has no logits.")
    name, i = waiting
    return [*infos, LayerInfo(name, "logits", network.layers[i].shapes["b"][0], i, i)]


def weights(network: Network, info: LayerInfo) -> tuple[Array, Array] | None:
    """(W (n_in, n), b (n,)) of a layer of units, views of the network's; None for a gate held at fixed values."""
    params = network.params[info.product]
    if isinstance(network.layers[info.product], HeldGate):
        return None
    return (params["Wg"], params["bg"]) if info.kind == "gated" else (params["W"], params["b"])


def check_unit(network: Network, layer: int, index: int) -> LayerInfo:
    """The LayerInfo of a unit. Raises ValueError if there is no such layer or unit."""
    infos = layers(network)
    if layer not in range(len(infos)):
        raise ValueError(f"layer is {layer!r}; give a whole number from 0 to {len(infos) - 1}.")
    if index not in range(infos[layer].size):
        raise ValueError(f"unit is {index!r}; {infos[layer].name} has the units 0 to {infos[layer].size - 1}.")
    return infos[layer]


def unit(network: Network, x: ArrayLike, layer: int, index: int) -> UnitSum:
    """The sum of one unit for network input x (784,), in float64 from the network's activations and weights."""
    info = check_unit(network, layer, index)
    reading = network.read(as_row(x, dtype=network.dtype)[None])
    inputs = (np.asarray(x, np.float64).ravel() if layer == 0 else reading.hidden[layer - 1][0].astype(np.float64))
    both = weights(network, info)
    if both is None:
        assert reading.gate is not None, "a held gate has values"
        gate, none = float(reading.gate[0, index]), np.zeros(0)
        return UnitSum(none, none, none, 0.0, 0.0, inputs[index] * gate, gate, float(inputs[index]))
    W, b = both[0][:, index].astype(np.float64), float(both[1][index])
    terms = inputs * W
    total = float(terms.sum()) + b
    if info.kind == "gated":
        gate, ungated = float(sigmoid(np.array([total]))[0]), float(inputs[index])
        return UnitSum(inputs, W, terms, b, total, ungated * gate, gate, ungated)
    activation = total
    if info.kind == "hidden":
        is_relu = isinstance(network.layers[info.output], ReLU)
        activation = max(total, 0.0) if is_relu else float(sigmoid(np.array([total]))[0])
    return UnitSum(inputs, W, terms, b, total, activation)


def wants(network: Network, layer: int, index: int, grey: float = 0.5) -> Array:
    """The change of a grey picture that raises a unit most: (784,), of norm 1; positive where ink is wanted.

    First layer: its weights, which are the exact answer for a change of fixed norm. Deeper layers: ASCENT_STEPS steps
    of gradient ascent on the unit's sum from `grey` (in the units of the network's input), the change limited to the
    norm RADIUS (Erhan et al. 2009). For a gated unit it is the sum of the unit before the gate, times the gate. The
    result is deterministic, and zero if the unit does not depend on the input.
    """
    info = check_unit(network, layer, index)
    if layer == 0:
        both = weights(network, info)
        assert both is not None, "the first layer is a Dense layer"
        return _unit_norm(both[0][:, index].astype(network.dtype))
    change = np.zeros(network.layers[0].shapes["W"][0] if network.layers[0].shapes else _inputs(network), network.dtype)
    for _ in range(ASCENT_STEPS):
        change += RADIUS / 4 * _unit_norm(_unit_gradient(network, change + network.dtype.type(grey), info, index))
        change *= min(1.0, RADIUS / max(float(np.linalg.norm(change)), 1e-12))
    return _unit_norm(change)


def _inputs(network: Network) -> int:
    return next(layer.shapes["W"][0] for layer in network.layers if isinstance(layer, Dense))


def _unit_norm(vector: Array) -> Array:
    length = float(np.linalg.norm(vector))
    return vector / vector.dtype.type(length) if length else vector


def _unit_gradient(network: Network, x: Array, info: LayerInfo, index: int) -> Array:
    """The gradient (784,) of a unit's sum at x (784,); of a gated unit, of the sum before the gate times the gate.

    Where the unit before the gate is 0 after ReLU, the derivative of ReLU counts as 1, so that there is a way up.
    """
    y, caches = x[None], []
    for layer, params in zip(network.layers[: info.product + (info.kind == "gated")], network.params, strict=False):
        y, cache = layer.forward(params, y)
        caches.append(cache)
    both, last = weights(network, info), info.product - 1
    if info.kind != "gated":
        assert both is not None, "only a gate can be held"
        dy: Any = both[0][:, index][None]
    else:
        h, g = (values[0] for values in caches[-1])
        dy = np.zeros_like(h) if both is None else h[index] * g[index] * (1 - g[index]) * both[0][:, index]
        dy[index] += g[index]
        dy = dy[None]
        before = next(i for i in reversed(range(info.product)) if isinstance(network.layers[i], ReLU | Sigmoid))
        if h[index] == 0 and isinstance(network.layers[before], ReLU):
            dy, last = np.where(np.arange(len(h)) == index, g[index], 0)[None].astype(x.dtype), before - 1
    for i in reversed(range(last + 1)):
        dy = network.layers[i].backward(network.params[i], dy, caches[i], None)
    return dy[0]


def leads_to(network: Network, layer: int, index: int, count: int = 8) -> Targets:
    """The `count` largest weights (by absolute value) from a unit to the next layer of units.

    The last hidden layer feeds the gate: the weights are those of the gate's sums, and every unit also reaches the
    gated unit of the same index as a factor. A gate held at a fixed value has that value as the only weight.
    """
    check_unit(network, layer, index)
    infos = layers(network)
    if layer == len(infos) - 1:
        return Targets(None, np.zeros(0, np.int64), np.zeros(0, network.dtype))
    both = weights(network, infos[layer + 1])
    if both is None:
        held = network.layers[infos[layer + 1].product]
        assert isinstance(held, HeldGate)
        value = np.broadcast_to(np.asarray(held.value, network.dtype), (infos[layer].size,))[index]
        return Targets(layer + 1, np.array([index]), np.array([value]))
    outgoing = both[0][index]
    chosen = np.argsort(-np.abs(outgoing), kind="stable")[:count]
    return Targets(layer + 1, chosen, outgoing[chosen].copy())


def top_images(network: Network, X: NDArray[Any], count: int = 9,
               input_range: tuple[float, float] = (0.0, 1.0)) -> list[NDArray[np.int32]]:
    """For each layer of units, the indices (units, count) of the images that excite each unit most, highest first.

    X: uint8 images (N, 28, 28) or network input (N, 784), N >= count, read in batches of BATCH. input_range: the
    network input for pixels of 0 and 255. Ties go to the first image.
    """
    infos = layers(network)
    if len(X) < count or count < 1:
        raise ValueError(f"count is {count}; give 1 to {len(X)}, the number of images.")
    best = [(np.zeros((info.size, 0), network.dtype), np.zeros((info.size, 0), np.int32)) for info in infos]
    for start in range(0, len(X), BATCH):
        reading = network.read(as_input(X[start : start + BATCH], input_range))
        for layer, values in enumerate([*reading.hidden, reading.logits]):
            numbers = np.arange(start, start + len(values), dtype=np.int32)
            both = np.concatenate([best[layer][0], values.T], axis=1)
            indices = np.concatenate([best[layer][1], np.broadcast_to(numbers, values.T.shape)], axis=1)
            top = _largest(both, min(count, both.shape[1]))
            best[layer] = np.take_along_axis(both, top, 1), np.take_along_axis(indices, top, 1)
    return [indices for _, indices in best]


def _largest(values: Array, count: int) -> NDArray[np.intp]:
    """The columns (rows, count) of the largest values of each row, largest first, ties to the first; for few columns
    this is faster than a partition."""
    values, rows = values.copy(), np.arange(len(values))
    columns = np.empty((len(values), count), np.intp)
    for k in range(count):
        columns[:, k] = values.argmax(axis=1)
        values[rows, columns[:, k]] = -np.inf
    return columns
