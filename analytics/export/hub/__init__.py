"""A model as a folder of a model hub, in the layout of Hugging Face's model repositories."""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analytics.audit import SELECTION
from analytics.export import onnx, safetensors
from analytics.export.hub.card import hub_card
from core.digits.data import DIGITS, load_mnist
from core.digits.task import Images
from core.files import PART
from core.models import model
from core.shipped import ROOT
from core.storage import json_text, npy_bytes
from deployment.pages.audit.stored import images_dir, load_document

HERE = Path(__file__).resolve().parent
LICENCE = ROOT / "LICENSE"
COPIED = ("example.py", "requirements.txt")  # files of this package that the folder gets as they are
NEEDED = ("export", "headline", "robustness", "command")  # of the audit


def audited(saved: model.Model, folder: Path) -> dict[str, Any]:
    """audit.json of a model. Raises ValueError if there is none of this model."""
    document = load_document(images_dir(folder, model.FINAL_MODEL), saved.sha256)
    if any(name not in document for name in NEEDED):
        raise ValueError(f"there is no complete audit of the model in {folder}, whose figures the card states; measure "
                         f"it with: python -m analytics.audit --model {folder}")
    return document


def hub_config(saved: model.Model) -> dict[str, Any]:
    """config.json: what another program needs to know of the network."""
    names = ("architecture", "activation", "gate", "input_range", "parameters", "preprocessing")
    return {"model_type": "qualm", **{name: saved.saved[name] for name in names},
            "id2label": {str(digit): str(digit) for digit in range(DIGITS)}, "model_sha256": saved.sha256}


def hub_files(folder: Path, parts: Mapping[str, Images] | None = None) -> dict[str, bytes]:
    """{name: content} of the files for the model in a folder. parts: as of onnx.fit_export_calibration.

    Raises ModelError for an unusable model, ValueError if it has no audit or no metrics.
    """
    saved = model.load(folder)
    document = audited(saved, folder)
    if saved.metrics is None:
        raise ValueError(f"{folder}/metrics.json is missing; restore it or train the model again")
    shipped = folder.resolve() == model.FINAL_MODEL.resolve()
    card = hub_card(saved.saved, saved.metrics, document, SELECTION if shipped else "")
    fitted = onnx.fit_export_calibration(saved, parts)
    return {"README.md": card.encode(), "config.json": json_text(hub_config(saved)).encode(),
            "model.onnx": onnx.onnx_model(saved, fitted).SerializeToString(),
            "model.safetensors": safetensors.pack(folder),
            "digits.npy": npy_bytes(np.ascontiguousarray(load_mnist()["X_test"][:10])),
            "LICENSE": LICENCE.read_bytes(), **{name: (HERE / name).read_bytes() for name in COPIED}}


def check_free(folder: Path) -> None:
    """Raises ValueError unless a folder can be made at this path: nothing is there, or an empty folder."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise ValueError(f"{folder} is not empty; name a new folder, or remove it first")


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files to a folder that appears at once, with all of them. Raises as check_free."""
    check_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f"{folder.name}.{os.getpid()}-{secrets.token_hex(4)}{PART}")
    try:
        part.mkdir()
        for name, content in files.items():
            (part / name).write_bytes(content)
        if folder.exists():
            folder.rmdir()  # empty; Windows does not rename onto it
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
