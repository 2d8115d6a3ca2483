"""The files that `python -m analytics.audit` writes, read for the page: arrays in audit.npz, rows in audit.json."""

import zipfile
from pathlib import Path

import numpy as np

from core.storage import HASHES, model_sha256, read_json

SHIPPED_IMAGES = Path(__file__).resolve().parents[2] / "images"
FORMAT = 2  # of audit.json's rows
HEADLINE = ("accuracy", "errors", "log_loss", "ece", "auroc")
REQUIRED = {
    "weight_names", "weight_counts", "weight_edges", "y", "probs", "ece_if_calibrated", "map_index", "map_xy",
    *(f"headline_{name}" for name in HEADLINE),
}  # of a saved audit, beside the hash of its model; a network without a gate has no gate_class_mean


class AuditError(ValueError):
    """A saved audit that cannot be used; the message says why and what to do."""


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
        if not arrays.keys() & set(HASHES):
            raise KeyError("it does not say which model it is of")
        return arrays
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise AuditError(f"The saved audit {folder.name}/audit.npz cannot be read ({error}).") from error


def load_document(folder: Path, sha256: str) -> dict:
    """The rows of `folder`/audit.json; empty where there is none, or none for this model.

    Raises AuditError where they are for this model but of an older form than the page shows.
    """
    try:
        document = read_json(folder / "audit.json")
        if model_sha256(document) != sha256:
            return {}
    except (ValueError, KeyError, TypeError):  # the app says of the arrays beside it what to do
        return {}
    if document.get("format") != FORMAT:
        raise AuditError(f"The rows in {folder.name}/audit.json are of an older version.")
    return document


def made_for(arrays: dict[str, np.ndarray]) -> str:
    """The hash of the model that an audit's arrays are of."""
    return str(model_sha256(arrays))
