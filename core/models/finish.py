"""The steps after training: fit the readout, measure, and write the model folder; or refit the readout of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.digits.augmentation import augment, corrupt
from core.digits.config import Config
from core.digits.data import DIGITS, as_input, load_split, read_checked
from core.digits.task import Images, load_parts
from core.explain.neighbours import FILE as NEIGHBOURS
from core.explain.neighbours import NeighbourIndex
from core.metrics import accuracy, auroc, brier_score, expected_calibration_error, log_loss, wilson_interval
from core.models.card import card_data, model_card, split_words
from core.models.model import load_network
from core.nn.checkpoint import Progress
from core.nn.network import Network
from core.storage import ModelError, json_text, save_files, sign_manifest
from core.uncertainty.readout import Labelled, Readout, fit_readout
from core.uncertainty.test_time_augmentation import TestTimeAugmentation

# Augmentation strong enough that any network makes errors; the readout is fitted on them.
HARD, HARD_COPIES = Config(elastic=2.5, elastic_sigma=6, rotation=12, scale=0.12, shear=0.15, thickness=0.3), 4
PREPROCESSING = "28x28, white ink on black, the digit's long side 20 px, its centre of mass in the middle"


def finish(network: Network, config: Config,
           parts: dict[str, Images]) -> tuple[Readout, NDArray[np.float32] | None]:
    """(Readout, mean gate (10, h) of each class or None) of a trained network. parts: of core.digits.task.load_parts.
    """
    # a third of the training images suffices for means and components, and saves memory
    train = parts["train"].part(slice(None, None, 3))
    X = as_input(train.X, config.input_range)
    readout = fit_readout(network, X, *calibration_data(config, parts), TestTimeAugmentation.of(config))
    return readout, mean_gates(network, X, train.y) if network.has_gate else None


def calibration_data(config: Config, parts: Mapping[str, Images]) -> tuple[Labelled, Labelled]:
    """(X (N, 784), y (N,), groups (N,)) of the calibration images, with their renderings if there are any, and of
    augmented and corrupted copies of them."""
    calibration, rng = parts["calibration"], np.random.default_rng(0)
    copies = [augment(calibration.X, rng, HARD) for _ in range(HARD_COPIES)]
    X_hard = np.concatenate([*copies[:-1], corrupt(copies[-1], rng)])
    y, groups = calibration.y, np.arange(len(calibration)) if calibration.writer is None else calibration.writer
    X, y_all, groups_all = [calibration.X], [y], [groups]
    if "renderings" in parts:
        renderings = parts["renderings"]
        assert renderings.writer is not None  # load_parts sets it
        X, y_all, groups_all = [*X, renderings.X], [*y_all, renderings.y], [*groups_all, renderings.writer]
    return ((as_input(np.concatenate(X), config.input_range), np.concatenate(y_all), np.concatenate(groups_all)),
            (as_input(X_hard, config.input_range), np.tile(y, HARD_COPIES), np.tile(groups, HARD_COPIES)))


def mean_gates(network: Network, X: NDArray[np.floating], y: NDArray[np.integer]) -> NDArray[np.float32]:
    """The mean gate (10, h) of each digit, over images X (N, 784), y (N,)."""
    counts = np.maximum(np.bincount(y, minlength=DIGITS), 1)[:, None]
    total: NDArray[np.floating] | float = 0.0
    for i in range(0, len(X), 1000):
        gate = network.read(X[i : i + 1000]).gate
        assert gate is not None  # the network has one
        total = total + np.eye(DIGITS, dtype=np.float32)[y[i : i + 1000]].T @ gate
    return (total / counts).astype(np.float32)


def measure(network: Network, config: Config, readout: Readout, images: Images) -> dict[str, Any]:
    """Accuracy with its 95 % interval and errors, log loss, Brier score, ECE, AUROC of confidence, share and accuracy
    of confident answers."""
    probs, novelty, _ = readout.read(network, as_input(images.X, config.input_range))
    correct = probs.argmax(axis=1) == images.y
    confident = readout.emotions(probs, novelty) == "confident"
    return {"n": len(images), "accuracy": accuracy(images.y, probs.argmax(axis=1)), "errors": int((~correct).sum()),
            "interval_95": wilson_interval(int(correct.sum()), len(images)), "log_loss": log_loss(probs, images.y),
            "brier": brier_score(probs, images.y), "ece": expected_calibration_error(probs, images.y),
            "auroc_confidence": auroc(probs.max(axis=1), correct), "confident_share": float(confident.mean()),
            "confident_accuracy": float(correct[confident].mean()) if confident.any() else None}


def save(folder: str | Path, network: Network, config: Config, parts: dict[str, Images],
         progress: Progress) -> dict[str, Any]:
    """Fit the readout, measure validation and test, and write the model folder atomically. Returns the metrics."""
    readout, gate_class_mean = finish(network, config, parts)
    arrays = network.named_parameters() | readout.arrays()
    if gate_class_mean is not None:
        arrays["gate_class_mean"] = gate_class_mean
    metrics = {"validation": measure(network, config, readout, parts["validation"]),
               "test": measure(network, config, readout, parts["test"]),
               "epochs": progress.epoch, "best_epoch": progress.best_epoch,
               "training_seconds": round(sum(progress.history.get("seconds", [])), 1),
               "parameters": int(network.theta.size), "interrupted": progress.interrupted}
    files, document = sign_manifest(arrays, {
        **config.to_dict(), "architecture": [784, *config.hidden, 10], "parameters": int(network.theta.size),
        "split": split_words(config, {name: len(part) for name, part in parts.items()}),
        "preprocessing": PREPROCESSING, "readout": readout.settings()})
    index = neighbours(network, config, parts["train"])
    if index is not None:
        files[NEIGHBOURS] = index.to_bytes(document["model_sha256"])
    save_files(folder, files | {
        "metrics.json": json_text(metrics), "train_history.json": json_text(progress.history),
        "model_card.md": model_card(document, metrics), "model_card.json": json_text(card_data(document, metrics)),
        "config.json": json_text(document)}, remove=[NEIGHBOURS])
    return metrics


def neighbours(network: Network, config: Config, train: Images) -> NeighbourIndex | None:
    """The k-NN index of training images (core/explain/neighbours.py); None for images other than MNIST's (--csv), which
    the app could not show."""
    labels = read_checked("train-labels-idx1-ubyte")
    indices = np.arange(len(labels)) if len(train) == len(labels) else load_split()["train"]
    if config.csv or not np.array_equal(train.y, labels[indices]):
        return None
    return NeighbourIndex.build(network, train.X, train.y, np.random.default_rng(0), k=min(48, config.hidden[-1]),
                                indices=indices, input_range=config.input_range)


def refit(folder: str | Path) -> dict[str, Any]:
    """Refit the readout of a finished run on the same weights and save the folder. Returns the metrics."""
    network, config, _, _, before, history = load_network(folder)
    if before is None or history is None:
        raise ModelError(f"{folder} lacks metrics.json or train_history.json; restore it, or train the model again.")
    progress = Progress(before["epochs"], best_epoch=before["best_epoch"], history=history,
                        interrupted=before["interrupted"])
    return save(folder, network, config, load_parts(config), progress)
