"""Learn what English looks like: core.text.language.english's weights, and how well others are told from it.

Learned from English lessons, other languages of gimp-help and fortunes, and gibberish; measured on other documents
(manual pages, Debian's reference), some of whose languages were never learned from.
"""

import numpy as np

from core.text.data.orderings import Grammar
from core.text.language.english import BUCKETS, English, buckets, share_unknown
from core.text.language.tokens import spoken, words_in
from core.text.reader import UnreadableError

ROUNDS, LR, DECAY = 150, 0.05, 1e-6
LEARNED, WRONGLY = ("gimp-help", "fortunes"), 0.007
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def snippets(texts, rng, least, most=8):
    """A few words in a row of each text."""
    found = []
    for text in texts:
        words = text.split()
        n = min(len(words), int(rng.integers(least, most + 1)))
        start = int(rng.integers(len(words) - n + 1))
        found.append(" ".join(words[start : start + n]))
    return found


def gibberish(n, seed=0):
    """Letters at random, a row of the keyboard at random, and letters as often as in English."""
    rng, found = np.random.default_rng(seed), []
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
        found.append(" ".join(words))
    return found


def fit(english, others, table, seed=0):
    """The English that tells sentences `english` from `others`, both also in snippets; Adam on the log loss, both
    sides of one weight."""
    rng = np.random.default_rng(seed)
    texts = [*english, *snippets(english, rng, 1), *others, *snippets(others, rng, 3)]
    label = np.repeat([1.0, 0.0], [2 * len(english), 2 * len(others)])
    rows, columns, values, unknown, kept = [], [], [], [], []
    for i, text in enumerate(texts):
        words = spoken(words_in(text))
        if not words:
            continue
        for word in words:
            grams = buckets(word)
            rows += [len(kept)] * len(grams)
            columns += grams
            values += [1 / len(grams) / len(words)] * len(grams)
        unknown.append(share_unknown(words, table))
        kept.append(i)
    label, unknown = label[kept], np.array(unknown)
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


def refused(reader, texts):
    """The share of texts that a TextReader refuses."""
    count = 0
    for text in texts:
        try:
            reader.known(text)
        except UnreadableError:
            count += 1
    return count / len(texts)


def make(lessons, emobank, texts, table):
    """The English that ships. lessons: plain English; texts: what plain.plain gives.

    The bias is raised until at most WRONGLY of EmoBank's dev sentences are refused.
    """
    rated, dev = ([emobank.texts[i] for i in emobank.rows(split)] for split in ("train", "dev"))
    ordered = [sentence for pair in Grammar.load().pairs(4000) for sentence in pair[1:]]
    own = [*lessons[:15_000], *rated, *texts.get((LEARNED[0], "en"), ()), *ordered]
    others = [sentence for (source, language), found in texts.items()
              if source in LEARNED and not language.startswith("en") for sentence in found]
    english = fit(own, [*others, *gibberish(8000)], table)
    scores = np.array([english.score(words, table) for words in (spoken(words_in(text)) for text in dev) if words])
    english.bias += max(0.0, -float(np.quantile(scores, WRONGLY)))
    return english
