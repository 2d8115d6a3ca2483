"""A training as a run in the list of models, and as a file of arrays."""

import io
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.digits.task import Images
from core.files import TRAINING_LOCK, locked
from core.models import finish
from core.models.model import RUNS, load
from core.nn.checkpoint import Progress
from core.nn.network import Network
from core.storage import ModelError, write_json
from deployment.lab.images import parts_for_saving
from deployment.lab.settings import LAB, LabSettings

CHANGES = "lab.json"  # in a run's folder: settings and the knobs that were moved, by step
HISTORY = ("epoch", "loss", "train_accuracy", "val_accuracy", "val_loss")


def new_folder(runs: Path = RUNS) -> Path:
    """The folder of the next run of the lab: runs/lab, runs/lab-2, ..."""
    names = ["lab", *(f"lab-{i}" for i in range(2, 1000))]
    return runs / next((name for name in names if not (runs / name).exists()), names[-1])


def save_run(folder: Path, network: Network, settings: LabSettings, train: Images,
             rows: Sequence[Mapping[str, Any]], document: Mapping[str, Any]) -> None:
    """Write a finished network as a run. train: the train part, labels as in MNIST; rows: of each epoch, HISTORY;
    document: of lab.json. Raises OSError, or ValueError if the folder exists or the network cannot be used; nothing is
    left of the run then."""
    if folder.exists():
        raise ValueError(f"{folder} exists already; choose another name")
    config = settings.config()
    config = config.replace(preset="default" if settings.preset == LAB else settings.preset, epochs=max(1, len(rows)))
    history = {name: [row[name] for row in rows] for name in HISTORY} if rows else {}
    folder.mkdir(parents=True)
    try:
        with locked(folder / TRAINING_LOCK, wait=False):
            progress = Progress(len(rows), best_epoch=len(rows), history=history)
            finish.save(folder, network, config, parts_for_saving(train), progress)
            write_json(folder / CHANGES, document)
            load(folder)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, ModelError):
            raise ValueError("its doubt cannot be measured, as its answers hardly differ; train it further") from None
        raise


def npz(network: Network, document: Mapping[str, Any]) -> bytes:
    """The parameters by name and the document as JSON text, in one NumPy file without pickles."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {**network.named_parameters(), "lab": np.array(json.dumps(document))}
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
