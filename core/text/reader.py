"""Reading sentences with a finished LIMINAL model: text in, pleasure, arousal and dominance out.

    reader = TextReader()
    reading = reader.read("What a lovely morning!")
    reading.pad, reading.words                      # array([0.21, 0.05, 0.06]), "very pleased, stirred"
    memory = reader.new_memory()                    # one conversation; memory.reset() forgets it
    reader.read("I lost my keys.", memory)
    reader.occlusion_effects("What a lovely morning!")
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.storage import ModelError, load_model, read_json, save_model
from core.text.config import TextConfig
from core.text.featurizer import Featurizer, WordVectors
from core.text.memory import SoulKernel
from core.text.ngrams import WORDS
from core.text.trm import TinyRecursiveModel

FINAL_LIMINAL = Path(__file__).resolve().parents[2] / "final_model" / "liminal"
LONGEST = 5000  # characters
POLES = (("displeased", "pleased"), ("calm", "stirred"), ("overpowered", "in control"))


@dataclass(frozen=True)
class TextReading:
    """What the model read in one sentence.

    pad: (3,) pleasure, arousal, dominance in [-1, 1]; words: the same in words; rounds: (K + 1, 3), its estimate before
    the first and after each round; confidence: (K,) in (0, 1), the affect gates; attention: (K, K), row k the weights
    of round k over rounds 0..k; rinse: (dim / 4,) or None; embedding: (n_in,); prior: (3,), the ridge regression's
    estimate; response: (dim,), what a memory keeps.
    """

    text: str
    pad: np.ndarray
    words: str
    rounds: np.ndarray
    confidence: np.ndarray
    attention: np.ndarray
    rinse: np.ndarray | None
    embedding: np.ndarray
    prior: np.ndarray
    response: np.ndarray


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


def words_for(pad, centre, spread):
    """A point of PAD in words: a pole for each dimension that is away from the `centre` of all sentences.

    pad, centre, spread: (3,). "slightly" from 0.6 spreads, plainly from 1.5, "very" from 3; "neutral" if none.
    """
    found = []
    for value, (low, high) in zip((np.asarray(pad) - centre) / spread, POLES, strict=True):
        if abs(value) >= 0.6:
            degree = "very " if abs(value) >= 3 else "" if abs(value) >= 1.5 else "slightly "
            found.append(degree + (high if value > 0 else low))
    return ", ".join(found) or "neutral"


class TextReader:
    """A saved model, ready to read; many threads may share it.

    folder: as `save_reader` writes it. embedder: the one the model was trained with, where that is not the shipped
    word table. Raises ModelError when the folder is damaged or the embedder another.
    """

    def __init__(self, folder=FINAL_LIMINAL, embedder=None):
        self.folder = Path(folder)
        arrays, self.saved = load_model(folder)
        try:
            if embedder is None and "words" in arrays:
                embedder = WordVectors.from_arrays(arrays)
            wanted = self.saved["embedder"]
            if embedder is None or embedder.name != wanted:
                raise ModelError(f"the model in {folder} was trained with the embedder {wanted!r}; give that one "
                                 "(deployment/text/embedders.py) as embedder=")
            self.config = TextConfig.from_dict(self.saved)
            self.featurizer = Featurizer.from_arrays(arrays, embedder)
            self.model = TinyRecursiveModel(self.config, self.featurizer.n_in)
            self.model.net.load({name.removeprefix("trm_"): a for name, a in arrays.items() if name.startswith("trm_")})
            self.centre, self.spread = (np.array(self.saved[name], float) for name in ("centre", "spread"))
            if not (self.centre.shape == self.spread.shape == (3,) and (self.spread > 0).all()):
                raise ValueError("its centre and spread are not three numbers each")
            if not np.isfinite([*self.read("a word").pad, *self.centre, *self.spread]).all():
                raise ValueError("it reads what is no number")
        except ModelError:
            raise
        except Exception as error:  # whatever stands in a foreign file
            raise ModelError(f"{folder} does not hold a text model of this version ({error}); train it again with "
                             "`python core/text/train.py`.") from None

    def new_memory(self):
        """An empty memory for one conversation."""
        return SoulKernel(self.config.dim)

    @property
    def uses_memory(self):
        """Whether this version of the model feels a memory."""
        return bool(self.config.memory and self.config.outer)

    @property
    def history(self):
        """Hope, Faith, Love, MAE, MSE, R2 and r on dev after each epoch, a dict of lists."""
        return read_json(self.folder / "train_history.json")

    def think(self, texts, memory=None):
        """(Thought of N checked texts, embedding (N, n_in), prior (N, 3)); all texts meet the memory as it is now."""
        embedding, prior = self.featurizer([check_text(text) for text in texts])
        if not self.config.prior:
            prior = np.broadcast_to(np.arctanh(self.featurizer.offset), prior.shape).astype(np.float32)
        recent = None if memory is None else np.tile(memory.recent(), (len(texts), 1))
        return self.model.forward(embedding, prior, recent)[0], embedding, prior

    def read_many(self, texts, batch=250):
        """A list of TextReadings, each as if its text stood alone; ValueError names the text that cannot be read."""
        texts, readings = list(texts), []
        for number, text in enumerate(texts, start=1):
            try:
                check_text(text)
            except ValueError as error:
                raise ValueError(f"text {number}: {error}") from None
        for start in range(0, len(texts), batch):
            chosen = texts[start : start + batch]
            readings += self._readings(chosen, *self.think(chosen))
        return readings

    def read(self, text, memory=None):
        """A TextReading of one text. memory: the SoulKernel of its conversation, which then remembers this response
        too."""
        reading = self._readings([text], *self.think([text], memory))[0]
        if memory is not None:
            memory.remember(reading.response, reading.pad)
        return reading

    def _readings(self, texts, thought, embedding, prior):
        return [TextReading(text, thought.pad[i], self.words_for(thought.pad[i]), thought.rounds[i],
                            thought.confidence[i], thought.attention[i],
                            None if thought.rinse is None else thought.rinse[i], embedding[i], prior[i],
                            thought.response[i]) for i, text in enumerate(texts)]

    def words_for(self, pad):
        """A PAD point (3,) in words, such as "pleased, slightly calm", measured against all training sentences."""
        return words_for(pad, self.centre, self.spread)

    def occlusion_effects(self, text, memory=None):
        """Each word's OcclusionEffect, by leaving it out (occlusion), in the order of the text. The memory stays as it
        is."""
        spans = [match.span() for match in WORDS.finditer(check_text(text))]
        without = [(text[:start] + text[stop:]).strip() or "." for start, stop in spans]
        pads = np.concatenate([self.think(part, memory)[0].pad
                               for part in ([text], *(without[i : i + 250] for i in range(0, len(without), 250)))])
        return [OcclusionEffect(text[start:stop], start, stop, pads[0] - pad) for (start, stop), pad in
                zip(spans, pads[1:], strict=True)]


def save_reader(folder, task, featurizer, history, metrics):
    """Write a finished TextTask and its Featurizer as a folder for TextReader; returns the hash of all weights."""
    arrays = {f"trm_{name}": array for name, array in task.model.net.named_parameters().items()} | featurizer.arrays()
    if isinstance(featurizer.embedder, WordVectors):
        arrays |= featurizer.embedder.arrays()
    pad = task.read(task.train).pad
    document = {**task.config.to_dict(), "embedder": featurizer.embedder.name, "n_in": featurizer.n_in,
                "parameters": int(task.theta.size), "centre": pad.mean(axis=0).tolist(),
                "spread": np.maximum(pad.std(axis=0), 1e-3).tolist()}
    return save_model(folder, arrays, document, metrics=metrics, train_history=history)
