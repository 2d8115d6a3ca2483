"""Train LIMINAL, the reader of emotion in text: `python core/text/train.py [--data FILE] [--lessons FILE]`.

Without --data EmoBank is fetched once (CC BY-SA 4.0). Without --lessons it learns from ratings and orderings alone,
which is worse; `python -m analytics.studies.liminal lessons` makes them. Each epoch's Hope, Faith, Love, MAE, MSE, R2
and r on half of the dev split are shown and kept. About six minutes on one core.
"""

if __name__ == "__main__":  # before NumPy is imported
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import time
from pathlib import Path

from core.command import refusing
from core.files import TRAINING_LOCK, locked
from core.nn.training import fit
from core.storage import load_model
from core.text.config import TextConfig
from core.text.data.emobank import load_emobank
from core.text.data.lessons import Lessons
from core.text.data.orderings import Grammar
from core.text.intervals import Intervals
from core.text.language.english import English
from core.text.metrics import measure
from core.text.network.embedding import WordTable
from core.text.prior import Prior, half
from core.text.reader import FINAL_LIMINAL, save_reader
from core.text.task import TextTask

RUNS = Path(__file__).resolve().parents[2] / "runs"


def arguments(argv):
    parser = argparse.ArgumentParser(prog="python core/text/train.py", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, metavar="FILE", help="EmoBank's emobank.csv (default: fetched)")
    parser.add_argument("--lessons", type=Path, metavar="FILE", help="what MiniLM and VADER make of plain sentences")
    parser.add_argument("--words", type=Path, metavar="DIR", default=FINAL_LIMINAL,
                        help="a folder with a table of word vectors (default: the shipped one)")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="any other setting of core/text/config.py, such as --set outer=3")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write the model (default: runs/liminal)")
    return parser.parse_args(argv)


def settings(args):
    """The TextConfig that the command line asks for. Raises ValueError naming what is wrong."""
    changes = {name: getattr(args, name) for name in ("epochs", "seed") if getattr(args, name) is not None}
    return TextConfig(**changes | TextConfig.parse(args.set))


def train(config, sentences, table, lessons=None, on_epoch=None):
    """Returns the finished task, its theta rounded to the 16 bits that are saved and joined by a Prior, and the
    history of all epochs."""
    pairs = Grammar.load().pairs(config.orderings) if config.pairs and config.ranking else ()
    task = TextTask(config, sentences, table, lessons, pairs)
    history = fit(task, config, on_epoch=on_epoch).history
    task.theta[...] = half(task.theta)
    means, rows = table.means(sentences.texts), task.train
    prior, _ = Prior.fit([sentences.texts[i] for i in rows], sentences.pad[rows], means[rows])
    task.join(prior, prior(sentences.texts, means))
    return task, history


def intervals(task):
    """Intervals from the dev split: the guess from the half that was watched, what makes it hold from the other."""
    def seen(rows):
        return task.read(rows)[0], task.rated.take(rows)[1], task.target[rows]

    watched, other = task.sentences.halves("dev")
    return Intervals.fit(seen(watched), seen(other), task.target[task.train].mean(axis=0))


def evaluate(task, split, doubt=None):
    """measure() of one split and, with Intervals, the share of ratings that they hold."""
    rows = task.sentences.rows(split)
    pad, confidence, _ = task.read(rows)
    found = {"n": len(rows), **measure(pad, task.target[rows], confidence)}
    if doubt is not None:
        low, high = doubt(pad, task.rated.take(rows)[1])
        held = (low <= task.target[rows]) & (task.target[rows] <= high)
        found |= {f"held_{name}": float(share) for name, share in zip("VAD", held.mean(axis=0), strict=True)}
    return found


def show(row, epochs):
    left = (epochs - row["epoch"]) * row["seconds"] / 60
    print(f"epoch {row['epoch']:2d}  loss {row['loss']:.4f}  Hope {row['hope']:.4f}  Faith {row['faith']:.4f}  "
          f"Love {row['love']:.4f}  MAE {row['mae']:.4f}  MSE {row['mse']:.5f}  R2 {row['r2']:.4f}  "
          f"r {row['r_V']:.3f} {row['r_A']:.3f} {row['r_D']:.3f}  {row['seconds']:.0f} s, about "
          f"{left:.1f} minutes left", flush=True)


def main(argv=None):
    args = arguments(argv)
    with refusing("train"):
        run(args)


def run(args):
    """Everything that the command does."""
    config = settings(args)
    sentences = load_emobank(args.data, progress=print)
    arrays = load_model(args.words)[0]
    table, english = WordTable.from_arrays(arrays), English.from_arrays(arrays)
    lessons = Lessons.load(args.lessons) if args.lessons else None
    folder = args.out or RUNS / "liminal"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / TRAINING_LOCK, wait=False):
        train_into(folder, config, sentences, table, english, lessons)


def train_into(folder, config, sentences, table, english, lessons):
    """Train, measure, and write the model."""
    started = time.perf_counter()
    print(f"{len(sentences.texts):,} rated sentences, {len(lessons.texts) if lessons else 0:,} plain ones; "
          f"{config.epochs} epochs of {config.steps} steps", flush=True)
    task, history = train(config, sentences, table, lessons, lambda row: show(row, config.epochs))
    doubt = intervals(task)
    metrics = {"dev": evaluate(task, "dev"), "test": evaluate(task, "test", doubt),
               "seconds": round(time.perf_counter() - started, 1)}
    save_reader(folder, task, english, doubt, history, metrics)
    found = metrics["test"]
    print(f"test r: {found['r_V']:.3f} {found['r_A']:.3f} {found['r_D']:.3f}; the model is in {folder}")


if __name__ == "__main__":
    main()
