"""Lessons for distillation: plain sentences with the outputs of MiniLM and VADER, as arrays.

Written by analytics/studies/liminal/lessons.py; core needs neither of the two teachers.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.text.data.emobank import TextDataError
from core.text.language.tokens import tokens

SENTENCE, WORD = 128, 64  # dimensions of the state of a sentence and of a word


@dataclass(frozen=True)
class Lessons:
    """N plain sentences and the states of the teachers, of about unit variance.

    texts: N strings; states (N, SENTENCE): the sentence; words (T, WORD): its tokens, those of sentence i at
    words[starts[i] : starts[i + 1]]; polarity (N,): VADER's compound score, in [-1, 1].
    """

    texts: list[str]
    states: NDArray[np.floating]
    words: NDArray[np.floating]
    starts: NDArray[np.integer]
    polarity: NDArray[np.floating]

    def save(self, path: str | Path) -> None:
        text = np.frombuffer("\n".join(self.texts).encode(), np.uint8)
        counts = np.diff(self.starts).astype(np.uint16)
        np.savez(path, text=text, states=self.states, words=self.words, counts=counts, polarity=self.polarity)

    @classmethod
    def load(cls, path: str | Path) -> "Lessons":
        """Raises TextDataError if the file is missing, damaged, or was made with other tokens."""
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as saved:
                texts = saved["text"].tobytes().decode().split("\n")
                counts = saved["counts"].astype(int)
                starts = np.append(0, np.cumsum(counts))
                lessons = cls(texts, saved["states"], saved["words"], starts, saved["polarity"])
        except (OSError, KeyError, ValueError) as error:
            raise TextDataError(f"{path} has no lessons ({error}); make them with "
                                "`python -m analytics.studies.liminal lessons`.") from None
        if len(texts) != len(counts) or any(len(tokens(t)) != n for t, n in zip(texts[:500], counts, strict=False)):
            raise TextDataError(f"{path} was made with other tokens; make it again with "
                                "`python -m analytics.studies.liminal lessons`.")
        return lessons
