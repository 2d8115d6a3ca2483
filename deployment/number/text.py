"""Numbers as text: what a file's name says stands in it, and how far two readings are apart."""

import re


def label_of(name: str) -> str | None:
    """What a file name tells, lines divided by "-": "12\\n2026" for "12-2026_anything.jpg"; None where it tells
    nothing."""
    told = re.match(r"([0-9]+(?:-[0-9]+)*)_", name)
    return told[1].replace("-", "\n") if told else None


def distance(a: str, b: str) -> int:
    """The least number of signs to insert, remove or exchange that makes text a into b (Levenshtein 1966)."""
    before = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        now = [i]
        for j, y in enumerate(b, 1):
            now.append(min(before[j] + 1, now[-1] + 1, before[j - 1] + (x != y)))
        before = now
    return before[-1]
