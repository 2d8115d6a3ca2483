"""The network that is taken apart, with what is known of it and the digits that it reads."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.digits.config import Config
from core.digits.data import as_input, load_split, read_checked
from core.explain.units import LayerInfo, layers
from core.nn.gate import HeldGate
from core.nn.losses import softmax
from core.nn.network import Network
from deployment.deploy_mnist import MNISTDeployer
from deployment.ui.caches import training_images

EXAMPLES = (10, 2, 583, 18, 2130, 8, 4699, 0, 947, 7)  # test images, one of each digit; four of them are misread
VALIDATION = 2000  # images
Image = NDArray[np.floating]


@dataclass(frozen=True)
class Subject:
    """A network with folded batch normalisation. name: for sentences, such as "the shipped model"; key: changes with
    the weights; input_range: the input for pixels of 0 and 1; gate_mean: (h,) or None; learning: keyword arguments of
    core.explain.arithmetic.optimizer_step; trained_on_all: on all 60,000 images, not on the train part."""

    name: str
    key: str
    network: Network
    input_range: tuple[float, float] = (0.0, 1.0)
    gate_mean: NDArray[np.floating] | None = None
    learning: dict[str, Any] = field(default_factory=lambda: {"lr": 0.002, "weight_decay": 0.0})
    trained_on_all: bool = False

    @classmethod
    def of_deployer(cls, deployer: MNISTDeployer, name: str) -> "Subject":
        """A loaded model."""
        return cls(name, deployer.sha256, deployer.network, deployer.config.input_range, deployer.gate_mean,
                   _learning(deployer.config), deployer.config.train_on == "all")

    @classmethod
    def of_network(cls, network: Network, name: str, config: Config | None = None) -> "Subject":
        """A network that is not saved, such as one of the lab."""
        held = b"".join(np.asarray(layer.value).tobytes() for layer in network.layers if isinstance(layer, HeldGate))
        key = hashlib.sha256(network.theta.tobytes() + held).hexdigest()
        return cls(name, key, network) if config is None else cls(name, key, network, config.input_range,
                                                                  learning=_learning(config))

    @cached_property
    def layers(self) -> list[LayerInfo]:
        return layers(self.network)

    @property
    def gated(self) -> bool:
        """Whether the network has a gate, learned or held."""
        return any(info.kind == "gated" for info in self.layers)

    def input(self, images: NDArray[Any]) -> NDArray[np.floating]:
        """Network input (N, 784) of images (N, 28, 28)."""
        return as_input(images, self.input_range)

    def probabilities(self, images: NDArray[Any]) -> NDArray[np.floating]:
        """softmax(logits), (N, 10), of images (N, 28, 28)."""
        return softmax(self.network.logits(self.input(images)).astype(np.float64))


def _learning(config: Config) -> dict[str, Any]:
    return {"lr": config.lr, "weight_decay": config.weight_decay, "beta1": config.beta1, "beta2": config.beta2,
            "eps": config.eps}


@st.cache_resource(max_entries=1, show_spinner=False)
def test_digits() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The 10,000 test images (N, 28, 28) and their labels."""
    return read_checked("t10k-images-idx3-ubyte"), read_checked("t10k-labels-idx1-ubyte")


@st.cache_resource(max_entries=1, show_spinner=False)
def training_labels() -> NDArray[np.uint8]:
    """The labels of the 60,000 training images."""
    return read_checked("train-labels-idx1-ubyte")


@st.cache_resource(max_entries=1, show_spinner=False)
def validation_digits() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """VALIDATION images of the validation part (N, 28, 28), and their labels."""
    part = load_split()["validation"][:VALIDATION]
    return training_images()[part], training_labels()[part]


@st.cache_resource(max_entries=1, show_spinner=False)
def batch_digits() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The small batch of the gradient: the first eight training images of different digits."""
    part = load_split()["train"]
    labels = training_labels()[part]
    first = np.sort([np.flatnonzero(labels == digit)[0] for digit in range(8)])
    return training_images()[part[first]], labels[first]


@dataclass(frozen=True)
class Digit:
    """The digit in hand. id: YOURS or the index of a test image; image: (28, 28) in [0, 1]; label: None if unknown."""

    id: str
    image: Image
    label: int | None

    @property
    def words(self) -> str:
        return "the digit of the first tab" if self.label is None else f"a {self.label} of the test images"


def digits(yours: Image | None) -> list[Digit]:
    """The digits to choose from: that of the first tab, if there is one, and EXAMPLES."""
    images, labels = test_digits()
    mine = [] if yours is None else [Digit("yours", np.asarray(yours, np.float32), None)]
    return mine + [Digit(str(i), images[i] / np.float32(255), int(labels[i])) for i in EXAMPLES]
