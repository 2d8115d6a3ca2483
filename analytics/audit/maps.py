"""Maps of what a layer sees alike, made once with t-SNE.

The t-SNE of 2,500 images takes seconds and a library; the app places a new digit among its nearest neighbours instead,
found among the activations on the layer's main axes that are saved here (deployment/pages/audit/evidence.py).
"""

from collections.abc import Callable

import numpy as np

from analytics.archive.cluster import cores

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
    from sklearn.decomposition import PCA

    pca = PCA(min(AXES, *features.shape), random_state=seed).fit(features)
    return pca.mean_, pca.components_.T


def embed(coordinates: np.ndarray, seed: int, track: Callable, label: str = "map") -> np.ndarray:
    """Coordinates (M, k) on a plane (M, 2), float32, by t-SNE (van der Maaten and Hinton, 2008; Barnes-Hut)."""
    from openTSNE import TSNEEmbedding, affinity, initialization

    jobs = cores()
    near = affinity.PerplexityBasedNN(coordinates, min(30, (len(coordinates) - 1) / 3), method="exact",
                                      n_jobs=jobs, random_state=seed)
    embedding = TSNEEmbedding(initialization.pca(coordinates, random_state=seed), near, n_jobs=jobs,
                              negative_gradient_method="bh", random_state=seed)
    for step in track(range(ROUNDS), label):
        early = {"exaggeration": 12, "momentum": 0.5} if step < EARLY else {"momentum": 0.8}
        embedding.optimize(STEPS, inplace=True, **early)
    return np.asarray(embedding, dtype=np.float32)
