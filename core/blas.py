"""How many threads NumPy's matrix products use: a matter of the whole process, settled before NumPy is imported.

Training shares its work out itself (core/nn/parallel.py). Threads of BLAS on top of that would fight over the cores:
two of them stall by a factor of ten as soon as anything else runs. So the commands call `use_one_thread` first. Merely
importing core changes nothing.
"""

import os

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def use_one_thread():
    """Ask BLAS for one thread, unless somebody has asked for a number already. Too late once NumPy is imported."""
    if not any(name in os.environ for name in VARIABLES):
        os.environ.update(dict.fromkeys(VARIABLES, "1"))


def has_one_thread():
    """Whether BLAS was asked for one thread."""
    return next((os.environ[name] for name in VARIABLES if name in os.environ), None) == "1"
