"""What is computed once for a network, by a thread of low priority, while the page stays usable."""

import contextlib
import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from deployment.reader.malloc import trim

T = TypeVar("T")
Progress = Callable[[float], None]  # called with the share that is done

_one_at_a_time = threading.Lock()
_held: WeakValueDictionary[str, "Job"] = WeakValueDictionary()
_held_lock = threading.Lock()


class Job(Generic[T]):
    """A computation in a thread: progress (0 to 1), then `result` or `fault` (a sentence).

    make: is called with a Progress. One Job of a process runs at a time.
    """

    def __init__(self, make: Callable[[Progress], T]) -> None:
        self.progress, self.result, self.fault = 0.0, None, None
        self._thread = threading.Thread(target=self._run, args=(make,), daemon=True)
        self._thread.start()

    result: T | None
    fault: str | None

    @property
    def done(self) -> bool:
        return self.result is not None or self.fault is not None

    def wait(self, seconds: float) -> None:
        """Return when it is done, or after this time."""
        self._thread.join(seconds)

    def _run(self, make: Callable[[Progress], T]) -> None:
        with contextlib.suppress(AttributeError, OSError):  # Linux gives threads priorities
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        with _one_at_a_time:
            try:
                self.result = make(self._report)
            except (OSError, ValueError, MemoryError) as error:
                self.fault = str(error) or "There is not enough memory."
            trim()

    def _report(self, share: float) -> None:
        self.progress = share


def shared(key: str, make: Callable[[Progress], T]) -> Job[T]:
    """The Job of this key, which lives as long as a session holds it: large arrays go with the last session."""
    with _held_lock:
        job = _held.get(key)
        if job is None or job.fault is not None:
            job = _held[key] = Job(make)
        return job
