"""The pair reader as a folder of a model: weights in half precision, settings and figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.digits.config import Config
from core.digits.pairs.task import pair_network
from core.models.model import FINAL_MODEL
from core.nn.network import Network
from core.storage import ModelError, load_model, save_model

FOLDER = FINAL_MODEL / "pairs"


def save(folder: str | Path, network: Network, config: Config, metrics: Mapping[str, Any]) -> None:
    """Write a trained pair reader atomically: its arrays in float16, config.json with their hashes, metrics.json."""
    arrays = {name: array.astype(np.float16) for name, array in network.named_parameters().items()}
    save_model(folder, arrays, config.to_dict(), metrics=dict(metrics))


def load(folder: str | Path = FOLDER) -> Network:
    """The pair reader of a folder, ready for use. Raises ModelError, naming the file, if it is missing or damaged."""
    arrays, saved, *_ = load_model(folder)
    try:
        config = Config.from_dict(saved)
        # batch normalisation is folded into the saved weights
        network = pair_network(config.replace(batch_norm=False))
        return network.load({name: array.astype(np.float32) for name, array in arrays.items()}).for_inference()
    except (KeyError, TypeError, ValueError, MemoryError) as error:
        raise ModelError(f"{folder} has no pair reader of this version ({error}); train it again with "
                         "`python core/train.py --preset pairs`.") from None
