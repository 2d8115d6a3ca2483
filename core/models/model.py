"""A finished model as a value, read from its folder: weights, readout, mean gates."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.digits.config import Config
from core.digits.task import digit_network
from core.nn.network import Network
from core.storage import ModelError, load_model, model_sha256
from core.uncertainty.readout import Readout

FINAL_MODEL = Path(__file__).resolve().parents[2] / "final_model"


@dataclass(frozen=True)
class Model:
    """What a model folder holds. gate_mean (h,), gate_class_mean (10, h): over training images, None without a gate."""

    network: Network
    config: Config
    readout: Readout
    gate_mean: np.ndarray | None
    gate_class_mean: np.ndarray | None
    saved: dict  # config.json as it was read

    @property
    def sha256(self):
        """The hash that files made from this model carry."""
        return model_sha256(self.saved)

    def probabilities(self, X):
        """Calibrated probabilities (N, 10) of network input X (N, 784)."""
        return self.readout.read(self.network, X)[0]


def load_network(folder):
    """(network, config, arrays, saved config.json) of a model folder; raises as `load`."""
    arrays, saved = load_model(folder)
    try:
        config = Config.from_dict(saved)
        model_sha256(saved)
        # a saved network has batch normalisation folded in
        return digit_network(config.replace(batch_norm=False)).load(arrays), config, arrays, saved
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder} does not hold a model of this version ({error}); train it again.") from None


def load(folder=FINAL_MODEL):
    """Read a model folder. Raises ModelError, a sentence for people, when a file is missing or damaged."""
    network, config, arrays, saved = load_network(folder)
    try:
        readout = Readout.from_saved(saved["readout"], arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder} does not hold a readout of this version ({error}); fit it again with "
                         f"`python core/train.py --refit {folder}`.") from None
    per_class = arrays.get("gate_class_mean")
    return Model(network.for_inference(), config, readout, None if per_class is None else per_class.mean(axis=0),
                 per_class, saved)
