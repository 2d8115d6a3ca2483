"""Labels taken from file names, and the edit distance of a reading to its label."""

import re


def digit_label(name: str) -> int | None:
    """The digit in a file name: 7 for "7_anything.png", else None."""
    match = re.match(r"([0-9])_", name)
    return int(match[1]) if match else None


def number_label(name: str) -> str | None:
    """The number in a file name, whose lines are separated by "-": "12\\n2026" for "12-2026_anything.jpg", else None.
    """
    match = re.match(r"([0-9]+(?:-[0-9]+)*)_", name)
    return match[1].replace("-", "\n") if match else None


def edit_distance(a: str, b: str) -> int:
    """The Levenshtein distance (1966): insertions, deletions and substitutions that turn a into b."""
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (x != y)))
        previous = row
    return previous[-1]
