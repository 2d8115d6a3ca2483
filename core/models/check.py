"""Checks of the JSON files of a model folder at load; each fault is a ModelError that names the file."""

import math
from numbers import Real
from pathlib import Path
from typing import Any

from core.digits.config import Config
from core.nn.network import Network
from core.storage import ModelError

# required for each part in metrics.json
NUMBERS = ("accuracy", "errors", "log_loss", "ece", "auroc_confidence", "confident_share")


def check(condition: bool, file: str | Path, fault: str) -> None:
    """Raises ModelError, which names the file and the fault, if the condition is false."""
    if not condition:
        raise ModelError(f"{file} {fault}; restore it, or train the model again.")


def is_number(value: object, undefined: bool = False) -> bool:
    """Whether a value is a finite number. With `undefined`, None and nan are too: AUROC is undefined without errors."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return undefined
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def check_config(saved: dict[str, Any], config: Config, network: Network, file: Path) -> None:
    """The entries of config.json that the app shows."""
    check(saved.get("architecture") == [784, *config.hidden, 10], file, "names another architecture than its layers")
    check(saved.get("parameters") == network.theta.size, file,
          f"does not state its {network.theta.size:,} parameters")
    for name in ("split", "preprocessing"):
        check(isinstance(saved.get(name), str) and len(saved[name]) < 1000, file, f"has no sentence {name!r}")


def check_metrics(metrics: Any, file: Path) -> None:
    """metrics.json: figures of validation and test, and the length of training."""
    check(isinstance(metrics, dict), file, "has no figures")
    for part in ("validation", "test"):
        figures = metrics.get(part)
        check(isinstance(figures, dict), file, f"has no figures of {part}")
        check(is_number(figures.get("n")) and figures["n"] > 0, file, f"does not state how many images {part} has")
        for name in NUMBERS:
            check(is_number(figures.get(name), undefined=True), file, f"has no number as {name} of {part}")
        ends = figures.get("interval_95")
        check(isinstance(ends, list) and len(ends) == 2 and all(map(is_number, ends)), file,
              f"has no interval of {part}")
    for name in ("epochs", "best_epoch", "training_seconds"):
        check(is_number(metrics.get(name)), file, f"has no number as {name}")
    check(isinstance(metrics.get("interrupted"), bool), file, "does not state whether training was interrupted")


def check_history(history: Any, file: Path) -> None:
    """train_history.json: curves of one value per epoch."""
    check(isinstance(history, dict), file, "has no curves")
    lengths = set()
    for name, values in history.items():
        check(isinstance(values, list) and all(is_number(value, undefined=True) for value in values), file,
              f"has no curve {name!r}")
        lengths.add(len(values))
    check(len(lengths) < 2, file, "has curves of different lengths")
