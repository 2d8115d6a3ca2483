"""The table of word vectors that the reader starts from: MiniLM's view of single words, small enough to ship."""

import re
from collections import Counter

import numpy as np

from core.text.language.tokens import SMILEYS, tokens
from core.text.network.embedding import WordTable

MARKS = (".", ",", ";", ":", "...", "!", "?", "?!", "number")
LEAST = 2  # how often a word of the lessons comes that is not MiniLM's own


def vocabulary(texts, minilm):
    """Words of letters: MiniLM's whole pieces, what the texts hold at least twice, marks and smileys; sorted."""
    seen = Counter(token.word for text in texts for token in tokens(text))
    found = {word for word in minilm.tokenizer.get_vocab() if re.fullmatch(r"[a-z][a-z']+|[ai]", word)}
    found |= {word for word, count in seen.items() if count >= LEAST and re.fullmatch(r"[a-z]+(?:'[a-z]+)*", word)}
    return sorted(found | {*MARKS, *SMILEYS.values()})


def make(texts, minilm, dim=256):
    """The WordTable: layers 0, 2, 4 and 6 of each word alone, each of unit deviation, reduced to `dim` values by their
    principal axes and to 8 bits."""
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
