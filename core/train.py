"""Train a digit network from the command line: `python core/train.py [--preset NAME]`.

A run lives in runs/NAME/ and can be interrupted (Ctrl-C) and taken up again (--resume). It becomes the shipped model
when its validation accuracy is at least as good, or with --promote.
"""

import argparse
import dataclasses
import signal
import time
from pathlib import Path

import numpy as np

from core import model
from core.config import Config
from core.data import DataError
from core.digits import DigitTask, load_parts
from core.optimizers import make_optimizer
from core.presets import PRESETS
from core.storage import read_json, write_json
from core.training import CheckpointError, fit

RUNS = Path(__file__).resolve().parents[1] / "runs"


def arguments(argv):
    parser = argparse.ArgumentParser(prog="python core/train.py", description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=sorted(PRESETS), help="the recipe (default: default)")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="any other setting of core/config.py, such as --set dropout=0.1 or --set hidden=512,256")
    parser.add_argument("--csv", metavar="FILE", help="train on MNIST-like CSV: label, then 784 values a line")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the run's folder (default: runs/NAME)")
    parser.add_argument("--resume", nargs="?", const=True, metavar="DIR",
                        help="go on from the last epoch of the run in DIR (default: the newest of this preset)")
    parser.add_argument("--refit", type=Path, metavar="DIR", help="fit a finished run's readout again; no training")
    shipping = parser.add_mutually_exclusive_group()
    shipping.add_argument("--promote", action="store_true", help="make it the shipped model whatever its accuracy")
    shipping.add_argument("--no-promote", action="store_true", help="leave the shipped model as it is")
    return parser.parse_args(argv)


def parse_setting(text):
    """("dropout", 0.1) from "dropout=0.1", read as the type of that field of Config."""
    name, _, value = text.partition("=")
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Config)}
    if name not in kinds:
        raise ValueError(f"--set {text}: there is no setting {name!r}; core/config.py lists them")
    try:
        if kinds[name] is tuple:
            number = float if name == "input_range" else int
            return name, tuple(number(part) for part in value.split(","))
        if kinds[name] is bool:
            return name, {"true": True, "false": False}[value.lower()]
        return name, kinds[name](value)
    except (ValueError, KeyError):
        raise ValueError(f"--set {text}: {value!r} is not a value for {name}") from None


def run_folder(args, preset, seed):
    """Where this run lives: --out or --resume DIR, else runs/NAME, numbered so that an older run is not lost."""
    if args.out or isinstance(args.resume, str):
        return Path(args.out or args.resume)
    name = preset if not seed else f"{preset}-seed{seed}"
    taken = [RUNS / name, *(RUNS / f"{name}-{i}" for i in range(2, 1000))]
    free = next(i for i, folder in enumerate(taken) if not folder.exists())
    return taken[max(0, free - 1)] if args.resume else taken[free]


def make_config(args, folder):
    """The settings: the preset's (or, when resuming, the saved run's), then whatever the command line names."""
    saved = folder / "settings.json"
    if args.resume:
        if not saved.exists():
            raise ValueError(f"there is no run to resume in {folder}")
        config = Config.from_dict(read_json(saved))
    else:
        config = PRESETS[args.preset or "default"]
    named = {name: getattr(args, name) for name in ("epochs", "seed", "batch_size", "lr")
             if getattr(args, name) is not None}
    return config.but(**named, **dict(parse_setting(text) for text in args.set))


def seconds_needed(config, parts, steps=6):
    """About how long the run will take, from a few steps of a copy of it."""
    task = DigitTask(config, parts["train"], parts["validation"])
    grads = np.zeros_like(task.theta)
    optimizer, views, times = make_optimizer(config, task.theta, task.decay_size), task.views(grads), []
    batches = task.batches(0)
    for _ in range(min(steps, task.steps_per_epoch)):
        started = time.perf_counter()
        task.loss_and_grad(next(batches), grads, views)
        optimizer.step(task.theta, grads, config.lr)
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * task.steps_per_epoch * config.epochs


def train(config, parts, folder, resume, tqdm):
    """Run `fit` with a progress bar; save the model in `folder` and return its metrics."""
    task = DigitTask(config, parts["train"], parts["validation"])
    stopping = []

    def stop(signum, frame):
        if stopping:
            raise KeyboardInterrupt  # asked twice: at once
        stopping.append(signum)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with tqdm(total=config.epochs * task.steps_per_epoch, unit="step", dynamic_ncols=True) as bar:
        def on_step(epoch, step, loss):
            if stopping:  # between two steps, where nothing is half done
                raise KeyboardInterrupt
            if bar.n == 0 and epoch:  # resumed: count what is done already, but not as speed
                bar.initial = bar.n = epoch * task.steps_per_epoch
            bar.update()
            if step % 20 == 0:
                bar.set_postfix(loss=f"{loss:.4f}", refresh=False)

        def on_epoch(row):
            bar.write(f"epoch {row['epoch']:>3}/{config.epochs}   loss {row['loss']:.4f}   "
                      f"validation {row['val_accuracy']:.2%}   {row['seconds']:.1f} s")

        progress = fit(task, config, folder / "checkpoint.npz", resume, on_step, on_epoch)
    if progress.interrupted:
        print(f"Interrupted after epoch {progress.epoch}; the best weights so far are kept. "
              f"Go on with: python core/train.py --resume {folder}")
    return model.save(folder, task.finished(), config, parts, progress)


def report(metrics, folder, args):
    """Print what a run has reached, and promote it where it is good enough or --promote asks for it."""
    test, low_high = metrics["test"], metrics["test"]["interval_95"]
    print(f"test accuracy {test['accuracy']:.2%} ({test['errors']} errors in {test['n']:,}; 95 % interval "
          f"{low_high[0]:.2%} to {low_high[1]:.2%}), validation {metrics['validation']['accuracy']:.2%}")
    better, reason = (False, "as asked") if args.no_promote else model.promotion(folder)
    if args.promote or better:
        model.promote(folder)
        print(f"It is now the shipped model in final_model/ ({'as asked' if args.promote else reason}).")
    else:
        print(f"The shipped model stays: {reason}. (--promote would replace it.)")


def main(argv=None):
    from tqdm import tqdm  # only the command line shows a bar; `import core.train` needs NumPy alone

    args = arguments(argv)
    try:
        folder = args.refit or run_folder(args, args.preset or "default", args.seed)
        if args.refit:
            report(model.refit(folder), folder, args)
            return
        config = make_config(args, folder)
        bars = {}

        def fetched(name, done, total):
            if name not in bars:
                bars[name] = tqdm(total=total, unit="B", unit_scale=True, desc=name)
            bars[name].update(done - bars[name].n)

        parts = load_parts(config, args.csv, fetched)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "settings.json", config.to_dict())
        print(f"{config.preset}: 784-{'-'.join(map(str, config.hidden))}{'-gate' if config.gate else ''}-10, "
              f"{len(parts['train']):,} images, at most {config.epochs} epochs, about "
              f"{seconds_needed(config, parts) / 60:.1f} minutes here; run in {folder}")
        metrics = train(config, parts, folder, bool(args.resume), tqdm)
        report(metrics, folder, args)
    except (DataError, CheckpointError, ValueError, FloatingPointError) as error:
        raise SystemExit(f"train: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("train: stopped; the last finished epoch is kept, --resume goes on from it.") from None


if __name__ == "__main__":
    main()
