"""From a trained model to the arrays that the scientific audit shows.

Everything here is a plain NumPy array under a plain name, so that one .npz file carries an audit, the pictures in
`images/` and the charts in the app draw the same numbers, and the hash inside tells which weights they belong to.
"""

import zipfile
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np

from analytics import inside, maps
from core import metrics
from core.storage import read_json

SHIPPED_IMAGES = Path(__file__).resolve().parents[1] / "images"
HEADLINE = ("accuracy", "errors", "log_loss", "ece", "auroc")
REQUIRED = {
    "weights_sha256", "weight_names", "weight_counts", "weight_edges", "y", "probs", "ece_if_calibrated", "map_index",
    "map_xy", *(f"headline_{name}" for name in HEADLINE),
}  # of a saved audit; a network without a gate has no gate_class_mean
BANDS = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1)  # finer towards certainty, where nearly all images lie
Track = Callable[[Iterable, str], Iterable]


class AuditError(ValueError):
    """A saved audit that cannot be used; the message says why and what to do."""


def untracked(items: Iterable, label: str) -> Iterable:
    """The silent progress bar."""
    return items


def model_arrays(deployer) -> dict[str, np.ndarray]:
    """What a model tells without test images: its hash, learning curves, weight histograms and mean gates."""
    arrays = {"weights_sha256": np.array(deployer.config["weights_sha256"])}
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


def test_arrays(
    deployer, X: np.ndarray, y: np.ndarray, map_images=2500, resamples=1000, seed=0, track: Track = untracked
) -> dict[str, np.ndarray]:
    """Read test images X (N, 28, 28) in [0, 1] with labels y (N,) and measure what came out.

    Returns y (N,), probs (N, 10), headline_* (3,) as (value, low, high) at 95 %, ece_if_calibrated (2,),
    map_index (M,) and map_xy (M, 2): the chosen test images and their places on the last layer's map; all layers as
    of maps.arrays, and their activations as of inside.activations.
    """
    rng = np.random.default_rng(seed)
    map_index = np.sort(rng.permutation(len(X))[:map_images])
    batches = np.array_split(np.arange(len(X)), max(1, len(X) // 500))
    answers = [deployer.predict_arrays(X[batch]) for batch in track(batches, "reading")]
    probs = np.concatenate(answers).astype(np.float32)  # as saved: every figure follows from what is saved
    hidden = deployer.hidden_activations(X[map_index])
    names = maps.layer_names(len(hidden), deployer.gate_class_mean is not None and len(hidden) > 1)
    places = maps.arrays(hidden, names, seed, track)
    return {
        "y": np.asarray(y, dtype=np.uint8),
        "probs": probs,
        **{f"headline_{name}": v for name, v in headline(probs, y, resamples, rng, track).items()},
        "ece_if_calibrated": ece_if_calibrated(probs, resamples // 4, rng),
        "map_index": map_index,
        "map_xy": places[f"map_{len(names) - 1}_xy"],
        **places,
        **inside.activations(hidden, names),
    }


def headline(probs, y, resamples: int, rng, track: Track = untracked) -> dict[str, np.ndarray]:
    """The HEADLINE figures of probs (N, 10) on labels y (N,), Brier score and AURC: each (value, low, high) at 95 %.

    Log loss is in nats; AURC is the area under the risk-coverage curve; AUROC that of confidence for right against
    wrong answers, nan where nothing was wrong. Accuracy and errors have Wilson intervals. The others are bootstrapped
    over images; the bootstrap's own bias is taken off, because resampling adds noise to the calibration error, which
    can only push it up.
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


def ece_if_calibrated(probs, resamples: int, rng) -> np.ndarray:
    """The 95 % range (2,) of the calibration error if every stated probability were exactly true.

    Labels are drawn from the probabilities themselves (Broecker and Smith, 2007): an error within it is mere chance.
    """
    total = np.cumsum(probs, axis=1)
    draws = ((rng.random((len(probs), 1)) * total[:, -1:] > total).sum(1) for _ in range(resamples))
    return np.quantile([metrics.expected_calibration_error(probs, y) for y in draws], [0.025, 0.975])


def images_dir(model_dir: str | Path, shipped: Path) -> Path:
    """Where the audit of a model lives: `images/` for the shipped one, `images/` inside the folder for a run."""
    model_dir = Path(model_dir).resolve()
    return SHIPPED_IMAGES if model_dir == Path(shipped).resolve() else model_dir / "images"


def load_audit(folder: Path) -> dict[str, np.ndarray] | None:
    """The arrays of `folder`/audit.npz, or None where no audit was made. Raises AuditError for a damaged file."""
    try:
        with np.load(folder / "audit.npz", allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
        if missing := REQUIRED - arrays.keys():
            raise KeyError(f"it lacks {', '.join(sorted(missing))}")
        return arrays
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise AuditError(f"The saved audit {folder.name}/audit.npz cannot be read ({error}).") from error


def load_document(folder: Path, weights_sha256: str) -> dict:
    """The rows of `folder`/audit.json; empty where there is none, or none for these weights."""
    try:
        document = read_json(folder / "audit.json")
        return document if document["weights_sha256"] == weights_sha256 else {}
    except (ValueError, KeyError, TypeError):  # the app says of the arrays beside it what to do
        return {}


def belongs(arrays: dict[str, np.ndarray], deployer) -> bool:
    """Whether the audit was made with exactly these weights."""
    return str(arrays["weights_sha256"]) == deployer.config["weights_sha256"]


def history(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The learning curves by their names in train_history.json."""
    return {name.removeprefix("history_"): v for name, v in arrays.items() if name.startswith("history_")}


def confident_hits(probs, y, per_digit=8) -> np.ndarray:
    """Indices of the surest right answers, digit by digit, surest first."""
    sure = np.where(probs.argmax(1) == y, probs.max(1), -1)
    order = np.argsort(-sure, kind="stable")
    order = order[sure[order] > 0]
    return np.concatenate([order[y[order] == digit][:per_digit] for digit in range(10)])


def mistakes(probs, y) -> np.ndarray:
    """Indices of the wrong answers, the surest and so the most surprising first."""
    wrong = np.flatnonzero(probs.argmax(1) != y)
    return wrong[np.argsort(-probs[wrong].max(1), kind="stable")]


def confidence_bands(probs, y) -> list[dict]:
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
