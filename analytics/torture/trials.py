"""Parallel trials: each has an outcome, and a fault if the outcome is not allowed."""

import contextlib
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np

from analytics.benchmark.rss import peak_megabytes

CHUNK = 8  # trials submitted to a process at a time


@dataclass
class Trial:
    kind: str  # outcome, a few words
    fault: str | None = None  # description of a fault
    seconds: float = 0.0  # of the whole trial, unless the trial measures itself
    megabytes: float = 0.0  # increase of the process's peak memory
    details: list[str] = field(default_factory=list)  # operation, step, state


@dataclass
class Result:
    """All trials of a part."""

    name: str
    trials: list[Trial]

    @property
    def kinds(self) -> Counter[str]:
        return Counter(trial.kind for trial in self.trials)

    @property
    def faults(self) -> list[tuple[int, str]]:
        return [(number, trial.fault) for number, trial in enumerate(self.trials) if trial.fault]


Work = Callable[[np.random.Generator, int], Trial | str]  # (rng, number of the trial) -> Trial, or its kind alone


@cache
def warmed_up(work: Work) -> None:
    """Run one trial per process in advance, so that caches do not count as time of the first trial."""
    with contextlib.suppress(Exception):
        work(np.random.default_rng(0), 0)


def attempt(work: Work, seed: int, number: int) -> Trial:
    """Run and time one trial; an exception is a fault."""
    warmed_up(work)
    rng, before, started = np.random.default_rng([seed, number]), peak_megabytes(), time.perf_counter()
    try:
        trial = work(rng, number)
        trial = trial if isinstance(trial, Trial) else Trial(trial)
    except Exception as error:  # undocumented exceptions are faults
        trial = Trial("fault", f"{type(error).__module__}.{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    if not trial.seconds:
        trial.seconds, trial.megabytes = time.perf_counter() - started, peak_megabytes() - before
    return trial


def quiet() -> None:
    """Redirect the standard error of a worker to /dev/null."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@contextlib.contextmanager
def processes(workers: int) -> Iterator[Callable]:
    """A `map` over `workers` spawned processes with one thread each."""
    before = os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read by each process at its start
    try:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), quiet) as pool:
            yield partial(pool.map, chunksize=CHUNK)
    finally:
        os.environ.pop("OPENBLAS_NUM_THREADS")
        if before is not None:
            os.environ["OPENBLAS_NUM_THREADS"] = before


def run(name: str, work: Work, n: int, seed: int, mapped: Callable,
        track: Callable[[Iterable[Trial], int], Iterable[Trial]] = lambda trials, total: trials) -> Result:
    """The Result of n trials, independent of the number of processes.

    mapped: `map` or the map of `processes`; track(trials, total): wraps the trials in a progress bar.
    """
    return Result(name, list(track(mapped(partial(attempt, work, seed), range(n)), n)))
