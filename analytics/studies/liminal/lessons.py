"""What the text reader learns order from: plain English under free terms, with MiniLM's and VADER's view of it.

The sentences stand in Debian packages (unpack them into one folder: `dpkg-deb -x FILE.deb FOLDER`): wordnet-base's
examples and glosses (Princeton's licence), fortunes and fortunes-min; and EmoBank's own training sentences, without
their ratings. Teachers: all-MiniLM-L6-v2 (Apache-2.0), VADER (MIT).
"""

import re
from pathlib import Path

import numpy as np
from tqdm import tqdm

from analytics.studies.liminal.plain import cookie_sentences
from core.text.data.lessons import SENTENCE, WORD, Lessons
from core.text.language.tokens import tokens

SHORTEST, LONGEST = 3, 32  # tokens of a sentence
GLOSSES = 10_000
END = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(]*[A-Z])")


def wordnet(folder):
    """Examples, and glosses of adjectives, adverbs and verbs, of wordnet-base's data files."""
    examples, glosses = [], []
    for kind in ("adj", "adv", "verb", "noun"):
        for line in next(folder.rglob(f"data.{kind}")).read_text(encoding="utf-8").splitlines():
            gloss = line.partition(" | ")[2].strip()
            examples += re.findall(r'"([^"]+)"', gloss)
            if kind != "noun" and gloss:
                glosses.append(gloss.partition('"')[0].strip(" ;"))
    return examples, glosses


def cookies(folder):
    """Sentences of the English fortunes."""
    found = []
    for path in sorted((folder / "usr/share/games/fortunes").glob("*")):
        if not path.suffix and path.is_file():
            found += cookie_sentences(path.read_text(encoding="utf-8", errors="ignore"), END)
    return found


def sentences(folder, emobank, seed=0):
    """All sentences of 3 to 32 tokens, each once, in a fixed order."""
    examples, glosses = wordnet(folder)
    rng = np.random.default_rng(seed)
    glosses = [glosses[i] for i in rng.permutation(len(glosses))[:GLOSSES]]
    train = [emobank.texts[i] for i in emobank.rows("train")]
    found = dict.fromkeys(" ".join(text.split()) for text in [*examples, *cookies(folder), *glosses, *train])
    held_out = {emobank.texts[i] for split in ("dev", "test") for i in emobank.rows(split)}
    kept = [text for text in found if text.isprintable() and SHORTEST <= len(tokens(text)) <= LONGEST
            and sum(c.isalpha() or c in " '" for c in text) > 0.9 * len(text) and text not in held_out]
    return [kept[i] for i in rng.permutation(len(kept))]


def teach(texts, minilm, progress=True):
    """(sentence states (N, 2688), word states (W, 384), starts): MiniLM's, word pieces averaged over our tokens."""
    spans = [tokens(text) for text in texts]
    starts = np.append(0, np.cumsum([len(span) for span in spans]))
    whole = np.empty((len(texts), (minilm.layers + 1) * minilm.width), np.float16)
    words = np.empty((starts[-1], minilm.width), np.float16)
    with tqdm(total=len(texts), desc="MiniLM reads", disable=not progress) as bar:
        for rows, offsets, states in minilm.runs(texts):
            means = np.stack([state.mean(axis=1) for state in states], axis=1)
            whole[rows] = (means / np.linalg.norm(means, axis=2, keepdims=True)).reshape(len(rows), -1)
            for row, pieces, state in zip(rows, offsets, states[-1], strict=True):
                words[starts[row] : starts[row + 1]] = over_tokens(spans[row], pieces, state)
            bar.update(len(rows))
    return whole, words, starts


def over_tokens(span, pieces, state):
    """States (P, n) of word pieces, which stand for the characters `pieces`, averaged over each of T tokens: (T, n).

    A token that no piece stands for, in a text that MiniLM cuts short, has the mean of all.
    """
    found = np.tile(state.mean(axis=0), (len(span), 1))
    for row, token in zip(found, span, strict=True):
        own = [p for p, (a, b) in enumerate(pieces) if a < token.stop and token.start < b]
        if own:
            row[:] = state[own].mean(axis=0)
    return found


def projected(states, mean, axes):
    """(states (N, n) - mean) axes (n, k) as float16, in portions that fit into memory."""
    return np.concatenate([((part.astype(np.float32) - mean) @ axes).astype(np.float16)
                           for part in np.array_split(states, 1 + len(states) // 10_000)])


def reduced(states, size, sample=60_000, seed=0):
    """The first principal axes of states (N, n), scaled so that a row's values have variance 1 on average: (N, size)
    float16."""
    rows = np.random.default_rng(seed).permutation(len(states))[:sample]
    chosen = states[rows].astype(np.float32)
    mean = chosen.mean(axis=0)
    axes = np.linalg.eigh(np.cov((chosen - mean).T))[1][:, ::-1][:, :size].astype(np.float32)
    scale = 1 / ((chosen - mean) @ axes).std()
    return projected(states, mean, axes * scale)


def make(folder, emobank, minilm):
    """The Lessons."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    texts = sentences(Path(folder), emobank)
    vader = SentimentIntensityAnalyzer()
    polarity = np.array([vader.polarity_scores(text)["compound"] for text in tqdm(texts, desc="VADER reads")])
    whole, words, starts = teach(texts, minilm)
    return Lessons(texts, reduced(whole, SENTENCE), reduced(words, WORD), starts, polarity.astype(np.float32))
