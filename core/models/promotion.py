"""Promotion: replace the shipped model by a finished run."""

from pathlib import Path
from typing import Any

from core.explain.neighbours import FILE as NEIGHBOURS
from core.files import places
from core.formats import percent
from core.models.check import check, is_number
from core.models.model import FINAL_MODEL
from core.storage import ModelError, load_model, read_file, read_json, save_files

DOCUMENTS = ("metrics.json", "train_history.json", "model_card.md", "model_card.json")


class PromotionError(ValueError):
    """A run may not replace the shipped model. The message states the reason."""


def objection(folder: str | Path, final: Path | None = None) -> str | None:
    """The reason why a run may not replace the shipped model (or that in `final`), or None.

    Raises ModelError if the run's files are missing or damaged.
    """
    final = FINAL_MODEL if final is None else final
    config, metrics = _documents(folder)
    if metrics["interrupted"]:
        return "it was interrupted; go on with it first (--resume)"
    if config["train_on"] == "all":
        return "it has trained on the validation images too, so its validation accuracy proves nothing"
    if config.get("csv"):
        return "it was trained on a CSV file, whose validation images are not those of the shipped model"
    try:
        before, shipped = _documents(final)
    except ModelError:
        return None  # there is no shipped model yet
    if before["train_on"] == "all" or before.get("csv"):
        return "the shipped model was validated on other images, so the two cannot be compared"
    ours, theirs = metrics["validation"]["accuracy"], shipped["validation"]["accuracy"]
    if ours < theirs:
        return f"its validation accuracy {percent(ours, 2)} is below the shipped model's {percent(theirs, 2)}"
    return None


def _documents(folder: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """config.json and metrics.json of a run. Raises ModelError if they lack the entries that `objection` reads."""
    folder = Path(folder)
    config, metrics = (read_json(folder / name) for name in ("config.json", "metrics.json"))
    train_on = config.get("train_on") if isinstance(config, dict) else None
    check(isinstance(train_on, str), folder / "config.json", "does not state the training images")
    check(isinstance(metrics, dict) and isinstance(metrics.get("interrupted"), bool), folder / "metrics.json",
          "does not state whether training was interrupted")
    validation = metrics.get("validation")
    check(isinstance(validation, dict) and is_number(validation.get("accuracy")), folder / "metrics.json",
          "has no validation accuracy")
    return config, metrics


def promote(folder: str | Path, final: str | Path | None = None, force: bool = False) -> None:
    """Copy a run's model over the shipped one (or into `final`), atomically.

    Raises PromotionError if there is an `objection`, unless forced, and ModelError if the run cannot be loaded.
    """
    final = FINAL_MODEL if final is None else Path(final)
    reason = objection(folder, final)
    if reason and not force:
        raise PromotionError(f"{folder} was not promoted: {reason}.")
    config = load_model(folder)[1]
    names = [name for name in (NEIGHBOURS, *DOCUMENTS) if any(path.exists() for path in places(folder, name))]
    names += [*(f"{name}.npy" for name in config["arrays"]), "config.json"]
    save_files(final, {name: read_file(folder, name) for name in names}, remove=[NEIGHBOURS])
