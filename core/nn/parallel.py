"""Work on threads: NumPy releases Python's global lock in its loops and products.

Either whole halves of a batch side by side, products and all, or the chunks of one element-wise pass.
"""

import os
import threading
from _thread import start_new_thread
from collections import deque
from contextlib import contextmanager
from contextvars import copy_context
from operator import length_hint
from queue import SimpleQueue

import numpy as np

from core.blas import has_one_thread

CHUNK = 100 * 1024  # elements: the few float32 streams of a pass over so many mostly stay in a second-level cache
ROWS_CHUNK = 1 << 15  # elements: a layer has fewer of them, and both threads want a share
THREADS = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
# of each thread: `buffer`, its scratch; `part`, whether it does a part of a larger work; `alone`, see in_one_thread
_kept = threading.local()


class Pool:
    """Threads that wait for work, started when there is some for the first time.

    A handoff takes a quarter of what concurrent.futures takes for its promises; in a step of a millisecond that counts.
    """

    def __init__(self, threads):
        self._threads, self._jobs, self._starting = threads, SimpleQueue(), threading.Lock()

    def together(self, work, n):
        """[work(0), ..., work(n - 1)], the first in this thread, each in a copy of its context (np.errstate).

        An error comes after all have ended, and so does what interrupts this thread, such as a KeyboardInterrupt: until
        then the arrays are being written. Further interrupts meanwhile change nothing. A process that `work` forks has
        to end within it.
        """
        with self._starting:
            while self._threads:
                start_new_thread(self._serve, ())  # Thread.start waits, and breaks where that is interrupted
                self._threads -= 1
        outcomes, ended, interrupt = {}, SimpleQueue(), None  # outcomes: of the other threads
        jobs = iter([(copy_context(), work, i, outcomes, ended) for i in range(1, n)])
        try:
            deque(map(self._jobs.put, jobs), maxlen=0)  # one call into C: an interrupt comes before all or after all
            first, failure = _outcome(work, 0)
        except BaseException as caught:
            interrupt = caught
        while True:  # Python may raise at any call and any jump back: what comes outside of one try is in the other
            try:
                while len(outcomes) < n - 1 - length_hint(jobs):  # as many as were put
                    try:
                        ended.get()  # a sign to look again, so that one that an interrupt loses is not missed
                    except BaseException as caught:
                        interrupt = interrupt or caught
                break
            except BaseException as caught:
                interrupt = interrupt or caught
        if interrupt is not None:
            raise interrupt
        for error in (failure, *(outcomes[i][1] for i in range(1, n))):
            if error is not None:
                raise error
        return [first, *(outcomes[i][0] for i in range(1, n))]

    def _serve(self):
        _kept.part = True
        while True:
            context, work, i, outcomes, ended = self._jobs.get()
            outcomes[i] = context.run(_outcome, work, i)
            ended.put(None)
            del context, work, outcomes, ended  # may hold on to large arrays while this waits


def _outcome(work, i):
    try:
        return work(i), None
    except BaseException as error:
        return None, error


_pool = Pool(THREADS - 1) if THREADS > 1 else None


def _after_fork():
    """In a forked process: the threads are not there, a lock may be held by one of them, and the thread that forked is
    part of no larger work any more, if it was. What in_one_thread asks for still holds."""
    global _pool
    _pool, _kept.part = _pool and Pool(THREADS - 1), False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def _marked(name):
    before = getattr(_kept, name, False)
    setattr(_kept, name, True)
    try:
        yield
    finally:
        setattr(_kept, name, before)


def in_one_thread():
    """Within, all work stays in the thread that asks for it: for processes that have a core each. Results are equal."""
    return _marked("alone")


def _stays():
    """Whether work stays in this thread."""
    return _pool is None or getattr(_kept, "part", False) or getattr(_kept, "alone", False)


def side_by_side(work, n):
    """[work(0), ..., work(n - 1)], on a thread each where BLAS leaves the cores to us, else one after the other.

    What `work` does in turn stays in its thread. The result is the same either way, as no two may touch the same data.
    """
    if n < 2 or _stays() or not has_one_thread():
        return [work(i) for i in range(n)]
    with _marked("part"):
        return _pool.together(work, n)


def for_chunks(work, n, chunk=CHUNK):
    """Call work(start, stop) over 0..n in chunks, shared out among the threads; every element exactly once.

    `work` must only touch its own part, so that the result does not depend on the number of threads.
    """
    starts = range(0, n, chunk)

    def share(part, parts=THREADS):
        for start in starts[len(starts) * part // parts : len(starts) * (part + 1) // parts]:
            work(start, min(start + chunk, n))

    if len(starts) < 2 or _stays():
        share(0, 1)
    else:
        _pool.together(share, THREADS)


def for_rows(work, matrix):
    """Call work(rows) with slices that cover the rows of a matrix (N, n), each about a chunk, on the threads."""
    per_chunk = max(1, ROWS_CHUNK // max(1, matrix.shape[1]))
    for_chunks(lambda start, stop: work(slice(start, stop)), len(matrix), per_chunk)


def scratch(size, dtype):
    """An array of `size` for intermediate values, this thread's own; the next call hands out the same memory.

    Fresh memory would cost more than the arithmetic: the system clears every page of it.
    """
    buffer = getattr(_kept, "buffer", None)
    if buffer is None or buffer.nbytes < size * np.dtype(dtype).itemsize:
        buffer = _kept.buffer = np.empty(max(size, CHUNK) * np.dtype(dtype).itemsize, np.uint8)
    return buffer[: size * np.dtype(dtype).itemsize].view(dtype)
