"""The table of word vectors: what a token is before anything else is known of its sentence."""

import numpy as np

from core.text.language.tokens import tokens
from core.text.network.ragged import Ragged

UNKNOWN = -1
LEAST = 2  # letters that are left without an ending
ENDINGS = (("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
           ("ly", ""), ("er", ""), ("est", ""), ("ness", ""), ("'", ""))


class WordTable:
    """W words in lower case, with vectors (W, dim) int8 and scale (W,): a word's true vector is vectors * scale.

    The shipped one holds vectors of single words from all-MiniLM-L6-v2 (layers 0, 2, 4 and 6) in 256 values, as `python
    -m analytics.studies.liminal words` makes it (static vectors from a sentence model: Model2Vec, Tulkens & van Dongen
    2024).
    """

    def __init__(self, words, vectors, scale):
        self.words, self.vectors, self.scale = list(words), vectors, scale
        self.index, self.dim = {word: i for i, word in enumerate(self.words)}, vectors.shape[1]

    def find(self, word):
        """The row of a word, or of what is left of it without an ending; UNKNOWN (-1) where there is none."""
        found = self.index.get(word)
        if found is not None:
            return found
        for ending, instead in ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= LEAST:
                found = self.index.get(word[: len(word) - len(ending)] + instead)
                if found is not None:
                    return found
        return UNKNOWN

    def rows(self, words):
        """Rows (n,) of words; UNKNOWN for those it does not know."""
        return np.array([self.find(word) for word in words], np.int64)

    def tokenise(self, text):
        """Rows of the tokens of a text; one without any counts as one unknown word."""
        return self.rows([token.word for token in tokens(text)] or [""])

    def lookup(self, rows):
        """Vectors (n, dim) float32 of rows; zeros for UNKNOWN."""
        known = np.where(rows >= 0, rows, 0)
        factor = np.where(rows >= 0, self.scale[known], 0).astype(np.float32)
        return self.vectors[known] * factor[:, None]

    def means(self, texts, most=2000):
        """The mean vector of the tokens of each text: (N, dim) float32."""
        found = [np.empty((0, self.dim), np.float32)]
        for start in range(0, len(texts), most):
            rows = [self.tokenise(text) for text in texts[start : start + most]]
            found.append(Ragged([len(own) for own in rows]).mean(self.lookup(np.concatenate(rows))))
        return np.concatenate(found)

    def arrays(self):
        """What a model folder keeps of the table."""
        text = np.frombuffer("\n".join(self.words).encode(), np.uint8)
        return {"words": text, "word_vectors": self.vectors, "word_scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays):
        words = arrays["words"].tobytes().decode().split("\n")
        return cls(words, arrays["word_vectors"], arrays["word_scale"].astype(np.float32))
