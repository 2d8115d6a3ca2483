"""The k-NN index beside the weights: of MNIST's training images, and gone where there are others."""

import numpy as np
import pytest

from core.digits.config import Config
from core.digits.data import load_mnist, load_split
from core.digits.task import Images, digit_network
from core.explain.neighbours import FILE, NeighbourIndex
from core.models.finish import save_neighbours
from core.storage import ModelError


def test_it_is_saved_with_the_model_and_leaves_with_other_images(tmp_path):
    config, split, mnist = Config(hidden=(8,)), load_split()["train"], load_mnist()
    network = digit_network(config).initialise(np.random.default_rng(0))
    train = Images(mnist["X_train"][split], mnist["y_train"][split])
    save_neighbours(tmp_path, network, config, train, "hash")
    saved = NeighbourIndex.load(tmp_path / FILE, "hash")
    assert len(saved.labels) == 6000 and (tmp_path / FILE).stat().st_size < 3e6
    assert np.array_equal(mnist["y_train"][saved.indices], saved.labels) and np.isin(saved.indices, split).all()
    with pytest.raises(ModelError, match="another model"):
        NeighbourIndex.load(tmp_path / FILE, "another")
    save_neighbours(tmp_path, network, config, Images(train.X[::-1], train.y[::-1]), "hash")
    assert not (tmp_path / FILE).exists()

    everything = Images(mnist["X_train"], mnist["y_train"])
    save_neighbours(tmp_path, network, config, everything, "hash")
    saved = NeighbourIndex.load(tmp_path / FILE, "hash")
    assert np.array_equal(mnist["y_train"][saved.indices], saved.labels) and not np.isin(saved.indices, split).all()
    save_neighbours(tmp_path, network, config.replace(csv="mine.csv"), everything, "hash")
    assert not (tmp_path / FILE).exists()
