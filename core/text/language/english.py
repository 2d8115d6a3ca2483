"""Is this English? A reader of feelings that knows one language has to say so of the others.

A logistic regression on what stands in the words: each word is the mean of its hashed 1- to 4-grams of characters, a
text the mean of its words, beside the share of words that the table of vectors does not know.
"""

import zlib

import numpy as np

BUCKETS = 2**15


def buckets(word):
    """The hashed character n-grams of one word, its edges marked."""
    padded = f" {word} "
    grams = [padded[i : i + n] for n in range(1, 5) for i in range(len(padded) - n + 1)]
    return [zlib.crc32(gram.encode(errors="replace")) % BUCKETS for gram in grams]


class English:
    """weights (2^15,), one a bucket; unknown, what a text of unknown words only adds; bias."""

    def __init__(self, weights, unknown, bias):
        self.weights, self.unknown, self.bias = np.asarray(weights, np.float32), float(unknown), float(bias)
        if self.weights.shape != (BUCKETS,):
            raise ValueError(f"its English has {self.weights.shape}, not {BUCKETS} weights")

    def score(self, words, table):
        """Log odds that words in lower case, at least one, are English."""
        spoken = np.mean([self.weights[buckets(word)].mean() for word in words])
        return self.bias + float(spoken) + self.unknown * share_unknown(words, table)

    def arrays(self):
        return {"english": self.weights.astype(np.float16), "english_rest": np.array([self.unknown, self.bias])}

    @classmethod
    def from_arrays(cls, arrays):
        return cls(arrays["english"], *arrays["english_rest"])

    @classmethod
    def anything(cls):
        """One that takes every text for English."""
        return cls(np.zeros(BUCKETS), 0.0, 1.0)


def share_unknown(words, table):
    """The share of words without a row of their own in the table."""
    return float(np.mean([word not in table.index for word in words]))
