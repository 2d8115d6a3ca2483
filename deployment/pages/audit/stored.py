"""Reads and checks the files that `python -m analytics.audit` writes: arrays in audit.npz, rows in audit.json."""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files import places, recover
from core.shipped import shipped
from core.storage import HASHES, ModelError, model_sha256, read_file, read_json

Arrays = dict[str, NDArray[Any]]

SHIPPED_IMAGES = shipped("images")
MAX_BYTES = 64 * 2**20  # of audit.npz, compressed and uncompressed; limits the memory a damaged file can take
CURVES = ("loss", "val_loss", "train_accuracy", "val_accuracy", "hope", "faith", "love")
MAY_BE_NAN = ("headline_auroc", *(f"history_{name}" for name in CURVES))
FORMAT = 2  # version of the rows in audit.json
HEADLINE = ("accuracy", "errors", "log_loss", "ece", "auroc")
REQUIRED = {
    "weight_names", "weight_counts", "weight_edges", "y", "probs", "ece_if_calibrated", "map_index", "map_xy",
    *(f"headline_{name}" for name in HEADLINE),
}  # besides the hash of the model; gate_class_mean is missing for a network without a gate


class AuditError(ValueError):
    """A saved audit is unusable; the message states why."""


def images_dir(model_dir: str | Path, shipped: Path) -> Path:
    """Folder of a model's audit: `images/` of the project for the shipped model, `images/` of its folder for others."""
    model_dir = Path(model_dir).resolve()
    return SHIPPED_IMAGES if model_dir == Path(shipped).resolve() else model_dir / "images"


def modified(folder: Path, name: str) -> float | None:
    """Modification time of an audit's file; None if there is none."""
    for path in places(folder, name):
        with contextlib.suppress(OSError):
            return path.stat().st_mtime
    return None


def load_audit(folder: Path) -> Arrays | None:
    """Arrays of `folder`/audit.npz; None if there is no audit. Raises AuditError for a damaged file."""
    recover(folder)
    if modified(folder, "audit.npz") is None:
        return None
    try:
        with np.load(io.BytesIO(read_file(folder, "audit.npz", MAX_BYTES)), allow_pickle=False) as saved:
            size = sum(info.file_size for info in saved.zip.infolist())
            if size > MAX_BYTES:
                raise ValueError(f"it unpacks to {size / 2**20:,.0f} MB")
            arrays = {name: saved[name] for name in saved.files}
        check(arrays)
        return arrays
    except Exception as error:  # a malformed file can raise any exception
        raise AuditError(f"The saved audit {folder.name}/audit.npz cannot be read ({error}).") from error


def gate_study(folder: Path = SHIPPED_IMAGES) -> str | None:
    """Result of the gate study (analytics/studies/gate) in sentences; None if it is not complete."""
    with contextlib.suppress(ModelError, KeyError, TypeError):
        sentences = read_json(folder / "gate" / "verdict.json")["sentences"]
        if sentences and all(isinstance(sentence, str) for sentence in sentences):
            return " ".join(sentences)
    return None


def check(arrays: Arrays) -> None:
    """Check names, types, shapes and ranges of an audit's arrays. Raises ValueError that names the array."""
    if missing := REQUIRED - arrays.keys():
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    if not arrays.keys() & set(HASHES):
        raise ValueError("it does not name which model it belongs to")
    for name, values in arrays.items():
        if values.dtype.kind not in _kinds(name):
            raise ValueError(f"{name} is of type {values.dtype}")
        if values.dtype.kind == "f" and name not in MAY_BE_NAN and not np.isfinite(values).all():
            raise ValueError(f"{name} holds values that are not finite")
    for name, shape in _shapes(arrays).items():
        if name in arrays and arrays[name].shape != shape:
            raise ValueError(f"{name} has the shape {arrays[name].shape}, not {shape}")
    y, index, probs = arrays["y"], arrays["map_index"], arrays["probs"]
    if not len(y) or y.min() < 0 or y.max() > 9 or index.max(initial=0) >= len(y) or index.min(initial=0) < 0:
        raise ValueError("its labels or map indices are out of range")
    if probs.min() < 0 or probs.max() > 1:
        raise ValueError("probs are not probabilities")


def _kinds(name: str) -> str:
    """dtype kinds that an array may have: text, integers, floats or any numbers."""
    if name in HASHES or name.endswith("_names"):
        return "U"
    return "iu" if name in ("y", "map_index") or name.endswith("_counts") else "f" if name == "probs" else "iuf"


def _shapes(arrays: Arrays) -> dict[str, tuple[int, ...]]:
    """The shape that each array must have, given the others."""
    N, M = len(arrays["y"]), len(arrays["map_index"])
    shapes: dict[str, tuple[int, ...]] = {
        "y": (N,), "probs": (N, 10), "novelty": (N,), "ece_if_calibrated": (2,), "map_index": (M,), "map_xy": (M, 2),
        **{name: () for name in HASHES}, **{f"headline_{name}": (3,) for name in HEADLINE}}
    shapes |= {f"history_{name}": arrays.get("history_epoch", np.zeros(0)).shape for name in CURVES}
    for i in range(arrays.get("map_names", np.zeros(0)).size):
        k = arrays.get(f"map_{i}_features", np.zeros((M, 0))).shape[-1]
        h = arrays.get(f"map_{i}_mean", np.zeros(0)).size
        shapes |= {f"map_{i}_xy": (M, 2), f"map_{i}_features": (M, k), f"map_{i}_mean": (h,), f"map_{i}_basis": (h, k)}
    for what in ("weight", "activation"):
        layers = arrays.get(f"{what}_names", np.zeros(0)).size
        bins = arrays.get(f"{what}_counts", np.zeros((layers, 0))).shape[-1]
        shapes |= {f"{what}_names": (layers,), f"{what}_counts": (layers, bins), f"{what}_edges": (layers, bins + 1),
                   f"{what}_zeros": (layers,), f"{what}_dead": (layers,)}
    return shapes


def load_document(folder: Path, sha256: str) -> dict[str, Any]:
    """Rows of `folder`/audit.json; empty if there are none for this model.

    Raises AuditError if the rows belong to this model but have an older format.
    """
    try:
        document = read_json(folder / "audit.json")
        if model_sha256(document) != sha256:
            return {}
    except (ValueError, KeyError, TypeError):  # the page reports problems of audit.npz beside it
        return {}
    if document.get("format") != FORMAT:
        raise AuditError(f"The rows in {folder.name}/audit.json have an older version.")
    return document


def made_for(arrays: Arrays) -> str:
    """Hash of the model that an audit belongs to."""
    return str(model_sha256(arrays))
