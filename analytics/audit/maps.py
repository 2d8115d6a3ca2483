"""Two-dimensional maps of a layer's activations by t-SNE.

t-SNE of 2,500 images takes seconds and needs a library. The app places a new digit among its nearest neighbours
instead, by the principal components that are saved here (deployment/pages/audit/evidence.py).
"""

from collections.abc import Callable

import numpy as np

from analytics.archive.cluster import cores

TSNE_AXES, SAVED_AXES = 50, 32  # principal axes used by t-SNE, and saved to place new digits
EARLY, ROUNDS, STEPS = 5, 15, 50  # rounds of early exaggeration, rounds in total, steps of a round


def layer_names(layers: int, gated: bool) -> list[str]:
    """Names of the hidden layers in order; with a gate, the last is "gated"."""
    names = [f"hidden {i}" for i in range(1, layers + 1 - gated)]
    return [*names, "gated"] if gated else names


def arrays(hidden: list[np.ndarray], names: list[str], seed: int, track: Callable) -> dict[str, np.ndarray]:
    """Maps of layers, each (M, h), as arrays for an .npz.

    map_names; of layer I, map_I_xy (M, 2) float32, and _mean (h,), _basis (h, k), _features (M, k) in float16.
    """
    saved = {"map_names": np.array(names)}
    for i, (name, features) in enumerate(zip(names, hidden, strict=True)):
        mean, basis = principal_axes(features, seed)
        coordinates = (features - mean) @ basis
        parts = {"xy": embed(coordinates, seed, track, f"map {name}"), "mean": mean.astype(np.float16),
                 "basis": basis[:, :SAVED_AXES].astype(np.float16),
                 "features": coordinates[:, :SAVED_AXES].astype(np.float16)}
        saved |= {f"map_{i}_{part}": values for part, values in parts.items()}
    return saved


def principal_axes(features: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (h,) and the first TSNE_AXES principal axes (h, k) of features (M, h), by decreasing variance."""
    from sklearn.decomposition import PCA

    pca = PCA(min(TSNE_AXES, *features.shape), random_state=seed).fit(features)
    return pca.mean_, np.asarray(pca.components_).T


def embed(coordinates: np.ndarray, seed: int, track: Callable, label: str = "map") -> np.ndarray:
    """Embed coordinates (M, k) in the plane: (M, 2) float32, by t-SNE (van der Maaten and Hinton, 2008; Barnes-Hut)."""
    from openTSNE import TSNEEmbedding, affinity, initialization

    jobs = cores()
    perplexity = min(30, (len(coordinates) - 1) / 3)
    affinities = affinity.PerplexityBasedNN(
        coordinates, perplexity,  # pyright: ignore[reportArgumentType]: int inferred from the default
        method="exact", n_jobs=jobs, random_state=seed)
    embedding = TSNEEmbedding(initialization.pca(coordinates, random_state=seed), affinities, n_jobs=jobs,
                              negative_gradient_method="bh", random_state=seed)
    for step in track(range(ROUNDS), label):
        early = {"exaggeration": 12, "momentum": 0.5} if step < EARLY else {"momentum": 0.8}
        embedding.optimize(STEPS, True, False, **early)  # in place, exceptions not propagated
    return np.asarray(embedding, dtype=np.float32)
