"""The history of a training, as it arrives from the worker, and the part of it that a browser lacks."""

import base64
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deployment.lab.settings import LabSettings

MOST_BYTES = 20 * 2**20  # of the epochs of a session
MOST_BATCHES = 400_000  # whose loss and accuracy are stored
MOST_TICKS = 400  # stored for the hints
AT_ONCE = 30  # epochs in one delta
TYPES = {"|u1": "u1", "<i4": "i4", "<i8": "i8", "<f2": "f2", "<f4": "f4"}
ROW = ("step", "epoch", "loss", "train_accuracy", "val_accuracy", "val_loss", "gate")
FOR_RESUMING = ("theta", "resume")  # arrays of an epoch that a browser does not need


def encoded(value: Any) -> Any:
    """The value for a browser: arrays become {"d": base64, "t": "f2" | "f4" | "u1" | "i4", "s": shape}."""
    if isinstance(value, np.ndarray):
        array = value.astype(np.int32) if value.dtype == np.int64 else value
        return {"d": base64.b64encode(array.tobytes()).decode(), "t": TYPES[array.dtype.str], "s": list(array.shape)}
    if isinstance(value, Mapping):
        return {name: encoded(item) for name, item in value.items()}
    return [encoded(item) for item in value] if isinstance(value, list) else value


def size(message: Mapping[str, Any]) -> int:
    """Bytes of the arrays of an epoch."""
    return sum(value.nbytes for value in message.values() if isinstance(value, np.ndarray))


class Record:
    """What is known of a training: settings, changes of knobs by step, losses, ticks and epochs.

    key: another one after each reset; constants: pictures of the ten digits and labels of the map; epochs: messages
    of epochs in order, epoch 0 first; resume: parameters (n,) to continue from after the last epoch. Thread-safe.
    """

    def __init__(self, settings: LabSettings) -> None:
        self._lock = threading.RLock()
        self.constants: dict[str, Any] = {}
        self.reset(settings)

    def reset(self, settings: LabSettings) -> None:
        """Begin anew with these settings."""
        with self._lock:
            self.key, self.settings = secrets.token_hex(4), settings
            self.changes: list[tuple[int, str, Any]] = []
            self.ticks: deque[dict[str, Any]] = deque(maxlen=MOST_TICKS)
            self.tick: dict[str, Any] | None = None
            self.epochs: list[dict[str, Any]] = []
            self.rows: list[dict[str, Any]] = []  # the plain values of all epochs but epoch 0
            self.resume: NDArray[np.floating] | None = None
            self.faults: list[int] = []  # steps at which the loss was not finite
            self._losses, self._accuracies, self._first, self._ticks = bytearray(), bytearray(), 0, 0

    @property
    def batches(self) -> int:
        """The number of batches so far."""
        return self._first + len(self._losses) // 2

    def losses(self, start: int = 0, stop: int | None = None) -> NDArray[np.float16]:
        """Loss of each batch from number `start` to before `stop`, of those that are stored (MOST_BATCHES)."""
        return self._part(self._losses, start, stop)

    def accuracies(self, start: int = 0, stop: int | None = None) -> NDArray[np.float16]:
        """Accuracy of each batch, a share; as `losses`."""
        return self._part(self._accuracies, start, stop)

    def _part(self, values: bytearray, start: int, stop: int | None) -> NDArray[np.float16]:
        with self._lock:
            end = self.batches if stop is None else stop
            return np.frombuffer(bytes(values[2 * max(0, start - self._first):2 * max(0, end - self._first)]),
                                 np.float16)

    @property
    def step(self) -> int:
        """Batches at the last message."""
        return max([0, *(message["step"] for message in (self.tick, *self.epochs[-1:]) if message)])

    def change(self, name: str, value: Any) -> bool:
        """Note that a knob was moved; returns whether its value is new. Raises ValueError for a value out of range."""
        with self._lock:
            before, self.settings = self.settings, self.settings.replace(**{name: value})
            if self.settings != before:
                self.changes.append((self.step, name, value))
            return self.settings != before

    def add(self, message: dict[str, Any]) -> None:
        """Take a tick or an epoch; one of a training before the last reset is ignored."""
        with self._lock:
            if message.get("key", self.key) != self.key:
                return
            if message["kind"] == "tick":
                self._add_batches(message.pop("losses"), message.pop("accuracies"))
                self.tick, self._ticks = message, self._ticks + 1
                if self.ticks and self.ticks[-1]["step"] == message["step"]:
                    self.ticks.pop()
                self.ticks.append({name: message[name] for name in ("step", "epoch", "layers", "gate")})
            else:
                resume = message.pop("resume")
                self.resume = resume if np.isfinite(resume).all() else self.resume
                self.epochs.append(message)
                if message["epoch"]:
                    self.rows.append({name: message[name] for name in ROW})
                self._thin()

    def _add_batches(self, losses: NDArray[np.float16], accuracies: NDArray[np.float16]) -> None:
        self._losses += losses.tobytes()
        self._accuracies += accuracies.tobytes()
        if len(self._losses) > 2 * MOST_BATCHES:
            drop = len(self._losses) // 4 * 2
            self._first += drop // 2
            del self._losses[:drop], self._accuracies[:drop]

    def _thin(self) -> None:
        """While there are more bytes than allowed, drop from the older half the epoch whose neighbours are nearest to
        each other; epoch 0 stays."""
        while len(self.epochs) > 3 and sum(map(size, self.epochs)) > MOST_BYTES:
            numbers = [message["epoch"] for message in self.epochs]
            del self.epochs[min(range(1, len(numbers) // 2 + 1), key=lambda i: numbers[i + 1] - numbers[i - 1])]

    def document(self) -> dict[str, Any]:
        """Settings, moved knobs by step, and the values of each epoch, as JSON types."""
        with self._lock:
            return {"settings": self.settings.to_dict(), "rows": [*self.rows],
                    "changes": [{"step": step, "knob": name, "value": value} for step, name, value in self.changes]}

    def epoch(self, number: int | None = None) -> dict[str, Any] | None:
        """The message of an epoch, of the last one without a number; None if it is not stored."""
        with self._lock:
            chosen = [message for message in self.epochs if number is None or message["epoch"] == number]
            return chosen[-1] if chosen else None

    def delta(self, have: Mapping[str, Any] | None) -> dict[str, Any]:
        """What a browser lacks that has `b` batches, `t` ticks and the epochs below `e` of the training `key`."""
        with self._lock:
            known = have if isinstance(have, Mapping) and have.get("key") == self.key else {}
            b, t, e = (_count(known.get(name)) for name in ("b", "t", "e"))
            skip = 2 * max(0, b - self._first)
            epochs = [message for message in self.epochs if message["epoch"] >= e][:AT_ONCE]
            return {
                "key": self.key, "b": self.batches, "t": self._ticks, "e": epochs[-1]["epoch"] + 1 if epochs else e,
                "losses": base64.b64encode(self._losses[skip:]).decode(),
                "accuracies": base64.b64encode(self._accuracies[skip:]).decode(),
                "tick": encoded(self.tick) if self.tick and t != self._ticks else None,
                "epochs": [encoded({name: value for name, value in message.items() if name not in FOR_RESUMING})
                           for message in epochs],
                "stored": [message["epoch"] for message in self.epochs],
                "constants": None if known else encoded(self.constants)}


def _count(value: Any) -> int:
    """A number that a browser sent, 0 for anything else."""
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0
