"""Return freed memory to the system.

glibc has an arena for nearly every thread, and Streamlit runs each script in a new thread. After a large picture is
freed, glibc raises its mmap threshold: later pictures are allocated in arenas, which hold up to 64 MB each, so that
photographs left hundreds of megabytes allocated. Fixed thresholds and a trim after large work prevent this.
"""

import ctypes
from collections.abc import Callable

MOST_FREE = 8 * 2**20  # bytes of free memory at the end of an arena
MMAP_FROM = 32 * 2**20  # bytes; larger blocks get a mapping and are returned when freed. Lower is slower: page faults
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD in glibc's malloc.h


def _malloc_function(name: str) -> Callable[..., int]:
    """A function of glibc's malloc; one that does nothing if the C library lacks it, as outside Linux."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (TypeError, AttributeError):
        return lambda *_: 0


def bound_arenas() -> bool:
    """Fix both thresholds; returns whether the C library accepted them."""
    mallopt = _malloc_function("mallopt")
    return all([mallopt(MMAP_THRESHOLD, MMAP_FROM), mallopt(TRIM_THRESHOLD, MOST_FREE)])


def trim() -> None:
    """Return free memory inside the arenas; takes up to 70 ms."""
    _malloc_function("malloc_trim")(0)
