"""Reading sentences with a finished LIMINAL model: text in, pleasure, arousal and dominance out, with their doubt.

    reader = TextReader()
    reading = reader.read("I'm not sad any more, I feel great!")
    reading.pad, reading.words                      # array([0.43, 0.33, 0.1]), "very pleased, very excited"
    reading.low, reading.high                       # what nine of ten such sentences lie between
    reader.read("Ich bin froh.")                    # UnreadableError: it does not look like English ...
    reader.occlusion_effects("What a lovely morning!")
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.storage import ModelError, load_model, read_json, save_model
from core.text.config import TextConfig
from core.text.intervals import Intervals
from core.text.language.english import English
from core.text.language.program_text import is_code
from core.text.language.tokens import spoken, tokens, words_in
from core.text.network.embedding import UNKNOWN, WordTable
from core.text.network.model import TextModel
from core.text.network.ragged import Ragged
from core.text.prior import Prior

FINAL_LIMINAL = Path(__file__).resolve().parents[2] / "final_model" / "liminal"
LONGEST = 5000  # characters
TOGETHER = 30_000  # characters that are read at once: some 40 MB
POLES = (("displeased", "pleased"), ("calm", "stirred"), ("powerless", "in control"))
STIRRED = ("agitated", "excited")  # of one who is displeased, and pleased
PREFIX = "reader_"  # of the model's own arrays, in a folder


class UnreadableError(ValueError):
    """A text in which no feeling can be read: without words, not English, or code. The message says why."""


@dataclass(frozen=True)
class TextReading:
    """What the model read in one sentence.

    pad: (3,) pleasure, arousal, dominance in [-1, 1]; low, high: (3,), the interval that nine of ten lie in; words: PAD
    in words, without the dimensions whose interval holds zero; rounds: (K + 1, 3), its estimate before the first and
    after each round; confidence: (K,) in (0, 1), the affect gates; tokens: what the text was taken apart into;
    attention: (K, T), how much each round looked at each of them; known: (words it knows, words).
    """

    text: str
    pad: np.ndarray
    low: np.ndarray
    high: np.ndarray
    words: str
    rounds: np.ndarray
    confidence: np.ndarray
    tokens: list
    attention: np.ndarray
    known: tuple

    @property
    def unsure(self):
        """What there is to say about words it does not know, or an empty string."""
        known, n = self.known
        return f"It knows {known} of {n} words." if known < n else ""


@dataclass(frozen=True)
class OcclusionEffect:
    """One word of a text, text[start:stop], and what it does: PAD with it minus PAD without it, (3,)."""

    word: str
    start: int
    stop: int
    change: np.ndarray


def check_text(text):
    """The text, if it can be read; raises ValueError with a sentence for people otherwise."""
    if not isinstance(text, str):
        raise ValueError(f"a text must be a string, not {type(text).__name__}")
    if not text.strip():
        raise ValueError("the text is empty; write a sentence to read")
    if len(text) > LONGEST:
        raise ValueError(f"the text has {len(text):,} characters; give at most {LONGEST:,}, a sentence at a time")
    return text


def each_word(pad, centre, spread, low=None, high=None):
    """A word for each dimension of a point of PAD that is away from the `centre` of all sentences, else "".

    pad, centre, spread: (3,). "slightly" from 0.6 spreads, plainly from 1.5, "very" from 3. low, high: (3,) the
    interval of the point; a dimension whose interval holds zero has no word. High arousal is "excited" beside pleasure,
    "agitated" beside displeasure, "stirred" beside neither.
    """
    away = (np.asarray(pad) - centre) / spread
    clear = np.abs(away) >= 0.6
    if low is not None:
        clear &= (np.asarray(low) > 0) | (np.asarray(high) < 0)
    found = []
    for i, (value, poles) in enumerate(zip(away, POLES, strict=True)):
        word = poles[int(value > 0)]
        if i == 1 and value > 0 and clear[0]:
            word = STIRRED[int(away[0] > 0)]
        degree = "very " if abs(value) >= 3 else "" if abs(value) >= 1.5 else "slightly "
        found.append(degree + word if clear[i] else "")
    return found


def words_for(pad, centre, spread, low=None, high=None):
    """The words of `each_word` in one line: "neutral" where the point is near the centre, "no clear emotion" where it
    is not but its interval holds zero in every dimension."""
    if said := ", ".join(filter(None, each_word(pad, centre, spread, low, high))):
        return said
    return "no clear emotion" if any(each_word(pad, centre, spread)) else "neutral"


def portions(texts, most=TOGETHER):
    """Slices of texts that hold at most so many characters each, or one text."""
    start, size = 0, 0
    for i, text in enumerate(texts):
        if i > start and size + len(text) > most:
            yield slice(start, i)
            start, size = i, 0
        size += len(text)
    if texts:
        yield slice(start, len(texts))


class TextReader:
    """A saved model, ready to read; many threads may share it.

    folder: as `save_reader` writes it. Raises ModelError when the folder is missing or damaged.
    """

    def __init__(self, folder=FINAL_LIMINAL):
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
                raise ValueError("it reads what is no number")
        except Exception as error:  # whatever stands in a foreign file
            raise ModelError(f"{folder} does not hold a text model of this version ({error}); train it again with "
                             "`python core/text/train.py`.") from None

    @property
    def history(self):
        """Hope, Faith, Love, MAE, MSE, R2 and r on dev after each epoch, a dict of lists."""
        return read_json(self.folder / "train_history.json")

    def known(self, text):
        """(words it knows, words) of a text; an emoji or smiley counts as a word. Raises UnreadableError where there is
        no feeling to read."""
        words = words_in(text)
        known = sum(any(self.table.find(token.word) != UNKNOWN for token in piece.tokens) for piece in words)
        said = spoken(words)
        if not words:
            raise UnreadableError("I cannot read this: there is no word in it")
        if is_code(text):
            raise UnreadableError("I cannot read this: it does not look like an English sentence, but like code")
        if not known:
            raise UnreadableError("I cannot read this: I know " + ("no such word" if len(words) == 1 else
                                  "none of its words") + "; I read English")
        if said and self.english.score(said, self.table) < 0:
            raise UnreadableError(f"I cannot read this: it does not look like English (I know {known} of its "
                                  f"{len(words)} words)")
        return known, len(words)

    def think(self, texts):
        """(Thought, Ragged) of N texts."""
        rows = [self.table.tokenise(text) for text in texts]
        ragged = Ragged([len(found) for found in rows])
        vectors = self.table.lookup(np.concatenate(rows))
        thought, _ = self.model.forward(vectors, ragged)
        said = self.prior(texts, ragged.mean(vectors))
        return replace(thought, rounds=self.prior.join(thought.rounds, said)), ragged

    def read_each(self, texts):
        """For each text its TextReading, as if it stood alone, or the ValueError that says why there is none."""
        texts, known, refused = list(texts), {}, {}
        for i, text in enumerate(texts):
            try:
                known[i] = self.known(check_text(text))
            except ValueError as error:
                refused[i] = error
        rows, readings = list(known), []
        for part in portions([texts[i] for i in rows]):
            readings += self._readings([texts[i] for i in rows[part]], [known[i] for i in rows[part]])
        found = refused | dict(zip(rows, readings, strict=True))
        return [found[i] for i in range(len(texts))]

    def read_many(self, texts):
        """A list of TextReadings, each as if its text stood alone; ValueError names the text that cannot be read."""
        found = self.read_each(texts)
        for number, reading in enumerate(found, start=1):
            if isinstance(reading, ValueError):
                raise type(reading)(f"text {number}: {reading}")
        return found

    def read(self, text):
        """A TextReading of one text. Raises ValueError, UnreadableError where it holds no English to read."""
        return self._readings([text], [self.known(check_text(text))])[0]

    def _readings(self, texts, known):
        thought, ragged = self.think(texts)
        low, high = self.intervals(thought.pad, ragged.lengths)
        shares = np.split(thought.attention.T, ragged.starts[1:-1], axis=1)
        return [TextReading(text, thought.pad[i], low[i], high[i], self.words_for(thought.pad[i], low[i], high[i]),
                            thought.rounds[i], thought.confidence[i], tokens(text), shares[i], known[i])
                for i, text in enumerate(texts)]

    def words_for(self, pad, low=None, high=None):
        """A PAD point (3,) and its interval in words, such as "pleased, slightly calm", measured against all training
        sentences."""
        return words_for(pad, self.centre, self.spread, low, high)

    def each_word(self, reading):
        """The word of each dimension of a TextReading, "" where it has none."""
        return each_word(reading.pad, self.centre, self.spread, reading.low, reading.high)

    def occlusion_effects(self, text):
        """Each word's OcclusionEffect, by leaving it out (occlusion), in the order of the text."""
        spans = [(piece.start, piece.stop) for piece in words_in(check_text(text))]
        texts = [text, *((text[:start] + text[stop:]).strip() for start, stop in spans)]
        pads = np.concatenate([self.think(texts[part])[0].pad for part in portions(texts)])
        return [OcclusionEffect(text[start:stop], start, stop, pads[0] - pad) for (start, stop), pad in
                zip(spans, pads[1:], strict=True)]


def save_reader(folder, task, english, intervals, history, metrics):
    """Write a finished TextTask with its table and Prior, English and Intervals as a folder for TextReader; returns the
    hash of all weights."""
    arrays = {PREFIX + name: array.astype(np.float16) for name, array in task.model.net.named_parameters().items()}
    arrays |= task.table.arrays() | task.prior.arrays() | english.arrays()
    pad = task.read(task.train)[0]
    document = {**task.config.to_dict(), "version": "v7", "parameters": int(task.theta.size),
                "intervals": intervals.to_dict(), "centre": pad.mean(axis=0).tolist(),
                "spread": np.maximum(pad.std(axis=0), 1e-3).tolist()}
    return save_model(folder, arrays, document, metrics=metrics, train_history=history)
