"""A trained model, loaded from its folder: weights, readout, mean gates."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.digits.config import Config
from core.digits.data import PIXELS
from core.digits.task import digit_network
from core.models.check import check, check_config, check_history, check_metrics
from core.nn.network import Network
from core.shipped import runs_folder, shipped
from core.storage import ModelError, load_model, model_sha256
from core.uncertainty.readout import Readout

FINAL_MODEL, RUNS = shipped("final_model"), runs_folder()
DOCUMENTS = ("metrics", "train_history")


@dataclass(frozen=True)
class Model:
    """The contents of a model folder. gate_mean (h,), gate_class_mean (10, h): means of the gate over training images,
    None without a gate."""

    network: Network
    config: Config
    readout: Readout
    gate_mean: NDArray[np.floating] | None
    gate_class_mean: NDArray[np.floating] | None
    saved: dict[str, Any]  # the content of config.json
    metrics: dict[str, Any] | None  # metrics.json, None if the folder has none
    history: dict[str, list] | None  # train_history.json, None if the folder has none

    @property
    def sha256(self) -> str:
        """The hash stored in files made from this model."""
        return model_sha256(self.saved)

    @property
    def weights_sha256(self) -> str:
        """The hash of the parameters, stored in figures that depend on them alone."""
        return weights_sha256(self.saved, self.network)

    def probabilities(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Calibrated probabilities (N, 10) of network input X (N, 784)."""
        return self.readout.read(self.network, X)[0]

    def unaugmented_probabilities(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Calibrated probabilities (N, 10) without test-time augmentation."""
        return self.readout.calibration.probabilities(self.readout.unaugmented_evidence(self.network, X))


def weights_sha256(saved: dict[str, Any], network: Network) -> str:
    """A hash over the parameters of a network only, from the hashes in its config.json. Refitting the readout does not
    change it."""
    hashes = {name: saved["arrays"][name] for name in network.named_parameters()}
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


def load_network(folder: str | Path) -> tuple[Network, Config, dict[str, NDArray], dict[str, Any],
                                              dict[str, Any] | None, dict[str, list] | None]:
    """(network, config, arrays, config.json, metrics, history) of a model folder. Raises ModelError."""
    arrays, saved, metrics, history = load_model(folder, DOCUMENTS)
    try:
        config = Config.from_dict(saved)
        model_sha256(saved)
        # batch normalisation is folded into the saved weights
        network = digit_network(config.replace(batch_norm=False)).load(arrays)
    except (KeyError, TypeError, ValueError, MemoryError) as error:
        raise ModelError(f"{folder} has no model of this version ({error}); train it again.") from None
    check_config(saved, config, network, Path(folder) / "config.json")
    if metrics is not None:
        check_metrics(metrics, Path(folder) / "metrics.json")
    if history is not None:
        check_history(history, Path(folder) / "train_history.json")
    return network, config, arrays, saved, metrics, history


def load(folder: str | Path = FINAL_MODEL) -> Model:
    """Read and check a model folder. Raises ModelError if a file is missing or damaged."""
    network, config, arrays, saved, metrics, history = load_network(folder)
    try:
        readout = Readout.from_saved(saved["readout"], arrays, widths=(config.hidden[0], config.hidden[-1]))
        probs, novelty, by_fold = readout.read(network, np.zeros((1, PIXELS), np.float32))
        if not np.isfinite([*probs[0], *novelty]).all() or not readout.prediction_sets(by_fold):
            raise ValueError("its answers are not finite")
    except Exception as error:  # a foreign file may raise any exception
        raise ModelError(f"{folder} has no readout of this version ({error}); fit it again with "
                         f"`python core/train.py --refit {folder}`.") from None
    mean = per_class = None
    if network.has_gate:
        per_class = arrays.get("gate_class_mean", np.empty(0))
        check(per_class.shape == (10, config.hidden[-1]), Path(folder) / "gate_class_mean.npy",
              f"is not the mean gate of ten digits and {config.hidden[-1]} units")
        mean = per_class.mean(axis=0)
    return Model(network, config, readout, mean, per_class, saved, metrics, history)
