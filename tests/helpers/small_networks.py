"""Small networks for digits of every kind, with random weights and biases."""

import numpy as np

from core.digits.config import Config
from core.digits.task import digit_network

KINDS = {"gate": Config(hidden=(24, 16)), "plain": Config(hidden=(24,), gate=False),
         "sigmoid": Config(hidden=(24, 16, 12), activation="sigmoid", init="xavier"),
         "dropout": Config(hidden=(24, 16), dropout=0.2, input_dropout=0.1)}


def network_of(kind, dtype=np.float64):
    """A network of one of KINDS."""
    network = digit_network(KINDS[kind], dtype).initialise(np.random.default_rng(1))
    network.theta[network.n_matrix :] += np.random.default_rng(3).normal(0, 0.3, network.theta.size - network.n_matrix)
    return network
