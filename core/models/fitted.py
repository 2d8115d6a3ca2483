"""Files that were fitted to a network's activations: each carries the hash of the weights that it depends on.

A readout that is fitted again leaves the weights as they are, and such a file valid; with new weights it has to be
fitted again. `bind` gives what such a file holds beside its arrays, `load` reads it, `stale` says which do not fit.
"""

import logging
import zipfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
# file: the command that fits it again
FILES = {"deployment/reader/number/matrices.npz": "python -m analytics.studies.number_weights --write"}
KEY = "weights_sha256"
LOG = logging.getLogger(__name__)


def bind(weights_sha256: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays for np.savez of a file that belongs to the weights with this hash (core.models.model.weights_sha256)."""
    return {KEY: np.array(weights_sha256), **arrays}


def load(path: Path, weights_sha256: str, names: tuple[str, ...]) -> list[np.ndarray] | None:
    """The named arrays of a fitted file; None, with one line in the log, where it is missing or of other weights."""
    if bound_to(path) != weights_sha256:
        LOG.warning("%s was not fitted for the weights in use and is left out. Fit it again with `%s`.",
                    path.name, FILES.get(_name(path), "the command that made it"))
        return None
    with np.load(path, allow_pickle=False) as saved:
        return [saved[name] for name in names]


def bound_to(path: Path) -> str | None:
    """The hash of the weights that a file was fitted to, None where it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as saved:
            return str(saved[KEY])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def stale(weights_sha256: str, root: Path = ROOT) -> str | None:
    """A sentence that names the files to be fitted again for weights with this hash, and how; None where all fit."""
    named = [f"{name} (`{command}`)" for name, command in FILES.items() if bound_to(root / name) != weights_sha256]
    return f"Fitted to other weights, to be fitted again: {', '.join(named)}." if named else None


def _name(path):
    return path.resolve().relative_to(ROOT).as_posix() if path.resolve().is_relative_to(ROOT) else path.name
