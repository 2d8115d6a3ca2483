"""How much less images say that come from few writers: the design effect, measured on the writers that are known.

Nobody knows here who wrote which test image, so that the test set's intervals treat images as independent. Those of the
validation and calibration parts have their writers; the design effect is how many times larger the variance of a mean
over them is than that of as many independent images (Kish 1965).
"""

import numpy as np

from core.digits.data import as_input
from core.metrics import wilson_interval

DRAWS = 2000


def design_effect(values: np.ndarray, writers: np.ndarray) -> float:
    """Variance of the mean of values (n,) by whole writers (n,), over that of as many independent values."""
    return float(_effects(*_sums(values, writers), np.ones((1, len(np.unique(writers)))))[0])


def design_interval(values: np.ndarray, writers: np.ndarray, seed=0) -> list[float]:
    """Its 95 % interval, by the bootstrap over writers."""
    W = len(np.unique(writers))
    drawn = np.random.default_rng(seed).multinomial(W, np.full(W, 1 / W), DRAWS)
    effects = _effects(*_sums(values, writers), drawn)
    return np.quantile(effects[np.isfinite(effects)], [0.025, 0.975]).tolist()


def _sums(values, writers):
    """Of each writer: images, the sum of values and that of their squares."""
    _, index = np.unique(writers, return_inverse=True)
    values = np.asarray(values, float)
    return np.bincount(index), np.bincount(index, values), np.bincount(index, values**2)


def _effects(sizes, sums, squares, drawn):
    """(draws,) design effects with each writer counted as often as drawn (draws, W) says."""
    n, W = drawn @ sizes, drawn.sum(axis=1)
    mean = drawn @ sums / n
    independent = (drawn @ squares / n - mean**2) / n
    by_writer = W / (W - 1) * (drawn * (sums - mean[:, None] * sizes) ** 2).sum(axis=1) / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return by_writer / independent


def measure(model, parts: list) -> dict:
    """{"n", "writers", "each", name: {"value", "interval_95"}} of a core.models.model.Model on parts of MNIST with
    writers; name: the mean whose design effect it is."""
    X, y = (np.concatenate([getattr(part, name) for part in parts]) for name in ("X", "y"))
    writers = np.concatenate([part.writer for part in parts])
    probs = model.probabilities(as_input(X, model.config.input_range))
    own = probs[np.arange(len(y)), y]
    means = {"accuracy": probs.argmax(1) == y, "log_loss": -np.log(np.maximum(own, 1e-12)),
             "brier": (probs**2).sum(1) - 2 * own + 1}
    sizes = np.unique(writers, return_counts=True)[1]
    return {"n": len(y), "writers": len(sizes), "each": float((sizes**2).sum() / len(y))} | {
        name: {"value": design_effect(values, writers), "interval_95": design_interval(values, writers)}
        for name, values in means.items()}


def widened(name: str, figures: np.ndarray, n: int, effect: float) -> tuple:
    """The 95 % interval of a headline figure (value, low, high) on n images, with a design effect (1 if below)."""
    value, low, high = figures
    effect = max(effect, 1.0)
    if name == "accuracy":
        return wilson_interval(value * n / effect, n / effect)
    return value - (value - low) * effect**0.5, value + (high - value) * effect**0.5


def sentence(found: dict) -> str:
    """What the design effects say of the test set's intervals."""
    effects = ", ".join(f"{found[name]['value']:.2f} ({found[name]['interval_95'][0]:.2f} to "
                        f"{found[name]['interval_95'][1]:.2f}) of {words}" for name, words in
                        (("accuracy", "the accuracy"), ("log_loss", "the log loss"), ("brier", "the Brier score")))
    return (f"The first intervals treat test images as independent, because nobody knows here who wrote which. On the "
            f"{found['n']:,} validation and calibration images of {found['writers']} known writers, who wrote "
            f"{found['each']:.0f} each (weighted by images), the design effect is {effects}, with 95 % intervals over "
            "writers: so many times larger is the variance of the mean than that of independent images. The last "
            "column holds the test set's intervals if its writers wrote as many each; a design effect below 1 counts "
            "as 1.")
