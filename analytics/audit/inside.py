"""Activations of each layer, and a comparison of gate modes on the test images."""

import numpy as np
from scipy.stats import binomtest

from core.explain.gates import MODES, gate_modes
from core.metrics import log_loss, wilson_interval
from core.models.model import Model
from core.nn.losses import softmax
from core.uncertainty.calibration import fit_temperature

BINS = 60


def activations(hidden: list[np.ndarray], names: list[str]) -> dict[str, np.ndarray]:
    """Histograms of the activations of hidden layers (M, h), for an .npz.

    Returns activation_names (L,), _counts (L, BINS) and _edges (L, BINS + 1) of the nonzero values, _zeros (L,), the
    share of zeros, and _dead (L,), the number of units that are always 0.
    """
    counts, edges = zip(*(np.histogram(layer[layer != 0], bins=BINS) for layer in hidden), strict=True)
    return {"activation_names": np.array(names), "activation_counts": np.array(counts),
            "activation_edges": np.array(edges, dtype=np.float32),
            "activation_zeros": np.array([(layer == 0).mean() for layer in hidden]),
            "activation_dead": np.array([(layer == 0).all(0).sum() for layer in hidden])}


def sign_test(a: int, b: int) -> float:
    """Two-sided p-value of a against b discordant pairs: McNemar's exact test."""
    return float(binomtest(a, a + b).pvalue) if a + b else 1.0


def mode_logits(model: Model, X: np.ndarray, seed: int = 0, batch: int = 1000) -> dict[str, tuple]:
    """{mode: (logits (N, 10), calibrated probabilities (N, 10))} of network input X (N, 784).

    The modes are those of core.explain.gates; there are none for a network without a gate.
    """
    rng, parts = np.random.default_rng(seed), {mode: [] for mode in MODES}
    for start in range(0, len(X), batch):
        for mode, reading in gate_modes(model, X[start : start + batch], rng).items():
            parts[mode].append((reading.logits, model.readout.probabilities(reading)))
    return {mode: tuple(map(np.concatenate, zip(*pairs, strict=True))) for mode, pairs in parts.items() if pairs}


def compare_gates(modes: dict[str, tuple], y: np.ndarray, calibration: dict[str, tuple], y_cal: np.ndarray
                  ) -> list[dict]:
    """Compare each gate mode with the live gate on the same images, one row each; modes as of `mode_logits`.

    log_loss: of the app's probabilities, calibrated for the live gate. log_loss_refitted: of softmax(logits / T) with T
    fitted to the mode on the calibration part, which is the fair comparison because a gate also rescales the logits.
    only_live, only_this: images that only one of the two reads correctly; p: their sign_test.
    """
    rows = []
    for mode, (logits, probs) in modes.items():
        right, live = logits.argmax(1) == y, modes["live"][0].argmax(1) == y
        temperature = fit_temperature(calibration[mode][0].astype(np.float64), y_cal)
        only_live, only_this = int((live & ~right).sum()), int((right & ~live).sum())
        rows.append({"gate": mode, "n": len(y), "errors": int((~right).sum()), "accuracy": float(right.mean()),
                     "interval_95": list(wilson_interval(int(right.sum()), len(y))), "log_loss": log_loss(probs, y),
                     "log_loss_refitted": log_loss(softmax(logits / temperature), y), "temperature": temperature,
                     "only_live": only_live, "only_this": only_this,
                     "p": None if mode == "live" else sign_test(only_live, only_this)})
    return rows
