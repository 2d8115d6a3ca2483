"""Test digits for all that turns pictures into digits."""

import numpy as np
import pytest

from core.digits.data import load_mnist


@pytest.fixture(scope="session")
def digits():
    """(20, 28, 28) uint8: the first two of each class of the test set."""
    mnist = load_mnist()
    chosen = [i for digit in range(10) for i in np.flatnonzero(mnist["y_test"] == digit)[:2]]
    return mnist["X_test"][chosen]
