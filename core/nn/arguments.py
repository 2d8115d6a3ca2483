"""Argument checks whose error messages name the argument."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def check_rng(who: str, rng: object) -> np.random.Generator:
    """The argument itself. Raises TypeError unless it is a random generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{who} needs rng, a numpy.random.Generator such as np.random.default_rng(0), not {rng!r}")
    return rng


def check_choice(name: str, value: object, choices: Iterable[object]) -> None:
    """Raises ValueError unless the value of an argument is one of the choices."""
    choices = list(choices)
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")


def check_sizes(who: str, **sizes: Any) -> None:
    """Raises ValueError unless each is an integer of at least 1."""
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{who} needs {name}, a whole number of at least 1, not {size!r}")


def check_matrix(who: str, name: str, array: ArrayLike, columns: int | None = None, rows: int | None = None) -> None:
    """Raises ValueError unless array is a matrix (rows, columns); None accepts any number."""
    shape = np.shape(array)
    if len(shape) != 2 or columns not in (None, shape[1]) or rows not in (None, shape[0]):
        wanted = f"({'N' if rows is None else rows}, {'n' if columns is None else columns})"
        raise ValueError(f"{who} needs {name} of shape {wanted}, not {shape}")


def check_length(who: str, name: str, array: ArrayLike, n: int) -> None:
    """Raises ValueError unless array is a vector of n values."""
    if np.shape(array) != (n,):
        raise ValueError(f"{who} needs {name} of shape ({n},), not {np.shape(array)}")


def check_labels(who: str, y: ArrayLike, n: int, rows: int, least: int = 0) -> None:
    """Raises ValueError unless y holds one integer from `least` to n - 1 for each of the rows."""
    check_length(who, "y", y, rows)
    y = np.asarray(y)
    if y.dtype.kind not in "iu":
        raise ValueError(f"{who} needs y of whole numbers, not {y.dtype}")
    if rows and not (least <= y.min() and y.max() < n):
        raise ValueError(f"{who} needs y from {least} to {n - 1}, not from {y.min()} to {y.max()}")
