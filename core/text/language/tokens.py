"""A text as its tokens in order: words in lower case, marks, smileys and emoji as the words they stand for.

"Don't worry 🙂!" is do, not, worry, slightly, smiling, !: a negation is the word `not` however it is written, so that
what is learned of one form holds for all.
"""

import re
import unicodedata
from typing import NamedTuple

WORD = r"[^\W\d_]+(?:['’][^\W\d_]+)*"
SMILEYS = {":)": "smiling", ":-)": "smiling", "=)": "smiling", ":d": "laughing", ":-d": "laughing", ";)": "winking",
           ";-)": "winking", ":p": "joking", ":(": "sad", ":-(": "sad", "=(": "sad", ":'(": "crying",
           ":/": "doubtful", ":-/": "doubtful", ":o": "surprised", "<3": "love", "</3": "heartbroken"}
CHAT = {"u": "you", "ur": "your", "luv": "love", "thx": "thanks", "pls": "please", "plz": "please", "omg": "wow",
        "wtf": "damn", "lol": "laughing", "gonna": "will", "wanna": "want", "dunno": "unsure", "bday": "birthday"}
PIECES = re.compile(rf"(?P<word>{WORD})|(?P<number>\d+(?:[.,:]\d+)*)"
                    rf"|(?P<smiley>(?:{'|'.join(map(re.escape, sorted(SMILEYS, key=len, reverse=True)))})(?![^\W_]))"
                    r"|(?P<mark>[!?]+|\.{2,}|…|[.,;:])|(?P<sign>[^\s\w])", re.IGNORECASE)
TAILS = {"'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would", "'s": None}
STEMS = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}
# Negations as people type them in a hurry; "cant" and "wont" are hardly ever meant as the words they also are
HURRIED = re.compile(r"(do|does|did|is|was|are|were|could|would|should|have|has|had|ca|wo)nt")
FILLERS = frozenset({"face", "with", "sign", "of", "and", "symbol", "black", "heavy", "white", "variation", "selector"})


class Token(NamedTuple):
    """One token: its word as the table of vectors knows it, and where it stands, text[start:stop]."""

    word: str
    start: int
    stop: int


class Piece(NamedTuple):
    """One piece of a text between blanks: kind is "word", "number", "smiley", "mark" or "sign"; its tokens, which may
    be none."""

    kind: str
    start: int
    stop: int
    tokens: list


def pieces(text):
    """The Pieces of a text, in order."""
    found = []
    for match in PIECES.finditer(text):
        kind, (start, stop) = match.lastgroup, match.span()
        if kind == "word":
            words = parts(match[0].lower().replace("’", "'"))
        elif kind == "sign":
            words = [(word, 0, stop - start) for word in emoji(match[0])]
        else:
            name = "number" if kind == "number" else mark(match[0]) if kind == "mark" else SMILEYS[match[0].lower()]
            words = [(name, 0, stop - start)]
        found.append(Piece(kind, start, stop, [Token(word, start + a, start + b) for word, a, b in words]))
    return found


def tokens(text):
    """The Tokens of a text, in order."""
    return [token for piece in pieces(text) for token in piece.tokens]


def words_in(text):
    """The Pieces of a text that are words or stand for some."""
    return [piece for piece in pieces(text) if piece.tokens and piece.kind in ("word", "smiley", "sign")]


def spoken(found):
    """Of Pieces the words proper, in lower case and as far as they stand before an apostrophe."""
    return [piece.tokens[0].word for piece in found if piece.kind == "word"]


def mark(signs):
    """Marks, however often repeated, as one of . , ; : ... ! ? ?!"""
    if signs[0] in "!?":
        return "?!" if {"?", "!"} <= set(signs) else signs[0]
    return "..." if signs == "…" or len(signs) > 1 else signs


def parts(word):
    """A word in lower case as (token, start, stop) of itself: contractions are taken apart."""
    if word == "cannot":
        return [("can", 0, 3), ("not", 3, 6)]
    if word.endswith("n't"):
        stem = word[:-3]
        return [(STEMS.get(stem, stem), 0, len(stem)), ("not", len(stem), len(word))] if stem else [("not", 0, 3)]
    hurried = HURRIED.fullmatch(word)
    if hurried:
        return [(STEMS.get(hurried[1], hurried[1]), 0, len(word) - 2), ("not", len(word) - 2, len(word))]
    stem, apostrophe, tail = word.rpartition("'")
    if apostrophe and "'" + tail in TAILS:
        full = TAILS["'" + tail]
        return [(stem, 0, len(stem)), *([(full, len(stem), len(word))] if full else [])]
    return [(CHAT.get(word, word), 0, len(word))]


def emoji(sign):
    """The words of a sign's Unicode name, such as loudly, crying for 😭; nothing for signs that are no pictures."""
    if unicodedata.category(sign) != "So" or ord(sign) < 0x2600:
        return []
    words = [word for word in re.findall(r"[a-z]+", unicodedata.name(sign, "").lower()) if word not in FILLERS]
    return words[:4]
