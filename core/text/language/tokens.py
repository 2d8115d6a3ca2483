"""Tokenisation: words in lower case, punctuation marks, and words for smileys and emoji.

"Don't worry 🙂!" becomes do, not, worry, slightly, smiling, !. Every spelling of a negation becomes the token `not`, so
that the model learns one form.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

WORD = r"[^\W\d_]+(?:['’][^\W\d_]+)*"
SMILEYS = {":)": "smiling", ":-)": "smiling", "=)": "smiling", ":d": "laughing", ":-d": "laughing", ";)": "winking",
           ";-)": "winking", ":p": "joking", ":(": "sad", ":-(": "sad", "=(": "sad", ":'(": "crying",
           ":/": "doubtful", ":-/": "doubtful", ":o": "surprised", "<3": "love", "</3": "heartbroken"}
CHAT = {"u": "you", "ur": "your", "luv": "love", "thx": "thanks", "pls": "please", "plz": "please", "omg": "wow",
        "wtf": "damn", "lol": "laughing", "gonna": "will", "wanna": "want", "dunno": "unsure", "bday": "birthday"}
UNITS = re.compile(rf"(?P<word>{WORD})|(?P<number>\d+(?:[.,:]\d+)*)"
                    rf"|(?P<smiley>(?:{'|'.join(map(re.escape, sorted(SMILEYS, key=len, reverse=True)))})(?![^\W_]))"
                    r"|(?P<mark>[!?]+|\.{2,}|…|[.,;:])|(?P<sign>[^\s\w])", re.IGNORECASE)
ENDINGS = {"'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would", "'s": None}
STEMS = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}
# Negations without an apostrophe; "cant" and "wont" rarely occur in their other senses
NO_APOSTROPHE = re.compile(r"(do|does|did|is|was|are|were|could|would|should|have|has|had|ca|wo)nt")
FILLERS = frozenset({"face", "with", "sign", "of", "and", "symbol", "black", "heavy", "white", "variation", "selector"})


class Token(NamedTuple):
    """One token: its word as in the table of vectors, and its place in the text, text[start:stop]."""

    word: str
    start: int
    stop: int


class Unit(NamedTuple):
    """One unit of a text, text[start:stop]: kind is "word", "number", "smiley", "mark" or "sign"; tokens: its Tokens, a
    sign may have none."""

    kind: str
    start: int
    stop: int
    tokens: list[Token]


def units(text: str) -> list[Unit]:
    """The Units of a text, in order."""
    result = []
    for match in UNITS.finditer(text):
        kind, (start, stop) = str(match.lastgroup), match.span()  # every alternative is a named group
        if kind == "word":
            words = parts(match[0].lower().replace("’", "'"))
        elif kind == "sign":
            words = [(word, 0, stop - start) for word in emoji(match[0])]
        else:
            name = "number" if kind == "number" else mark(match[0]) if kind == "mark" else SMILEYS[match[0].lower()]
            words = [(name, 0, stop - start)]
        result.append(Unit(kind, start, stop, [Token(word, start + a, start + b) for word, a, b in words]))
    return result


def tokens(text: str) -> list[Token]:
    """The Tokens of a text, in order."""
    return [token for unit in units(text) for token in unit.tokens]


def words_in(text: str) -> list[Unit]:
    """The Units of a text that are words, or smileys and signs with words."""
    return [unit for unit in units(text) if unit.tokens and unit.kind in ("word", "smiley", "sign")]


def spoken(words: Iterable[Unit]) -> list[str]:
    """The first token of each Unit that is a word: contractions without what follows the apostrophe."""
    return [unit.tokens[0].word for unit in words if unit.kind == "word"]


def mark(signs: str) -> str:
    """Punctuation marks, repeated or not, as one of . , ; : ... ! ? ?!"""
    if signs[0] in "!?":
        return "?!" if {"?", "!"} <= set(signs) else signs[0]
    return "..." if signs == "…" or len(signs) > 1 else signs


def parts(word: str) -> list[tuple[str, int, int]]:
    """A word in lower case as (token, start, stop), one for each part of a contraction."""
    if word == "cannot":
        return [("can", 0, 3), ("not", 3, 6)]
    if word.endswith("n't"):
        stem = word[:-3]
        return [(STEMS.get(stem, stem), 0, len(stem)), ("not", len(stem), len(word))] if stem else [("not", 0, 3)]
    negation = NO_APOSTROPHE.fullmatch(word)
    if negation:
        return [(STEMS.get(negation[1], negation[1]), 0, len(word) - 2), ("not", len(word) - 2, len(word))]
    stem, apostrophe, tail = word.rpartition("'")
    if apostrophe and "'" + tail in ENDINGS:
        full = ENDINGS["'" + tail]
        return [(stem, 0, len(stem)), *([(full, len(stem), len(word))] if full else [])]
    return [(CHAT.get(word, word), 0, len(word))]


def emoji(sign: str) -> list[str]:
    """At most four words of the Unicode name of an emoji, such as loudly, crying for 😭; none for other signs."""
    if unicodedata.category(sign) != "So" or ord(sign) < 0x2600:
        return []
    words = [word for word in re.findall(r"[a-z]+", unicodedata.name(sign, "").lower()) if word not in FILLERS]
    return words[:4]
