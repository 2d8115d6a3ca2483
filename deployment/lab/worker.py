"""The training process of the lab: `python -m deployment.lab.worker [FOLDER OF SLOTS]`.

Commands arrive as JSON lines, messages leave as frames (protocol.py). It ends when its input ends, after two minutes
without a command, and by SIGTERM; it pauses after 15 s without a command.
"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":  # before the import of NumPy
    os.environ["OPENBLAS_NUM_THREADS"] = "1"

import base64
import queue
import threading
import time
import traceback
from typing import Any, BinaryIO

import numpy as np

from core.digits.data import DataError
from core.digits.task import Images
from core.files import BusyError
from core.nn.parallel import in_one_thread
from deployment.lab.images import training_images
from deployment.lab.loop import Loop
from deployment.lab.measures import constants
from deployment.lab.protocol import commands, pack
from deployment.lab.saving import save_run
from deployment.lab.settings import LabSettings
from deployment.lab.slots import Slots
from deployment.lab.training import DivergedError, finished_network
from deployment.reader.malloc import trim
from deployment.reader.wording import public_message

TICK = 0.15  # seconds
IDLE = 1.0  # seconds between two checks of a paused training
SILENCE, GONE = 15.0, 120.0  # seconds without a command: pause, end
BESIDE = 4.0  # batches of rest after each batch while others need the processor
CLAIMED = 120.0  # seconds after which a paused training makes room if others wait
DIVERGED = ("The training diverged: the loss is no longer a finite number. The last finite weights are restored; "
            "choose a smaller learning rate, then press Start.")


class Worker:
    """One training. out: where frames go; inbox: the commands, None at their end."""

    def __init__(self, out: BinaryIO, inbox: "queue.SimpleQueue[dict[str, Any] | None]", slots: Slots) -> None:
        self._out, self._inbox, self._slots = out, inbox, slots
        self._train, self._validation = training_images()
        self._until: str | None = None  # None: paused; "batch", "epoch": pause after it; "stop": train on
        self._heard = self._paused_at = time.monotonic()
        self._ticked = self._seconds = 0.0  # the last tick, and the length of the last batch
        self._busy = False  # whether others need the processor
        self._digit: np.ndarray | None = None
        self._send({"kind": "constants", **constants(self._validation)})
        self._begin(LabSettings(), "")

    def _begin(self, settings: LabSettings, key: str) -> None:
        self._key, self._until = key, None
        self._loop = Loop(settings, self._train, self._validation)
        self._loop.show(self._digit)

    def _send(self, message: dict[str, Any]) -> None:
        self._out.write(pack(message))
        self._out.flush()

    def _state(self, sentence: str = "") -> None:
        self._paused_at = time.monotonic()
        self._send({"kind": "state", "state": "paused" if self._until is None else "running", "sentence": sentence})

    def _tick(self) -> None:
        self._send({**self._loop.tick(), "key": self._key})
        self._ticked = time.monotonic()

    def _epoch(self) -> None:
        self._send({**self._loop.epoch(), "key": self._key})

    def run(self) -> None:
        """Follow commands and train until the command to end."""
        while True:
            if not self._follow():
                return
            if self._until is not None:
                self._train_batch()

    def _follow(self) -> bool:
        """Execute the commands that have arrived; while paused, wait for one. Returns whether to go on."""
        pause = max(self._loop.task.settings.pace, BESIDE * self._seconds * self._busy)
        deadline = time.monotonic() + (pause if self._until else IDLE)
        while True:
            rest = deadline - time.monotonic()
            try:
                command = self._inbox.get(timeout=rest) if rest > 0 else self._inbox.get_nowait()
            except queue.Empty:
                break
            if command is None or command["do"] == "end":
                return False
            self._heard, before = time.monotonic(), self._until
            self._busy = bool(command.get("busy", self._busy))
            self._execute(command)
            if before is None or self._until is None:
                break
        silent = time.monotonic() - self._heard
        if silent > GONE:
            return self._end("The training ended: its page was gone for two minutes.")
        if silent > SILENCE and self._until is not None:
            self._until = None
            self._tick()
            self._state("Paused: the page was not seen for 15 seconds.")
        if self._until is None and time.monotonic() - self._paused_at > CLAIMED and self._slots.queue():
            return self._end("The training made room for another that waited; press Start to go on.")
        return True

    def _end(self, sentence: str) -> bool:
        self._send({"kind": "state", "state": "ended", "sentence": sentence})
        return False

    def _execute(self, command: dict[str, Any]) -> None:
        do = command["do"]
        if do in ("start", "batch", "epoch"):
            self._until = "stop" if do == "start" else do
            self._state()
        elif do == "pause" and self._until is not None:
            self._until = None
            self._tick()
            self._state()
        elif do == "reset":
            self._begin(LabSettings.from_dict(command["settings"]), command["key"])
            if command.get("theta"):
                theta = np.frombuffer(base64.b64decode(command["theta"]), np.float32)
                self._loop.restore(theta, command["step"], command["epoch"])
            else:
                self._epoch()
            self._tick()
            self._state()
        elif do == "set":
            try:
                self._loop.task.set(command["knob"], command["value"])
            except ValueError as error:
                self._state(f"{error}.")
        elif do == "digit":
            sent = command.get("digit")
            self._digit = None if sent is None else np.frombuffer(base64.b64decode(sent), np.uint8).reshape(28, 28)
            self._loop.show(self._digit)
            if self._until is None:
                self._tick()
        elif do == "keep":
            self._keep(Path(command["folder"]), command["document"])

    def _keep(self, folder: Path, document: dict[str, Any]) -> None:
        """Save a run, and say so."""
        task, self._until = self._loop.task, None
        self._state("The run is being saved.")
        network = finished_network(task.settings, task.finished_theta(), task.settings.gate)
        try:
            save_run(folder, network, task.settings, Images(task.X, task.y_true), document["rows"], document)
            sentence = f"Saved as “run {folder.name}” in the list of models."
        except OSError as error:
            sentence = f"The run could not be saved ({error.strerror}); the training is still here. Try again."
        except ValueError as error:
            sentence = f"The run could not be saved: {public_message(error).rstrip('.')}."
        trim()
        self._heard = time.monotonic()
        self._state(sentence)

    def _train_batch(self) -> None:
        started = time.monotonic()
        try:
            ends = self._loop.train_batch()
        except DivergedError:
            self._until = None
            self._tick()
            self._send({"kind": "fault", "fault": "diverged", "sentence": DIVERGED, "key": self._key})
            self._state(DIVERGED)
            return
        self._seconds = time.monotonic() - started
        if ends:
            self._epoch()
        if self._until == "batch" or (ends and self._until == "epoch"):
            self._until = None
            self._tick()
            self._state()
        elif time.monotonic() - self._ticked > TICK:
            self._tick()


def _read(source: BinaryIO, inbox: "queue.SimpleQueue[dict[str, Any] | None]") -> None:
    """Fill the inbox; end the process when the input ends."""
    for command in commands(source):
        inbox.put(command)
    os._exit(0)


def main() -> None:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints cannot disturb the frames
    if hasattr(os, "nice"):
        os.nice(19)
    inbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, inbox), daemon=True).start()
    slots = Slots(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    try:
        with slots.hold(), in_one_thread(), np.errstate(all="ignore"):
            out.write(pack({"kind": "state", "state": "ready", "sentence": ""}))
            out.flush()
            Worker(out, inbox, slots).run()
    except BusyError:
        out.write(pack({"kind": "state", "state": "full", "sentence": ""}))
        out.flush()
    except BrokenPipeError:
        os._exit(0)
    except DataError as error:
        out.write(pack({"kind": "fault", "fault": "data", "sentence": public_message(error), "key": None}))
        out.flush()
    except Exception:
        traceback.print_exc()
        sentence = "The training stopped by a fault of the program; press Start to go on from the last epoch."
        out.write(pack({"kind": "fault", "fault": "program", "sentence": sentence, "key": None}))
        out.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
    os._exit(0)  # without waiting for the thread that reads
