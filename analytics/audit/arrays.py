"""Compute the arrays of an audit from a trained model.

All results are NumPy arrays, so that one .npz file holds an audit and the pictures in `images/` and the charts in the
app show the same numbers. The hash inside identifies the model.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from analytics.audit import inside, maps
from core import metrics
from deployment.deploy_mnist import MNISTDeployer

Track = Callable[[Iterable, str], Iterable]


def untracked(items: Iterable, label: str) -> Iterable:
    """A progress bar that shows nothing."""
    return items


def test_arrays(
    deployer: MNISTDeployer, X: NDArray[np.floating], y: NDArray[np.integer], map_images: int = 2500,
    resamples: int = 1000, seed: int = 0, track: Track = untracked
) -> dict[str, np.ndarray]:
    """Read test images X (N, 28, 28) in [0, 1] with labels y (N,) and measure the answers.

    Returns y (N,), probs (N, 10), headline_* (3,) as (value, low, high) at 95 %, ece_if_calibrated (2,),
    map_index (M,) and map_xy (M, 2), the sampled test images and their positions on the last layer's map, and the
    arrays of maps.arrays and inside.activations for all layers.
    """
    rng = np.random.default_rng(seed)
    map_index = np.sort(rng.permutation(len(X))[:map_images])
    batches = np.array_split(np.arange(len(X)), max(1, len(X) // 500))
    answers = [deployer.predict_arrays(X[batch]) for batch in track(batches, "reading")]
    probs = np.concatenate(answers).astype(np.float32)  # as saved, so that every figure follows from the saved array
    hidden = deployer.hidden_activations(X[map_index])
    names = maps.layer_names(len(hidden), deployer.gate_class_mean is not None and len(hidden) > 1)
    map_arrays = maps.arrays(hidden, names, seed, track)
    return {
        "y": np.asarray(y, dtype=np.uint8),
        "probs": probs,
        **{f"headline_{name}": v for name, v in headline(probs, y, resamples, rng, track).items()},
        "ece_if_calibrated": np.quantile(metrics.ece_if_calibrated(probs, resamples // 4, rng), [0.025, 0.975]),
        "map_index": map_index,
        "map_xy": map_arrays[f"map_{len(names) - 1}_xy"],
        **map_arrays,
        **inside.activations(hidden, names),
    }


def headline(probs: NDArray[np.floating], y: NDArray[np.integer], resamples: int, rng: np.random.Generator,
             track: Track = untracked) -> dict[str, np.ndarray]:
    """The headline metrics of probs (N, 10) on labels y (N,): each (value, low, high) at 95 %.

    Log loss is in nats; AURC is the area under the risk-coverage curve; AUROC is that of confidence for right against
    wrong answers, nan when there are no errors. Accuracy and errors have Wilson intervals. The others have bootstrap
    intervals over images, corrected for bias: resampling adds noise, which can only increase the calibration error.
    """
    right = probs.argmax(1) == y
    low, high = metrics.wilson_interval(int(right.sum()), len(y))
    n = len(y)
    figures = {
        "accuracy": np.array([right.mean(), low, high]),
        "errors": np.array([n - right.sum(), n * (1 - high), n * (1 - low)]),
    }
    measures = {
        "log_loss": metrics.log_loss,
        "ece": metrics.expected_calibration_error,
        "auroc": lambda probs, y: metrics.auroc(probs.max(1), probs.argmax(1) == y),
        "brier": metrics.brier_score,
        "aurc": lambda probs, y: metrics.area_under_risk_coverage(probs.max(1), probs.argmax(1) == y),
    }
    draws = [rng.integers(0, n, n) for _ in range(resamples)]
    boot = [[measure(probs[rows], y[rows]) for measure in measures.values()] for rows in track(draws, "intervals")]
    for (name, measure), values in zip(measures.items(), np.transpose(boot), strict=True):
        value, values = measure(probs, y), values[np.isfinite(values)]
        limits = np.quantile(values, [0.025, 0.975]) - values.mean() + value if len(values) else (np.nan, np.nan)
        figures[name] = np.array([value, *np.clip(limits, 0, {"log_loss": np.inf, "brier": 2}.get(name, 1))])
    return figures
