"""From a line's lattice to its text: the likeliest one, how probable it is, and what else each place may be."""

from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from core.digits.data import DIGITS
from core.nn.context import Array
from deployment.reader.number.lattice import Lattice, Text
from deployment.reader.number.score import NO_SIGN, TEXTS
from deployment.reader.prediction import ALTERNATIVE_FROM


@dataclass(frozen=True)
class LineText:
    """The likeliest text of a lattice. path: its segments, with the number of signs of each; log_probability: of the
    text; shares (len(text), len(TEXTS)): the probability of each sign at each place; others: other likely texts and
    their probabilities; unclear: the probability that the line holds what is neither a digit nor a sign."""

    text: Text
    path: list[tuple[int, int]]
    log_probability: float
    shares: Array
    others: list[tuple[Text, float]]
    unclear: float

    @classmethod
    def of(cls, lattice: Lattice) -> "LineText":
        """The LineText of a Lattice."""
        texts = lattice.texts()
        exact = sorted(((lattice.log_probability(text), text) for text, _ in texts[:3]), reverse=True)
        chosen, total = exact[0][1], sum(np.exp(score) for _, score in texts)
        path = lattice.path(chosen)
        return cls(chosen, path, exact[0][0], _shares(lattice, path), [
            (text, float(np.exp(score) / total)) for text, score in texts if text != chosen], _unclear(lattice))

    @property
    def first_signs(self) -> list[int]:
        """The first sign of each segment of the path."""
        starts = np.cumsum([0, *(signs for _, signs in self.path)])[:-1]
        return [self.text[start] for start in starts]

    def alternatives(self) -> dict[int, list[str]]:
        """{place: what stands there, most likely first, with a probability of at least 5 %} of the doubtful places; ""
        for no sign, several signs where there may be more."""
        found: dict[int, dict[str, float]] = defaultdict(dict)
        for place, share in enumerate(self.shares):
            found[place] = {TEXTS[sign]: float(share[sign]) for sign in range(NO_SIGN)}
        for other, share in self.others:
            for _, i, stop, j, until in SequenceMatcher(None, self.text, other, autojunk=False).get_opcodes():
                if stop - i == until - j:
                    continue
                # an insertion is shown at the place before it, or after it at the beginning
                if stop == i:
                    i, j = (i - 1, j - 1) if i else (i, j)
                    stop, until = i + 1, until if j < until and i else until + 1
                written = "".join(TEXTS[sign] for sign in other[j:until])
                for place in range(i, stop):
                    name = written if place == i else ""
                    found[place][name] = found[place].get(name, 0.0) + share
        answer = {}
        for place, options in found.items():
            likely = [name for name, share in sorted(options.items(), key=lambda one: -one[1])
                      if share >= ALTERNATIVE_FROM]
            if likely and likely != [TEXTS[self.text[place]]]:
                answer[place] = likely
        return answer


def _unclear(lattice: Lattice) -> float:
    """The share of the paths of a line on which something is no sign."""
    clear = lattice.weighted(np.where(np.arange(len(TEXTS)) == NO_SIGN, -np.inf, 0.0))
    return float(1 - np.exp(min(clear.before[-1] - lattice.before[-1], 0.0)))


def _shares(lattice: Lattice, path: list[tuple[int, int]]) -> Array:
    """The share of all paths that read each sign at each place of a path: on the same primitives, or, for each of two
    digits read at once, from the same first one or up to the same last one."""
    one, two = lattice.passing()
    rows = []
    for i, signs in path:
        first, last = lattice.first[i], lattice.last[i]
        starts, stops = lattice.first == first, lattice.last == last
        if signs == 1:
            rows.append(one[starts & stops].sum(axis=0))
            rows[-1][:DIGITS] += two[starts & (lattice.last > last)].sum(axis=(0, 2))
            rows[-1][:DIGITS] += two[stops & (lattice.first < first)].sum(axis=(0, 1))
            continue
        left, right = one[starts & (lattice.last <= last)].sum(axis=0), one[stops & (lattice.first > first)].sum(axis=0)
        left[:DIGITS] += two[starts].sum(axis=(0, 2))
        right[:DIGITS] += two[stops].sum(axis=(0, 1))
        rows += [left, right]
    return np.minimum(np.array(rows), 1.0)
