"""Train a digit network from the command line: `python core/train.py [--preset NAME]`; with `--preset pairs` the pair
reader of numbers.

A run is stored in runs/NAME/. It can be interrupted (Ctrl-C) and resumed (--resume); the app lists it.
`python core/train.py --promote runs/NAME` makes it the shipped model.
"""

if __name__ == "__main__":  # before the import of NumPy
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import contextlib
import shlex
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.command import refusing
from core.digits.config import Config
from core.digits.data import DIGITS, PIXELS
from core.digits.pairs.task import CLASSES, PairTask
from core.digits.pairs.window import INPUTS
from core.digits.presets import PAIRS, PRESETS
from core.digits.task import DigitTask, Images, file_sha256, load_parts
from core.files import TRAINING_LOCK, locked, remove_parts
from core.formats import interval, percent
from core.models import finish, pairs, promotion
from core.models.model import RUNS
from core.nn.checkpoint import check_same, read_checkpoint
from core.nn.fast.optimizers import make_optimizer
from core.nn.training import fit
from core.shipped import INSTALLED, TRAIN
from core.storage import read_json, write_json

SETTINGS, CHECKPOINT = "settings.json", "checkpoint.npz"  # in a run's folder


def arguments(argv: Sequence[str] | None, prog: str = TRAIN) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=prog, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--preset", choices=sorted(PRESETS), help="the recipe (default: default)")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="any other setting of core/digits/config.py, such as --set dropout=0.1")
    parser.add_argument("--csv", metavar="FILE", help="train on MNIST-like CSV: label, then 784 values a line")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the run's folder (default: runs/NAME)")
    parser.add_argument("--resume", nargs="?", const=True, metavar="DIR",
                        help="go on from the last epoch of the run in DIR (default: the newest of this preset)")
    parser.add_argument("--refit", type=Path, metavar="DIR", help="fit a finished run's readout again; no training")
    parser.add_argument("--promote", nargs="?", const=True, metavar="DIR",
                        help="make the finished run in DIR (default: this one, when it has finished) the shipped "
                        "model; refused where its validation accuracy is lower or proves nothing")
    parser.add_argument("--force", action="store_true", help="with --promote: whatever speaks against it")
    return parser.parse_args(argv)


def run_folder(args: argparse.Namespace, preset: str, seed: int | None) -> Path:
    """The folder of this run: --out or --resume DIR, else runs/NAME with a number, so that no older run is lost."""
    if args.out or isinstance(args.resume, str):
        return Path(args.out or args.resume)
    name = preset if not seed else f"{preset}-seed{seed}"
    taken = [RUNS / name, *(RUNS / f"{name}-{i}" for i in range(2, 1000))]
    free = next(i for i, folder in enumerate(taken) if not folder.exists())
    return taken[max(0, free - 1)] if args.resume else taken[free]


def create(args: argparse.Namespace, preset: str, seed: int | None) -> Path:
    """Create the folder of a new run. Raises ValueError if --out names a folder that holds a run."""
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        if (args.out / SETTINGS).exists() or (args.out / "config.json").exists():
            raise ValueError(
                f"{args.out} holds a run already; go on with it (--resume {args.out}) or choose another --out"
            )
        return args.out
    while True:
        folder = run_folder(args, preset, seed)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # another training took this number: try the next
            folder.mkdir()
            return folder


def make_config(args: argparse.Namespace, folder: Path) -> Config:
    """The settings of the preset or of the run to resume, changed as the command line says."""
    saved = folder / SETTINGS
    if args.resume:
        if not saved.exists():
            raise ValueError(f"there is no run to resume in {folder}")
        config = Config.from_dict(read_json(saved))
    else:
        config = PRESETS[args.preset or "default"]
    named = {name: getattr(args, name) for name in ("epochs", "seed", "batch_size", "lr")
             if getattr(args, name) is not None}
    if args.csv:
        named |= {"csv": str(Path(args.csv).resolve()), "csv_sha256": file_sha256(args.csv)}
    return config.replace(**named, **Config.parse(args.set))


def check_resumable(folder: Path, config: Config) -> None:
    """Raises CheckpointError unless the run in a folder can resume with this config."""
    if (folder / CHECKPOINT).exists():
        read_checkpoint(folder / CHECKPOINT, config)
    else:  # stopped in its first epoch, which starts again
        check_same(folder / SETTINGS, Config.from_dict(read_json(folder / SETTINGS)), config)


def is_pairs(config: Config) -> bool:
    """Whether a run trains the pair reader."""
    return config.preset == PAIRS.preset


def make_task(config: Config, parts: Mapping[str, Images]) -> DigitTask | PairTask:
    """The task that a Config describes."""
    return (PairTask if is_pairs(config) else DigitTask)(config, parts["train"], parts["validation"])


def seconds_needed(config: Config, parts: Mapping[str, Images], steps: int = 6) -> float:
    """An estimate of the run's duration from a few steps of a copy without stroke-model pictures."""
    task = make_task(config.replace(synthetic=0.0, negatives=0.0), parts)
    optimizer, batches, times = make_optimizer(config, task.theta, task.decay_size), task.batches(0), []
    for _ in range(min(steps, task.steps_per_epoch)):
        started = time.perf_counter()
        _, grads = task.loss_and_grad(next(batches))
        optimizer.step(task.theta, grads, config.lr)
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * task.steps_per_epoch * config.epochs


def train(config: Config, parts: dict[str, Images], folder: Path, resume: bool, tqdm: Callable[..., Any]) -> dict:
    """Run `fit` with a progress bar; save the model in `folder` and return its metrics."""
    task = make_task(config, parts)
    signals: list[int] = []
    steps = task.steps_per_epoch

    def stop(signum: int, frame: object) -> None:
        if signals:
            raise KeyboardInterrupt  # the second signal stops at once
        signals.append(signum)

    with contextlib.ExitStack() as after:
        for number in (signal.SIGINT, signal.SIGTERM):
            after.callback(signal.signal, number, signal.signal(number, stop))
        with tqdm(total=config.epochs * steps, unit="step", dynamic_ncols=True) as bar:
            def on_step(epoch: int, step: int, loss: float) -> None:
                if signals:  # between two steps the state is consistent
                    raise KeyboardInterrupt
                if bar.n == 0 and epoch:  # resumed: count finished steps, but not as speed
                    bar.initial = bar.n = epoch * steps
                bar.update()
                if step % 20 == 0:
                    bar.set_postfix(loss=f"{loss:.4f}", refresh=False)

            def on_epoch(row: Mapping[str, float]) -> None:
                bar.write(f"epoch {row['epoch']:>3}/{config.epochs}   loss {row['loss']:.4f}   "
                          f"validation {row['val_accuracy']:.2%}   {row['seconds']:.1f} s")

            progress = fit(task, config, folder / CHECKPOINT, resume, on_step, on_epoch)
        if progress.interrupted:
            print(f"Interrupted after epoch {progress.epoch}; the best weights so far are saved. "
                  f"Resume with: {TRAIN} --resume {shlex.quote(str(folder))}")
        network = task.finished()
        del task  # frees a third of the memory
        return (pairs if is_pairs(config) else finish).save(folder, network, config, parts, progress)


def report(metrics: Mapping[str, Any], folder: Path) -> None:
    """Print the results of a run and the command that ships it."""
    test = metrics["test"]
    print(f"test accuracy {percent(test['accuracy'], 2)} ({test['errors']} errors in {test['n']:,}; 95 % interval "
          f"{interval(test['interval_95'], 2)}), validation {percent(metrics['validation']['accuracy'], 2)}")
    if folder.resolve() not in (promotion.FINAL_MODEL, pairs.FOLDER):
        listed = "It is in the app's list of models. " if folder.resolve().parent == RUNS else ""
        print(listed + ("" if INSTALLED else f"To ship it: {TRAIN} --promote {shlex.quote(str(folder))}"))


def promote(folder: Path, force: bool) -> None:
    """Make a finished run the shipped model, or the shipped pair reader, and print what has to be fitted again."""
    final = pairs.FOLDER if pairs.is_pair_reader(folder) else promotion.FINAL_MODEL
    reason = promotion.objection(folder, final)
    promotion.promote(folder, final, force)
    print(f"{folder} is now the shipped model in {final.relative_to(promotion.FINAL_MODEL.parent)}/"
          + (f", although {reason}." if reason else "."))
    print("The reader of numbers is fitted to both shipped networks; fit it again: "
          "python -m analytics.studies.number_weights --write")


def run(args: argparse.Namespace) -> Path:
    """Train, or fit a readout again, as the arguments say; returns the run's folder."""
    from tqdm import tqdm  # imported here because `import core.train` needs NumPy alone

    if args.refit:
        report(finish.refit(args.refit), args.refit)
        return args.refit
    folder = run_folder(args, args.preset or "default", args.seed)
    config = make_config(args, folder)
    bars: dict[str, Any] = {}

    def fetched(name: str, done: int, total: int) -> None:
        if name not in bars:
            bars[name] = tqdm(total=total, unit="B", unit_scale=True, desc=name)
        bars[name].update(done - bars[name].n)

    parts = load_parts(config, fetched)
    if not args.resume:
        folder = create(args, args.preset or "default", args.seed)
    with locked(folder / TRAINING_LOCK, wait=False):
        if args.resume:
            check_resumable(folder, config)
        for name in (SETTINGS, CHECKPOINT):
            remove_parts(folder / name)
        write_json(folder / SETTINGS, config.to_dict())
        n_in, n_out = (INPUTS, CLASSES) if is_pairs(config) else (PIXELS, DIGITS)
        print(f"{config.preset}: {n_in}-{'-'.join(map(str, config.hidden))}{'-gate' if config.gate else ''}-{n_out}, "
              f"{len(parts['train']):,} images, at most {config.epochs} epochs, about "
              f"{seconds_needed(config, parts) / 60:.1f} minutes here; run in {folder}")
        report(train(config, parts, folder, bool(args.resume), tqdm), folder)
    return folder


def main(argv: Sequence[str] | None = None, prog: str = TRAIN) -> None:
    """Train as the arguments say. prog: the command's name in its help."""
    args = arguments(argv, prog)
    try:
        with refusing("train"):
            if args.promote and INSTALLED:
                raise ValueError("--promote replaces the model of a checkout; an installed copy keeps the one it came "
                                 "with, and its app lists every finished run.")
            folder = Path(args.promote) if isinstance(args.promote, str) else run(args)
            if args.promote:
                promote(folder, args.force)
    except KeyboardInterrupt:
        raise SystemExit("train: stopped; the last finished epoch is saved, --resume continues from it.") from None


if __name__ == "__main__":
    main()
