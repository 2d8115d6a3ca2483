"""Read sentences with a trained LIMINAL model: pleasure, arousal and dominance of a text, with intervals.

    reader = TextReader()
    reading = reader.read("I'm not sad any more, I feel great!")
    reading.pad, reading.words                      # array([0.43, 0.33, 0.1]), "very pleased, very excited"
    reading.low, reading.high                       # 90 % prediction interval
    reader.read("Ich bin heute sehr froh.")         # UnreadableError: ... it does not look like English
    reader.occlusion_effects("What a lovely morning!")
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.shipped import data
from core.storage import ModelError, load_model, read_json
from core.text.config import TextConfig
from core.text.intervals import Intervals
from core.text.language.english import English
from core.text.language.program_text import is_code
from core.text.language.tokens import Token, spoken, tokens, words_in
from core.text.network.embedding import UNKNOWN, WordTable
from core.text.network.model import TextModel, Thought
from core.text.network.ragged import Ragged
from core.text.prior import Prior

FINAL_LIMINAL = data("final_model/liminal")
MAX_CHARACTERS = 5000  # of one text
BATCH_CHARACTERS = 30_000  # read at once, with about 40 MB
POLES = (("displeased", "pleased"), ("calm", "stirred"), ("powerless", "in control"))
STIRRED = ("agitated", "excited")  # high arousal with displeasure, and with pleasure
PREFIX = "reader_"  # of the names of the network's arrays in a model folder


class UnreadableError(ValueError):
    """A text without words, not in English, or code. The message states the reason."""


@dataclass(frozen=True)
class TextReading:
    """The affect of one text.

    pad: (3,) pleasure, arousal, dominance in [-1, 1]; low, high: (3,), 90 % prediction interval; words: PAD in words,
    without the dimensions whose interval contains zero; rounds: (K + 1, 3), the estimate before the first and after
    each round; confidence: (K,) in (0, 1), the affect gates; tokens: those of the text; attention: (K, T), of each
    round to each token; known: (number of known words, number of words).
    """

    text: str
    pad: NDArray[np.floating]
    low: NDArray[np.floating]
    high: NDArray[np.floating]
    words: str
    rounds: NDArray[np.floating]
    confidence: NDArray[np.floating]
    tokens: list[Token]
    attention: NDArray[np.floating]
    known: tuple[int, int]

    @property
    def unsure(self) -> str:
        """A sentence about unknown words, or an empty string."""
        known, n = self.known
        return f"It knows {known} of {n} words." if known < n else ""


@dataclass(frozen=True)
class OcclusionEffect:
    """One word of a text, text[start:stop], and its effect `change` (3,): PAD with it minus PAD without it."""

    word: str
    start: int
    stop: int
    change: NDArray[np.floating]


def check_text(text: str) -> str:
    """The text. Raises ValueError if it is not a string, empty or too long."""
    if not isinstance(text, str):
        raise ValueError(f"a text must be a string, not {type(text).__name__}")
    if not text.strip():
        raise ValueError("the text is empty; write a sentence to read")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"the text has {len(text):,} characters; give a sentence of at most {MAX_CHARACTERS:,}")
    return text


def each_word(pad: ArrayLike, centre: NDArray[np.floating], spread: NDArray[np.floating], low: ArrayLike | None = None,
              high: ArrayLike | None = None) -> list[str]:
    """A word for each dimension of a point of PAD, "" where it is near the `centre` of all sentences.

    pad, centre, spread: (3,). "slightly" from 0.6 spreads, no adverb from 1.5, "very" from 3. low, high: (3,), the
    interval of the point; a dimension whose interval contains zero has no word. High arousal is "excited" with
    pleasure, "agitated" with displeasure, "stirred" with neither.
    """
    away = (np.asarray(pad) - centre) / spread
    clear = np.abs(away) >= 0.6
    if low is not None and high is not None:
        clear &= (np.asarray(low) > 0) | (np.asarray(high) < 0)
    words = []
    for i, (value, poles) in enumerate(zip(away, POLES, strict=True)):
        word = poles[int(value > 0)]
        if i == 1 and value > 0 and clear[0]:
            word = STIRRED[int(away[0] > 0)]
        degree = "very " if abs(value) >= 3 else "" if abs(value) >= 1.5 else "slightly "
        words.append(degree + word if clear[i] else "")
    return words


def words_for(pad: ArrayLike, centre: NDArray[np.floating], spread: NDArray[np.floating], low: ArrayLike | None = None,
              high: ArrayLike | None = None) -> str:
    """The words of `each_word` in one line; "neutral" for a point near the centre, "no clear emotion" for another one
    whose interval contains zero in every dimension."""
    words = ", ".join(filter(None, each_word(pad, centre, spread, low, high)))
    return words or ("no clear emotion" if any(each_word(pad, centre, spread)) else "neutral")


def portions(texts: Sequence[str], most: int = BATCH_CHARACTERS) -> Iterator[slice]:
    """Slices of texts with at most `most` characters each, or one text."""
    start, size = 0, 0
    for i, text in enumerate(texts):
        if i > start and size + len(text) > most:
            yield slice(start, i)
            start, size = i, 0
        size += len(text)
    if texts:
        yield slice(start, len(texts))


class TextReader:
    """A thread-safe reader from a folder of core.text.saving. Raises ModelError if the folder is missing or damaged."""

    def __init__(self, folder: str | Path = FINAL_LIMINAL) -> None:
        self.folder = Path(folder)
        arrays, self.saved = load_model(folder)
        try:
            self.config = TextConfig.from_dict(self.saved)
            self.table, self.english = WordTable.from_arrays(arrays), English.from_arrays(arrays)
            self.prior = Prior.from_arrays(arrays)
            self.model = TextModel(self.config, self.table.dim)
            self.model.net.load({name.removeprefix(PREFIX): a for name, a in arrays.items() if name.startswith(PREFIX)})
            self.intervals = Intervals(**self.saved["intervals"])
            self.centre, self.spread = (np.array(self.saved[name], float) for name in ("centre", "spread"))
            if not (self.centre.shape == self.spread.shape == (3,) and (self.spread > 0).all()):
                raise ValueError("its centre and spread are not three numbers each")
            if not np.isfinite([*self.think(["a good word"])[0].pad[0], *self.centre, *self.spread]).all():
                raise ValueError("its answers are not finite")
        except Exception as error:  # a foreign file may raise any exception
            raise ModelError(f"{folder} has no text model of this version ({error}); train it again with "
                             "`python core/text/train.py`.") from None

    @property
    def history(self) -> dict[str, list[float]]:
        """Hope, Faith, Love, MAE, MSE, R2 and r on dev after each epoch, a dict of lists."""
        return read_json(self.folder / "train_history.json")

    def known(self, text: str) -> tuple[int, int]:
        """(number of known words, number of words) of a text; emoji and smileys are words. Raises UnreadableError."""
        words = words_in(text)
        known = sum(any(self.table.find(token.word) != UNKNOWN for token in span.tokens) for span in words)
        plain_words = spoken(words)
        if not words:
            raise UnreadableError("I cannot read this: there is no word in it")
        if is_code(text):
            raise UnreadableError("I cannot read this: it does not look like an English sentence, but like code")
        if not known:
            raise UnreadableError("I cannot read this: I know " + ("no such word" if len(words) == 1 else
                                  "none of its words") + "; I read English")
        if plain_words and self.english.score(plain_words, self.table) < 0:
            raise UnreadableError(f"I cannot read this: it does not look like English (I know {known} of its "
                                  f"{len(words)} words)")
        return known, len(words)

    def think(self, texts: Sequence[str]) -> tuple[Thought, Ragged]:
        """(Thought, Ragged) of N texts."""
        rows = [self.table.tokenise(text) for text in texts]
        ragged = Ragged([len(each) for each in rows])
        vectors = self.table.lookup(np.concatenate(rows))
        thought, _ = self.model.forward(vectors, ragged)
        prior = self.prior(texts, ragged.mean(vectors))
        return replace(thought, rounds=self.prior.join(thought.rounds, prior)), ragged

    def read_each(self, texts: Iterable[str]) -> list[TextReading | ValueError]:
        """The TextReading of each text, or its ValueError. Readings do not depend on the other texts."""
        texts, known = list(texts), {}
        answers: dict[int, TextReading | ValueError] = {}
        for i, text in enumerate(texts):
            try:
                known[i] = self.known(check_text(text))
            except ValueError as error:
                answers[i] = error
        rows, readings = list(known), []
        for part in portions([texts[i] for i in rows]):
            readings += self._readings([texts[i] for i in rows[part]], [known[i] for i in rows[part]])
        answers |= zip(rows, readings, strict=True)
        return [answers[i] for i in range(len(texts))]

    def read_many(self, texts: Iterable[str]) -> list[TextReading]:
        """The TextReading of each text. Raises ValueError, which names the first unreadable text."""
        readings = []
        for number, reading in enumerate(self.read_each(texts), start=1):
            if isinstance(reading, ValueError):
                raise type(reading)(f"text {number}: {reading}")
            readings.append(reading)
        return readings

    def read(self, text: str) -> TextReading:
        """The TextReading of one text. Raises ValueError; UnreadableError if it is not English."""
        return self._readings([text], [self.known(check_text(text))])[0]

    def _readings(self, texts: Sequence[str], known: Sequence[tuple[int, int]]) -> list[TextReading]:
        thought, ragged = self.think(texts)
        low, high = self.intervals(thought.pad, ragged.lengths)
        shares = np.split(thought.attention.T, ragged.starts[1:-1], axis=1)
        return [TextReading(text, thought.pad[i], low[i], high[i], self.words_for(thought.pad[i], low[i], high[i]),
                            thought.rounds[i], thought.confidence[i], tokens(text), shares[i], known[i])
                for i, text in enumerate(texts)]

    def words_for(self, pad: ArrayLike, low: ArrayLike | None = None, high: ArrayLike | None = None) -> str:
        """A PAD point (3,) and its interval in words, relative to the training sentences."""
        return words_for(pad, self.centre, self.spread, low, high)

    def each_word(self, reading: TextReading) -> list[str]:
        """The word of each dimension of a TextReading, or ""."""
        return each_word(reading.pad, self.centre, self.spread, reading.low, reading.high)

    def occlusion_effects(self, text: str) -> list[OcclusionEffect]:
        """The effect of each word, by leaving it out, in the order of the text."""
        spans = [(span.start, span.stop) for span in words_in(check_text(text))]
        texts = [text, *((text[:start] + text[stop:]).strip() for start, stop in spans)]
        pads = np.concatenate([self.think(texts[part])[0].pad for part in portions(texts)])
        return [OcclusionEffect(text[start:stop], start, stop, pads[0] - pad) for (start, stop), pad in
                zip(spans, pads[1:], strict=True)]
