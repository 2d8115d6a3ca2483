"""The loop of a training: batches, and the messages about them, without a process around it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.digits.task import Images
from deployment.lab.measures import Measures
from deployment.lab.settings import LabSettings
from deployment.lab.training import DivergedError, LabTask


class Loop:
    """A training on Images `train`, measured on `validation`."""

    def __init__(self, settings: LabSettings, train: Images, validation: Images) -> None:
        self.task = LabTask(settings, train, validation)
        self._measures = Measures(self.task, validation)
        self._losses: list[float] = []
        self._accuracies: list[float] = []
        self._epoch_losses: list[float] = []
        self._finite = self.task.theta.copy()

    def show(self, digit: NDArray[np.uint8] | None) -> None:
        """Measure this drawn digit (28, 28) too; None: none."""
        self._measures.show(digit)

    def train_batch(self) -> bool:
        """Train one batch; returns whether an epoch ends with it. Raises DivergedError with the weights of the last
        tick restored."""
        try:
            loss, right, ends = self.task.train_batch()
        except DivergedError:
            self.restore(self._finite, self.task.step, self.task.epoch)
            raise
        self._losses.append(loss)
        self._accuracies.append(right)
        self._epoch_losses.append(loss)
        return ends

    def restore(self, theta: NDArray[np.floating], step: int, epoch: int) -> None:
        """Continue from these parameters at the start of an epoch."""
        self.task.restore(theta, step, epoch)
        self._epoch_losses = []

    def tick(self) -> dict[str, Any]:
        """The message of the present state, with the batches since the last tick."""
        message = self._measures.tick(self._losses, self._accuracies)
        self._losses, self._accuracies = [], []
        if np.isfinite(self.task.theta).all():
            self._finite = self.task.theta.copy()
        return message

    def epoch(self) -> dict[str, Any]:
        """The message of the epoch that has ended."""
        loss = float(np.mean(self._epoch_losses)) if self._epoch_losses else 0.0
        self._epoch_losses = []
        return self._measures.epoch(loss)
