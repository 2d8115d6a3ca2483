"""Promotion: a finished run becomes the shipped model, where nothing speaks against it."""

import shutil
from pathlib import Path

from core.explain.neighbours import FILE as NEIGHBOURS
from core.models.model import FINAL_MODEL
from core.storage import ModelError, read_json
from core.words import percent


class PromotionError(ValueError):
    """A run that may not replace the shipped model; the message says why."""


def objection(folder, final=None):
    """Why a run may not replace the shipped model (or that in `final`), in words; None where it may.

    Raises ModelError where the run's files are missing or damaged.
    """
    final = FINAL_MODEL if final is None else final
    config, metrics = (read_json(Path(folder) / name) for name in ("config.json", "metrics.json"))
    if metrics["interrupted"]:
        return "it was interrupted; go on with it first (--resume)"
    if config["train_on"] == "all":
        return "it has trained on the validation images too, so its validation accuracy proves nothing"
    if config.get("csv"):
        return "it was trained on a CSV file, whose validation images are not those of the shipped model"
    try:
        shipped, before = read_json(Path(final) / "metrics.json"), read_json(Path(final) / "config.json")
    except ModelError:
        return None  # nothing is shipped yet
    if before["train_on"] == "all" or before.get("csv"):
        return "the shipped model was validated on other images, so the two cannot be compared"
    ours, theirs = metrics["validation"]["accuracy"], shipped["validation"]["accuracy"]
    if ours < theirs:
        return f"its validation accuracy {percent(ours, 2)} is below the shipped model's {percent(theirs, 2)}"
    return None


def promote(folder, final=None, force=False):
    """Copy a run's model, and its k-NN index if it has one, over the shipped one (or into `final`).

    Raises PromotionError where `objection` has one, unless forced. config.json goes last, as it vouches for the arrays.
    """
    folder, final = Path(folder), Path(FINAL_MODEL if final is None else final)
    reason = objection(folder, final)
    if reason and not force:
        raise PromotionError(f"{folder} was not promoted: {reason}.")
    final.mkdir(parents=True, exist_ok=True)
    names = [*read_json(folder / "config.json")["arrays"]]
    index = [folder / NEIGHBOURS] if (folder / NEIGHBOURS).exists() else []
    for path in [*(folder / f"{name}.npy" for name in names), folder / "metrics.json", folder / "train_history.json",
                 folder / "model_card.md", folder / "model_card.json", *index, folder / "config.json"]:
        part = final / f"{path.name}.part"
        shutil.copyfile(path, part)
        part.replace(final / path.name)
    for stale in final.glob("*.npy"):
        if stale.stem not in names:
            stale.unlink()
    if not index:
        (final / NEIGHBOURS).unlink(missing_ok=True)
