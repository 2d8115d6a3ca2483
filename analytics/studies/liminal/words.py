"""The table of word vectors that the reader starts from: compressed MiniLM states of single words."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from core.text.language.tokens import SMILEYS, tokens
from core.text.network.embedding import WordTable
from deployment.pages.text.embedders import MiniLM

MARKS = (".", ",", ";", ":", "...", "!", "?", "?!", "number")
MIN_COUNT = 2  # occurrences in the lessons for a word that is not in MiniLM's vocabulary


def vocabulary(texts: Sequence[str], minilm: MiniLM) -> list[str]:
    """Sorted: alphabetic words of MiniLM's vocabulary or with MIN_COUNT occurrences in the texts; marks and smileys."""
    seen = Counter(token.word for text in texts for token in tokens(text))
    words = {word for word in minilm.tokenizer.get_vocab() if re.fullmatch(r"[a-z][a-z']+|[ai]", word)}
    words |= {word for word, count in seen.items() if count >= MIN_COUNT and re.fullmatch(r"[a-z]+(?:'[a-z]+)*", word)}
    return sorted(words | {*MARKS, *SMILEYS.values()})


def make(texts: Sequence[str], minilm: MiniLM, dim: int = 256) -> WordTable:
    """The WordTable: states of layers 0, 2, 4 and 6 of each word alone, scaled to unit deviation, projected on `dim`
    principal axes and quantised to 8 bits."""
    words = vocabulary(texts, minilm)
    states = minilm.states(words)[:, np.linspace(0, minilm.layers, 4).round().astype(int)]
    vectors = (states / states.std(axis=(0, 2), keepdims=True)).reshape(len(words), -1)
    vectors -= vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors @ np.linalg.eigh(vectors.T @ vectors)[1][:, ::-1][:, :dim]
    vectors *= np.float32(np.sqrt(dim))  # values of about unit variance
    scale = (np.abs(vectors).max(axis=1) / 127).astype(np.float16)
    whole = np.clip(np.round(vectors / scale[:, None].astype(np.float32)), -127, 127).astype(np.int8)
    return WordTable(words, whole, scale)
