"""LIMINAL v1 to v6 as they were studied: one pooled vector a sentence, a ridge regression as the first estimate.

Their results are kept in final_model/liminal/v6/ablation.json, those of its time made with a table of 26,000 words.
"""

import time

from core.storage import load_model, read_json, write_json
from core.text.data.emobank import load_emobank
from core.text.network.embedding import WordTable
from core.text.reader import FINAL_LIMINAL
from core.text.versions import train as command
from core.text.versions.config import VERSIONS, VersionConfig
from core.text.versions.featurizer import WordVectors

V6 = FINAL_LIMINAL / "v6"
ABLATION = V6 / "ablation.json"
ROWS = {
    "K = 0": dict(outer=0), "K = 1": dict(outer=1), "K = 3": dict(outer=3),
    **{f"{name}, K = 5": switches for name, switches in VERSIONS.items()},
    "v6 without affect loop": dict(affect=False), "v6 with deep supervision": dict(deep_supervision=True),
    "v6 without EMA": dict(ema=0.0), "v6 from zero, without the prior": dict(prior=False),
    "K = 0 from zero": dict(prior=False, outer=0),
}


def prepared(sentences, words):
    """(embedding, prior) of all sentences with a folder's table of words."""
    train = [sentences.texts[i] for i in sentences.rows("train")]
    embedder = WordVectors.of(WordTable.from_arrays(load_model(words)[0]), train)
    return command.prepare(sentences, embedder)[1:]


def train_rows(args):
    """Train each row with each seed, where the table does not hold it yet with today's settings; a minute a run."""
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
