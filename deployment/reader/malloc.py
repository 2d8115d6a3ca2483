"""Memory that is no longer used goes back to the system.

The C library (glibc) keeps a heap, an arena, for nearly each thread, and Streamlit answers each time in a new thread.
Once a large picture was freed, glibc raises its limits of its own accord: the next ones are put into the arenas, which
keep up to 64 MB each. Photographs left hundreds of megabytes behind. Fixed limits stop that, and what is free within
the arenas is given back after large work.
"""

import ctypes

KEPT = 8 * 2**20  # bytes that an arena may keep at its end
LARGE = 32 * 2**20  # bytes: from this on memory is of its own and goes back at once; lower is slower, page by page
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # names of these limits in glibc's malloc.h


def _of_malloc(name: str):
    """A function of the C library's malloc; one that does nothing where there is none of this name, as off Linux."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (TypeError, AttributeError):
        return lambda *_: 0


def bound_arenas() -> bool:
    """Fix how much freed memory an arena keeps at its end; whether the C library has taken that."""
    return all([_of_malloc("mallopt")(MMAP_THRESHOLD, LARGE), _of_malloc("mallopt")(TRIM_THRESHOLD, KEPT)])


def trim() -> None:
    """Give back what is free within the arenas; takes up to 70 ms where there is much of it."""
    _of_malloc("malloc_trim")(0)
