"""Maps of what a layer sees alike: made once with t-SNE, and NumPy enough to place a new digit on one.

The t-SNE of 2,500 images takes seconds and a library; a new digit goes to its nearest neighbours' places instead, found
among the activations on the layer's main axes. So the app needs the saved arrays alone.
"""

import os
from collections.abc import Callable

import numpy as np

AXES, KEPT = 50, 32  # principal axes that t-SNE sees, and those kept to place new digits by
EARLY, ROUNDS, STEPS = 5, 15, 50  # of 15 rounds of 50 steps, five with exaggerated attraction


def layer_names(layers: int, gated: bool) -> list[str]:
    """Names of hidden layers from the input on; with a gate the last one is the gated."""
    names = [f"hidden {i}" for i in range(1, layers + 1 - gated)]
    return [*names, "gated"] if gated else names


def arrays(hidden: list[np.ndarray], names: list[str], seed: int, track: Callable) -> dict[str, np.ndarray]:
    """Maps of layers, each (M, h), as arrays for an .npz: map_names, and map_I_xy (M, 2), _mean (h,), _basis (h, k),
    _features (M, k) of layer I, in half precision but for the places."""
    saved = {"map_names": np.array(names)}
    for i, (name, features) in enumerate(zip(names, hidden, strict=True)):
        mean, basis = principal_axes(features, seed)
        coordinates = (features - mean) @ basis
        parts = {"xy": embed(coordinates, seed, track, f"map {name}"), "mean": mean.astype(np.float16),
                 "basis": basis[:, :KEPT].astype(np.float16), "features": coordinates[:, :KEPT].astype(np.float16)}
        saved |= {f"map_{i}_{part}": values for part, values in parts.items()}
    return saved


def principal_axes(features: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (h,) and the first AXES principal axes (h, k) of features (M, h), the strongest first."""
    from sklearn.decomposition import PCA  # here: the app places digits without it

    pca = PCA(min(AXES, *features.shape), random_state=seed).fit(features)
    return pca.mean_, pca.components_.T


def embed(coordinates: np.ndarray, seed: int, track: Callable, label: str = "map") -> np.ndarray:
    """Coordinates (M, k) on a plane (M, 2), float32, by t-SNE (van der Maaten and Hinton, 2008; Barnes-Hut)."""
    from openTSNE import TSNEEmbedding, affinity, initialization

    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    near = affinity.PerplexityBasedNN(coordinates, min(30, (len(coordinates) - 1) / 3), method="exact",
                                      n_jobs=jobs, random_state=seed)
    embedding = TSNEEmbedding(initialization.pca(coordinates, random_state=seed), near, n_jobs=jobs,
                              negative_gradient_method="bh", random_state=seed)
    for step in track(range(ROUNDS), label):
        early = {"exaggeration": 12, "momentum": 0.5} if step < EARLY else {"momentum": 0.8}
        embedding.optimize(STEPS, inplace=True, **early)
    return np.asarray(embedding, dtype=np.float32)


def project(activations: np.ndarray, mean: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """One digit's activations (h,) on the axes (h, k) of its layer: (k,). Raises ValueError for another layer's."""
    if np.shape(activations) != np.shape(mean):
        raise ValueError(f"the activations have shape {np.shape(activations)}, the map's layer {np.shape(mean)}; "
                         "remake the audit for this model.")
    return (activations - mean.astype(np.float32)) @ basis.astype(np.float32)


def place(features_new: np.ndarray, features_bank: np.ndarray, xy: np.ndarray, neighbours: int = 8) -> np.ndarray:
    """Where a digit belongs on the map: (2,), the mean of its neighbours' places, each weighing 1 / distance.

    features_new (k,), features_bank (M, k) on the same axes, xy (M, 2). A digit of the bank lands on its own place
    (inverse-distance weighting: Shepard, 1968).
    """
    distance = np.linalg.norm(features_bank.astype(np.float32) - features_new, axis=1)
    nearest = np.argsort(distance, kind="stable")[:neighbours]
    weight = 1 / np.maximum(distance[nearest], 1e-6)
    return (weight[:, None] * xy[nearest]).sum(0) / weight.sum()


def layers(saved: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Layer name -> places (M, 2) of a saved audit; an older one holds the last layer alone."""
    if "map_names" not in saved:
        return {"last hidden layer": saved["map_xy"]}
    return {str(name): saved[f"map_{i}_xy"] for i, name in enumerate(saved["map_names"])}


def place_prediction(saved: dict[str, np.ndarray], layer: str, hidden: list[np.ndarray]) -> np.ndarray | None:
    """The place (2,) of a reading with these hidden activations on a layer's map; None where the audit cannot tell."""
    names = [str(name) for name in saved.get("map_names", ())]
    if layer not in names or len(hidden) != len(names):
        return None
    i = names.index(layer)
    try:
        new = project(hidden[i], saved[f"map_{i}_mean"], saved[f"map_{i}_basis"])
    except ValueError:
        return None
    return place(new, saved[f"map_{i}_features"], saved[f"map_{i}_xy"])
