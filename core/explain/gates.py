"""What the gate is worth to an answer: the same network with other values in the gate's place."""

import numpy as np

MODES = ("live", "mean", "open", "shuffled")


def gate_modes(model, X, rng, shuffles=1):
    """core.nn.network.Readings of X (N, 784) under four gates, by name; empty for a network without a gate.

    "live": as trained; "mean": held at its mean over training images; "open": all ones, which also scales the logits;
    "shuffled": each image's own values dealt to other units by `rng`, `shuffles` times over: N * shuffles rows, those
    of an image next to each other. When "shuffled" is as good as "live", the values matter only as a scale; when "mean"
    is, they do not depend on the image.
    """
    network = model.network
    if not network.has_gate:
        return {}
    live = network.read(X)
    dealt = rng.permuted(np.repeat(live.gate, shuffles, axis=0), axis=1)
    return {"live": live, "mean": network.with_gate(model.gate_mean).read(X), "open": network.with_gate(1.0).read(X),
            "shuffled": network.with_gate(dealt).read(np.repeat(X, shuffles, axis=0))}
