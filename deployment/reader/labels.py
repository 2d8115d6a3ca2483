"""Labels taken from file names, and the edit distance of a reading to its label."""

import re


def digit_label(name: str) -> int | None:
    """The digit in a file name: 7 for "7_anything.png", else None."""
    match = re.match(r"([0-9])_", name)
    return int(match[1]) if match else None


def number_label(name: str) -> str | None:
    """The number in a file name: "12\\n-20.5" for "12-m20c5_anything.jpg", else None.

    "-" separates lines, "m" is a minus or dash, "c" a point or a comma (see `as_labelled`); + = % $ and spaces are
    themselves.
    """
    sign = r"[0-9mc+=%$ ]*[0-9][0-9mc+=%$ ]*"
    match = re.match(rf"({sign}(?:-{sign})*)_", name)
    return match[1].translate(str.maketrans("-mc", "\n-.")) if match else None


def as_labelled(text: str) -> str:
    """A text as `number_label` would give it: a comma is a point."""
    return text.replace(",", ".")


def edit_distance(a: str, b: str) -> int:
    """The Levenshtein distance (1966): insertions, deletions and substitutions that turn a into b."""
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (x != y)))
        previous = row
    return previous[-1]
