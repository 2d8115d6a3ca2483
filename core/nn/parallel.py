"""Work on threads: NumPy releases Python's global lock in its loops and products.

Either whole halves of a batch side by side, products and all, or the chunks of one element-wise pass.
"""

import os
import threading
from contextlib import contextmanager
from queue import SimpleQueue

import numpy as np

from core.blas import has_one_thread

CHUNK = 100 * 1024  # elements: the few float32 streams of a pass over so many mostly stay in a second-level cache
ROWS_CHUNK = 1 << 15  # elements: a layer has fewer of them, and both threads want a share
THREADS = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
_kept = threading.local()  # of each thread: `buffer`, its scratch; `busy`, whether it does a part of a larger work


class Pool:
    """Threads that wait for work, started when there is some for the first time.

    A handoff takes a quarter of what concurrent.futures takes for its promises; in a step of a millisecond that counts.
    """

    def __init__(self, threads):
        self._threads, self._jobs, self._starting = threads, SimpleQueue(), threading.Lock()

    def together(self, work, n):
        """[work(0), ..., work(n - 1)], the first in this thread. An error comes after all have ended."""
        with self._starting:
            for _ in range(self._threads):
                threading.Thread(target=self._serve, name="core.nn", daemon=True).start()
            self._threads = 0
        done = SimpleQueue()
        for i in range(1, n):
            self._jobs.put((work, i, done))
        outcomes = dict([_outcome(work, 0), *(done.get() for _ in range(1, n))])
        for _, error in outcomes.values():
            if error is not None:
                raise error
        return [outcomes[i][0] for i in range(n)]

    def _serve(self):
        _kept.busy = True
        while True:
            work, i, done = self._jobs.get()
            done.put(_outcome(work, i))
            del work, done  # may hold on to large arrays while this waits


def _outcome(work, i):
    try:
        return i, (work(i), None)
    except BaseException as error:
        return i, (None, error)


_pool = Pool(THREADS - 1) if THREADS > 1 else None


@contextmanager
def in_one_thread():
    """Within, all work stays in the thread that asks for it: for processes that have a core each. Results are equal."""
    before = getattr(_kept, "busy", False)
    _kept.busy = True
    try:
        yield
    finally:
        _kept.busy = before


def side_by_side(work, n):
    """[work(0), ..., work(n - 1)], on a thread each where BLAS leaves the cores to us, else one after the other.

    What `work` does in turn stays in its thread. The result is the same either way, as no two may touch the same data.
    """
    if _pool is None or n < 2 or not has_one_thread() or getattr(_kept, "busy", False):
        return [work(i) for i in range(n)]
    with in_one_thread():
        return _pool.together(work, n)


def for_chunks(work, n, chunk=CHUNK):
    """Call work(start, stop) over 0..n in chunks, shared out among the threads; every element exactly once.

    `work` must only touch its own part, so that the result does not depend on the number of threads.
    """
    starts = range(0, n, chunk)

    def share(part, parts=THREADS):
        for start in starts[len(starts) * part // parts : len(starts) * (part + 1) // parts]:
            work(start, min(start + chunk, n))

    if _pool is None or len(starts) < 2 or getattr(_kept, "busy", False):
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
