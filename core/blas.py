"""Limit BLAS to one thread. Must run before NumPy is imported.

Training has its thread pool (core/nn/parallel.py). Threads of BLAS in addition would compete for the cores: two of them
are ten times slower as soon as anything else runs. Commands therefore call `use_one_thread` first; importing core
changes nothing.
"""

import os

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def use_one_thread() -> None:
    """Set the number of BLAS threads to 1, unless the environment sets it. No effect once NumPy is imported."""
    if not any(name in os.environ for name in VARIABLES):
        os.environ.update(dict.fromkeys(VARIABLES, "1"))


def has_one_thread() -> bool:
    """Whether the environment limits BLAS to one thread."""
    return next((os.environ[name] for name in VARIABLES if name in os.environ), None) == "1"
