"""Tokens of a text: words in lower case, punctuation marks, and words for smileys and emoji.

"Don't worry 🙂!" is do, not, worry, slightly, smiling, !. All forms of a negation have the token `not`, so that they
are learned together.
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
SPANS = re.compile(rf"(?P<word>{WORD})|(?P<number>\d+(?:[.,:]\d+)*)"
                    rf"|(?P<smiley>(?:{'|'.join(map(re.escape, sorted(SMILEYS, key=len, reverse=True)))})(?![^\W_]))"
                    r"|(?P<mark>[!?]+|\.{2,}|…|[.,;:])|(?P<sign>[^\s\w])", re.IGNORECASE)
TAILS = {"'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would", "'s": None}
STEMS = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}
# Negations without an apostrophe; "cant" and "wont" are hardly ever meant as words
NO_APOSTROPHE = re.compile(r"(do|does|did|is|was|are|were|could|would|should|have|has|had|ca|wo)nt")
FILLERS = frozenset({"face", "with", "sign", "of", "and", "symbol", "black", "heavy", "white", "variation", "selector"})


class Token(NamedTuple):
    """One token: its word as in the table of vectors, and its place text[start:stop]."""

    word: str
    start: int
    stop: int


class Span(NamedTuple):
    """A part of a text, text[start:stop], with its tokens, if any. kind: "word", "number", "smiley", "mark" or "sign".
    """

    kind: str
    start: int
    stop: int
    tokens: list[Token]


def spans(text: str) -> list[Span]:
    """The Spans of a text, in order."""
    result = []
    for match in SPANS.finditer(text):
        kind, (start, stop) = str(match.lastgroup), match.span()
        if kind == "word":
            words = parts(match[0].lower().replace("’", "'"))
        elif kind == "sign":
            words = [(word, 0, stop - start) for word in emoji(match[0])]
        else:
            name = "number" if kind == "number" else mark(match[0]) if kind == "mark" else SMILEYS[match[0].lower()]
            words = [(name, 0, stop - start)]
        result.append(Span(kind, start, stop, [Token(word, start + a, start + b) for word, a, b in words]))
    return result


def tokens(text: str) -> list[Token]:
    """The Tokens of a text, in order."""
    return [token for span in spans(text) for token in span.tokens]


def words_in(text: str) -> list[Span]:
    """The Spans of a text that are words, or smileys and emoji with words."""
    return [span for span in spans(text) if span.tokens and span.kind in ("word", "smiley", "sign")]


def spoken(spans: Iterable[Span]) -> list[str]:
    """The words among Spans, in lower case, each up to its apostrophe."""
    return [span.tokens[0].word for span in spans if span.kind == "word"]


def mark(signs: str) -> str:
    """Repeated marks as one of . , ; : ... ! ? ?!"""
    if signs[0] in "!?":
        return "?!" if {"?", "!"} <= set(signs) else signs[0]
    return "..." if signs == "…" or len(signs) > 1 else signs


def parts(word: str) -> list[tuple[str, int, int]]:
    """A word in lower case as a list of (token, start, stop); contractions have two."""
    if word == "cannot":
        return [("can", 0, 3), ("not", 3, 6)]
    if word.endswith("n't"):
        stem = word[:-3]
        return [(STEMS.get(stem, stem), 0, len(stem)), ("not", len(stem), len(word))] if stem else [("not", 0, 3)]
    negation = NO_APOSTROPHE.fullmatch(word)
    if negation:
        return [(STEMS.get(negation[1], negation[1]), 0, len(word) - 2), ("not", len(word) - 2, len(word))]
    stem, apostrophe, tail = word.rpartition("'")
    if apostrophe and "'" + tail in TAILS:
        full = TAILS["'" + tail]
        return [(stem, 0, len(stem)), *([(full, len(stem), len(word))] if full else [])]
    return [(CHAT.get(word, word), 0, len(word))]


def emoji(sign: str) -> list[str]:
    """The words of an emoji's Unicode name, such as loudly, crying for 😭; empty for other signs."""
    if unicodedata.category(sign) != "So" or ord(sign) < 0x2600:
        return []
    words = [word for word in re.findall(r"[a-z]+", unicodedata.name(sign, "").lower()) if word not in FILLERS]
    return words[:4]
