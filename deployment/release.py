"""Memory that is no longer used goes back to the system.

The C library keeps what is freed, in a heap (arena) of its own for nearly each thread, and Streamlit answers each time
in a new thread: photographs left hundreds of megabytes behind. So there is one arena, trimmed after large work.
"""

import ctypes

ARENA_MAX = -8  # M_ARENA_MAX in glibc's malloc.h


def _of_malloc(name: str):
    """A function of the C library's malloc; one that does nothing where there is none of this name, as off Linux."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (TypeError, AttributeError):
        return lambda *_: 0


def one_arena() -> None:
    """To be called before the threads that would have an arena each."""
    _of_malloc("mallopt")(ARENA_MAX, 1)


def trim() -> None:
    """Give back what was freed; takes up to 70 ms where there is much of it."""
    _of_malloc("malloc_trim")(0)
