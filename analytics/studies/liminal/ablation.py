"""Ablation study of v7, several seeds each, and the bag-of-words baseline.

Each training runs in a separate process; finished runs are stored in runs/ and not repeated. The table of all runs is
final_model/liminal/ablation.json, with the estimates of v7's seeds beside it.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.studies.liminal import contrasts
from analytics.studies.processes import run_all
from core.files import write_atomic
from core.shipped import data
from core.storage import load_model, npy_bytes, read_json, write_json
from core.text import train as command
from core.text.config import TextConfig
from core.text.data.emobank import Sentences, load_emobank
from core.text.data.lessons import Lessons
from core.text.metrics import measure
from core.text.network.embedding import WordTable
from core.text.network.ragged import Ragged
from core.text.reader import FINAL_LIMINAL
from core.text.task import TextTask, Tokenised

ABLATION, SEEDS_PAD = FINAL_LIMINAL / "ablation.json", FINAL_LIMINAL / "seeds_pad.npy"
RUNS = data("runs/liminal")
WHOLE = "v7, K = 5"
ROWS: dict[str, dict[str, Any]] = {  # names are keys of ablation.json
        WHOLE: {}, "K = 3": dict(outer=3), "K = 1": dict(outer=1),
        "without neighbours' layer": dict(reach=0), "without attention to words": dict(attention=False),
        "without a bag of words' share": dict(join=False),
        "without orderings": dict(pairs=0), "without lessons": dict(plain=0)}
MAX_SEEDS = 100
ALPHAS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)  # ridge penalties of the bag of words


def files(name: str, seed: int) -> tuple[Path, Path]:
    """(figures as JSON, test estimates as .npy) of a run."""
    stem = re.sub(r"\W+", "-", name).strip("-")
    return RUNS / "rows" / f"{stem}-{seed}.json", RUNS / "rows" / f"{stem}-{seed}.npy"


def settings(name: str, seed: int) -> TextConfig:
    return TextConfig(**{**ROWS[name], "seed": seed})


def run(name: str, seed: int, args: argparse.Namespace) -> None:
    """Train one row with one seed; write its figures and its estimates (N, 3) of the test split."""
    config = settings(name, seed)
    sentences, table = load_emobank(args.data), WordTable.from_arrays(load_model(args.words)[0])
    started = time.perf_counter()
    task, _ = command.train(config, sentences, table, Lessons.load(args.lessons) if config.plain else None)
    rows, doubt = sentences.rows("test"), command.fit_intervals(task)
    pad, _, rounds = task.read(rows)
    figures = {"settings": config.to_dict(), "parameters": int(task.theta.size), "dev": command.evaluate(task, "dev"),
               "test": command.evaluate(task, "test", doubt), "seconds": round(time.perf_counter() - started, 1),
               "r_V_by_round": [measure(rounds[:, k], task.target[rows])["r_V"] for k in range(rounds.shape[1])],
               "contrasts": contrasts.right(lambda texts: pleasure(task, texts))}
    report, pads = files(name, seed)
    report.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(pads, npy_bytes(pad.astype(np.float32)))
    write_json(report, figures)


def pleasure(task: TextTask, texts: Sequence[str]) -> NDArray[np.floating]:
    """Pleasure (N,) of texts, estimated by a trained TextTask."""
    assert task.prior is not None, "task.join has not been called"
    rows, lengths = Tokenised(texts, task.table).take(range(len(texts)))
    rounds = task.model.forward(task.table.lookup(rows), Ragged(lengths))[0].rounds
    return task.prior.join(rounds, task.prior(texts, task.table.means(texts)))[:, -1, 0]


def train_rows(args: argparse.Namespace) -> None:
    """Train the runs that are missing for the current settings, args.workers at a time, and write the table."""
    wanted = [(name, seed) for seed in range(args.seeds) for name in args.only]
    waiting = [(name, seed) for name, seed in wanted if stored(name, seed) is None]
    commands = [[sys.executable, "-m", "analytics.studies.liminal", "one", "--row", name, "--seed", str(seed), "--data",
                 str(args.data), "--words", str(args.words), "--lessons", str(args.lessons)] for name, seed in waiting]
    started, done = time.perf_counter(), 0

    def on_done() -> None:
        nonlocal done
        done += 1
        left = (time.perf_counter() - started) / done * (len(waiting) - done) / 60
        print(f"{done} of {len(waiting)} trainings done, about {left:.0f} minutes left", flush=True)
        collect()

    run_all(commands, args.workers, on_done)
    collect()


def stored(name: str, seed: int) -> dict[str, Any] | None:
    """The figures of a finished run with the current settings, or None."""
    report = files(name, seed)[0]
    figures = read_json(report) if report.exists() else None
    return figures if figures and figures["settings"] == settings(name, seed).to_dict() else None


def collect() -> None:
    """Write the table of all finished runs and the test estimates (seeds, N, 3) of v7's seeds."""
    results: dict[str, dict] = {}
    pads = []
    for name in ROWS:
        for seed in range(MAX_SEEDS):
            figures = stored(name, seed)
            if figures:
                results.setdefault(name, {})[str(seed)] = figures
                if name == WHOLE:
                    pads.append(np.load(files(name, seed)[1]))
    write_json(ABLATION, results)
    if pads:
        write_atomic(SEEDS_PAD, npy_bytes(np.stack(pads)))


def bag_of_words(sentences: Sentences, table: WordTable) -> Callable[[Sequence[str]], NDArray[np.floating]]:
    """The baseline without word order: a function from texts to PAD (N, 3), ridge regression on the mean token vector.

    One half of dev selects the penalty of each dimension.
    """
    def means(texts: Sequence[str]) -> NDArray[np.floating]:
        return table.means(texts).astype(float)

    X, train, watched = means(sentences.texts), sentences.rows("train"), sentences.halves("dev")[0]
    centre, offset = X[train].mean(axis=0), sentences.pad[train].mean(axis=0)
    A, Y = X[train] - centre, sentences.pad[train] - offset
    solutions = [np.linalg.solve(A.T @ A + alpha * np.eye(A.shape[1]), A.T @ Y) for alpha in ALPHAS]
    errors = [((X[watched] - centre) @ W + offset - sentences.pad[watched]) ** 2 for W in solutions]
    best = np.argmin([error.mean(axis=0) for error in errors], axis=0)
    W = np.column_stack([solutions[best[j]][:, j] for j in range(3)])
    return lambda texts: (means(texts) - centre) @ W + offset
