"""v7 and what is left of it without each part, several seeds each, and the regression it has to beat.

Every training is a process of its own; what is done is kept in runs/ and never done again. The table of all of them is
final_model/liminal/ablation.json, the estimates of v7's seeds lie beside it.
"""

import re
import sys
import time
from pathlib import Path

import numpy as np

from analytics.studies.liminal import contrasts
from analytics.studies.processes import run_all
from core.files import write_atomic
from core.storage import load_model, npy_bytes, read_json, write_json
from core.text import train as command
from core.text.config import TextConfig
from core.text.data.emobank import load_emobank
from core.text.data.lessons import Lessons
from core.text.metrics import measure
from core.text.network.embedding import WordTable
from core.text.network.ragged import Ragged
from core.text.reader import FINAL_LIMINAL
from core.text.task import Tokenised

ABLATION, SEEDS_PAD = FINAL_LIMINAL / "ablation.json", FINAL_LIMINAL / "seeds_pad.npy"
RUNS = Path(__file__).resolve().parents[3] / "runs" / "liminal"
WHOLE = "v7, K = 5"
ROWS = {WHOLE: {}, "K = 3": dict(outer=3), "K = 1": dict(outer=1),
        "without neighbours' layer": dict(reach=0), "without attention to words": dict(attention=False),
        "without a bag of words' share": dict(join=False),
        "without orderings": dict(pairs=0), "without lessons": dict(plain=0)}
MOST_SEEDS = 100
ALPHAS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)


def files(name, seed):
    stem = re.sub(r"\W+", "-", name).strip("-")
    return RUNS / "rows" / f"{stem}-{seed}.json", RUNS / "rows" / f"{stem}-{seed}.npy"


def settings(name, seed):
    return TextConfig(**{**ROWS[name], "seed": seed})


def run(name, seed, args):
    """Train one row with one seed and keep its figures and its estimates of the test split (N, 3)."""
    config = settings(name, seed)
    sentences, table = load_emobank(args.data), WordTable.from_arrays(load_model(args.words)[0])
    started = time.perf_counter()
    task, _ = command.train(config, sentences, table, Lessons.load(args.lessons) if config.plain else None)
    rows, doubt = sentences.rows("test"), command.fit_intervals(task)
    pad, _, rounds = task.read(rows)
    found = {"settings": config.to_dict(), "parameters": int(task.theta.size), "dev": command.evaluate(task, "dev"),
             "test": command.evaluate(task, "test", doubt), "seconds": round(time.perf_counter() - started, 1),
             "r_V_by_round": [measure(rounds[:, k], task.target[rows])["r_V"] for k in range(rounds.shape[1])],
             "contrasts": contrasts.right(lambda texts: pleasure(task, texts))}
    report, pads = files(name, seed)
    report.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(pads, npy_bytes(pad.astype(np.float32)))
    write_json(report, found)


def pleasure(task, texts):
    """Pleasure (N,) of any texts as a finished TextTask reads them."""
    rows, lengths = Tokenised(texts, task.table).take(range(len(texts)))
    rounds = task.model.forward(task.table.lookup(rows), Ragged(lengths))[0].rounds
    return task.prior.join(rounds, task.prior(texts, task.table.means(texts)))[:, -1, 0]


def train_rows(args):
    """Train what runs/ lacks with today's settings, two at a time, and write the table."""
    wanted = [(name, seed) for seed in range(args.seeds) for name in args.only]
    waiting = [(name, seed) for name, seed in wanted if kept(name, seed) is None]
    commands = [[sys.executable, "-m", "analytics.studies.liminal", "one", "--row", name, "--seed", str(seed), "--data",
                 str(args.data), "--words", str(args.words), "--lessons", str(args.lessons)] for name, seed in waiting]
    started, done = time.perf_counter(), 0

    def tell():
        nonlocal done
        done += 1
        left = (time.perf_counter() - started) / done * (len(waiting) - done) / 60
        print(f"{done} of {len(waiting)} trainings done, about {left:.0f} minutes left", flush=True)
        collect()

    run_all(commands, args.workers, tell)
    collect()


def kept(name, seed):
    """What `run` found with today's settings, or None."""
    report = files(name, seed)[0]
    found = read_json(report) if report.exists() else None
    return found if found and found["settings"] == settings(name, seed).to_dict() else None


def collect():
    """The table of all finished runs, and the test estimates of v7's seeds (seeds, N, 3)."""
    results, pads = {}, []
    for name in ROWS:
        for seed in range(MOST_SEEDS):
            found = kept(name, seed)
            if found:
                results.setdefault(name, {})[str(seed)] = found
                if name == WHOLE:
                    pads.append(np.load(files(name, seed)[1]))
    write_json(ABLATION, results)
    if pads:
        write_atomic(SEEDS_PAD, npy_bytes(np.stack(pads)))


def bag_of_words(sentences, table):
    """A function from texts to PAD (N, 3): ridge regression on the mean of the same token vectors, the bag of words
    that order has to beat; its penalties are chosen on the watched half of dev."""
    def means(texts):
        return table.means(texts).astype(float)

    X, train, watched = means(sentences.texts), sentences.rows("train"), sentences.halves("dev")[0]
    centre, offset = X[train].mean(axis=0), sentences.pad[train].mean(axis=0)
    A, Y = X[train] - centre, sentences.pad[train] - offset
    found = [np.linalg.solve(A.T @ A + alpha * np.eye(A.shape[1]), A.T @ Y) for alpha in ALPHAS]
    errors = [((X[watched] - centre) @ W + offset - sentences.pad[watched]) ** 2 for W in found]
    best = np.argmin([error.mean(axis=0) for error in errors], axis=0)
    W = np.column_stack([found[best[j]][:, j] for j in range(3)])
    return lambda texts: (means(texts) - centre) @ W + offset
