"""Read and check the files of `python -m analytics.audit`: arrays in audit.npz, rows in audit.json."""

import contextlib
import io
from pathlib import Path

import numpy as np

from core.files import places, recover
from core.storage import HASHES, ModelError, model_sha256, read_file, read_json

SHIPPED_IMAGES = Path(__file__).resolve().parents[3] / "images"
LARGEST = 64 * 2**20  # bytes, packed and unpacked
CURVES = ("loss", "val_loss", "train_accuracy", "val_accuracy", "hope", "faith", "love")
UNDEFINED = ("headline_auroc", *(f"history_{name}" for name in CURVES))  # may be nan
FORMAT = 2  # of audit.json's rows
HEADLINE = ("accuracy", "errors", "log_loss", "ece", "auroc")
REQUIRED = {
    "weight_names", "weight_counts", "weight_edges", "y", "probs", "ece_if_calibrated", "map_index", "map_xy",
    *(f"headline_{name}" for name in HEADLINE),
}  # of a saved audit, beside the hash of its model; a network without a gate has no gate_class_mean


class AuditError(ValueError):
    """A saved audit cannot be used; the message states why and what to do."""


def images_dir(model_dir: str | Path, shipped: Path) -> Path:
    """The folder of the audit of a model: `images/` for the shipped one, `images/` inside the folder of a run."""
    model_dir = Path(model_dir).resolve()
    return SHIPPED_IMAGES if model_dir == Path(shipped).resolve() else model_dir / "images"


def modified(folder: Path, name: str) -> float | None:
    """Modification time of a file of an audit, None if there is none."""
    for path in places(folder, name):
        with contextlib.suppress(OSError):
            return path.stat().st_mtime
    return None


def load_audit(folder: Path) -> dict[str, np.ndarray] | None:
    """The arrays of `folder`/audit.npz, or None if there is no audit. Raises AuditError for a damaged file."""
    recover(folder)
    if modified(folder, "audit.npz") is None:
        return None
    try:
        with np.load(io.BytesIO(read_file(folder, "audit.npz", LARGEST)), allow_pickle=False) as saved:
            large = sum(info.file_size for info in saved.zip.infolist())
            if large > LARGEST:
                raise ValueError(f"it unpacks to {large / 2**20:,.0f} MB")
            arrays = {name: saved[name] for name in saved.files}
        check(arrays)
        return arrays
    except Exception as error:  # a malicious file raises many types of error
        raise AuditError(f"The saved audit {folder.name}/audit.npz cannot be read ({error}).") from error


def gate_study(folder: Path = SHIPPED_IMAGES) -> str | None:
    """The result of the study of networks with and without a gate (analytics/studies/gate), None if unfinished."""
    with contextlib.suppress(ModelError, KeyError, TypeError):
        sentences = read_json(folder / "gate" / "verdict.json")["sentences"]
        if sentences and all(isinstance(sentence, str) for sentence in sentences):
            return " ".join(sentences)
    return None


def check(arrays: dict[str, np.ndarray]) -> None:
    """Raise ValueError, naming the array, unless the arrays are those of an audit and consistent."""
    if missing := REQUIRED - arrays.keys():
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    if not arrays.keys() & set(HASHES):
        raise ValueError("it does not say which model it is of")
    for name, values in arrays.items():
        if values.dtype.kind not in _kinds(name):
            raise ValueError(f"{name} is of type {values.dtype}")
        if values.dtype.kind == "f" and name not in UNDEFINED and not np.isfinite(values).all():
            raise ValueError(f"{name} holds values that are not finite")
    for name, shape in _shapes(arrays).items():
        if name in arrays and arrays[name].shape != shape:
            raise ValueError(f"{name} has the shape {arrays[name].shape}, not {shape}")
    y, index, probs = arrays["y"], arrays["map_index"], arrays["probs"]
    if not len(y) or y.min() < 0 or y.max() > 9 or index.max(initial=0) >= len(y) or index.min(initial=0) < 0:
        raise ValueError("its labels or its places on the map are out of range")
    if probs.min() < 0 or probs.max() > 1:
        raise ValueError("probs are no probabilities")


def _kinds(name: str) -> str:
    """The kinds of type that an array may have: text, whole numbers or any numbers."""
    if name in HASHES or name.endswith("_names"):
        return "U"
    return "iu" if name in ("y", "map_index") or name.endswith("_counts") else "f" if name == "probs" else "iuf"


def _shapes(arrays: dict[str, np.ndarray]) -> dict[str, tuple]:
    """The shape that each array must have, by the others."""
    N, M = len(arrays["y"]), len(arrays["map_index"])
    shapes = {"y": (N,), "probs": (N, 10), "novelty": (N,), "ece_if_calibrated": (2,), "map_index": (M,),
             "map_xy": (M, 2), **{name: () for name in HASHES}, **{f"headline_{name}": (3,) for name in HEADLINE}}
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


def load_document(folder: Path, sha256: str) -> dict:
    """The rows of `folder`/audit.json; empty where there is none, or none for this model.

    Raises AuditError if they are for this model but of an older format.
    """
    try:
        document = read_json(folder / "audit.json")
        if model_sha256(document) != sha256:
            return {}
    except (ValueError, KeyError, TypeError):  # the page reports this for the arrays
        return {}
    if document.get("format") != FORMAT:
        raise AuditError(f"The rows in {folder.name}/audit.json are of an older version.")
    return document


def made_for(arrays: dict[str, np.ndarray]) -> str:
    """The hash of the model that an audit was made for."""
    return str(model_sha256(arrays))
