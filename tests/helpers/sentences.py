"""Sentences of our own, and a small table of word vectors, for tests of the text model."""

import numpy as np

from core.text.network.embedding import WordTable

GOOD, BAD = ("lovely", "happy", "bright", "warm"), ("awful", "sad", "dreadful", "cold")
THINGS = ("day", "letter", "house", "song", "dinner", "story", "walk", "friend")


def own_sentences():
    """A CSV of 192 sentences whose valence follows from one word, in documents of eight."""
    lines, rng = ["id,split,V,A,D,text"], np.random.default_rng(0)
    for i in range(192):
        good = i % 2
        word, thing = rng.choice(GOOD if good else BAD), rng.choice(THINGS)
        V = (4.0 if good else 2.0) + 0.1 * rng.standard_normal()
        split = "train" if i % 8 < 5 else "dev" if i % 8 == 5 else "test"
        name, text = f"doc{i // 8}_{10 * i}_{10 * i + 9}", f"It was a {word} {thing}, number {i}."
        lines.append(f'{name},{split},{V:.2f},3.{good},3.0,"{text}"')
    return "\n".join(lines)


def word_table():
    rng = np.random.default_rng(1)
    words = [*GOOD, *BAD, *THINGS, "it", "was", "a", "not", "never", "number", ".", ","]
    vectors = rng.integers(-127, 128, (len(words), 12)).astype(np.int8)
    return WordTable(words, vectors, np.full(len(words), 1 / 127, np.float32))
