"""The study's arms and regimes: the networks that are compared, and their training data.

Arms of one seed share their data, the initial weights of every layer they have in common, the order of batches and the
augmentation of every image, so comparisons are paired.
"""

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from analytics.studies.gate.layers import ConstantGate, FixedGate, OpenGate, OthersGate, ResidualGate
from core.digits.config import Config
from core.digits.data import DIGITS, PIXELS
from core.digits.presets import AS_STATED, DEFAULT
from core.digits.task import DigitTask, Images
from core.nn.gate import EmotionalGate, HeldGate
from core.nn.network import Network, build_network

WIDTH = 256
AUGMENTED = DEFAULT.replace(hidden=(WIDTH,) * 3, gate=False, epochs=8, ornament=0.0)
UNAUGMENTED = AUGMENTED.replace(elastic=0.0, rotation=0, scale=0.0, shear=0.0, shift=0.0, thickness=0.0)
FEW, WRONG = 1000, 0.2  # training images of "few"; share of wrong labels of "wrong"
REGIMES = {
    "augmented": AUGMENTED,
    "plain": AS_STATED["emotion-mlp"].replace(gate=False),
    "few": AUGMENTED.replace(batch_size=64, epochs=40),
    "wrong": UNAUGMENTED,
}

HELD = "held at 1"  # must equal "none": run once, as a check
GATES = {"gate": EmotionalGate, "constant": ConstantGate, "other's": OthersGate, "fixed": FixedGate,
         "residual": ResidualGate, "open": OpenGate}
DYNAMIC_GATES = ("gate", "other's", "fixed", "residual", "open")  # arms whose gate depends on the image
FOCAL = {"focal 1": (1.0, False), "focal 2": (2.0, False), "shuffled 1": (1.0, True), "shuffled 2": (2.0, True)}
ARMS = ("none", "dense", *GATES, *FOCAL)  # all except HELD


def settings(regime: str, arm: str, seed: int) -> Config:
    """The Config of one training run."""
    config = REGIMES[regime].replace(preset=f"gate-{regime}", seed=seed)
    if arm == "dense":
        config = config.replace(hidden=(*config.hidden, config.hidden[-1]))
    return config.replace(focal_gamma=FOCAL[arm][0]) if arm in FOCAL else config


def arm_network(config: Config, arm: str) -> Network:
    """The arm's network; ArmTask initialises each layer from the seed and the layer's name alone."""
    network = build_network(config, PIXELS, DIGITS)
    layers = list(zip(network.names, network.layers, strict=True))
    if arm in GATES:
        n = config.hidden[-1]
        layers.insert(-1, ("gate", FixedGate(n, of_layer(config.seed, "gate")) if arm == "fixed" else GATES[arm](n)))
    elif arm == HELD:
        layers.insert(-1, ("gate", HeldGate(1.0)))
    return Network(layers)


def of_layer(seed: int, name: str) -> np.random.Generator:
    """The generator of a layer's initial weights."""
    return np.random.default_rng([seed, 0, crc32(name.encode())])


def regime_data(regime: str, seed: int, train: Images) -> Images:
    """The training images of a regime and seed, the same for every arm."""
    rng = np.random.default_rng([seed, 6])
    if regime == "few":
        return train.part(rng.permutation(len(train))[:FEW])
    if regime == "wrong":
        wrong = rng.random(len(train)) < WRONG
        shift = rng.integers(1, DIGITS, len(train))
        return Images(train.X, np.where(wrong, (train.y + shift) % DIGITS, train.y).astype(train.y.dtype))
    return train


class ArmTask(DigitTask):
    """A DigitTask with an arm's network; arms "shuffled" permute the focal weights within each batch."""

    def __init__(self, config: Config, arm: str, train: Images, validation: Images):
        network = arm_network(config, arm)
        super().__init__(config, train, validation, network)
        for name, layer, params in zip(network.names, network.layers, network.params, strict=True):
            layer.initialise(params, of_layer(config.seed, name))
        self._shuffle = np.random.default_rng([config.seed, 7]) if FOCAL.get(arm, (0, False))[1] else None

    def sample_weight(self, logits: NDArray[np.floating], y: NDArray[np.integer]) -> NDArray[np.floating]:
        weight = super().sample_weight(logits, y)
        return weight if self._shuffle is None else self._shuffle.permutation(weight)
