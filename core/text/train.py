"""Train LIMINAL, the model of affect in text: `python core/text/train.py [--data FILE] [--lessons FILE]`.

Without --data EmoBank is downloaded once (CC BY-SA 4.0). Without --lessons the model learns from ratings and orderings
alone and is worse; `python -m analytics.studies.liminal lessons` makes the file. Each epoch prints and saves Hope,
Faith, Love, MAE, MSE, R2 and r on half of the dev split. A run takes about six minutes on one core.
"""

if __name__ == "__main__":  # before NumPy is imported
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.command import refusing
from core.files import TRAINING_LOCK, locked
from core.nn.context import Array
from core.nn.training import fit
from core.shipped import data
from core.storage import load_model
from core.text.config import TextConfig
from core.text.data.emobank import Sentences, load_emobank
from core.text.data.lessons import Lessons
from core.text.data.orderings import Grammar
from core.text.intervals import Intervals
from core.text.language.english import English
from core.text.metrics import measure
from core.text.network.embedding import WordTable
from core.text.network.ragged import Integers
from core.text.prior import Prior, half
from core.text.reader import FINAL_LIMINAL
from core.text.saving import save_reader
from core.text.task import TextTask

RUNS = data("runs")


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The parsed command line; None: that of the process."""
    parser = argparse.ArgumentParser(prog="python core/text/train.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, metavar="FILE", help="EmoBank's emobank.csv (default: downloaded)")
    parser.add_argument("--lessons", type=Path, metavar="FILE", help="states of MiniLM and polarity of VADER")
    parser.add_argument("--words", type=Path, metavar="DIR", default=FINAL_LIMINAL,
                        help="a folder with a table of word vectors (default: the shipped one)")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="any other setting of core/text/config.py, such as --set outer=3")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write the model (default: runs/liminal)")
    return parser.parse_args(argv)


def settings(args: argparse.Namespace) -> TextConfig:
    """The TextConfig of a command line. Raises ValueError that names the wrong setting."""
    changes = {name: getattr(args, name) for name in ("epochs", "seed") if getattr(args, name) is not None}
    return TextConfig(**changes | TextConfig.parse(args.set))


def train(config: TextConfig, sentences: Sentences, table: WordTable, lessons: Lessons | None = None,
          on_epoch: Callable[[dict[str, float]], None] | None = None
          ) -> tuple[TextTask[WordTable], dict[str, list[float]]]:
    """The trained task, with theta rounded to float16 as it is saved and joined with a Prior, and the history of all
    epochs."""
    pairs = Grammar.load().pairs(config.orderings) if config.pairs and config.ranking else ()
    task = TextTask(config, sentences, table, lessons, pairs)
    history = fit(task, config, on_epoch=on_epoch).history
    task.theta[...] = half(task.theta)
    means, rows = table.means(sentences.texts), task.train
    prior, _ = Prior.fit([sentences.texts[i] for i in rows], sentences.pad[rows], means[rows])
    task.join(prior, prior(sentences.texts, means))
    return task, history


def fit_intervals(task: TextTask) -> Intervals:
    """Intervals fitted on `val` and calibrated on the other half of dev."""
    def predictions(rows: Integers) -> tuple[Array, Integers, Array]:
        return task.read(rows)[0], task.rated.take(rows)[1], task.target[rows]

    val, other = task.sentences.halves("dev")
    return Intervals.fit(predictions(val), predictions(other), task.target[task.train].mean(axis=0))


def evaluate(task: TextTask, split: str, intervals: Intervals | None = None) -> dict[str, float]:
    """measure() on one split and, with Intervals, the share of ratings inside them."""
    rows = task.sentences.rows(split)
    pad, confidence, _ = task.read(rows)
    measures = {"n": len(rows), **measure(pad, task.target[rows], confidence)}
    if intervals is not None:
        low, high = intervals(pad, task.rated.take(rows)[1])
        inside = (low <= task.target[rows]) & (task.target[rows] <= high)
        measures |= {f"held_{name}": float(share) for name, share in zip("VAD", inside.mean(axis=0), strict=True)}
    return measures


def show(row: Mapping[str, float], epochs: int) -> None:
    """Print the measures of an epoch and the time left."""
    left = (epochs - row["epoch"]) * row["seconds"] / 60
    print(f"epoch {row['epoch']:2d}  loss {row['loss']:.4f}  Hope {row['hope']:.4f}  Faith {row['faith']:.4f}  "
          f"Love {row['love']:.4f}  MAE {row['mae']:.4f}  MSE {row['mse']:.5f}  R2 {row['r2']:.4f}  "
          f"r {row['r_V']:.3f} {row['r_A']:.3f} {row['r_D']:.3f}  {row['seconds']:.0f} s, about "
          f"{left:.1f} minutes left", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    args = arguments(argv)
    with refusing("train"):
        run(args)


def run(args: argparse.Namespace) -> None:
    """Load the data, lock the output folder and train."""
    config = settings(args)
    sentences = load_emobank(args.data, progress=print)
    arrays = load_model(args.words)[0]
    table, english = WordTable.from_arrays(arrays), English.from_arrays(arrays)
    lessons = Lessons.load(args.lessons) if args.lessons else None
    folder = args.out or RUNS / "liminal"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / TRAINING_LOCK, wait=False):
        train_into(folder, config, sentences, table, english, lessons)


def train_into(folder: Path, config: TextConfig, sentences: Sentences, table: WordTable, english: English,
               lessons: Lessons | None) -> None:
    """Train, evaluate and save the model."""
    started = time.perf_counter()
    print(f"{len(sentences.texts):,} rated and {len(lessons.texts) if lessons else 0:,} plain sentences; "
          f"{config.epochs} epochs of {config.steps} steps", flush=True)
    task, history = train(config, sentences, table, lessons, lambda row: show(row, config.epochs))
    intervals = fit_intervals(task)
    test = evaluate(task, "test", intervals)
    metrics = {"dev": evaluate(task, "dev"), "test": test, "seconds": round(time.perf_counter() - started, 1)}
    save_reader(folder, task, english, intervals, history, metrics)
    print(f"test r: {test['r_V']:.3f} {test['r_A']:.3f} {test['r_D']:.3f}; the model is in {folder}")


if __name__ == "__main__":
    main()
