"""At most two trainings at once on a server, over all of its processes, and the queue for them.

A worker holds the lock of a slot as long as it lives. A session that waits has a ticket, a file that it touches; a
ticket that was not touched for 15 s does not count.
"""

import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from core.files import BusyError, locked

SLOTS = 2
STALE = 15.0  # seconds
RETRY = 2.0  # seconds in which a worker tries to get a slot: another process may be testing whether it is free
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def server_folder() -> Path:
    """The folder of locks and tickets of this user's servers on this machine."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"qualm-lab-{user}"


class Slots:
    """The slots and tickets in a folder. Raises OSError if the folder cannot be used."""

    def __init__(self, folder: Path | None = None, slots: int = SLOTS) -> None:
        self.folder, self.slots = folder or server_folder(), slots

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid") and self.folder.stat().st_uid != os.getuid():
            raise PermissionError(f"{self.folder} belongs to another user")

    def _locks(self) -> list[Path]:
        return [self.folder / f"slot{i}.lock" for i in range(self.slots)]

    def free(self) -> int:
        """The number of free slots."""
        self._prepare()
        count = 0
        for lock in self._locks():
            with contextlib.suppress(BusyError), locked(lock, wait=False):
                count += 1
        return count

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Hold a slot; raises BusyError if none is free."""
        self._prepare()
        deadline = time.monotonic() + RETRY
        with contextlib.ExitStack() as stack:
            while True:
                for lock in self._locks():
                    try:
                        stack.enter_context(locked(lock, wait=False))
                    except BusyError:
                        continue
                    yield
                    return
                if time.monotonic() > deadline:
                    raise BusyError(f"all {self.slots} trainings of this server are in use; wait for one to end.")
                time.sleep(0.05)

    def take_ticket(self) -> Path:
        """A new ticket, the last in the queue."""
        self._prepare()
        ticket = self.folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}.ticket"
        ticket.touch()
        return ticket

    def queue(self) -> list[Path]:
        """The valid tickets in their order; older ones than that are removed."""
        tickets, now = [], time.time()
        for ticket in sorted(self.folder.glob("*.ticket")):
            with contextlib.suppress(OSError):
                if now - ticket.stat().st_mtime <= STALE:
                    tickets.append(ticket)
                else:
                    ticket.unlink()
        return tickets

    def place(self, ticket: Path) -> int:
        """Touch a ticket; returns how many are before it. A ticket that was removed is written again."""
        self._prepare()
        ticket.touch()
        return sum(other.name < ticket.name for other in self.queue())

    def sentence(self, before: int) -> str:
        """The place in the queue in words. before: the number of tickets before it."""
        number = {1: "One training runs", 2: "Two trainings run"}.get(self.slots, f"{self.slots} trainings run")
        place = "next" if not before else f"{ORDINALS[before]} in the queue" if before < len(ORDINALS) else (
            f"number {before + 1} in the queue")
        return f"{number} on this server; yours is {place}."
