"""Lessons from teachers: plain sentences with what MiniLM and VADER make of them. As arrays: core needs neither.

analytics/studies/liminal/lessons.py makes them.
"""

from dataclasses import dataclass

import numpy as np

from core.text.data.emobank import TextDataError
from core.text.language.tokens import tokens

SENTENCE, WORD = 128, 64  # values kept of a sentence's state and of a word's


@dataclass(frozen=True)
class Lessons:
    """N plain sentences and their teachers' states, all of about unit variance a sentence.

    texts: N strings; states (N, SENTENCE): the sentence; words (T, WORD): its tokens, those of sentence i at
    words[starts[i] : starts[i + 1]]; polarity (N,): VADER's compound score, in [-1, 1].
    """

    texts: list
    states: np.ndarray
    words: np.ndarray
    starts: np.ndarray
    polarity: np.ndarray

    def save(self, path):
        text = np.frombuffer("\n".join(self.texts).encode(), np.uint8)
        counts = np.diff(self.starts).astype(np.uint16)
        np.savez(path, text=text, states=self.states, words=self.words, counts=counts, polarity=self.polarity)

    @classmethod
    def load(cls, path):
        """Raises TextDataError when the file is missing, damaged, or made with other tokens."""
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as kept:
                texts = kept["text"].tobytes().decode().split("\n")
                counts = kept["counts"].astype(int)
                found = cls(texts, kept["states"], kept["words"], np.append(0, np.cumsum(counts)), kept["polarity"])
        except (OSError, KeyError, ValueError) as error:
            raise TextDataError(f"{path} holds no lessons ({error}); make them with "
                                "`python -m analytics.studies.liminal lessons`.") from None
        if len(texts) != len(counts) or any(len(tokens(t)) != n for t, n in zip(texts[:500], counts, strict=False)):
            raise TextDataError(f"{path} was made with other tokens; make it again with "
                                "`python -m analytics.studies.liminal lessons`.")
        return found
