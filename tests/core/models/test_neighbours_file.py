"""The k-NN index beside the weights: of MNIST's training images, and none where there are others."""

import numpy as np

from core.digits.config import Config
from core.digits.data import load_mnist, load_split
from core.digits.task import Images, digit_network
from core.models.finish import neighbours


def test_it_is_of_the_images_that_trained_and_there_is_none_of_others():
    config, split, mnist = Config(hidden=(8,)), load_split()["train"], load_mnist()
    network = digit_network(config).initialise(np.random.default_rng(0))
    train = Images(mnist["X_train"][split], mnist["y_train"][split])
    index = neighbours(network, config, train)
    assert len(index.labels) == 6000 and len(index.to_bytes("hash")) < 3e6
    assert np.array_equal(mnist["y_train"][index.indices], index.labels) and np.isin(index.indices, split).all()
    assert neighbours(network, config, Images(train.X[::-1], train.y[::-1])) is None

    everything = Images(mnist["X_train"], mnist["y_train"])
    index = neighbours(network, config, everything)
    assert np.array_equal(mnist["y_train"][index.indices], index.labels) and not np.isin(index.indices, split).all()
    assert neighbours(network, config.replace(csv="mine.csv"), everything) is None
