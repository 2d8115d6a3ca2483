"""Surgery: what a network answers when units, weights, its gate or its temperature are changed.

A `Surgery` is a value; core/explain/bench.py applies it. Layers are numbered as by core.explain.units.layers. No weight
of the network is changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.explain.units import LayerInfo, weights
from core.nn.arguments import check_choice
from core.nn.context import Array
from core.nn.gate import HeldGate
from core.nn.network import Network

GATES = {"learned": "as trained", "mean": "held at its mean over the images", "open": "held at 1: the plain network"}

SAMPLED = 64  # one of so many weights is in the sample that limits the search for the smallest


@dataclass(frozen=True)
class UnitChange:
    """h -> scale * h + shift for some units of a layer; the default switches them off. units: empty means all."""

    layer: int
    units: tuple[int, ...] = ()
    scale: float = 0.0
    shift: float = 0.0


@dataclass(frozen=True)
class Noise:
    """Normal noise added to the weight matrix of a layer. amount: its standard deviation, as a share of the root mean
    square of the weights."""

    layer: int
    amount: float
    seed: int = 0


@dataclass(frozen=True)
class Pruning:
    """The smallest weights (by absolute value) set to 0. share: of a layer's weight matrix; layer None: of all
    matrices together."""

    share: float
    layer: int | None = None


Change = UnitChange | Noise | Pruning


@dataclass(frozen=True)
class Surgery:
    """Changes, applied in their order; probabilities are softmax(logits / temperature); gate: one of GATES."""

    changes: tuple[Change, ...] = ()
    temperature: float = 1.0
    gate: str = "learned"

    def with_change(self, change: Change) -> "Surgery":
        """The surgery with one more change."""
        return replace(self, changes=(*self.changes, change))


@dataclass(frozen=True, eq=False)
class Plan:
    """A surgery by layer.

    parameters: (W, b) of each layer, None for a gate held at fixed values; keys: what the sums of each layer depend on
    besides its input; units: the changes of each layer's units; gate: fixed values that replace the gate's, (h,) or
    (1,), None as trained.
    """

    parameters: list[tuple[Array, Array] | None]
    keys: tuple[tuple[object, ...], ...]
    units: tuple[tuple[UnitChange, ...], ...]
    gate: Array | None

    def shared_with(self, other: "Plan") -> int:
        """The number of layers, from the first, whose sums are equal under both plans."""
        for k, key in enumerate(self.keys):
            if key != other.keys[k] or (k and self.units[k - 1] != other.units[k - 1]):
                return k
        return len(self.keys)


def plan(surgery: Surgery, network: Network, infos: Sequence[LayerInfo], gate_mean: Array | None) -> Plan:
    """The Plan of a surgery. gate_mean: the values of the gate "mean". Raises ValueError for a surgery that this
    network cannot have, in a sentence that names the value."""
    check_choice("gate", surgery.gate, GATES)
    if not 0 < surgery.temperature < np.inf:
        raise ValueError(f"temperature is {surgery.temperature!r}; give a positive number.")
    gated = next((k for k, info in enumerate(infos) if info.kind == "gated"), None)
    if surgery.gate != "learned" and gated is None:
        raise ValueError("this network has no gate, so the gate can only be \"learned\".")
    parameters = [weights(network, info) for info in infos]
    keys: list[tuple[object, ...]] = [() for _ in infos]
    units: list[tuple[UnitChange, ...]] = [() for _ in infos]
    for change in surgery.changes:
        check(change, infos, parameters)
        if isinstance(change, UnitChange):
            units[change.layer] = (*units[change.layer], change)
            continue
        chosen = {k: both for k, both in enumerate(parameters) if both is not None and change.layer in (None, k)}
        matrices = [W for W, _ in chosen.values()]
        changed = noisy(matrices, change) if isinstance(change, Noise) else pruned(matrices, change.share)
        for (k, (_, b)), W in zip(chosen.items(), changed, strict=True):
            parameters[k], keys[k] = (W, b), (*keys[k], change)
    gate = None
    if gated is not None:
        keys[gated] = (*keys[gated], surgery.gate)
        held = network.layers[infos[gated].product]
        if surgery.gate == "open":
            gate = np.ones(1, network.dtype)
        elif surgery.gate == "mean":
            gate = gate_mean
        elif isinstance(held, HeldGate):
            gate = np.atleast_1d(np.asarray(held.value, network.dtype))
    return Plan(parameters, tuple(keys), tuple(units), gate)


def check(change: Change, infos: Sequence[LayerInfo], parameters: Sequence[tuple[Array, Array] | None]) -> None:
    """Raises ValueError, in a sentence that names the value, for a change that these layers cannot have."""
    layer = change.layer
    if layer is not None and layer not in range(len(infos)):
        raise ValueError(f"layer is {layer!r}; give a whole number from 0 to {len(infos) - 1}.")
    if isinstance(change, UnitChange):
        info = infos[change.layer]
        if any(unit not in range(info.size) for unit in change.units):
            raise ValueError(f"{info.name} has the units 0 to {info.size - 1}; another one is named.")
        if not np.isfinite([change.scale, change.shift]).all():
            raise ValueError(f"scale is {change.scale!r} and shift {change.shift!r}; give finite numbers.")
    elif layer is not None and parameters[layer] is None:
        raise ValueError("the gate is held at fixed values, so it has no weights to change.")
    elif isinstance(change, Noise) and not 0 <= change.amount < np.inf:
        raise ValueError(f"amount is {change.amount!r}; give a number of at least 0.")
    elif isinstance(change, Pruning) and not 0 <= change.share <= 1:
        raise ValueError(f"share is {change.share!r}; give a number from 0 to 1.")


def noisy(matrices: Sequence[Array], change: Noise) -> list[Array]:
    """The matrices with noise of change.amount times the root mean square of each."""
    rng, results = np.random.default_rng(change.seed), []
    for W in matrices:
        noise = rng.standard_normal(W.T.shape, np.float32).T if W.flags.f_contiguous else rng.standard_normal(
            W.shape, np.float32)
        results.append(W + noise * W.dtype.type(change.amount * np.sqrt(np.mean(np.square(W)))))
    return results


def pruned(matrices: Sequence[Array], share: float) -> list[Array]:
    """The matrices with the smallest `share` of all their weights, by absolute value, set to 0."""
    sizes = np.concatenate([np.abs(W.ravel("K")) for W in matrices])
    count = round(share * sizes.size)
    if not count:
        return list(matrices)
    limit = smallest(sizes, count)
    return [W * ((limit < W) | (-limit > W)) for W in matrices]


def smallest(values: Array, count: int) -> float:
    """The count-th smallest of values (n,), as np.partition gives it; a sample limits where it is searched, which takes
    a fifth of the time for the five million weights of the shipped network."""
    sample = np.sort(values[::SAMPLED])
    at, margin = count * len(sample) // values.size, 4 * round(np.sqrt(len(sample)))
    low = sample[at - margin] if at >= margin else -np.inf
    high = sample[at + margin] if at + margin < len(sample) else np.inf
    inside = values[(values >= low) & (values <= high)]
    place = count - 1 - int(np.count_nonzero(values < low))
    if 0 <= place < len(inside):
        values = inside
    else:  # the sample was not typical
        place = count - 1
    return float(np.partition(values, place)[place])
