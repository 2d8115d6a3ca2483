"""Soft labels are distributions, repeatable, and fit only the images they were made for."""

import numpy as np
import pytest

from core.config import Config
from core.data import DataError
from core.digits import DigitTask, Images
from core.network import build_network
from core.soften import soften


def images(n):
    rng = np.random.default_rng(0)
    return Images(rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n))


def test_soft_labels_are_the_mean_of_the_teachers():
    networks = [build_network(Config(hidden=(8,))).initialise(np.random.default_rng(seed)) for seed in (1, 2)]
    X = images(30).X
    both = soften(networks, X, looks=2)
    np.testing.assert_allclose(both.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(both, sum(soften([network], X, looks=2) for network in networks) / 2, atol=1e-6)


def test_soft_labels_of_other_images_are_refused(tmp_path):
    np.save(tmp_path / "soft.npy", np.full((20, 10), 0.1, np.float32))
    config = Config(hidden=(8,), batch_size=10, soft_labels=str(tmp_path / "soft.npy"))
    DigitTask(config, images(20), images(5))
    with pytest.raises(DataError, match="for 21 training images"):
        DigitTask(config, images(21), images(5))
    with pytest.raises(DataError, match="cannot be read"):
        DigitTask(config.but(soft_labels="nowhere.npy"), images(20), images(5))
