"""Files fitted to a network's activations. Each contains the hash of the weights that it depends on.

Such a file stays valid if only the readout is refitted. `bind` adds the hash to its arrays, `load` reads it, `stale`
names the files of other weights.
"""

import logging
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
# file -> the command that refits it
FILES = {"deployment/reader/number/matrices.npz": "python -m analytics.studies.number_weights --write"}
KEY = "weights_sha256"
LOG = logging.getLogger(__name__)


def bind(weights_sha256: str, arrays: dict[str, NDArray]) -> dict[str, NDArray]:
    """Arrays for np.savez, with the hash of the weights (core.models.model.weights_sha256)."""
    return {KEY: np.array(weights_sha256), **arrays}


def load(path: Path, weights_sha256: str, names: tuple[str, ...]) -> list[NDArray] | None:
    """The named arrays of a fitted file; None, with a warning in the log, if it is missing or of other weights."""
    if bound_to(path) != weights_sha256:
        LOG.warning("%s was not fitted for the weights in use and is left out. Fit it again with `%s`.",
                    path.name, FILES.get(_name(path), "the command that made it"))
        return None
    with np.load(path, allow_pickle=False) as saved:
        return [saved[name] for name in names]


def bound_to(path: Path) -> str | None:
    """The hash of the weights that a file was fitted to; None if it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as saved:
            return str(saved[KEY])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def stale(weights_sha256: str, root: Path = ROOT) -> str | None:
    """A sentence that names the files to refit for weights with this hash, and the commands; None if there are none."""
    outdated = [f"{name} (`{command}`)" for name, command in FILES.items() if bound_to(root / name) != weights_sha256]
    return f"Fitted to other weights, to be fitted again: {', '.join(outdated)}." if outdated else None


def _name(path: Path) -> str:
    return path.resolve().relative_to(ROOT).as_posix() if path.resolve().is_relative_to(ROOT) else path.name
