"""A training as the page sees it: a handle of the worker process, its history, its place in the queue."""

import base64
import contextlib
import os
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.digits.data import SIDE
from core.nn.network import Network
from deployment.lab.link import Link
from deployment.lab.record import Record
from deployment.lab.saving import new_folder, npz
from deployment.lab.settings import KNOBS, LabSettings
from deployment.lab.slots import Slots
from deployment.lab.training import finished_network

ALLOWED = ("keep", "train", "off")


def allowed() -> str:
    """What this server allows, by its environment variable QUALM_LAB: "keep" (train and save runs), "train" or "off".
    """
    value = os.environ.get("QUALM_LAB", "keep")
    return value if value in ALLOWED else "off"


def _close(links: list[Link], slots: Slots, tickets: list[Path]) -> None:
    for link in links:
        link.close()
    links.clear()
    for ticket in tickets:
        with contextlib.suppress(OSError):
            ticket.unlink()
    tickets.clear()


class Training:
    """One training of a session of the page. Its process starts with the first command that needs it.

    record: its history. All methods return at once; none raises when the process has ended.
    """

    def __init__(self, settings: LabSettings | None = None, slots: Slots | None = None) -> None:
        self.record = Record(settings or LabSettings())
        self._slots = slots or Slots()
        self._links: list[Link] = []  # none or one
        self._tickets: list[Path] = []  # none or one
        self._wanted: dict[str, Any] = {}  # the command to send when a slot is free
        self._digit: NDArray[np.uint8] | None = None
        self._sentence, self._state = "", "idle"
        self._finalizer = weakref.finalize(self, _close, self._links, self._slots, self._tickets)

    @property
    def settings(self) -> LabSettings:
        """The present settings."""
        return self.record.settings

    @property
    def state(self) -> str:
        """"idle", "waiting", "running", "paused", "ended" or "failed"."""
        if self._tickets:
            return "waiting"
        return self._links[0].state if self._links else self._state

    @property
    def sentence(self) -> str:
        """Place in the queue, a fault and its remedy, or nothing."""
        return self._links[0].sentence if self._links else self._sentence

    def _say(self, sentence: str) -> None:
        if self._links:
            self._links[0].sentence = sentence
        else:
            self._sentence = sentence

    def start(self) -> None:
        """Train until `pause`; after the end of the process, from the last epoch."""
        self._run(do="start")

    def one_batch(self) -> None:
        """Train one batch, then pause."""
        self._run(do="batch")

    def one_epoch(self) -> None:
        """Train to the end of the epoch, then pause."""
        self._run(do="epoch")

    def pause(self) -> None:
        """Stop training after the present batch, or leave the queue."""
        self._wanted = {}
        if self._tickets:
            self._leave_queue()
            self._state = "idle"
            self._say("")
        self._send(do="pause")

    def reset(self, settings: LabSettings | None = None) -> None:
        """Begin anew with these settings, or with the present ones; paused."""
        self.record.reset(settings or self.settings)
        self._say("")
        if self._links and self._links[0].alive:
            self._send_settings()
        elif not self._tickets:
            self._drop_link()
            self._state = "idle"

    def set(self, knob: str, value: Any) -> None:
        """Move a knob; it acts with the next batch. A value out of range is refused with a sentence."""
        if knob not in KNOBS:
            self._say(f"{knob!r} is no knob of the lab.")
            return
        try:
            if not self.record.change(knob, value):
                return
        except ValueError as error:
            self._say(f"{error}.")
            return
        self._send(do="set", knob=knob, value=value)

    def show(self, digit: NDArray[Any] | None) -> None:
        """Follow this drawn digit (28, 28), white on black, uint8 or in [0, 1]; None: none."""
        if digit is not None and digit.dtype != np.uint8:
            digit = (255 * digit).round().astype(np.uint8)
        if (digit is None and self._digit is None) or (
                digit is not None and self._digit is not None and np.array_equal(digit, self._digit)):
            return
        self._digit = None if digit is None else digit.reshape(SIDE, SIDE).copy()
        self._send_digit()

    def seen(self, busy: bool = False) -> None:
        """Call at each update of the page: it shows the worker that the page is there, and moves the queue. busy:
        whether others need the processor, so that the worker rests between batches."""
        self._send(do="seen", busy=busy)
        if self._links and self._links[0].full:  # another training was faster
            self._drop_link()
            self._queue_up()
        elif self._links and self._links[0].holds:
            self._leave_queue()
        if self._tickets and not self._links:
            self._advance()

    def end(self) -> None:
        """End the process. The history stays."""
        before = self.state
        _close(self._links, self._slots, self._tickets)
        self._state, self._sentence = "idle" if before == "idle" else "ended", ""

    def delta(self, have: Mapping[str, Any] | None) -> dict[str, Any]:
        """What a browser lacks (Record.delta), with "state", "sentence" and "settings"."""
        return {**self.record.delta(have), "state": self.state, "sentence": self.sentence,
                "settings": self.settings.to_dict()}

    def network(self, epoch: int | None = None) -> Network | None:
        """The network for use as it was after an epoch, the last one if None; None if there is none stored."""
        message = self.record.epoch(epoch)
        if message is None:
            return None
        return finished_network(self.settings, message["theta"].astype(np.float32), message["gate"])

    def keep(self, folder: Path | None = None) -> Path | None:
        """Save the present weights as a run in this folder, by default in runs/lab, runs/lab-2, ...; `sentence` says
        when it is done (about 20 s). Returns the folder, None where saving is not allowed."""
        if allowed() != "keep":
            self._say("Runs are not saved on this server; download the weights instead.")
            return None
        folder = folder or new_folder()
        self._run(do="keep", folder=str(folder), document=self.record.document())
        return folder

    def download(self) -> bytes | None:
        """The weights after the last epoch by name and "lab", settings and changes as JSON text: an .npz file. None if
        nothing was trained."""
        network = self.network()
        return network and npz(network, self.record.document())

    def _run(self, **wanted: Any) -> None:
        if allowed() == "off":
            self._say("Training is switched off on this server.")
            return
        self._say("")
        if self._links and self._links[0].alive:
            self._send(**wanted)
            return
        self._drop_link()
        self._wanted = wanted
        self._queue_up()

    def _queue_up(self) -> None:
        try:
            if not self._tickets:
                self._tickets.append(self._slots.take_ticket())
            self._advance()
        except OSError as error:
            self._state, self._sentence = "failed", f"The training cannot start: {error.strerror}. Try again later."

    def _advance(self) -> None:
        """Start the process if a slot is free for this ticket."""
        before = self._slots.place(self._tickets[0])
        if before >= self._slots.free():
            self._sentence = self._slots.sentence(before)
            return
        self._sentence = ""
        self._links.append(Link(self.record, self._slots))
        self._send_settings()
        self._send_digit()
        self._send(**(self._wanted or {"do": "pause"}))

    def _send_settings(self) -> None:
        record, last = self.record, self.record.epoch()
        values: dict[str, Any] = {"settings": record.settings.to_dict(), "key": record.key}
        if record.resume is not None and last is not None:
            values |= {"theta": base64.b64encode(record.resume.astype(np.float32).tobytes()).decode(),
                       "step": record.step, "epoch": last["epoch"]}
        self._send(do="reset", **values)

    def _send_digit(self) -> None:
        self._send(do="digit", digit=None if self._digit is None else base64.b64encode(self._digit.tobytes()).decode())

    def _send(self, **values: Any) -> None:
        if self._links:
            self._links[0].send(**values)

    def _leave_queue(self) -> None:
        for ticket in self._tickets:
            with contextlib.suppress(OSError):
                ticket.unlink()
        self._tickets.clear()

    def _drop_link(self) -> None:
        for link in self._links:
            link.close()
        self._links.clear()
