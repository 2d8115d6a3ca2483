"""Ablations of the gate: the same network with other gate values."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from core.explain.attribution import ExplainableModel
from core.nn.network import Activations
from core.uncertainty.test_time_augmentation import combine_each

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
    mean, opened, permuted = _held(model, live, rng, shuffles)
    return {"live": live, "mean": network.with_gate(mean).read(X), "open": network.with_gate(opened).read(X),
            "shuffled": network.with_gate(permuted).read(np.repeat(X, shuffles, axis=0))}


def gate_answers(model: ExplainableModel, x: NDArray[np.floating], rng: np.random.Generator,
                 shuffles: int) -> dict[str, NDArray[np.floating]]:
    """Calibrated probabilities (10,) of one x (1, 784) under the four gates of `gate_modes`, with test-time
    augmentation; "shuffled": the mean of the permutations. Empty for a network without a gate."""
    if not model.network.has_gate:
        return {}
    readout, reading = model.readout, model.network.read(x)
    live, _ = readout.augment_doubtful(model.network, x, readout.evidence(reading))
    probs = _held_probabilities(model, x, reading, np.vstack(_held(model, reading, rng, shuffles)))
    return {"live": readout.calibration.probabilities(live)[0], "mean": probs[0], "open": probs[1],
            "shuffled": probs[2:].mean(axis=0)}


def _held(model: ExplainableModel, live: Activations, rng: np.random.Generator,
          shuffles: int) -> tuple[NDArray[np.floating], ...]:
    """The gate values of the modes "mean" (h,), "open" (h,) and "shuffled" (N * shuffles, h)."""
    assert live.gate is not None and model.gate_mean is not None  # the network has a gate
    return (model.gate_mean, np.ones_like(model.gate_mean),
            rng.permuted(np.repeat(live.gate, shuffles, axis=0), axis=1))


def _held_probabilities(model: ExplainableModel, x: NDArray[np.floating], reading: Activations,
                        gates: NDArray[np.floating]) -> NDArray[np.floating]:
    """Calibrated probabilities (M, 10) of one x (1, 784) with its gate held at each row of gates (M, h).

    The layers before the gate read the image and its copies once. reading: the Activations of x.
    """
    network, readout = model.network, model.readout
    output, gates = network.params[-1], gates.astype(network.dtype)

    def logits(gated: NDArray[np.floating]) -> NDArray[np.floating]:
        return gated @ output["W"] + output["b"]

    gated = reading.hidden[-2] * gates
    before = [np.broadcast_to(layer, (len(gates), layer.shape[1])) for layer in reading.hidden[:-1]]
    evidence = readout.evidence(Activations(logits(gated), [*before, gated], None))
    augmentation = readout.augmentation
    if augmentation:
        ungated = cache(lambda: network.read(augmentation.copies(x)).hidden[-2])  # (count, h)
        evidence, = combine_each([augmentation], lambda chosen: logits(ungated() * gates[chosen, None]), evidence)
    return readout.calibration.probabilities(evidence)
