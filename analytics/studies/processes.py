"""Parallel training: one process per command, each pinned to one core with one BLAS thread."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from core.blas import VARIABLES
from core.files import TRAINING_LOCK, locked
from core.shipped import ROOT

STOP_SECONDS = 60  # grace period after SIGTERM: a training run finishes its step and may fit and save


def run_all(commands: Iterable[Sequence[str]], workers: int, on_done: Callable[[], object] = lambda: None) -> None:
    """Run commands (argument lists), `workers` at a time; on_done() is called after each.

    With several workers each process is pinned to one core if `taskset` is available. Raises ValueError if a command
    fails. All processes have ended when this returns or raises, also after an interrupt.
    """
    waiting, one_thread = list(commands), {**os.environ, **dict.fromkeys(VARIABLES, "1")}
    running: dict[int, subprocess.Popen] = {}
    try:
        while waiting or running:
            for place in range(workers):
                if place not in running and waiting:
                    command = [*pinned(place, workers), *waiting.pop(0)]
                    running[place] = subprocess.Popen(command, cwd=ROOT, env=one_thread)
            for place, process in list(running.items()):
                if process.poll() is not None:
                    del running[place]
                    if process.returncode:
                        raise ValueError("a training run failed or was stopped; see its output above. Call again to "
                                         "continue.")
                    on_done()
            time.sleep(0.1)
    finally:
        stop(running.values())


def stop(processes: Iterable[subprocess.Popen]) -> None:
    """Terminate processes and wait for them; kill them after STOP_SECONDS or a second interrupt."""
    processes = list(processes)
    try:
        for process in processes:
            process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0, until - time.monotonic()))
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextlib.contextmanager
def sole_training(path: Path) -> Iterator[None]:
    """Hold the lock of the run that writes `path`. Raises BusyError if another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_name(path.name + TRAINING_LOCK), wait=False):
        yield


def pinned(place: int, workers: int) -> list[str]:
    """Command prefix that pins worker `place` to a core; empty for one worker or without `taskset`."""
    taskset = shutil.which("taskset")
    if workers == 1 or not taskset:
        return []
    cores = sorted(os.sched_getaffinity(0))
    return [taskset, "-c", str(cores[place % len(cores)])]
