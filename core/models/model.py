"""A finished model as a value, read from its folder: weights, readout, mean gates."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.digits.config import Config
from core.digits.data import PIXELS
from core.digits.task import digit_network
from core.models.check import check, check_config, check_history, check_metrics
from core.nn.network import Network
from core.storage import ModelError, load_model, model_sha256
from core.uncertainty.readout import Readout

FINAL_MODEL = Path(__file__).resolve().parents[2] / "final_model"


DOCUMENTS = ("metrics", "train_history")


@dataclass(frozen=True)
class Model:
    """What a model folder holds. gate_mean (h,), gate_class_mean (10, h): over training images, None without a gate."""

    network: Network
    config: Config
    readout: Readout
    gate_mean: np.ndarray | None
    gate_class_mean: np.ndarray | None
    saved: dict  # config.json as it was read
    metrics: dict | None  # metrics.json and train_history.json, where the folder has them
    history: dict | None

    @property
    def sha256(self):
        """The hash that files made from this model carry."""
        return model_sha256(self.saved)

    @property
    def weights_sha256(self):
        """The hash that files fitted to this network's activations carry (core/models/fitted.py)."""
        return weights_sha256(self.saved, self.network)

    def probabilities(self, X):
        """Calibrated probabilities (N, 10) of network input X (N, 784)."""
        return self.readout.read(self.network, X)[0]

    def unaugmented_probabilities(self, X):
        """The same before doubtful images are looked at again: what the network alone makes of them."""
        return self.readout.calibration.probabilities(self.readout.unaugmented_evidence(self.network, X))


def weights_sha256(saved, network):
    """One hash over the parameters of a network alone, from the config.json that vouches for its arrays: a readout
    that is fitted again does not change it."""
    hashes = {name: saved["arrays"][name] for name in network.named_parameters()}
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


def load_network(folder):
    """(network, config, arrays, config.json, metrics, history) of a model folder; raises as `load`."""
    arrays, saved, metrics, history = load_model(folder, DOCUMENTS)
    try:
        config = Config.from_dict(saved)
        model_sha256(saved)
        # a saved network has batch normalisation folded in
        network = digit_network(config.replace(batch_norm=False)).load(arrays)
    except (KeyError, TypeError, ValueError, MemoryError) as error:
        raise ModelError(f"{folder} does not hold a model of this version ({error}); train it again.") from None
    check_config(saved, config, network, Path(folder) / "config.json")
    if metrics is not None:
        check_metrics(metrics, Path(folder) / "metrics.json")
    if history is not None:
        check_history(history, Path(folder) / "train_history.json")
    return network, config, arrays, saved, metrics, history


def load(folder=FINAL_MODEL):
    """Read a model folder, checked whole. Raises ModelError, a sentence for people, when a file is missing or
    damaged."""
    network, config, arrays, saved, metrics, history = load_network(folder)
    try:
        readout = Readout.from_saved(saved["readout"], arrays, widths=(config.hidden[0], config.hidden[-1]))
        probs, novelty, by_fold = readout.read(network, np.zeros((1, PIXELS), np.float32))
        if not np.isfinite([*probs[0], *novelty]).all() or not readout.prediction_sets(by_fold):
            raise ValueError("it reads what is no number")
    except Exception as error:  # whatever stands in a foreign file
        raise ModelError(f"{folder} does not hold a readout of this version ({error}); fit it again with "
                         f"`python core/train.py --refit {folder}`.") from None
    per_class = arrays.get("gate_class_mean")
    if network.has_gate:
        check(
            per_class is not None and per_class.shape == (10, config.hidden[-1]),
            Path(folder) / "gate_class_mean.npy",
            f"is not the mean gate of ten digits and {config.hidden[-1]} units",
        )
    return Model(network.for_inference(), config, readout, per_class.mean(axis=0) if network.has_gate else None,
                 per_class if network.has_gate else None, saved, metrics, history)
