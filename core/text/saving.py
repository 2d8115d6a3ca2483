"""Write what a TextReader reads: the folder of a trained LIMINAL model."""

from pathlib import Path
from typing import Any

import numpy as np

from core.storage import save_model
from core.text.intervals import Intervals
from core.text.language.english import English
from core.text.reader import PREFIX
from core.text.task import TextTask


def save_reader(folder: str | Path, task: TextTask, english: English, intervals: Intervals,
                history: dict[str, Any], metrics: dict[str, Any]) -> str:
    """Write a folder for TextReader. Returns the hash of the model."""
    assert task.prior is not None  # set after training
    arrays = {PREFIX + name: array.astype(np.float16) for name, array in task.model.net.named_parameters().items()}
    arrays |= task.table.arrays() | task.prior.arrays() | english.arrays()
    pad = task.read(task.train)[0]
    document = {**task.config.to_dict(), "version": "v7", "parameters": int(task.theta.size),
                "intervals": intervals.to_dict(), "centre": pad.mean(axis=0).tolist(),
                "spread": np.maximum(pad.std(axis=0), 1e-3).tolist()}
    return save_model(folder, arrays, document, metrics=metrics, train_history=history)
