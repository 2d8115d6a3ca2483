"""Pairs of sentences ordered by pleasure, from the templates of orderings.txt.

The rated sentences are too few to learn that "not", "no longer", "without" or "but" invert a meaning. The size of the
difference is unknown, so the model learns the order only.
"""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

FILE = Path(__file__).with_name("orderings.txt")
SLOT = re.compile(r"\{(\w+)(?::(\d))?(?:\.(\d))?\}")
CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")


class Pair(NamedTuple):
    """Two sentences: the first is the more pleasant. kind: the section of orderings.txt."""

    kind: str
    pleasanter: str
    less_pleasant: str


class Grammar:
    """lists: {name: entries, each a tuple of forms}; templates: {kind: [(pleasanter, less pleasant), ...]}."""

    def __init__(self, text: str) -> None:
        self.lists: dict[str, list[tuple[str, ...]]] = {}
        self.templates: dict[str, list[tuple[str, str]]] = {}
        kind = ""
        for number, line in enumerate(text.splitlines(), start=1):
            line = line.partition("#")[0].strip()
            if line.startswith("["):
                kind = line.strip("[]")
                self.templates[kind] = []
            elif " > " in line:
                left, _, right = line.partition(" > ")
                self.templates[kind].append((left, right))
            elif " = " in line:
                name, _, entries = line.partition(" = ")
                self.lists[name] = [tuple(entry.strip().split("/")) for entry in entries.split(";")]
            elif line:
                raise ValueError(f"line {number} is not a list, a kind or an ordering: {line!r}")

    @classmethod
    def load(cls, path: str | Path = FILE) -> "Grammar":
        return cls(Path(path).read_text(encoding="utf-8"))

    def pair(self, rng: np.random.Generator, kind: str | None = None) -> Pair:
        """A random Pair of a kind, or of any kind."""
        kind = kind or list(self.templates)[rng.integers(len(self.templates))]
        template = self.templates[kind][rng.integers(len(self.templates[kind]))]
        chosen = {}

        def entry(match: re.Match[str]) -> str:
            name, number, form = match.groups()
            key = name, number
            while key not in chosen:
                drawn = self.lists[name][rng.integers(len(self.lists[name]))]
                if drawn not in [other for (same, _), other in chosen.items() if same == name]:
                    chosen[key] = drawn
            return chosen[key][int(form or 0)]

        def one_of(match: re.Match[str]) -> str:
            options = match[1].split("|")
            return options[rng.integers(len(options))]

        return Pair(kind, *(tidy(SLOT.sub(entry, CHOICE.sub(one_of, side))) for side in template))

    def pairs(self, n: int, seed: int = 0) -> list[Pair]:
        """n different Pairs. The probability of a kind is proportional to the square root of its number of templates.
        """
        rng, pairs, kinds = np.random.default_rng(seed), {}, list(self.templates)
        share = np.sqrt([len(self.templates[kind]) for kind in kinds])
        for kind in rng.choice(kinds, 20 * n, p=share / share.sum()):
            if len(pairs) == n:
                break
            pair = self.pair(rng, str(kind))
            if pair.pleasanter != pair.less_pleasant:
                pairs[pair] = None
        return list(pairs)


def tidy(sentence: str) -> str:
    """Single spaces, none before a mark, a capital first letter."""
    sentence = re.sub(r"\s+([.,!?])", r"\1", " ".join(sentence.split()))
    return sentence[:1].upper() + sentence[1:]
