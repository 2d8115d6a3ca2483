"""Training v1 to v6: priors from ridge regressions, then two phases. `python -m analytics.studies.liminal versions`."""


from core.nn.training import fit
from core.text.metrics import measure
from core.text.versions.featurizer import Featurizer
from core.text.versions.task import VersionTask


def prepare(sentences, embedder, vectors=None):
    """(featurizer, embedding, prior) for all sentences; the priors of train rows come from regressions that lacked
    them."""
    train = sentences.rows("train")
    vectors = embedder.embed(sentences.texts) if vectors is None else vectors
    featurizer, held_out = Featurizer.fit([sentences.texts[i] for i in train], sentences.pad[train], embedder,
                                vectors=vectors[train])
    embedding, prior = featurizer(sentences.texts, vectors)
    prior[train] = held_out
    return featurizer, embedding, prior


def train(config, sentences, embedding, prior, on_epoch=None):
    """Both phases. Returns the task, its theta the weights kept, and the history of all epochs."""
    task = VersionTask(config, sentences, embedding, prior)
    history = fit(task, config, on_epoch=on_epoch).history
    if config.epochs_2:
        before, score = task.theta.copy(), task.evaluate()["r"]
        second = fit(task, config.second_phase(), on_epoch=on_epoch)
        if second.best < score:  # the second phase only stays where it helped
            task.theta[...] = before
        for name, values in second.history.items():
            history[name] += [value + config.epochs for value in values] if name == "epoch" else values
    return task, history


def evaluate(task, split):
    """measure() of one split, without a memory, and the same with the memory of the document where there is one."""
    rows = task.sentences.rows(split)
    thought = task.read(rows)
    found = {"n": len(rows), **measure(thought.pad, task.target[rows], thought.confidence)}
    if task.config.memory and task.config.outer:
        recalled = task.read(rows, task.recent())
        found["with_memory"] = measure(recalled.pad, task.target[rows], recalled.confidence)
    return found
