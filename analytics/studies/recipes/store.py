"""Results as JSON files, one for each run, so that recipes can be compared without their weights."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from analytics.reports import REPORTS
from analytics.studies.recipes.ideas import RECIPES
from analytics.studies.recipes.rule import Result, SetResult
from core.files import write_atomic
from core.storage import json_text, read_json

FOLDER = REPORTS / "recipes"


def file_of(recipe: str, seed: int, epochs: int, folder: Path = FOLDER) -> Path:
    return folder / f"{recipe}-{seed}-{epochs}.json"


def save(result: Result, folder: Path = FOLDER) -> Path:
    """Write NAME-SEED-EPOCHS.json, each list of numbers in one line; returns its path."""
    document = asdict(result)
    for name, one in result.sets.items():
        document["sets"][name]["errors"] = one.errors  # for the eye; `load` counts them again
    path = file_of(result.recipe, result.seed, result.epochs, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, re.sub(r"\[[\d\s,]*\]", lambda numbers: " ".join(numbers[0].split()), json_text(document)))
    return path


def load(recipe: str, seed: int, epochs: int, folder: Path = FOLDER) -> Result | None:
    """The Result of a run; None if it was not measured yet. Raises ValueError if the recipe has changed since."""
    path = file_of(recipe, seed, epochs, folder)
    if not path.exists():
        return None
    saved = read_json(path)
    saved["changes"] = {name: tuple(value) if isinstance(value, list) else value
                        for name, value in saved["changes"].items()}
    if saved["changes"] != RECIPES[recipe]:
        raise ValueError(f"{path} is of other settings, {saved['changes']}, than recipe {recipe!r} has now; move it "
                         "away to measure again.")
    saved["sets"] = {name: SetResult(one["n"], tuple(one["wrong"]), one["confident"], one["confident_wrong"])
                     for name, one in saved["sets"].items()}
    return Result(**saved)


def load_all(recipe: str, seeds: Iterable[int], epochs: int, folder: Path = FOLDER) -> list[Result]:
    """The Results of those seeds that were measured."""
    return [result for seed in seeds if (result := load(recipe, seed, epochs, folder)) is not None]
