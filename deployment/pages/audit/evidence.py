"""Statistics of an audit's arrays for the page: errors, confidence bands, shares and map positions. Pure functions."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core import metrics

if TYPE_CHECKING:  # importing it loads OpenCV
    from deployment.deploy_mnist import MNISTDeployer

Arrays = dict[str, NDArray[Any]]
Floats = NDArray[np.floating]
Integers = NDArray[np.integer]

CONFIDENCE_EDGES = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1)  # finer near 1, where nearly all images lie
COVERAGES = (1.0, 0.999, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8)


def model_arrays(deployer: "MNISTDeployer") -> Arrays:
    """The part of an audit that needs no test images: hash, learning curves, weight histograms and mean gates."""
    assert deployer.history is not None  # MNISTDeployer checks it
    arrays: Arrays = {"model_sha256": np.array(deployer.sha256)}
    for name, values in deployer.history.items():
        arrays[f"history_{name}"] = np.array(values, dtype=float)
    weights = {name: np.ravel(W) for name, W in deployer.weights().items()}
    histograms = [np.histogram(w, bins=81, range=(-np.abs(w).max(), np.abs(w).max())) for w in weights.values()]
    arrays["weight_names"] = np.array(list(weights))
    arrays["weight_counts"] = np.array([counts for counts, _ in histograms])
    arrays["weight_edges"] = np.array([edges for _, edges in histograms])
    if deployer.gate_class_mean is not None:
        arrays["gate_class_mean"] = np.asarray(deployer.gate_class_mean, dtype=np.float32)
    return arrays


def history(arrays: Arrays) -> Arrays:
    """Learning curves, keyed as in train_history.json."""
    return {name.removeprefix("history_"): v for name, v in arrays.items() if name.startswith("history_")}


def confident_hits(probs: Floats, y: Integers, per_digit: int = 8) -> Integers:
    """Indices of the `per_digit` most confident right answers of each digit, in descending order of confidence.

    probs (N, 10), y (N,).
    """
    confidence = np.where(probs.argmax(1) == y, probs.max(1), -1)
    order = np.argsort(-confidence, kind="stable")
    order = order[confidence[order] > 0]
    return np.concatenate([order[y[order] == digit][:per_digit] for digit in range(10)])


def mistakes(probs: Floats, y: Integers) -> Integers:
    """Indices of the wrong answers, in descending order of confidence. probs (N, 10), y (N,)."""
    wrong = np.flatnonzero(probs.argmax(1) != y)
    return wrong[np.argsort(-probs[wrong].max(1), kind="stable")]


def confidence_bands(probs: Floats, y: Integers) -> list[dict[str, Any]]:
    """A row for each non-empty confidence band: name (percent), n, stated (mean confidence), measured (accuracy), low
    and high (95 % Wilson interval of the accuracy). probs (N, 10), y (N,)."""
    stated, right = probs.max(1), probs.argmax(1) == y
    bands = []
    for below, above in pairwise(CONFIDENCE_EDGES):
        inside = (stated > below) & (stated <= above)
        if n := int(inside.sum()):
            low, high = metrics.wilson_interval(int(right[inside].sum()), n)
            measured = float(right[inside].mean())
            name = f"≤ {100 * above:g}" if below == 0 else f"{100 * below:g}–{100 * above:g}"
            bands.append({"name": name, "n": n, "stated": float(stated[inside].mean()),
                          "measured": measured, "low": min(low, measured), "high": max(high, measured)})  # rounding
    return bands


def unit_order(gate_class_mean: Floats) -> Integers:
    """Order (h,) of the gate units: by the digit for which a unit opens most, then by how much. Means: (10, h)."""
    excess = gate_class_mean - gate_class_mean.mean(0)
    return np.lexsort((-excess.max(0), excess.argmax(0)))


def share(hits: int, n: int) -> dict[str, Any]:
    """A share with its count: {"n", "hits", "share", "interval_95"} (Wilson). The share is None for n = 0."""
    low, high = metrics.wilson_interval(int(hits), int(n))
    return {"n": int(n), "hits": int(hits), "share": hits / n if n else None,
            "interval_95": [0.0 if hits == 0 else low, 1.0 if hits == n else high]}  # exact, despite rounding


def selective(probs: Floats, y: Integers, coverages: Sequence[float] = COVERAGES) -> list[dict[str, Any]]:
    """Selective accuracy: a row for each coverage, the share of images with the highest confidence that is answered.

    probs (N, 10), y (N,). "from": the lowest confidence among the answered images.
    """
    confidence, right = probs.max(1), probs.argmax(1) == y
    order = np.argsort(-confidence, kind="stable")
    rows = []
    for coverage in coverages:
        answered = order[: max(1, round(coverage * len(y)))]
        rows.append({"coverage": len(answered) / len(y), "from": float(confidence[answered[-1]]),
                     "errors": int((~right[answered]).sum()), **share(int(right[answered].sum()), len(answered))})
    return rows


def above(probs: Floats, y: Integers, limit: float) -> tuple[float, float | None, int]:
    """(coverage, accuracy or None, errors) of the images with a confidence of at least `limit`."""
    answered = probs.max(1) >= limit
    n, errors = int(answered.sum()), int((answered & (probs.argmax(1) != y)).sum())
    return n / len(y), (n - errors) / n if n else None, errors


def project(activations: Floats, mean: Floats, basis: Floats) -> Floats:
    """Project activations (h,), less the mean (h,), on a layer's axes (h, k): (k,). Raises ValueError for another h."""
    if np.shape(activations) != np.shape(mean):
        raise ValueError(f"the activations have shape {np.shape(activations)}, the map needs {np.shape(mean)}; "
                         "remake the audit for this model.")
    return (activations - mean.astype(np.float32)) @ basis.astype(np.float32)


def place(features_new: Floats, features_map: Floats, xy: Floats, neighbours: int = 8) -> Floats:
    """Position (2,) of a new digit on the map, by inverse-distance weighting (Shepard, 1968) of its neighbours.

    features_new (k,), features_map (M, k) on the same axes, xy (M, 2).
    """
    distance = np.linalg.norm(features_map.astype(np.float32) - features_new, axis=1)
    nearest = np.argsort(distance, kind="stable")[:neighbours]
    weight = 1 / np.maximum(distance[nearest], 1e-6)
    return (weight[:, None] * xy[nearest]).sum(0) / weight.sum()


def layers(saved: Arrays) -> Arrays:
    """{layer name: map positions (M, 2)} of a saved audit. Older audits hold only the last layer."""
    if "map_names" not in saved:
        return {"last hidden layer": saved["map_xy"]}
    return {str(name): saved[f"map_{i}_xy"] for i, name in enumerate(saved["map_names"])}


def place_prediction(saved: Arrays, layer: str, hidden: list[Floats]) -> Floats | None:
    """Map position (2,) of a reading with these hidden activations; None if the audit does not fit the network."""
    names = [str(name) for name in saved.get("map_names", ())]
    if layer not in names or len(hidden) != len(names):
        return None
    i = names.index(layer)
    try:
        features = project(hidden[i], saved[f"map_{i}_mean"], saved[f"map_{i}_basis"])
    except ValueError:
        return None
    return place(features, saved[f"map_{i}_features"], saved[f"map_{i}_xy"])
