"""The folder of a pair reader: weights in half precision, settings, figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.digits.config import Config
from core.digits.pairs.task import MORE, TWO, held_out, pair_network
from core.digits.presets import PAIRS
from core.digits.task import Images
from core.metrics import accuracy, wilson_interval
from core.models.model import FINAL_MODEL
from core.nn.checkpoint import Progress
from core.nn.network import Network
from core.shipped import TRAIN
from core.storage import ModelError, load_model, model_sha256, read_json, save_model

FOLDER = FINAL_MODEL / "pairs"
MEASURED = 10_000  # windows composed of a part of the data


def save(folder: str | Path, network: Network, config: Config, parts: Mapping[str, Images],
         progress: Progress) -> dict[str, Any]:
    """Measure a trained pair reader on windows of validation and test digits, and write its folder atomically. Returns
    the metrics."""
    metrics = {part: measure(network, config, parts[part]) for part in ("validation", "test")} | {
        "epochs": progress.epoch, "best_epoch": progress.best_epoch,
        "training_seconds": round(sum(progress.history.get("seconds", [])), 1),
        "parameters": int(network.theta.size), "interrupted": progress.interrupted}
    arrays = {name: array.astype(np.float16) for name, array in network.named_parameters().items()}
    save_model(folder, arrays, config.to_dict(), metrics=metrics, train_history=progress.history)
    return metrics


def measure(network: Network, config: Config, images: Images) -> dict[str, Any]:
    """Share of windows whose class is right, with its 95 % interval and errors; and of those on two digits."""
    X, y = held_out(images, MEASURED, config)
    answers, two = network.logits(X).argmax(axis=1), (y >= TWO) & (y < MORE)
    right = int((answers == y).sum())
    return {"n": len(y), "accuracy": accuracy(y, answers), "errors": len(y) - right,
            "interval_95": wilson_interval(right, len(y)), "two_digits": accuracy(y[two], answers[two])}


def sha256(folder: str | Path = FOLDER) -> str:
    """The hash of a pair reader, stored in files made with it. Raises ModelError if its config.json is missing."""
    return str(model_sha256(read_json(Path(folder) / "config.json")))


def is_pair_reader(folder: str | Path) -> bool:
    """Whether a folder's config.json is of a pair reader."""
    try:
        config = read_json(Path(folder) / "config.json")
    except ModelError:
        return False
    return isinstance(config, dict) and config.get("preset") == PAIRS.preset


def load(folder: str | Path = FOLDER) -> Network:
    """The pair reader of a folder, ready for use. Raises ModelError, naming the file, if it is missing or damaged."""
    arrays, saved = load_model(folder)
    try:
        # batch normalisation is folded into the saved weights
        network = pair_network(Config.from_dict(saved).replace(batch_norm=False))
        return network.load({name: array.astype(np.float32) for name, array in arrays.items()})
    except (KeyError, TypeError, ValueError, MemoryError) as error:
        raise ModelError(f"{folder} has no pair reader of this version ({error}); train it again with "
                         f"`{TRAIN} --preset pairs`.") from None
