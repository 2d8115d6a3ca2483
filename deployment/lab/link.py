"""The worker process of a training, as the process of the page sees it."""

import contextlib
import os
import subprocess
import sys
import threading
from typing import Any

from core.shipped import ROOT
from deployment.lab.protocol import ProtocolError, command, unpack
from deployment.lab.record import Record
from deployment.lab.slots import Slots

FAILED = "The training process was ended from outside. Press Start: it goes on from the last epoch."


class Link:
    """A worker process, and a thread that takes its messages. It does not refer to the Training, which ends it."""

    def __init__(self, record: Record, slots: Slots) -> None:
        self.state, self.sentence, self.ending, self.holds = "waiting", "The training images are read.", False, False
        self.full = False
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        environment.pop("OPENBLAS_CORETYPE", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deployment.lab.worker", str(slots.folder)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, cwd=ROOT, env=environment)
        self.record = record
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def send(self, **values: Any) -> None:
        """Send a command; one to a process that has ended is lost, and the reading thread notices the end."""
        with contextlib.suppress(OSError, ValueError):
            assert self.process.stdin is not None
            self.process.stdin.write(command(**values))
            self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        try:
            while (message := unpack(stream)) is not None:
                self._take(message)
        except ProtocolError as error:
            self.state, self.sentence = "failed", f"The training process sent {error}. Press Start to go on."
            self.process.kill()
        self.process.wait()
        stream.close()
        if self.ending:
            self.state, self.sentence = "ended", ""
        elif self.state not in ("ended", "failed") and not self.full:
            self.state, self.sentence = "failed", FAILED

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["kind"]
        if kind in ("tick", "epoch"):
            self.record.add(message)
        elif kind == "constants":
            self.record.constants = {name: value for name, value in message.items() if name != "kind"}
        elif kind == "fault":
            self.sentence = message["sentence"]
            if message["fault"] == "diverged":
                self.record.faults.append(self.record.step)
            else:
                self.state = "failed"
        elif kind == "state":
            self.holds = True
            if message["state"] == "full":
                self.full = True
            elif message["state"] != "ready":
                self.state, self.sentence = message["state"], message["sentence"]

    @property
    def alive(self) -> bool:
        """Whether the process follows commands."""
        return self.process.poll() is None and not self.full and self.state not in ("ended", "failed")

    def close(self) -> None:
        """End the process and wait for it."""
        self.ending = True
        with contextlib.suppress(OSError):
            assert self.process.stdin is not None
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()
