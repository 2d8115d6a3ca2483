"""A finished model: weights, readout and evidence, gathered after training, saved, promoted and loaded."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.augment import deform
from core.bank import FILE as BANK
from core.bank import Bank
from core.card import card_data, model_card
from core.config import Config
from core.data import as_input, load_split, read_checked
from core.digits import load_parts
from core.emotion import Emotion, fit_emotion
from core.metrics import accuracy, auroc, brier_score, expected_calibration_error, log_loss, wilson_interval
from core.network import Network, build_network
from core.storage import ModelError, load_model, read_json, save_model, write_atomic, write_json
from core.training import Progress

FINAL_MODEL = Path(__file__).resolve().parents[1] / "final_model"
# Deformations strong enough that any network errs on some: the readout learns from them what doubt looks like.
HARD, HARD_COPIES = Config(elastic=2.5, elastic_sigma=6, rotation=12, scale=0.12, shear=0.15, thickness=0.3), 4
PREPROCESSING = "28x28, white ink on black, the digit's long side 20 px, its centre of mass in the middle"


@dataclass(frozen=True)
class Model:
    """What a model folder holds. gate_mean (h,), gate_class_mean (10, h): over training images, None without a gate."""

    network: Network
    config: Config
    emotion: Emotion
    gate_mean: np.ndarray | None
    gate_class_mean: np.ndarray | None
    saved: dict  # config.json as it was read

    def probabilities(self, X):
        """Calibrated probabilities (N, 10) of network input X (N, 784)."""
        return self.emotion.read(self.network, X)[0]


def spoil(X, rng):
    """Images X (N, 784) in [0, 1], each with noise over it, grey paper or a blank patch, of any strength."""
    n, strength = len(X), rng.uniform(0, 1, (len(X), 1)).astype(np.float32)
    kind = rng.integers(0, 3, n)
    noisy = X + 0.5 * strength * rng.standard_normal(X.shape, dtype=np.float32)
    grey = X + 0.6 * strength * (1 - X)
    row, column = rng.integers(4, 24, (2, n, 1, 1))
    rows, columns = np.indices((28, 28))
    inside = np.maximum(abs(rows - row), abs(columns - column)) <= 1 + 5 * strength[:, :, None]
    patched = X * ~inside.reshape(n, -1)
    return np.clip(np.choose(kind[:, None], [noisy, grey, patched]), 0, 1).astype(np.float32)


def finish(network, config, parts):
    """The readout fitted after training: (Emotion, gate means (10, h) per class or None). parts: see core.digits."""
    # a third of the training images is plenty for means and components, and a third of the memory
    train, calibration = parts["train"].part(slice(None, None, 3)), parts["calibration"]
    X = as_input(train.X, config.input_range)
    rng = np.random.default_rng(0)
    copies = [deform(calibration.X, rng, HARD) for _ in range(HARD_COPIES)]
    X_hard = np.concatenate([*copies[:-1], spoil(copies[-1], rng)])
    emotion = fit_emotion(network, X, as_input(calibration.X, config.input_range), calibration.y,
                          as_input(X_hard, config.input_range), np.tile(calibration.y, HARD_COPIES))
    if not network.has_gate:
        return emotion, None
    counts = np.maximum(np.bincount(train.y, minlength=10), 1)[:, None]
    opened = sum(np.eye(10, dtype=np.float32)[train.y[i : i + 1000]].T @ network.read(X[i : i + 1000]).gate
                 for i in range(0, len(X), 1000))
    return emotion, (opened / counts).astype(np.float32)


def measure(network, config, emotion, images):
    """Accuracy with its 95 % interval and errors, log loss, Brier score, ECE, AUROC of confidence, feelings kept."""
    probs, novelty = emotion.read(network, as_input(images.X, config.input_range))
    correct = probs.argmax(axis=1) == images.y
    confident = emotion.feelings(probs, novelty) == "confident"
    return {"n": len(images), "accuracy": accuracy(images.y, probs.argmax(axis=1)), "errors": int((~correct).sum()),
            "interval_95": wilson_interval(int(correct.sum()), len(images)), "log_loss": log_loss(probs, images.y),
            "brier": brier_score(probs, images.y), "ece": expected_calibration_error(probs, images.y),
            "auroc_confidence": auroc(probs.max(axis=1), correct), "confident_share": float(confident.mean()),
            "confident_accuracy": float(correct[confident].mean()) if confident.any() else None}


def save(folder, network, config, parts, progress):
    """Fit the readout, measure validation and test, and write the whole model folder; returns the metrics."""
    emotion, gate_class_mean = finish(network, config, parts)
    arrays = network.named_parameters() | emotion.arrays()
    if gate_class_mean is not None:
        arrays["gate_class_mean"] = gate_class_mean
    seconds = sum(progress.history.get("seconds", []))
    metrics = {"validation": measure(network, config, emotion, parts["validation"]),
               "test": measure(network, config, emotion, parts["test"]),
               "epochs": progress.epoch, "best_epoch": progress.best_epoch, "training_seconds": round(seconds, 1),
               "parameters": int(network.theta.size), "interrupted": progress.interrupted}
    split = "all 60,000 training images; its validation figures are seen data" if config.train_on == "all" else (
        f"{len(parts['train'])} train, {len(parts['validation'])} validation, {len(parts['calibration'])} calibration, "
        "no writer in two parts (data/split.npz)")
    document = {**config.to_dict(), "architecture": [784, *config.hidden, 10], "parameters": int(network.theta.size),
                "split": split, "preprocessing": PREPROCESSING, "emotion": emotion.settings()}
    document["weights_sha256"] = save_model(folder, arrays, document, metrics=metrics, train_history=progress.history)
    write_atomic(Path(folder) / "model_card.md", model_card(document, metrics))
    write_json(Path(folder) / "model_card.json", card_data(document, metrics))
    save_bank(folder, network, config, parts["train"], document["weights_sha256"])
    return metrics


def save_bank(folder, network, config, train, weights_sha256):
    """Write the neighbours (core/bank.py) drawn from the training images, where these are MNIST's own.

    Of other images (--csv) nobody could show the neighbours later; a bank of earlier weights is removed. For a folder
    that has none, `python -m core.bank FOLDER` makes it.
    """
    numbers, labels = load_split()["train"], read_checked("train-labels-idx1-ubyte")
    numbers = np.arange(len(labels)) if len(train) == len(labels) else numbers
    if not np.array_equal(train.y, labels[numbers]):
        (Path(folder) / BANK).unlink(missing_ok=True)
        return
    bank = Bank.build(network, as_input(train.X, config.input_range), train.y, np.random.default_rng(0),
                      k=min(48, config.hidden[-1]), indices=numbers)
    bank.save(Path(folder) / BANK, weights_sha256)


def refit(folder):
    """Fit the readout of a finished run again, on the same weights, and save the folder anew; returns the metrics."""
    network, config, *_ = load_network(folder)
    before, history = (read_json(Path(folder) / f"{name}.json") for name in ("metrics", "train_history"))
    progress = Progress(before["epochs"], best_epoch=before["best_epoch"], history=history,
                        interrupted=before["interrupted"])
    return save(folder, network, config, load_parts(config), progress)


def load_network(folder):
    """(network, config, arrays, saved config.json) of a model folder; raises as `load`."""
    arrays, saved = load_model(folder)
    try:
        config = Config.from_dict(saved)
        # a saved network has batch normalisation folded in
        return build_network(config.but(batch_norm=False)).load(arrays), config, arrays, saved
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder} does not hold a model of this version ({error}); train it again.") from None


def load(folder=FINAL_MODEL):
    """Read a model folder. Raises ModelError, a sentence for people, when a file is missing or damaged."""
    network, config, arrays, saved = load_network(folder)
    try:
        emotion = Emotion.from_saved(saved["emotion"], arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder} does not hold a model of this version ({error}); fit its readout again with "
                         f"`python core/train.py --refit {folder}`.") from None
    network = network.for_reading()
    per_class = arrays.get("gate_class_mean")
    return Model(network, config, emotion, None if per_class is None else per_class.mean(axis=0), per_class, saved)


def promotion(folder, final=FINAL_MODEL):
    """Whether a run may replace the shipped model, and the reason in words."""
    candidate = read_json(Path(folder) / "metrics.json")
    if read_json(Path(folder) / "config.json")["train_on"] == "all":
        return False, "it has trained on the validation images too, so its validation accuracy proves nothing"
    if candidate["interrupted"]:
        return False, "it was interrupted"
    try:
        shipped = read_json(Path(final) / "metrics.json")["validation"]["accuracy"]
        if read_json(Path(final) / "config.json")["train_on"] == "all":
            return False, "the shipped model has trained on the validation images, so the two cannot be compared"
    except ModelError:
        return True, "there is no shipped model yet"
    ours = candidate["validation"]["accuracy"]
    verdict = "at least" if ours >= shipped else "below"
    return ours >= shipped, f"its validation accuracy {ours:.2%} is {verdict} the shipped model's {shipped:.2%}"


def promote(folder, final=FINAL_MODEL):
    """Copy a run's model, and its bank if it has one, over the shipped one.

    config.json goes last, as it vouches for the arrays; a bank carries the hash of its weights itself.
    """
    folder, final = Path(folder), Path(final)
    final.mkdir(parents=True, exist_ok=True)
    names = [*read_json(folder / "config.json")["arrays"]]
    bank = [folder / BANK] if (folder / BANK).exists() else []
    for path in [*(folder / f"{name}.npy" for name in names), folder / "metrics.json", folder / "train_history.json",
                 folder / "model_card.md", folder / "model_card.json", *bank, folder / "config.json"]:
        part = final / f"{path.name}.part"
        shutil.copyfile(path, part)
        part.replace(final / path.name)
    for stale in final.glob("*.npy"):
        if stale.stem not in names:
            stale.unlink()
    if not bank:
        (final / BANK).unlink(missing_ok=True)
