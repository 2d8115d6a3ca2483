"""Train versions 1 to 6 on priors from ridge regressions: `python -m analytics.studies.liminal versions`."""

from collections.abc import Callable
from typing import Any

from core.nn.context import Array
from core.nn.training import fit
from core.text.data.emobank import Sentences
from core.text.metrics import measure
from core.text.versions.config import VersionConfig
from core.text.versions.featurizer import Embedder, Featurizer
from core.text.versions.task import VersionTask


def prepare(sentences: Sentences, embedder: Embedder,
            vectors: Array | None = None) -> tuple[Featurizer, Array, Array]:
    """(featurizer, embedding, prior) for all sentences; the priors of train rows are held-out predictions."""
    train = sentences.rows("train")
    vectors = embedder.embed(sentences.texts) if vectors is None else vectors
    featurizer, held_out = Featurizer.fit([sentences.texts[i] for i in train], sentences.pad[train], embedder,
                                          vectors=vectors[train])
    embedding, prior = featurizer(sentences.texts, vectors)
    prior[train] = held_out
    return featurizer, embedding, prior


def train(config: VersionConfig, sentences: Sentences, embedding: Array, prior: Array,
          on_epoch: Callable[[dict[str, float]], None] | None = None) -> tuple[VersionTask, dict[str, list[float]]]:
    """The task after both phases, its theta the best weights, and the history of all epochs."""
    task = VersionTask(config, sentences, embedding, prior)
    history = fit(task, config, on_epoch=on_epoch).history
    if config.epochs_2:
        before, score = task.theta.copy(), task.evaluate()["r"]
        second = fit(task, config.second_phase(), on_epoch=on_epoch)
        if second.best < score:  # phase 2 did not improve the score
            task.theta[...] = before
        for name, values in second.history.items():
            history[name] += [value + config.epochs for value in values] if name == "epoch" else values
    return task, history


def evaluate(task: VersionTask, split: str) -> dict[str, Any]:
    """measure() on one split without a memory and, as "with_memory", with that of the document if the version has
    one."""
    rows = task.sentences.rows(split)
    output = task.read(rows)
    measures = {"n": len(rows), **measure(output.pad, task.target[rows], output.confidence)}
    if task.config.memory and task.config.outer:
        recalled = task.read(rows, task.recent())
        measures["with_memory"] = measure(recalled.pad, task.target[rows], recalled.confidence)
    return measures
