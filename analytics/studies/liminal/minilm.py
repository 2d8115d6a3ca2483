"""The same reader on MiniLM's states: what it reaches where a sentence encoder reads along.

Each token starts from its contextual states after all layers instead of from a word's vector, and a ridge
regression on n-grams and MiniLM's sentence vectors has its share in the answer; several networks are averaged. Only
EmoBank's ratings teach.
"""

import time

import numpy as np
from tqdm import tqdm

from analytics.studies.liminal.lessons import over_tokens, projected
from core.nn.training import fit
from core.storage import write_json
from core.text import train as command
from core.text.config import TextConfig
from core.text.language.tokens import tokens
from core.text.metrics import measure
from core.text.reader import FINAL_LIMINAL
from core.text.task import TextTask
from core.text.versions.train import prepare

DIM = 384
SETTINGS = dict(plain=0, pairs=0, rated=64, epochs=6, steps=250, dropout=0.4, lr=1e-3)


class Contexts:
    """A table of token states for TextTask: each token of the texts has a row of its own, vectors (T, dim) float16."""

    def __init__(self, texts, minilm, dim=DIM):
        spans = {text: tokens(text) for text in texts}
        self.starts, count = {}, 0
        for text, span in spans.items():
            self.starts[text] = count, count + max(1, len(span))
            count += max(1, len(span))
        states = np.empty((count, (minilm.layers + 1) * minilm.width), np.float16)
        every = list(spans)
        with tqdm(total=len(every), desc="MiniLM reads") as bar:
            for rows, offsets, layers in minilm.runs(every):
                joined = np.concatenate(layers, axis=2)
                for row, pieces, state in zip(rows, offsets, joined, strict=True):
                    start, stop = self.starts[every[row]]
                    span = spans[every[row]]
                    states[start:stop] = over_tokens(span, pieces, state) if span else state.mean(axis=0)
                bar.update(len(rows))
        self.vectors, self.dim = principal(states, dim), dim

    def tokenise(self, text):
        return np.arange(*self.starts[text])

    def lookup(self, rows):
        return self.vectors[rows].astype(np.float32)


def principal(states, dim, sample=40_000, seed=0):
    """The first principal axes of states (T, n), of variance 1 on average: (T, dim) float16."""
    chosen = states[np.random.default_rng(seed).permutation(len(states))[:sample]].astype(np.float32)
    mean, spread = chosen.mean(axis=0), np.maximum(chosen.std(axis=0), 1e-3)
    chosen = (chosen - mean) / spread
    axes = np.linalg.eigh(chosen.T @ chosen)[1][:, ::-1][:, :dim]
    scale = 1 / (chosen @ axes).std(axis=0)
    return projected(states, mean, axes / spread[:, None] * np.sqrt(scale))


def train(args, sentences, seeds=3):
    """Write minilm.json: the figures of dev and test, averaged answers of `seeds` networks and the regression."""
    from deployment.pages.text.embedders import MiniLM

    started = time.perf_counter()
    minilm = MiniLM(args.folder, layers="all")
    featurizer, _, prior = prepare(sentences, minilm)
    table = Contexts(sentences.texts, minilm)
    rows = {split: sentences.rows(split) for split in ("dev", "test")}
    pads = {split: [] for split in rows}
    for seed in range(seeds):
        config = TextConfig(**SETTINGS, seed=seed)
        task = TextTask(config, sentences, table)
        fit(task, config, on_epoch=lambda row: command.show(row, SETTINGS["epochs"]))
        task.join(featurizer.prior, prior)
        for split, chosen in rows.items():
            pads[split].append(task.read(chosen)[0])
    found = {"settings": {**task.config.to_dict(), "networks": seeds}}
    for split, chosen in rows.items():
        target = task.target[chosen]
        found[split] = {"n": len(chosen), **measure(np.mean(pads[split], axis=0), target)}
        found[f"ridge_{split}"] = measure(np.tanh(prior[chosen]), target)
    found["seconds"] = round(time.perf_counter() - started, 1)
    write_json(FINAL_LIMINAL / "minilm.json", found)
