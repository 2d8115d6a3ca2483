"""The same reader on MiniLM's states.

Each token starts from its contextual states of all layers instead of a word vector; a ridge regression on n-grams and
MiniLM's sentence vectors contributes to the estimate; several networks are averaged. Trained on EmoBank's ratings only.
"""

import argparse
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from analytics.studies.liminal.lessons import over_tokens, projected
from core.nn.training import fit
from core.storage import write_json
from core.text import train as command
from core.text.config import TextConfig
from core.text.data.emobank import Sentences
from core.text.language.tokens import tokens
from core.text.metrics import measure
from core.text.reader import FINAL_LIMINAL
from core.text.task import TextTask
from core.text.versions.train import prepare
from deployment.pages.text.embedders import MiniLM

DIM = 384
SETTINGS: dict[str, Any] = dict(plain=0, pairs=0, rated=64, epochs=6, steps=250, dropout=0.4, lr=1e-3)


class Contexts:
    """A table of token states for TextTask with one row per token of the texts: vectors (T, dim) float16."""

    def __init__(self, texts: list[str], minilm: MiniLM, dim: int = DIM):
        spans = {text: tokens(text) for text in texts}
        self.starts, count = {}, 0
        for text, span in spans.items():
            self.starts[text] = count, count + max(1, len(span))
            count += max(1, len(span))
        states = np.empty((count, (minilm.layers + 1) * minilm.width), np.float16)
        unique = list(spans)
        with tqdm(total=len(unique), desc="MiniLM") as bar:
            for rows, offsets, layers in minilm.runs(unique):
                joined = np.concatenate(layers, axis=2)
                for row, offset, state in zip(rows, offsets, joined, strict=True):
                    start, stop = self.starts[unique[row]]
                    span = spans[unique[row]]
                    states[start:stop] = over_tokens(span, offset, state) if span else state.mean(axis=0)
                bar.update(len(rows))
        self.vectors, self.dim = principal(states, dim), dim

    def tokenise(self, text: str) -> NDArray[np.integer]:
        return np.arange(*self.starts[text])

    def lookup(self, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        return self.vectors[rows].astype(np.float32)


def principal(states: NDArray[np.floating], dim: int, sample: int = 40_000, seed: int = 0) -> NDArray[np.float16]:
    """States (T, n) projected on their first principal axes: (T, dim) float16."""
    chosen = states[np.random.default_rng(seed).permutation(len(states))[:sample]].astype(np.float32)
    mean, spread = chosen.mean(axis=0), np.maximum(chosen.std(axis=0), 1e-3)
    chosen = (chosen - mean) / spread
    axes = np.linalg.eigh(chosen.T @ chosen)[1][:, ::-1][:, :dim]
    scale = 1 / (chosen @ axes).std(axis=0)
    return projected(states, mean, axes / spread[:, None] * np.sqrt(scale))


def train(args: argparse.Namespace, sentences: Sentences, seeds: int = 3) -> None:
    """Write minilm.json: figures of the averaged estimates of `seeds` networks, and of the regression."""
    started = time.perf_counter()
    minilm = MiniLM(args.folder, layers="all")
    featurizer, _, prior = prepare(sentences, minilm)
    table = Contexts(sentences.texts, minilm)
    rows = {split: sentences.rows(split) for split in ("dev", "test")}
    pads = {split: [] for split in rows}
    config = TextConfig(**SETTINGS)
    for seed in range(seeds):
        config = TextConfig(**SETTINGS, seed=seed)
        task = TextTask(config, sentences, table)
        fit(task, config, on_epoch=lambda row: command.show(row, SETTINGS["epochs"]))
        task.join(featurizer.prior, prior)
        for split, chosen in rows.items():
            pads[split].append(task.read(chosen)[0])
    figures: dict[str, Any] = {"settings": {**config.to_dict(), "networks": seeds}}
    for split, chosen in rows.items():
        target = sentences.pad[chosen]
        figures[split] = {"n": len(chosen), **measure(np.mean(pads[split], axis=0), target)}
        figures[f"ridge_{split}"] = measure(np.tanh(prior[chosen]), target)
    figures["seconds"] = round(time.perf_counter() - started, 1)
    write_json(FINAL_LIMINAL / "minilm.json", figures)
