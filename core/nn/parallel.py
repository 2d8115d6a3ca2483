"""A thread pool for NumPy operations, which release the GIL: halves of a batch, matrix products, or chunks of an
element-wise pass."""

import os
import threading
from _thread import start_new_thread
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from operator import length_hint
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.blas import has_one_thread

T = TypeVar("T")
CHUNK = 100 * 1024  # elements per chunk: the float32 vectors of a pass mostly fit into a second-level cache
ROWS_CHUNK = 1 << 15  # elements per chunk of a layer's activations, which are fewer: both threads shall get some
THREADS = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
SPLIT = 1 << 22  # multiply-adds of a product; with fewer, waiting for the other thread (50 us) takes longer
COLUMNS = 32  # a product is divided at a multiple of this, so that BLAS treats the columns as in the whole product
# per thread: `buffer`, its scratch memory; `part`, whether it executes a part of a larger call; `alone`, whether it is
# within in_one_thread
_local = threading.local()


class Pool:
    """Worker threads, started at the first call. Task dispatch takes a quarter of the time that concurrent.futures
    needs, which matters if a step takes a millisecond."""

    def __init__(self, threads: int) -> None:
        self._threads, self._jobs, self._starting = threads, SimpleQueue(), threading.Lock()

    def together(self, work: Callable[[int], T], n: int) -> list[T]:
        """[work(0), ..., work(n - 1)], the first in this thread, each in a copy of its context (np.errstate).

        Exceptions of `work`, and interrupts of this thread such as KeyboardInterrupt, are raised once all calls have
        ended, because the arrays are written until then. If `work` forks, the child must exit inside `work`.
        """
        with self._starting:
            while self._threads:
                start_new_thread(self._serve, ())  # Thread.start waits, and breaks if it is interrupted
                self._threads -= 1
        outcomes: dict[int, tuple[Any, BaseException | None]] = {}  # of the other threads
        ended, interrupt, first, failure = SimpleQueue(), None, None, None
        jobs = iter([(copy_context(), work, i, outcomes, ended) for i in range(1, n)])
        try:
            deque(map(self._jobs.put, jobs), maxlen=0)  # one C call: an interrupt comes before or after it
            first, failure = _outcome(work, 0)
        except BaseException as error:
            interrupt = error
        while True:  # an interrupt can be raised at any call or backward jump: one of the two try blocks catches it
            try:
                while len(outcomes) < n - 1 - length_hint(jobs):  # the number of jobs that were put
                    try:
                        ended.get()  # only a signal to count again: losing it to an interrupt loses no outcome
                    except BaseException as error:
                        interrupt = interrupt or error
                break
            except BaseException as error:
                interrupt = interrupt or error
        if interrupt is not None:
            raise interrupt
        for error in (failure, *(outcomes[i][1] for i in range(1, n))):
            if error is not None:
                raise error
        return [first, *(outcomes[i][0] for i in range(1, n))]  # pyright: ignore[reportReturnType]  # first is a T if there is no failure

    def _serve(self) -> None:
        _local.part = True
        while True:
            context, work, i, outcomes, ended = self._jobs.get()
            outcomes[i] = context.run(_outcome, work, i)
            ended.put(None)
            del context, work, outcomes, ended  # they may hold large arrays while this thread waits


def _outcome(work: Callable[[int], T], i: int) -> tuple[T | None, BaseException | None]:
    try:
        return work(i), None
    except BaseException as error:
        return None, error


_pool = Pool(THREADS - 1) if THREADS > 1 else None


def _after_fork() -> None:
    """Reset the pool in a forked process: the worker threads do not exist there, and one may have held a lock.
    in_one_thread stays active."""
    global _pool
    _pool, _local.part = _pool and Pool(THREADS - 1), False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def _marked(name: str) -> Iterator[None]:
    before = getattr(_local, name, False)
    setattr(_local, name, True)
    try:
        yield
    finally:
        setattr(_local, name, before)


def in_one_thread() -> AbstractContextManager[None]:
    """Within, all work stays in the calling thread: for processes with one core each. Results are equal."""
    return _marked("alone")


def _is_single() -> bool:
    """Whether work stays in this thread."""
    return _pool is None or getattr(_local, "part", False) or getattr(_local, "alone", False)


def _shares_products() -> bool:
    """Whether calls of BLAS run in parallel here: each has one core, and there are several."""
    return not _is_single() and has_one_thread()


def side_by_side(work: Callable[[int], T], n: int) -> list[T]:
    """[work(0), ..., work(n - 1)], in parallel if BLAS uses one thread, otherwise in sequence.

    Nested calls stay in their thread. The calls must not share data, so that the result is the same either way.
    """
    if n < 2 or _pool is None or not _shares_products():
        return [work(i) for i in range(n)]
    with _marked("part"):
        return _pool.together(work, n)


def products(*tasks: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]) -> None:
    """np.matmul(a, b, out) for each (a, b, out), distributed over the threads if they are large.

    Several products are calculated side by side; of a single one, each thread calculates some columns.
    """
    if sum(len(a) * b.size for a, b, _ in tasks) < SPLIT or not _shares_products():
        for a, b, out in tasks:
            np.matmul(a, b, out=out)
        return
    if len(tasks) == 1 and tasks[0][1].shape[1] > COLUMNS:
        (a, b, out), = tasks
        middle = -(-b.shape[1] // (2 * COLUMNS)) * COLUMNS
        tasks = ((a, b[:, :middle], out[:, :middle]), (a, b[:, middle:], out[:, middle:]))
    side_by_side(lambda i: np.matmul(*tasks[i][:2], out=tasks[i][2]), len(tasks))


def for_chunks(work: Callable[[int, int], Any], n: int, chunk: int = CHUNK) -> None:
    """Call work(start, stop) for consecutive chunks of 0..n, distributed over the threads.

    `work` must only write its chunk, so that the result does not depend on the number of threads.
    """
    starts = range(0, n, chunk)

    def share(part: int, parts: int = THREADS) -> None:
        for start in starts[len(starts) * part // parts : len(starts) * (part + 1) // parts]:
            work(start, min(start + chunk, n))

    if len(starts) < 2 or _pool is None or _is_single():
        share(0, 1)
    else:
        _pool.together(share, THREADS)


def for_rows(work: Callable[[slice], Any], matrix: NDArray[Any]) -> None:
    """Call work(rows) with slices that cover the rows of a matrix (N, n), about a chunk each, on the threads."""
    per_chunk = max(1, ROWS_CHUNK // max(1, matrix.shape[1]))
    for_chunks(lambda start, stop: work(slice(start, stop)), len(matrix), per_chunk)


def scratch(size: int, dtype: DTypeLike) -> NDArray[Any]:
    """An uninitialised array of `size` values for intermediate results, one per thread: the next call returns the same
    memory. Fresh memory would cost more than the arithmetic, because the system clears its pages."""
    nbytes = size * np.dtype(dtype).itemsize
    buffer = getattr(_local, "buffer", None)
    if buffer is None or buffer.nbytes < nbytes:
        buffer = _local.buffer = np.empty(max(size, CHUNK) * np.dtype(dtype).itemsize, np.uint8)
    return buffer[:nbytes].view(dtype)
