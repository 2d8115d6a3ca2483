"""Lessons: freely licensed English sentences with targets from MiniLM and VADER, from which the reader learns order.

The sentences come from Debian packages (unpack them into one folder: `dpkg-deb -x FILE.deb FOLDER`): examples and
glosses of wordnet-base (Princeton's licence), fortunes and fortunes-min; and from EmoBank's training split, without
ratings. Teachers: all-MiniLM-L6-v2 (Apache-2.0), VADER (MIT).
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from analytics.studies.liminal.plain import cookie_sentences
from core.text.data.emobank import Sentences
from core.text.data.lessons import SENTENCE, WORD, Lessons
from core.text.language.tokens import Token, tokens
from deployment.pages.text.embedders import MiniLM

SHORTEST, LONGEST = 3, 32  # tokens of a sentence
GLOSSES = 10_000  # number of glosses used
END = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(]*[A-Z])")


def wordnet(folder: Path) -> tuple[list[str], list[str]]:
    """(examples, glosses of adjectives, adverbs and verbs) from the data files of wordnet-base."""
    examples, glosses = [], []
    for kind in ("adj", "adv", "verb", "noun"):
        for line in next(folder.rglob(f"data.{kind}")).read_text(encoding="utf-8").splitlines():
            gloss = line.partition(" | ")[2].strip()
            examples += re.findall(r'"([^"]+)"', gloss)
            if kind != "noun" and gloss:
                glosses.append(gloss.partition('"')[0].strip(" ;"))
    return examples, glosses


def cookies(folder: Path) -> list[str]:
    """Sentences of the English fortunes."""
    texts = []
    for path in sorted((folder / "usr/share/games/fortunes").glob("*")):
        if not path.suffix and path.is_file():
            texts += cookie_sentences(path.read_text(encoding="utf-8", errors="ignore"), END)
    return texts


def sentences(folder: Path, emobank: Sentences, seed: int = 0) -> list[str]:
    """All distinct sentences of 3 to 32 tokens in a fixed order, without those of EmoBank's dev and test splits."""
    examples, glosses = wordnet(folder)
    rng = np.random.default_rng(seed)
    glosses = [glosses[i] for i in rng.permutation(len(glosses))[:GLOSSES]]
    train = [emobank.texts[i] for i in emobank.rows("train")]
    unique = dict.fromkeys(" ".join(text.split()) for text in [*examples, *cookies(folder), *glosses, *train])
    held_out = {emobank.texts[i] for split in ("dev", "test") for i in emobank.rows(split)}
    usable = [text for text in unique if text.isprintable() and SHORTEST <= len(tokens(text)) <= LONGEST
              and sum(c.isalpha() or c in " '" for c in text) > 0.9 * len(text) and text not in held_out]
    return [usable[i] for i in rng.permutation(len(usable))]


def teach(texts: Sequence[str], minilm: MiniLM,
          progress: bool = True) -> tuple[NDArray[np.float16], NDArray[np.float16], NDArray[np.integer]]:
    """MiniLM's targets: sentence states (N, 2688), token states (W, 384), and the first token of each text (N + 1,)."""
    spans = [tokens(text) for text in texts]
    starts = np.append(0, np.cumsum([len(span) for span in spans]))
    whole = np.empty((len(texts), (minilm.layers + 1) * minilm.width), np.float16)
    words = np.empty((starts[-1], minilm.width), np.float16)
    with tqdm(total=len(texts), desc="MiniLM", disable=not progress) as bar:
        for rows, offsets, states in minilm.runs(texts):
            means = np.stack([state.mean(axis=1) for state in states], axis=1)
            whole[rows] = (means / np.linalg.norm(means, axis=2, keepdims=True)).reshape(len(rows), -1)
            for row, offset, state in zip(rows, offsets, states[-1], strict=True):
                words[starts[row] : starts[row + 1]] = over_tokens(spans[row], offset, state)
            bar.update(len(rows))
    return whole, words, starts


def over_tokens(span: Sequence[Token], offsets: Sequence[tuple[int, int]], state: NDArray[np.floating]) -> np.ndarray:
    """States (P, n) of WordPiece tokens at character `offsets`, averaged over each of T tokens: (T, n).

    A token that overlaps none of them (MiniLM truncates long texts) gets the mean of all.
    """
    averaged = np.tile(state.mean(axis=0), (len(span), 1))
    for row, token in zip(averaged, span, strict=True):
        overlapping = [p for p, (a, b) in enumerate(offsets) if a < token.stop and token.start < b]
        if overlapping:
            row[:] = state[overlapping].mean(axis=0)
    return averaged


def projected(states: NDArray[np.floating], mean: NDArray[np.floating],
              axes: NDArray[np.floating]) -> NDArray[np.float16]:
    """(states (N, n) - mean) axes (n, k) as float16, computed in chunks to limit memory."""
    return np.concatenate([((part.astype(np.float32) - mean) @ axes).astype(np.float16)
                           for part in np.array_split(states, 1 + len(states) // 10_000)])


def reduced(states: NDArray[np.floating], size: int, sample: int = 60_000, seed: int = 0) -> NDArray[np.float16]:
    """States (N, n) projected on their first principal axes, with mean variance 1: (N, size) float16."""
    rows = np.random.default_rng(seed).permutation(len(states))[:sample]
    chosen = states[rows].astype(np.float32)
    mean = chosen.mean(axis=0)
    axes = np.linalg.eigh(np.cov((chosen - mean).T))[1][:, ::-1][:, :size].astype(np.float32)
    scale = 1 / ((chosen - mean) @ axes).std()
    return projected(states, mean, axes * scale)


def make(folder: str | Path, emobank: Sentences, minilm: MiniLM) -> Lessons:
    """Build the Lessons from unpacked packages and EmoBank."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # pyright: ignore[reportMissingImports]  # optional

    texts = sentences(Path(folder), emobank)
    vader = SentimentIntensityAnalyzer()
    polarity = np.array([vader.polarity_scores(text)["compound"] for text in tqdm(texts, desc="VADER")])
    whole, words, starts = teach(texts, minilm)
    return Lessons(texts, reduced(whole, SENTENCE), reduced(words, WORD), starts, polarity.astype(np.float32))
