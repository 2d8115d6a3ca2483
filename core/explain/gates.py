"""Ablations of the gate: the same network with other gate values."""

import numpy as np
from numpy.typing import NDArray

from core.explain.attribution import ExplainableModel
from core.nn.network import Activations

MODES = ("live", "mean", "open", "shuffled")


def gate_modes(model: ExplainableModel, X: NDArray[np.floating], rng: np.random.Generator,
               shuffles: int = 1) -> dict[str, Activations]:
    """Activations of X (N, 784) under four gates, by name; empty for a network without a gate.

    "live": as trained; "mean": the mean gate of training images; "open": all ones, which also scales the logits;
    "shuffled": each image's gate values, permuted among the units `shuffles` times, N * shuffles rows grouped by image.
    If "shuffled" is as accurate as "live", the gate only scales; if "mean" is, the gate need not depend on the image.
    """
    network = model.network
    if not network.has_gate:
        return {}
    live = network.read(X)
    assert live.gate is not None and model.gate_mean is not None  # the network has a gate
    permuted = rng.permuted(np.repeat(live.gate, shuffles, axis=0), axis=1)
    return {"live": live, "mean": network.with_gate(model.gate_mean).read(X), "open": network.with_gate(1.0).read(X),
            "shuffled": network.with_gate(permuted).read(np.repeat(X, shuffles, axis=0))}
