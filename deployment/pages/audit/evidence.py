"""Images, bands, shares and map positions computed from the arrays of an audit. Pure functions."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from core import metrics
from deployment.deploy_mnist import MNISTDeployer

BANDS = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1)  # finer towards certainty, where nearly all images lie
COVERAGES = (1.0, 0.999, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8)


def model_arrays(deployer: MNISTDeployer) -> dict[str, np.ndarray]:
    """The arrays that need no test images: hash, learning curves, weight histograms and mean gates."""
    arrays = {"model_sha256": np.array(deployer.sha256)}
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


def history(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The learning curves by their names in train_history.json."""
    return {name.removeprefix("history_"): v for name, v in arrays.items() if name.startswith("history_")}


def confident_hits(probs: np.ndarray, y: np.ndarray, per_digit: int = 8) -> np.ndarray:
    """Indices of the most confident right answers, digit by digit, most confident first."""
    sure = np.where(probs.argmax(1) == y, probs.max(1), -1)
    order = np.argsort(-sure, kind="stable")
    order = order[sure[order] > 0]
    return np.concatenate([order[y[order] == digit][:per_digit] for digit in range(10)])


def mistakes(probs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Indices of the wrong answers, the most confident first."""
    wrong = np.flatnonzero(probs.argmax(1) != y)
    return wrong[np.argsort(-probs[wrong].max(1), kind="stable")]


def confidence_bands(probs: np.ndarray, y: np.ndarray) -> list[dict]:
    """Answers by confidence: name (percent), n, stated (mean), measured (accuracy), low and high (Wilson, 95 %)."""
    stated, right = probs.max(1), probs.argmax(1) == y
    bands = []
    for below, above in pairwise(BANDS):
        inside = (stated > below) & (stated <= above)
        if n := int(inside.sum()):
            low, high = metrics.wilson_interval(int(right[inside].sum()), n)
            measured = float(right[inside].mean())
            name = f"≤ {100 * above:g}" if below == 0 else f"{100 * below:g}–{100 * above:g}"
            bands.append({"name": name, "n": n, "stated": float(stated[inside].mean()),
                          "measured": measured, "low": min(low, measured), "high": max(high, measured)})  # rounding
    return bands


def unit_order(gate_class_mean: np.ndarray) -> np.ndarray:
    """Gate units (h,) put in order: by the digit that each opens most for, then by how much."""
    excess = gate_class_mean - gate_class_mean.mean(0)
    return np.lexsort((-excess.max(0), excess.argmax(0)))


def share(hits: int, n: int) -> dict:
    """A share with its count: {"n", "hits", "share", "interval_95"}; the share of nothing is None."""
    low, high = metrics.wilson_interval(int(hits), int(n))
    return {"n": int(n), "hits": int(hits), "share": hits / n if n else None,
            "interval_95": [0.0 if hits == 0 else low, 1.0 if hits == n else high]}  # rounding leaves both just off


def selective(probs: np.ndarray, y: np.ndarray, coverages: Sequence[float] = COVERAGES) -> list[dict]:
    """Accuracy when only the most confident images are answered: a row for each coverage, with its confidence limit.

    probs (N, 10), y (N,). "from": the least confidence that is still answered.
    """
    confidence, right = probs.max(1), probs.argmax(1) == y
    order = np.argsort(-confidence, kind="stable")
    rows = []
    for coverage in coverages:
        answered = order[: max(1, round(coverage * len(y)))]
        rows.append({"coverage": len(answered) / len(y), "from": float(confidence[answered[-1]]),
                     "errors": int((~right[answered]).sum()), **share(int(right[answered].sum()), len(answered))})
    return rows


def above(probs: np.ndarray, y: np.ndarray, limit: float) -> tuple[float, float | None, int]:
    """(share of images answered, share of those right or None, errors) when answering only from confidence `limit`."""
    answered = probs.max(1) >= limit
    n, errors = int(answered.sum()), int((answered & (probs.argmax(1) != y)).sum())
    return n / len(y), (n - errors) / n if n else None, errors


def project(activations: np.ndarray, mean: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """One digit's activations (h,) on the axes (h, k) of its layer: (k,). Raises ValueError for another layer's."""
    if np.shape(activations) != np.shape(mean):
        raise ValueError(f"the activations have shape {np.shape(activations)}, the map's layer {np.shape(mean)}; "
                         "remake the audit for this model.")
    return (activations - mean.astype(np.float32)) @ basis.astype(np.float32)


def place(features_new: np.ndarray, features_map: np.ndarray, xy: np.ndarray, neighbours: int = 8) -> np.ndarray:
    """Where a digit belongs on the map: (2,), the mean of its neighbours' places, each weighing 1 / distance.

    features_new (k,), features_map (M, k) on the same axes, xy (M, 2). A digit of the map gets its position on the
    map (inverse-distance weighting: Shepard, 1968).
    """
    distance = np.linalg.norm(features_map.astype(np.float32) - features_new, axis=1)
    nearest = np.argsort(distance, kind="stable")[:neighbours]
    weight = 1 / np.maximum(distance[nearest], 1e-6)
    return (weight[:, None] * xy[nearest]).sum(0) / weight.sum()


def layers(saved: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Layer name -> places (M, 2) of a saved audit; an older one holds the last layer alone."""
    if "map_names" not in saved:
        return {"last hidden layer": saved["map_xy"]}
    return {str(name): saved[f"map_{i}_xy"] for i, name in enumerate(saved["map_names"])}


def place_prediction(saved: dict[str, np.ndarray], layer: str, hidden: list[np.ndarray]) -> np.ndarray | None:
    """The place (2,) of a reading with these hidden activations on a layer's map; None if the audit lacks the layer."""
    names = [str(name) for name in saved.get("map_names", ())]
    if layer not in names or len(hidden) != len(names):
        return None
    i = names.index(layer)
    try:
        new = project(hidden[i], saved[f"map_{i}_mean"], saved[f"map_{i}_basis"])
    except ValueError:
        return None
    return place(new, saved[f"map_{i}_features"], saved[f"map_{i}_xy"])
