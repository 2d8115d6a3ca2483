"""The study's arms and regimes: what differs between networks of one seed, and what all of them learn from.

Arms of one seed share their data, the initial weights of every layer they have in common, the order of batches and the
augmentation of every picture. So a difference between two of them is a difference within seeds.
"""

from zlib import crc32

import numpy as np

from analytics.studies.gate.layers import ConstantGate, FixedGate, OpenGate, OthersGate, ResidualGate
from core.digits.data import DIGITS, PIXELS
from core.digits.presets import AS_STATED, DEFAULT
from core.digits.task import DigitTask, Images
from core.nn.gate import EmotionalGate, HeldGate
from core.nn.network import Network, build_network

WIDTH = 256
AUGMENTED = DEFAULT.replace(hidden=(WIDTH,) * 3, gate=False, epochs=8, ornament=0.0)
UNAUGMENTED = AUGMENTED.replace(elastic=0.0, rotation=0, scale=0.0, shear=0.0, shift=0.0, thickness=0.0)
FEW, WRONG = 1000, 0.2  # training images of the regime "few", and share of wrong labels in "wrong"
REGIMES = {
    "augmented": AUGMENTED,
    "plain": AS_STATED["emotion-mlp"].replace(gate=False),
    "few": AUGMENTED.replace(batch_size=64, epochs=40),
    "wrong": UNAUGMENTED,
}

HELD = "held at 1"  # equals "none": run once, as a check
GATES = {"gate": EmotionalGate, "constant": ConstantGate, "other's": OthersGate, "fixed": FixedGate,
         "residual": ResidualGate, "open": OpenGate}
DYNAMIC_GATES = ("gate", "other's", "fixed", "residual", "open")  # arms whose gate differs from picture to picture
FOCAL = {"focal 1": (1.0, False), "focal 2": (2.0, False), "shuffled 1": (1.0, True), "shuffled 2": (2.0, True)}
ARMS = ("none", "dense", *GATES, *FOCAL)  # all but the check


def settings(regime, arm, seed):
    """The Config of one training."""
    config = REGIMES[regime].replace(preset=f"gate-{regime}", seed=seed)
    if arm == "dense":
        config = config.replace(hidden=(*config.hidden, config.hidden[-1]))
    return config.replace(focal_gamma=FOCAL[arm][0]) if arm in FOCAL else config


def arm_network(config, arm):
    """The arm's network at its initial weights, each layer's drawn from the seed and the layer's name alone."""
    network = build_network(config, PIXELS, DIGITS)
    layers = list(zip(network.names, network.layers, strict=True))
    if arm in GATES:
        n = config.hidden[-1]
        layers.insert(-1, ("gate", FixedGate(n, of_layer(config.seed, "gate")) if arm == "fixed" else GATES[arm](n)))
    elif arm == HELD:
        layers.insert(-1, ("gate", HeldGate(1.0)))
    return Network(layers)


def of_layer(seed, name):
    """The generator of a layer's initial weights."""
    return np.random.default_rng([seed, 0, crc32(name.encode())])


def regime_data(regime, seed, train):
    """The training Images of a regime and seed, the same for every arm."""
    rng = np.random.default_rng([seed, 6])
    if regime == "few":
        return train.part(rng.permutation(len(train))[:FEW])
    if regime == "wrong":
        wrong = rng.random(len(train)) < WRONG
        shift = rng.integers(1, DIGITS, len(train))
        return Images(train.X, np.where(wrong, (train.y + shift) % DIGITS, train.y).astype(train.y.dtype))
    return train


class ArmTask(DigitTask):
    """A DigitTask whose network is an arm's, and whose focal weights may be dealt out by chance."""

    def __init__(self, config, arm, train, validation):
        network = arm_network(config, arm)
        super().__init__(config, train, validation, network)
        for name, layer, params in zip(network.names, network.layers, network.params, strict=True):
            layer.initialise(params, of_layer(config.seed, name))
        self._dealt = np.random.default_rng([config.seed, 7]) if FOCAL.get(arm, (0, False))[1] else None

    def sample_weight(self, logits, y):
        weight = super().sample_weight(logits, y)
        return weight if self._dealt is None else self._dealt.permutation(weight)
