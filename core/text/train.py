"""Train LIMINAL, the reader of emotion in text: `python core/text/train.py [--data FILE]`.

Without --data EmoBank is fetched once (CC BY-SA 4.0). Phase 1 learns with a falling rate, phase 2 polishes gently; each
epoch's Hope, Faith, Love, MAE, MSE, R2 and r on the dev split are shown and kept. About three minutes on one core.
"""

if __name__ == "__main__":  # before NumPy is imported
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import time
from pathlib import Path

import numpy as np

from core.command import refusing
from core.nn.training import fit
from core.storage import load_model
from core.text.config import VERSIONS, TextConfig
from core.text.data import load_emobank
from core.text.featurizer import Featurizer, WordVectors
from core.text.metrics import measure
from core.text.reader import FINAL_LIMINAL, save_reader
from core.text.task import TextTask

RUNS = Path(__file__).resolve().parents[2] / "runs"


def arguments(argv):
    parser = argparse.ArgumentParser(prog="python core/text/train.py", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, metavar="FILE", help="EmoBank's emobank.csv (default: fetched)")
    parser.add_argument("--words", type=Path, metavar="DIR", default=FINAL_LIMINAL,
                        help="a folder with a table of word vectors (default: the shipped one)")
    parser.add_argument("--version", choices=list(VERSIONS), help="v1, v2, v3, v4 or v6 (default: all its parts)")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="any other setting of core/text/config.py, such as --set outer=3")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write the model (default: runs/liminal)")
    return parser.parse_args(argv)


def settings(args):
    """The TextConfig that the command line asks for. Raises ValueError naming what is wrong."""
    changes = {name: getattr(args, name) for name in ("epochs", "seed") if getattr(args, name) is not None}
    changes |= TextConfig.parse(args.set)
    return TextConfig.version(args.version, **changes) if args.version else TextConfig(**changes)


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
    task = TextTask(config, sentences, embedding, prior)
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


def show(row):
    print(f"epoch {row['epoch']:2d}  loss {row['loss']:.4f}  Hope {row['hope']:.4f}  Faith {row['faith']:.4f}  "
          f"Love {row['love']:.4f}  MAE {row['mae']:.4f}  MSE {row['mse']:.5f}  R2 {row['r2']:.4f}  "
          f"r {row['r_V']:.3f} {row['r_A']:.3f} {row['r_D']:.3f}  {row['seconds']:.0f} s", flush=True)


def main(argv=None, embedder=None):
    """embedder: one of deployment/text/embedders.py instead of the shipped word table."""
    args = arguments(argv)
    with refusing("train"):
        run(args, embedder)


def run(args, embedder):
    """Everything that the command does."""
    config = settings(args)
    sentences = load_emobank(args.data, progress=print)
    embedder = embedder or WordVectors.from_arrays(load_model(args.words)[0])
    started = time.perf_counter()
    print(f"reading {len(sentences.texts):,} sentences, regressing on their n-grams and {embedder.name}", flush=True)
    featurizer, embedding, prior = prepare(sentences, embedder)
    print(f"done in {time.perf_counter() - started:.0f} s", flush=True)
    task, history = train(config, sentences, embedding, prior, show)
    test = sentences.rows("test")
    metrics = {"dev": evaluate(task, "dev"), "test": evaluate(task, "test"),
               "ridge_test": measure(np.tanh(prior[test]), task.target[test]),
               "seconds": round(time.perf_counter() - started, 1)}
    folder = args.out or RUNS / "liminal"
    save_reader(folder, task, featurizer, history, metrics)
    found, ridge = metrics["test"], metrics["ridge_test"]
    print(f"test r: {found['r_V']:.3f} {found['r_A']:.3f} {found['r_D']:.3f} (ridge alone {ridge['r_V']:.3f} "
          f"{ridge['r_A']:.3f} {ridge['r_D']:.3f}); the model is in {folder}")


if __name__ == "__main__":
    main()
