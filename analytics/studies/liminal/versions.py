"""Study of LIMINAL v1 to v6: one pooled vector per sentence, a ridge regression as the first estimate.

The results are stored in final_model/liminal/v6/ablation.json; the shipped ones used a table of 26,000 words.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from core.storage import load_model, read_json, write_json
from core.text.data.emobank import Sentences, load_emobank
from core.text.network.embedding import WordTable
from core.text.reader import FINAL_LIMINAL
from core.text.versions import train as command
from core.text.versions.config import VERSIONS, VersionConfig
from core.text.versions.featurizer import WordVectors

V6 = FINAL_LIMINAL / "v6"
ABLATION = V6 / "ablation.json"
ROWS: dict[str, dict[str, Any]] = {  # names are keys of ablation.json
    "K = 0": dict(outer=0), "K = 1": dict(outer=1), "K = 3": dict(outer=3),
    **{f"{name}, K = 5": switches for name, switches in VERSIONS.items()},
    "v6 without affect loop": dict(affect=False), "v6 with deep supervision": dict(deep_supervision=True),
    "v6 without EMA": dict(ema=0.0), "v6 from zero, without the prior": dict(prior=False),
    "K = 0 from zero": dict(prior=False, outer=0),
}


def prepared(sentences: Sentences, words: Path) -> tuple[NDArray, NDArray]:
    """(embedding, prior) of all sentences, with the word table in the folder `words`."""
    train = [sentences.texts[i] for i in sentences.rows("train")]
    embedder = WordVectors.of(WordTable.from_arrays(load_model(words)[0]), train)
    return command.prepare(sentences, embedder)[1:]


def train_rows(args: argparse.Namespace) -> None:
    """Train the runs that the table lacks for the current settings; about a minute per run."""
    sentences = load_emobank(args.data, progress=print)
    embedding, prior = prepared(sentences, args.words)
    for seed in range(args.seeds):
        for name in ROWS:
            config = VersionConfig(**{**ROWS[name], "seed": seed})
            results = read_json(ABLATION) if ABLATION.exists() else {}
            row = results.setdefault(name, {})
            if row.get(str(seed), {}).get("settings") == config.to_dict():
                continue
            started = time.perf_counter()
            task, _ = command.train(config, sentences, embedding, prior)
            row[str(seed)] = {"settings": config.to_dict(), "parameters": int(task.theta.size),
                              "dev": command.evaluate(task, "dev"), "test": command.evaluate(task, "test"),
                              "seconds": round(time.perf_counter() - started, 1)}
            write_json(ABLATION, results)
            print(f"{name}, seed {seed}: dev r {row[str(seed)]['dev']['r']:.4f}, {row[str(seed)]['seconds']} s",
                  flush=True)
