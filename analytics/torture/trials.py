"""Trials on all cores: each says what came of it, and its fault where something came that was not promised."""

import contextlib
import multiprocessing
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np

from analytics.benchmark.memory import peak_megabytes

CHUNK = 8  # trials handed to a process at once


@dataclass
class Trial:
    kind: str  # what came of it, a word or two
    fault: str | None = None  # what should not have come
    seconds: float = 0.0  # of the whole trial, where it does not measure itself
    megabytes: float = 0.0  # by which the process's peak of memory grew
    details: list = field(default_factory=list)


@dataclass
class Result:
    """All trials of a part."""

    name: str
    trials: list

    @property
    def kinds(self):
        return Counter(trial.kind for trial in self.trials)

    @property
    def faults(self):
        return [(number, trial.fault) for number, trial in enumerate(self.trials) if trial.fault]


@cache
def warmed_up(work):
    """Make a process ready for a kind of trial, so that none of them pays for the first."""
    with contextlib.suppress(Exception):
        work(np.random.default_rng(0), 0)


def attempt(work, seed, number):
    """work(rng, number) -> Trial, or the kind alone; timed, and whatever it raises is its fault."""
    warmed_up(work)
    rng, before, started = np.random.default_rng([seed, number]), peak_megabytes(), time.perf_counter()
    try:
        trial = work(rng, number)
        trial = trial if isinstance(trial, Trial) else Trial(trial)
    except Exception as error:  # that is what is looked for
        trial = Trial("fault", f"{type(error).__module__}.{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    if not trial.seconds:
        trial.seconds, trial.megabytes = time.perf_counter() - started, peak_megabytes() - before
    return trial


def quiet():
    """Let no library of a worker write to the screen."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@contextlib.contextmanager
def processes(workers):
    """A way to map trials over so many processes of their own, each with one thread."""
    before = os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # what each process reads when it begins
    try:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), quiet) as pool:
            yield partial(pool.map, chunksize=CHUNK)
    finally:
        os.environ.pop("OPENBLAS_NUM_THREADS")
        if before is not None:
            os.environ["OPENBLAS_NUM_THREADS"] = before


def run(name, work, n, seed, mapped, track=lambda trials, total: trials):
    """The Result of n trials, the same for the same seed on any number of processes.

    mapped: `map`, or what `processes` gives; track: shows how far it is.
    """
    return Result(name, list(track(mapped(partial(attempt, work, seed), range(n)), n)))
