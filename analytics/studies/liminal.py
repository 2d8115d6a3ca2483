"""What LIMINAL reaches on EmoBank, with everything beside it that a sceptic would ask for.

    python -m analytics.studies.liminal [--data FILE]             the report liminal.md, from shipped weights and
    results python -m analytics.studies.liminal train [--seeds 5]         trains what the table lacks (about a minute a
    run and core) python -m analytics.studies.liminal minilm --folder DIR       trains and measures the model on
    MiniLM's states python -m analytics.studies.liminal words --folder DIR        remakes the table of word vectors from
    MiniLM

Without --data EmoBank is fetched once. Everything was chosen on dev; test is read once a run. Results of training runs
are kept in final_model/liminal/ablation.json.
"""

import argparse
import re
import time
import zlib
from collections import Counter
from pathlib import Path

import numpy as np

from analytics.reports import write_report
from core.command import refusing
from core.storage import load_model, read_json, save_model, write_json
from core.text import train as command
from core.text.config import VERSIONS, TextConfig
from core.text.data import load_emobank
from core.text.featurizer import WordVectors, part
from core.text.metrics import bootstrap_difference, measure, pearson
from core.text.ngrams import WORDS, ridge, times
from core.text.reader import FINAL_LIMINAL, TextReader

ABLATION = FINAL_LIMINAL / "ablation.json"
RUNS = Path(__file__).resolve().parents[2] / "runs" / "liminal"
ROWS = {
    "K = 0": dict(outer=0), "K = 1": dict(outer=1), "K = 3": dict(outer=3),
    **{f"{name}, K = 5": switches for name, switches in VERSIONS.items()},
    "v6 without affect loop": dict(affect=False), "v6 with deep supervision": dict(deep_supervision=True),
    "v6 without EMA": dict(ema=0.0), "v6 from zero, without the prior": dict(prior=False),
    "K = 0 from zero": dict(prior=False, outer=0),
}
DIMENSIONS = ("V", "A", "D")


def prepared(sentences):
    """(embedding, prior) of all sentences with the shipped word table; kept in runs/, as it takes a minute."""
    embedder = WordVectors.from_arrays(load_model(FINAL_LIMINAL)[0])
    key = zlib.crc32(np.ascontiguousarray(sentences.pad)) ^ zlib.crc32(np.ascontiguousarray(embedder.vectors))
    path = RUNS / f"prepared_{key:08x}.npz"
    if not path.exists():
        _, embedding, prior = command.prepare(sentences, embedder)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, embedding=embedding, prior=prior)
    with np.load(path, allow_pickle=False) as kept:
        return kept["embedding"], kept["prior"]


def train_rows(sentences, seeds, rows):
    """Train each row with each seed, where ablation.json does not hold it yet with today's settings."""
    embedding, prior = prepared(sentences)
    for seed in range(seeds):
        for name in rows:
            config = TextConfig(**{**ROWS[name], "seed": seed})
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


def ngram_ridge(featurizer, sentences):
    """Test estimates (N, 3) of a ridge regression on the n-grams alone, the reference every embedder must beat."""
    rows, test = sentences.rows("train"), sentences.rows("test")
    blocks = featurizer.blocks(sentences.texts)[:2]
    target = sentences.pad[rows] - featurizer.offset
    weights = ridge([part(block, rows) for block in blocks], target, (1.0, 2.0, 4.0))
    return featurizer.offset + sum(times(part(block, test), w) for block, w in zip(blocks, weights, strict=True))


def cells(found):
    """r and MAE of the three dimensions, from dicts as measure() gives: their mean, with the deviation over several."""
    def cell(name, digits):
        values = [one[name] for one in found]
        spread = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
        return f"{np.mean(values):.{digits}f}{spread}"

    return " | ".join([*(cell(f"r_{d}", 3) for d in DIMENSIONS), *(cell(f"mae_{d}", 3) for d in DIMENSIONS)])


def timings(reader, text="The train was late again, but nobody seemed to mind very much."):
    """Median milliseconds for one sentence and seconds for 1,000 different ones, in processor time of all threads."""
    for _ in range(5):
        reader.read(text)
    single = []
    for i in range(50):
        started = time.process_time()
        reader.read(f"{text} {i}")
        single.append(time.process_time() - started)
    started = time.process_time()
    reader.read_many([f"{i} {text} {i * i}" for i in range(1000)])
    return 1000 * float(np.median(single)), time.process_time() - started


def verdict(name, gain, low, high):
    """What the 95 % interval of a difference allows to be said."""
    if low > 0 or high < 0:
        return f"{name} {'better' if low > 0 else 'worse'} ({gain:+.3f})"
    return f"{name} no difference shown ({gain:+.3f})"


def fisher_half_width(r, n):
    """Half the 95 % interval of a correlation r over n sentences (Fisher 1921), near its middle."""
    return 1.96 * (1 - r * r) / np.sqrt(n - 3)


def page(sentences):
    """The body of the report as Markdown."""
    reader, rows = TextReader(), sentences.rows("test")
    target, texts = sentences.pad[rows], [sentences.texts[i] for i in rows]
    shipped = np.stack([reading.pad for reading in reader.read_many(texts)])
    prior, grams = np.tanh(reader.featurizer(texts)[1]), ngram_ridge(reader.featurizer, sentences)
    mean = np.tile(sentences.pad[sentences.rows("train")].mean(axis=0), (len(rows), 1))
    head = "| {} | r V | r A | r D | MAE V | MAE A | MAE D | n |\n|---|---|---|---|---|---|---|---:|"
    lines = [__doc__.split("\n\n")[-1].replace("\n", " ").strip(), "",
             f"{len(rows):,} test sentences; MAE on the 1..5 scale of the ratings. EmoBank is not part of the "
             f"project: the "
             "command fetches it once, or takes a copy with --data.", "", head.format("fitted once")]
    for name, pad in (("the mean", mean), ("ridge on word and character n-grams", grams),
                      ("ridge on n-grams and word vectors (the prior)", prior), ("**shipped model**", shipped)):
        lines.append(f"| {name} | {cells([measure(pad, target)])} | 1 |")
    low, high = bootstrap_difference(shipped, grams, target)
    near_low, near_high = bootstrap_difference(shipped, prior, target)
    intervals = [", ".join(f"{d} {a:+.3f} to {b:+.3f}" for d, a, b in zip(DIMENSIONS, *pair, strict=True))
                 for pair in ((low, high), (near_low, near_high))]
    lines += ["", f"Shipped model less ridge on n-grams, in r, paired bootstrap, 95 %: {intervals[0]}.",
              f"Shipped model less its own prior: {intervals[1]}.", "",
              "Known on this split: TF-IDF ridge .569 / .428 / .310, ridge on MiniLM's sentence vectors .621 / .423 / "
              ".341, a fine-tuned RoBERTa-large .838 / .573 / .536; raters' noise allows about .84 / .73 / .68.", ""]
    minilm = FINAL_LIMINAL / "minilm" / "metrics.json"
    if minilm.exists():
        kept = read_json(minilm)
        lines += [head.format("on MiniLM's states")]
        lines += [f"| {name} | {cells([kept[key]])} | 1 |" for name, key in
                  (("ridge on n-grams and MiniLM (the prior)", "ridge_test"), ("**model**", "test"))] + [""]
    results = read_json(ABLATION) if ABLATION.exists() else {}
    half = fisher_half_width(float(pearson(shipped, target).mean()), len(rows))
    lines += ["The ± below is training noise over seeds alone; other test sentences would move each r by about "
              f"{half:.3f} either way (95 %).", "",
              head.format("trained, mean ± sd over n seeds (v6 where no version is named)")]
    for name, runs in results.items():
        lines.append(f"| {name} | {cells([run['test'] for run in runs.values()])} | {len(runs)} |")
        recalled = [run["test"]["with_memory"] for run in runs.values() if "with_memory" in run["test"]]
        if name == "v6, K = 5" and recalled:
            lines.append(f"| v6, with the document so far in memory | {cells(recalled)} | {len(recalled)} |")
    gains = pearson(shipped, target) - pearson(prior, target)
    single, thousand = timings(reader)
    lines += ["", "Recursion against ridge regression on the same embedding, in r: "
              + "; ".join(map(verdict, DIMENSIONS, gains, near_low, near_high)) + ".", "",
              f"One sentence takes {single:.1f} ms of processor time (median), 1,000 take {thousand:.2f} s.", ""]
    return "\n".join(lines)


def make_words(folder, sentences, dim=256):
    """The WordVectors of MiniLM's whole-word pieces and the training words: layers 0, 2, 4 and 6 of each word alone.

    The four states, each scaled to unit deviation, are reduced to `dim` values by their principal axes, then to 8 bits.
    """
    from deployment.text.embedders import MiniLM

    model = MiniLM(folder, layers="all")
    train = [sentences.texts[i].lower().replace("’", "'") for i in sentences.rows("train")]
    seen = Counter(word for text in train for word in set(WORDS.findall(text)))
    words = {word for word in model.tokenizer.get_vocab() if re.fullmatch(r"[a-z][a-z']+", word)}
    words = sorted(words.union(*(re.findall(r"[a-z]+(?:'[a-z]+)?", text) for text in train)))
    states = model.states(words)[:, np.linspace(0, model.layers, 4).round().astype(int)]
    vectors = (states / states.std(axis=(0, 2), keepdims=True)).reshape(len(words), -1)
    vectors -= vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors @ np.linalg.eigh(vectors.T @ vectors)[1][:, ::-1][:, :dim]
    scale = (np.abs(vectors).max(axis=1) / 127).astype(np.float16)
    whole = np.clip(np.round(vectors / scale[:, None].astype(np.float32)), -127, 127).astype(np.int8)
    rarity = np.log([(1 + len(train)) / (1 + seen[word]) for word in words]).astype(np.float16)
    return WordVectors(words, whole, scale, rarity)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.liminal", description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("page", "train", "minilm", "words"), default="page")
    parser.add_argument("--data", type=Path, metavar="FILE", help="EmoBank's emobank.csv (default: fetched)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="MiniLM's weights (default: its package)")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS), metavar="ROW")
    args = parser.parse_args(argv)
    with refusing("liminal"):
        sentences = load_emobank(args.data, progress=print)
    if args.what == "train":
        train_rows(sentences, args.seeds, args.only)
    elif args.what == "words":
        out = RUNS / "words"
        save_model(out, make_words(args.folder, sentences).arrays(), {"embedder": "words"})
        print(f"the table is in {out}; train on it with `python core/text/train.py --words {out}`")
    elif args.what == "minilm":
        from deployment.text.embedders import MiniLM

        data = ["--data", str(args.data)] if args.data else []
        command.main([*data, "--out", str(FINAL_LIMINAL / "minilm")], MiniLM(args.folder, layers="all"))
    body = page(sentences)
    write_report("liminal", "LIMINAL on EmoBank", "python -m analytics.studies.liminal", body)
    print(body)


if __name__ == "__main__":
    main()
