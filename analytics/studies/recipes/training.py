"""Train one run of a recipe and measure it, without the test set.

A run's folder, runs/recipes/NAME-SEED-EPOCHS, holds its settings and its checkpoint, as one of core/train.py does:
`python core/train.py --resume FOLDER` later reads the test set and writes the model folder, without training again.
"""

from collections.abc import Mapping
from pathlib import Path

from analytics.studies.processes import ROOT
from analytics.studies.recipes.ideas import RECIPES, config_of
from analytics.studies.recipes.measure import Material, TrainedDeployer, measure
from analytics.studies.recipes.rule import Result
from core.digits.config import Config
from core.digits.task import DigitTask, Images
from core.files import TRAINING_LOCK, locked
from core.models.finish import finish
from core.models.model import Model
from core.nn.checkpoint import Progress, check_same
from core.nn.network import Network
from core.nn.training import fit
from core.storage import read_json, write_json
from core.train import CHECKPOINT, SETTINGS

RUNS = ROOT / "runs" / "recipes"


def trained(config: Config, parts: Mapping[str, Images], folder: Path) -> tuple[Network, Progress]:
    """Train a run or resume it from its folder; returns the finished network. Raises CheckpointError if the folder
    holds a run with other settings, KeyboardInterrupt if training was stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / TRAINING_LOCK, wait=False):
        if (folder / SETTINGS).exists():
            check_same(folder / SETTINGS, Config.from_dict(read_json(folder / SETTINGS)), config)
        write_json(folder / SETTINGS, config.to_dict())
        task = DigitTask(config, parts["train"], parts["validation"])
        progress = fit(task, config, folder / CHECKPOINT, resume=True)
    if progress.interrupted:
        raise KeyboardInterrupt
    return task.finished(), progress


def result_of(recipe: str, seed: int, epochs: int, parts: dict[str, Images], material: Material,
              runs: Path = RUNS) -> Result:
    """Train a run, fit its readout and measure it."""
    config = config_of(recipe, seed, epochs)
    network, progress = trained(config, parts, runs / f"{recipe}-{seed}-{epochs}")
    readout, per_class = finish(network, config, parts)
    mean = None if per_class is None else per_class.mean(axis=0)
    model = Model(network, config, readout, mean, per_class, {}, None, None)
    return Result(recipe, seed, epochs, int(network.theta.size), changes=RECIPES[recipe],
                  seconds=round(sum(progress.history["seconds"]), 1), **measure(TrainedDeployer(model), material))
