"""The design effect of writers, measured on the parts of MNIST with known writers.

The writers of the test images are unknown here, so the test set's intervals treat images as independent. The design
effect is the variance of a mean over images grouped by writer, divided by that over as many independent images (Kish
1965). It is measured on the validation and calibration parts.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core.digits.data import as_input
from core.digits.task import Images
from core.metrics import wilson_interval
from core.models.model import Model

DRAWS = 2000  # bootstrap samples


def design_effect(values: np.ndarray, writers: np.ndarray) -> float:
    """The design effect of the mean of values (n,) grouped by writers (n,)."""
    return float(_effects(*_sums(values, writers), np.ones((1, len(np.unique(writers)))))[0])


def design_interval(values: np.ndarray, writers: np.ndarray, seed: int = 0) -> list[float]:
    """The 95 % interval [low, high] of `design_effect`, by the bootstrap over writers."""
    W = len(np.unique(writers))
    drawn = np.random.default_rng(seed).multinomial(W, np.full(W, 1 / W), DRAWS)
    effects = _effects(*_sums(values, writers), drawn)
    return np.quantile(effects[np.isfinite(effects)], [0.025, 0.975]).tolist()


def _sums(values: np.ndarray, writers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The number of images, the sum of values and the sum of squares of each writer."""
    _, index = np.unique(writers, return_inverse=True)
    values = np.asarray(values, float)
    return np.bincount(index), np.bincount(index, values), np.bincount(index, values**2)


def _effects(sizes: np.ndarray, sums: np.ndarray, squares: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Design effects (draws,); drawn (draws, W): how often each writer counts."""
    n, W = drawn @ sizes, drawn.sum(axis=1)
    mean = drawn @ sums / n
    independent = (drawn @ squares / n - mean**2) / n
    by_writer = W / (W - 1) * (drawn * (sums - mean[:, None] * sizes) ** 2).sum(axis=1) / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return by_writer / independent


def measure(model: Model, parts: Sequence[Images]) -> dict:
    """Design effects of "accuracy", "log_loss" and "brier" on parts of MNIST with known writers.

    Returns {"n", "writers", "each", name: {"value", "interval_95"}}; each: images per writer, weighted by images.
    """
    X, y = (np.concatenate([getattr(part, name) for part in parts]) for name in ("X", "y"))
    writers = np.concatenate([part.writer for part in parts if part.writer is not None])
    probs = model.probabilities(as_input(X, model.config.input_range))
    p_true = probs[np.arange(len(y)), y]
    means = {"accuracy": probs.argmax(1) == y, "log_loss": -np.log(np.maximum(p_true, 1e-12)),
             "brier": (probs**2).sum(1) - 2 * p_true + 1}
    sizes = np.unique(writers, return_counts=True)[1]
    return {"n": len(y), "writers": len(sizes), "each": float((sizes**2).sum() / len(y))} | {
        name: {"value": design_effect(values, writers), "interval_95": design_interval(values, writers)}
        for name, values in means.items()}


def widened(name: str, figures: np.ndarray, n: int, effect: float) -> tuple[float, float]:
    """The 95 % interval of a headline figure (value, low, high) on n images; a design effect below 1 counts as 1."""
    value, low, high = figures
    effect = max(effect, 1.0)
    if name == "accuracy":
        return wilson_interval(value * n / effect, n / effect)
    return value - (value - low) * effect**0.5, value + (high - value) * effect**0.5


def sentence(effects: Mapping) -> str:
    """The design effects of `measure` in words, beside the table of the test set's intervals."""
    values = ", ".join(f"{effects[name]['value']:.2f} ({effects[name]['interval_95'][0]:.2f} to "
                       f"{effects[name]['interval_95'][1]:.2f}) for {words}" for name, words in
                       (("accuracy", "the accuracy"), ("log_loss", "the log loss"), ("brier", "the Brier score")))
    return (f"The first intervals treat test images as independent, because their writers are unknown here. On the "
            f"{effects['n']:,} validation and calibration images of {effects['writers']} known writers, who wrote "
            f"{effects['each']:.0f} each (weighted by images), the design effect is {values}, with 95 % intervals over "
            "writers. It is the variance of the mean divided by that of independent images. The last column holds the "
            "test set's intervals if its writers wrote as many each; a design effect below 1 counts as 1.")
