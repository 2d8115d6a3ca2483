"""Chunks of element-wise work on threads: NumPy releases Python's global lock in its loops."""

import os
from concurrent.futures import ThreadPoolExecutor

CHUNK = 1 << 15  # elements: five float32 streams of this length stay within a 1 MB second-level cache
THREADS = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
_pool = ThreadPoolExecutor(THREADS - 1, thread_name_prefix="chunks") if THREADS > 1 else None


def for_chunks(work, n, chunk=CHUNK):
    """Call work(start, stop) over 0..n in chunks, shared out among the threads; every element exactly once.

    `work` must only touch its own part, so that the result does not depend on the number of threads.
    """
    starts = range(0, n, chunk)
    if _pool is None or len(starts) < 2 * THREADS:
        for start in starts:
            work(start, min(start + chunk, n))
        return

    def share(first):
        for start in starts[first::THREADS]:
            work(start, min(start + chunk, n))

    others = [_pool.submit(share, first) for first in range(1, THREADS)]
    share(0)
    for other in others:
        other.result()
