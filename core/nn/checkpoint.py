"""Checkpoints: everything that the next epoch of a run depends on, in one file."""

import ast
import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files import write_atomic
from core.nn.context import Array
from core.nn.settings import FitSettings
from core.settings import Settings, as_text


class CheckpointError(ValueError):
    """A checkpoint is damaged or belongs to a run with other settings."""


@dataclass
class Progress:
    """The state of a run: epochs done, the best score and its weights, the history (a list per measure)."""

    epoch: int = 0
    best: float = -math.inf
    best_epoch: int = 0
    best_theta: Array = field(default_factory=lambda: np.zeros(0))
    history: dict[str, list[float]] = field(default_factory=dict)
    interrupted: bool = False

    def record(self, row: Mapping[str, float], score: str, weights: Array) -> None:
        """Append the row of a finished epoch; store its weights if row[score] is the best so far. Until there is a
        finite score, the last weights are the best."""
        for name, value in row.items():
            self.history.setdefault(name, []).append(value)
        self.epoch += 1
        value = row[score] if math.isfinite(row[score]) else -math.inf
        if value > self.best or self.best == -math.inf:
            self.best, self.best_epoch = value, self.epoch
            self.best_theta[...] = weights

    def out_of_patience(self, patience: int) -> bool:
        """Whether so many epochs have passed without a better score; 0: never."""
        return bool(patience) and self.epoch - self.best_epoch >= patience


def save_checkpoint(path: str | Path, config: FitSettings, theta: Array, optimizer: Mapping[str, NDArray[Any]],
                    average: Array | None, progress: Progress) -> None:
    """Write a checkpoint in one atomic step. optimizer: its state by name."""
    arrays = {"theta": theta, "best_theta": progress.best_theta, "settings": np.array(repr(config.to_dict())),
              "counters": np.array([progress.epoch, progress.best_epoch]), "best": np.array(progress.best)}
    arrays |= {f"optimizer_{name}": value for name, value in optimizer.items()}
    arrays |= {f"history_{name}": np.array(values) for name, values in progress.history.items()}
    if average is not None:
        arrays["average"] = average
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_atomic(path, buffer.getvalue())


def read_checkpoint(path: str | Path, config: FitSettings) -> dict[str, NDArray[Any]]:
    """The arrays of a checkpoint by name. Raises CheckpointError if the file is damaged or belongs to a run with other
    settings, each of which the message names."""
    try:
        # opened here because NumPy leaves a damaged file open
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved}
        settings = type(config).from_dict(ast.literal_eval(str(arrays.pop("settings"))))
    except (OSError, KeyError, ValueError, SyntaxError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise CheckpointError(f"{path} is damaged ({error}); train without --resume.") from None
    check_same(path, settings, config)
    return arrays


def check_same(path: str | Path, saved: Settings, config: Settings) -> None:
    """Raises CheckpointError if the settings saved in a file differ from config, with both values of each."""
    names = saved.difference(config)
    if names:
        both = ", ".join(f"{name} is {as_text(value) or 'empty'} there and {as_text(getattr(config, name)) or 'empty'} "
                         "now" for name, value in names.items())
        raise CheckpointError(f"{path} belongs to a run with other settings: {both}; resume with the settings of that "
                              "run, or train without --resume.")


def load_checkpoint(path: str | Path, config: FitSettings, theta: Array, optimizer: Mapping[str, NDArray[Any]],
                    average: Array | None) -> Progress:
    """Fill theta, the optimiser's state and the average from a checkpoint and return its Progress; raises as
    read_checkpoint."""
    saved = read_checkpoint(path, config)
    try:
        theta[...] = saved["theta"]
        for name, value in optimizer.items():
            value[...] = saved[f"optimizer_{name}"]
        if average is not None:
            average[...] = saved["average"]
        history = {name.removeprefix("history_"): values.tolist() for name, values in saved.items()
                   if name.startswith("history_")}
        epoch, best_epoch = (int(n) for n in saved["counters"])
        return Progress(epoch, float(saved["best"]), best_epoch, saved["best_theta"], history)
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); train without --resume.") from None
