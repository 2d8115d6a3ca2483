"""Train the English classifier of core.text.language.english.

Training data: English lessons, other languages of gimp-help and fortunes, and gibberish. Evaluation (refusals.py) uses
other documents: manual pages and Debian's reference, partly in languages without training data.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core.text.data.emobank import Sentences
from core.text.data.orderings import Grammar
from core.text.language.english import BUCKETS, English, buckets, share_unknown
from core.text.language.tokens import spoken, words_in
from core.text.network.embedding import WordTable
from core.text.reader import TextReader, UnreadableError

ROUNDS, LR, DECAY = 150, 0.05, 1e-6
LEARNED = ("gimp-help", "fortunes")  # sources of the training data
MOST_REFUSED = 0.007  # share of EmoBank's dev sentences that may be refused
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def snippets(texts: Sequence[str], rng: np.random.Generator, least: int, most: int = 8) -> list[str]:
    """A random run of `least` to `most` words from each text."""
    runs = []
    for text in texts:
        words = text.split()
        n = min(len(words), int(rng.integers(least, most + 1)))
        start = int(rng.integers(len(words) - n + 1))
        runs.append(" ".join(words[start : start + n]))
    return runs


def gibberish(n: int, seed: int = 0) -> list[str]:
    """n texts of random letters: uniform, from one row of the keyboard, or with the frequencies of English, in turn."""
    rng, texts = np.random.default_rng(seed), []
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    weights = np.array([8, 2, 3, 4, 12, 2, 2, 6, 7, 1, 1, 4, 3, 7, 8, 2, 1, 6, 6, 9, 3, 1, 2, 1, 2, 1], float)
    for i in range(n):
        words = []
        for _ in range(int(rng.integers(2, 9))):
            size = int(rng.integers(3, 10))
            if i % 3 == 0:
                words.append("".join(rng.choice(letters, size)))
            elif i % 3 == 1:
                row = KEYBOARD[rng.integers(3)]
                words.append("".join(row[j] for j in rng.integers(0, len(row), size)))
            else:
                words.append("".join(rng.choice(letters, size, p=weights / weights.sum())))
        texts.append(" ".join(words))
    return texts


def fit(english: Sequence[str], others: Sequence[str], table: WordTable, seed: int = 0) -> English:
    """Train the classifier of `english` against `others`, whole and in snippets: class-balanced log loss, Adam."""
    rng = np.random.default_rng(seed)
    texts = [*english, *snippets(english, rng, 1), *others, *snippets(others, rng, 3)]
    label = np.repeat([1.0, 0.0], [2 * len(english), 2 * len(others)])
    rows, columns, values, unknown, used = [], [], [], [], []
    for i, text in enumerate(texts):
        words = spoken(words_in(text))
        if not words:
            continue
        for word in words:
            grams = buckets(word)
            rows += [len(used)] * len(grams)
            columns += grams
            values += [1 / len(grams) / len(words)] * len(grams)
        unknown.append(share_unknown(words, table))
        used.append(i)
    label, unknown = label[used], np.array(unknown)
    rows, columns, values = np.array(rows), np.array(columns), np.array(values)
    share = np.where(label > 0, 0.5 / label.sum(), 0.5 / (1 - label).sum())
    theta, first, second = np.zeros(BUCKETS + 2), np.zeros(BUCKETS + 2), np.zeros(BUCKETS + 2)
    for step in range(1, ROUNDS + 1):
        logit = np.bincount(rows, values * theta[columns], len(label)) + theta[-2] * unknown + theta[-1]
        slope = share * (1 / (1 + np.exp(-logit)) - label)
        gradient = np.append(np.bincount(columns, values * slope[rows], BUCKETS), [slope @ unknown, slope.sum()])
        gradient[:-2] += DECAY * theta[:-2]
        first += 0.1 * (gradient - first)
        second += 0.01 * (gradient**2 - second)
        theta -= LR * 20 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-9)
    return English(theta[:-2].astype(np.float16), theta[-2], theta[-1])


def refused(reader: TextReader, texts: Sequence[str]) -> float:
    """The share of texts that a TextReader refuses."""
    count = 0
    for text in texts:
        try:
            reader.known(text)
        except UnreadableError:
            count += 1
    return count / len(texts)


def make(lessons: Sequence[str], emobank: Sentences, texts: Mapping[tuple[str, str], Sequence[str]],
         table: WordTable) -> English:
    """The shipped classifier. lessons: English sentences; texts: from plain.plain.

    The bias is raised until at most MOST_REFUSED of EmoBank's dev sentences are refused.
    """
    rated, dev = ([emobank.texts[i] for i in emobank.rows(split)] for split in ("train", "dev"))
    ordered = [sentence for pair in Grammar.load().pairs(4000) for sentence in pair[1:]]
    known = [*lessons[:15_000], *rated, *texts.get((LEARNED[0], "en"), ()), *ordered]
    others = [sentence for (source, language), sentences in texts.items()
              if source in LEARNED and not language.startswith("en") for sentence in sentences]
    english = fit(known, [*others, *gibberish(8000)], table)
    scores = np.array([english.score(words, table) for words in (spoken(words_in(text)) for text in dev) if words])
    english.bias += max(0.0, -float(np.quantile(scores, MOST_REFUSED)))
    return english
