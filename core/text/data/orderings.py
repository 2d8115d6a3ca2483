"""Pairs of sentences of which one is the more pleasant, from the templates of orderings.txt.

They teach what single rated sentences are too few for: that "not", "no longer", "without" or "but" turn a sentence
round. Nobody says by how much, so the model learns the order alone.
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

    def __init__(self, text):
        self.lists, self.templates, kind = {}, {}, None
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
                raise ValueError(f"line {number} is no list, no kind and no ordering: {line!r}")

    @classmethod
    def load(cls, path=FILE):
        return cls(Path(path).read_text(encoding="utf-8"))

    def pair(self, rng, kind=None):
        """A Pair, of any kind when None; rng draws template, entries and choices."""
        kind = kind or list(self.templates)[rng.integers(len(self.templates))]
        template = self.templates[kind][rng.integers(len(self.templates[kind]))]
        chosen = {}

        def entry(match):
            name, number, form = match.groups()
            key = name, number
            while key not in chosen:
                drawn = self.lists[name][rng.integers(len(self.lists[name]))]
                if drawn not in [other for (same, _), other in chosen.items() if same == name]:
                    chosen[key] = drawn
            return chosen[key][int(form or 0)]

        def one_of(match):
            options = match[1].split("|")
            return options[rng.integers(len(options))]

        return Pair(kind, *(tidy(SLOT.sub(entry, CHOICE.sub(one_of, side))) for side in template))

    def pairs(self, n, seed=0):
        """n different Pairs; a kind comes as often as the root of how many templates it has."""
        rng, found, kinds = np.random.default_rng(seed), {}, list(self.templates)
        share = np.sqrt([len(self.templates[kind]) for kind in kinds])
        for kind in rng.choice(kinds, 20 * n, p=share / share.sum()):
            if len(found) == n:
                break
            pair = self.pair(rng, str(kind))
            if pair.pleasanter != pair.less_pleasant:
                found[pair] = None
        return list(found)


def tidy(sentence):
    """Single spaces, none before a mark, a capital at the start."""
    sentence = re.sub(r"\s+([.,!?])", r"\1", " ".join(sentence.split()))
    return sentence[:1].upper() + sentence[1:]
