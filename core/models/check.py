"""What a model folder must hold beside its arrays, checked whole at load: every fault a ModelError that names the
file."""

import math
from numbers import Real

from core.storage import ModelError

NUMBERS = (
    "accuracy",
    "errors",
    "log_loss",
    "ece",
    "auroc_confidence",
    "confident_share",
)  # of each part in metrics.json


def check(held, file, what):
    """Raises ModelError, naming the file, unless something holds."""
    if not held:
        raise ModelError(f"{file} {what}; restore it, or train the model again.")


def is_number(value, undefined=False):
    """Whether a value is a finite number; with `undefined`, None and nan will do: AUROC has no value without errors."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return undefined
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def check_config(saved, config, network, file):
    """What the app shows of config.json."""
    check(saved.get("architecture") == [784, *config.hidden, 10], file, "names another architecture than its layers")
    check(
        saved.get("parameters") == network.theta.size,
        file,
        f"does not say that it has {network.theta.size:,} parameters",
    )
    for name in ("split", "preprocessing"):
        check(isinstance(saved.get(name), str) and len(saved[name]) < 1000, file, f"has no sentence {name!r}")


def check_metrics(metrics, file):
    """metrics.json: figures of validation and test, and how training went."""
    check(isinstance(metrics, dict), file, "holds no figures")
    for part in ("validation", "test"):
        figures = metrics.get(part)
        check(isinstance(figures, dict), file, f"holds no figures of {part}")
        check(is_number(figures.get("n")) and figures["n"] > 0, file, f"does not say how many images {part} has")
        for name in NUMBERS:
            check(is_number(figures.get(name), undefined=True), file, f"holds no number as {name} of {part}")
        ends = figures.get("interval_95")
        check(
            isinstance(ends, list) and len(ends) == 2 and all(map(is_number, ends)),
            file,
            f"holds no interval of {part}",
        )
    for name in ("epochs", "best_epoch", "training_seconds"):
        check(is_number(metrics.get(name)), file, f"holds no number as {name}")
    check(isinstance(metrics.get("interrupted"), bool), file, "does not say whether training was interrupted")


def check_history(history, file):
    """train_history.json: curves of one value an epoch."""
    check(isinstance(history, dict), file, "holds no curves")
    lengths = set()
    for name, values in history.items():
        check(isinstance(values, list) and all(is_number(value, undefined=True) for value in values), file,
              f"holds no curve {name!r}")
        lengths.add(len(values))
    check(len(lengths) < 2, file, "holds curves of different lengths")
