"""What the page is sent of a training: a tick several times a second, and more at the end of each epoch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.digits.data import DIGITS, PIXELS, SIDE, as_input
from core.digits.task import Images
from core.metrics import accuracy, confusion_matrix
from core.nn.context import Array
from core.nn.losses import softmax, softmax_cross_entropy
from core.nn.network import Activations, Network
from deployment.lab.training import LabTask

WATCHED = 500  # validation images of the measures of units and of the map
UNITS = 16  # of the first layer, shown as pictures
BINS = 40
UPDATES = (-6.0, 0.0)  # range of log10(update / weight)
SATURATED = (0.02, 0.98)  # activations beyond these count as saturated
# One direction of the map for each digit: the corners of a regular decagon
DIRECTIONS = np.stack([np.cos(np.arange(DIGITS) * 2 * np.pi / DIGITS),
                       np.sin(np.arange(DIGITS) * 2 * np.pi / DIGITS)], axis=1).astype(np.float32)
MAP_SCALE = 1 / 16  # a logit 16 above the others, which are equal, lies on the unit circle
LARGEST = 60_000.0  # of what is sent as float16


def half(values: Any) -> NDArray[np.float16]:
    """The values as float16, the largest cut to what it holds."""
    return np.clip(np.nan_to_num(np.asarray(values), nan=LARGEST, posinf=LARGEST, neginf=-LARGEST),
                   -LARGEST, LARGEST).astype(np.float16)


def ten_digits(validation: Images) -> NDArray[np.intp]:
    """The index (10,) of the first validation image of each digit."""
    return np.array([np.argmax(validation.y == digit) for digit in range(DIGITS)])


def on_map(logits: Array) -> NDArray[np.floating]:
    """Logits (N, 10) as places (N, 2) on a fixed linear map; equal logits lie in the middle."""
    return logits @ DIRECTIONS * MAP_SCALE


def histogram(values: Array, low: float, high: float) -> NDArray[np.int32]:
    """Counts (BINS,) of equal bins; values beyond the ends count in the last bins."""
    places = (values.ravel() - low) * (BINS / max(high - low, 1e-12))
    bins = np.clip(np.nan_to_num(places), 0, BINS - 1).astype(np.intp)
    return np.bincount(bins, minlength=BINS).astype(np.int32)


def unit_pictures(network: Network) -> NDArray[np.uint8]:
    """The weights of the first units (at most 16, 28, 28); 128 is 0, and the largest of a unit 1 or 255."""
    W = next(params["W"] for params in network.params if "W" in params)[:, :UNITS]
    scale = np.maximum(np.abs(W).max(axis=0), 1e-12)
    return (128 + 127 * np.nan_to_num(W / scale)).round().astype(np.uint8).T.reshape(-1, SIDE, SIDE)


class Measures:
    """The measures of a LabTask. digit: the drawn digit (28, 28) uint8, or None."""

    def __init__(self, task: LabTask, validation: Images) -> None:
        self.task, self.X, self.y = task, task.X_val, task.y_val
        self._ten, self._yours = ten_digits(validation), None

    def show(self, digit: NDArray[np.uint8] | None) -> None:
        """Take another drawn digit."""
        self._yours = None if digit is None else as_input(digit.reshape(1, PIXELS), self.task.config.input_range)

    def _drawn(self, network: Network) -> dict[str, Any]:
        """Probabilities (10,) of the drawn digit and its place (2,) on the map, None without one."""
        if self._yours is None:
            return {"yours": None, "yours_map": None}
        logits = network.logits(self._yours)
        return {"yours": half(softmax(logits)[0]), "yours_map": half(on_map(logits)[0])}

    def tick(self, losses: list[float], accuracies: list[float]) -> dict[str, Any]:
        """The state after the last batch. losses, accuracies: of the batches since the last tick."""
        task, network = self.task, self.task.finished()
        read = network.read(self.X[:WATCHED])
        ten = network.logits(self.X[self._ten])
        gate = None
        if read.gate is not None and task.settings.gate:
            one_hot = np.eye(DIGITS, dtype=np.float32)[self.y[:WATCHED]]
            gate = half(one_hot.T @ read.gate.mean(axis=1) / np.maximum(one_hot.sum(axis=0), 1))
        return {"kind": "tick", "step": task.step, "epoch": task.progress, "losses": half(losses),
                "accuracies": half(accuracies), "layers": self._layers(network, read), "gate": gate,
                "units": unit_pictures(network), "digits": half(softmax(ten)), **self._drawn(network)}

    def _layers(self, network: Network, read: Activations) -> list[dict[str, Any]]:
        """Per weight matrix: its histogram, that of its last update relative to it, dead and saturated units."""
        task, hidden = self.task, iter(read.hidden)
        updates, rows = task.network.views(task.last_update), []
        for name, params, update in zip(task.network.names, task.network.params, updates, strict=True):
            key = next((key for key in ("W", "Wg") if key in params), None)
            if key is None or (name == "gate" and not task.settings.gate):
                continue
            W, change = params[key], update[key]
            largest = max(float(np.abs(W).max()), 1e-12)
            weight, moved = np.sqrt(np.mean(W**2, axis=0)), np.sqrt(np.mean(change**2, axis=0))
            relative = np.log10(np.maximum(moved / np.maximum(weight, 1e-12), 1e-12))
            row: dict[str, Any] = {
                "name": name, "weights": histogram(W, -largest, largest), "low": -largest, "high": largest,
                "updates": histogram(relative, *UPDATES),
                "ratio": float(np.sqrt(np.mean(change**2)) / max(float(np.sqrt(np.mean(W**2))), 1e-12)),
                "dead": None, "saturated": None}
            if name.startswith("hidden"):
                h = next(hidden)
                if task.settings.activation == "relu":
                    row["dead"] = float(np.mean(~(h > 0).any(axis=0)))
                else:
                    row["saturated"] = _saturated(h)
            elif name == "gate" and read.gate is not None:
                row["saturated"] = _saturated(read.gate)
            rows.append(row)
        return rows

    def epoch(self, loss: float) -> dict[str, Any]:
        """The state at the end of an epoch. loss: the mean of its batches, in nats."""
        task, network = self.task, self.task.finished()
        X, y = task.sample()
        logits = network.logits(self.X)
        answers = logits.argmax(axis=1)
        return {"kind": "epoch", "step": task.step, "epoch": task.epoch, "loss": float(half(loss)),
                "train_accuracy": accuracy(y, network.logits(X).argmax(axis=1)),
                "val_accuracy": accuracy(self.y, answers),
                "val_loss": float(half(softmax_cross_entropy(logits, self.y)[0])),
                "confusion": confusion_matrix(self.y, answers).astype(np.int32), "units": unit_pictures(network),
                "digits": half(softmax(logits[self._ten])), **self._drawn(network),
                "map": half(on_map(logits[:WATCHED])),
                "gate": task.settings.gate, "theta": half(task.finished_theta()), "resume": task.theta.copy()}


def _saturated(values: Array) -> float:
    """The share of activations near 0 or 1."""
    low, high = SATURATED
    return float(np.mean((values < low) | (values > high)))


def constants(validation: Images) -> dict[str, Any]:
    """What does not change: the ten digits as pictures, and the labels of the images on the map."""
    return {"pictures": validation.X[ten_digits(validation)], "map_labels": validation.y[:WATCHED].astype(np.uint8),
            "directions": DIRECTIONS}
