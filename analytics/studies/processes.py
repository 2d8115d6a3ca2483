"""Trainings side by side: commands in processes of their own, each on a core of its own with one thread of BLAS."""

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from core.blas import VARIABLES
from core.files import TRAINING_LOCK, locked

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds to stop in: a training ends its step, and may fit and save what it has


def run_all(commands, workers, on_done=lambda: None):
    """Run commands (lists of words), `workers` at a time; on_done() after each. Raises ValueError once one has failed.

    Then, and after an interrupt, the others have been stopped: when this returns, none runs any more. Several share the
    machine by a core each, where the system can do that: a training takes two otherwise.
    """
    waiting, running, alone = list(commands), {}, {**os.environ, **dict.fromkeys(VARIABLES, "1")}
    try:
        while waiting or running:
            for place in range(workers):
                if place not in running and waiting:
                    command = [*pinned(place, workers), *waiting.pop(0)]
                    running[place] = subprocess.Popen(command, cwd=ROOT, env=alone)
            for place, process in list(running.items()):
                if process.poll() is not None:
                    del running[place]
                    if process.returncode:
                        raise ValueError("a training run failed or was stopped; what it said stands above. Call again "
                                         "to go on.")
                    on_done()
            time.sleep(0.1)
    finally:
        stop(running.values())


def stop(processes):
    """End processes and wait for them: politely, and after PATIENCE, or a second interrupt, at once."""
    processes = list(processes)
    try:
        for process in processes:
            process.terminate()
        until = time.monotonic() + PATIENCE
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0, until - time.monotonic()))
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextlib.contextmanager
def sole_training(path):
    """Hold the lock of the run whose result is the file `path`. Raises BusyError where another process trains it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_name(path.name + TRAINING_LOCK), wait=False):
        yield


def pinned(place, workers):
    """What keeps a process on one of the cores, each of `workers` places on another where there are so many."""
    taskset = shutil.which("taskset")
    if workers == 1 or not taskset:
        return []
    cores = sorted(os.sched_getaffinity(0))
    return [taskset, "-c", str(cores[place % len(cores)])]
