"""Measure a trained network as the rule demands: validation, development pictures, corrupted validation images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from analytics.realworld.figures import Answer, Readings
from analytics.realworld.sets import Pictures, load_sets
from analytics.robustness.corruptions import CORRUPTIONS, corrupt
from analytics.robustness.measure import SEVERITIES
from analytics.studies.recipes.rule import VALIDATION, SetResult
from core.digits.data import as_input
from core.digits.task import Images
from core.metrics import auroc, log_loss
from core.models import pairs
from core.models.model import FINAL_MODEL, Model
from deployment.deploy_mnist import MNISTDeployer


class TrainedDeployer(MNISTDeployer):
    """A deployer of a Model in memory, so that a run can be measured before its folder, with test figures, exists."""

    def __init__(self, trained: Model) -> None:
        self.model_dir = FINAL_MODEL
        self._use(trained)
        self.pair_reader = pairs.load(pairs.FOLDER)


@dataclass(frozen=True)
class Material:
    """What every run is measured on. cells: the validation images (N, 28, 28) under each corruption and severity."""

    validation: Images
    development: list[Pictures]
    cells: list[NDArray[np.uint8]]

    @classmethod
    def load(cls, sources: Sequence[Path], validation: Images, corrupted: bool = True) -> "Material":
        """From folders and .npz files of development pictures; with `corrupted` the cells, else none. Raises ValueError
        for two sets of one name."""
        development = [pictures for source in sources for pictures in load_sets(source)]
        names = [VALIDATION, *(pictures.name for pictures in development)]
        if len(set(names)) < len(names):
            raise ValueError(f"two sets have the same name: {', '.join(sorted(names))}")
        cells = [(name, severity) for name in CORRUPTIONS for severity in SEVERITIES] if corrupted else []
        return cls(validation, development, [corrupt(name, validation.X, severity) for name, severity in cells])


def measure(deployer: MNISTDeployer, material: Material) -> dict[str, Any]:
    """The measured fields of a Result, by name: sets, log_loss, auroc, corrupted (nan without cells)."""
    probs = deployer.model.unaugmented_probabilities(as_input(material.validation.X, deployer.config.input_range))
    y = material.validation.y
    sets = {VALIDATION: SetResult(len(y), indices(probs.argmax(axis=1) != y))}
    readings = []
    for pictures in material.development:
        answers = deployer.predict_batch(pictures.pictures, skip_errors=True, kind=pictures.kind)
        readings.append(Readings.of(pictures, cast("Sequence[Answer]", answers)))
        sets[pictures.name] = set_result(readings[-1])
    pooled = Readings.pooled(readings, "all")
    return {"sets": sets, "log_loss": log_loss(probs, y), "auroc": auroc(pooled.confidence, pooled.right[pooled.read]),
            "corrupted": corrupted_accuracy(deployer, material)}


def set_result(readings: Readings) -> SetResult:
    """The SetResult of a development set; an unreadable picture is an error."""
    confident, right = readings.emotions == "confident", readings.right[readings.read]
    return SetResult(len(readings.labels), indices(~readings.right), int(confident.sum()),
                     int((confident & ~right).sum()))


def indices(wrong: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(wrong).tolist())


def corrupted_accuracy(deployer: MNISTDeployer, material: Material) -> float:
    """Mean accuracy over the cells of corrupted images, in one pass of the network."""
    right = [deployer.network.logits(as_input(images, deployer.config.input_range)).argmax(axis=1)
             == material.validation.y for images in material.cells]
    return float(np.mean(right)) if right else float("nan")
