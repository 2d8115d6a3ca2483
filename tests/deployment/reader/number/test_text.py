"""The text of a lattice, and what else its places may be."""

import numpy as np
import pytest

from deployment.reader.number.lattice import Lattice
from deployment.reader.number.score import TEXTS
from deployment.reader.number.text import LineText

ONE, SEVEN = TEXTS.index("1"), TEXTS.index("7")


def lattice(one, two=()):
    """A lattice of one primitive for each of `one`, {sign: score}; two: {(segment, left, right): score} of the same."""
    scores = np.full((len(one), len(TEXTS)), -20.0)
    for i, signs in enumerate(one):
        for sign, score in signs.items():
            scores[i, TEXTS.index(sign)] = score
    pairs = np.full((len(one), 10, 10), -np.inf)
    for place, score in dict(two).items():
        pairs[place] = score
    return Lattice(len(one), np.arange(len(one)), np.arange(1, len(one) + 1), scores, pairs)


def test_a_doubtful_digit_names_the_other():
    text = LineText.of(lattice([{"4": 0.0, "9": -1.0}, {".": 0.0}]))
    assert "".join(TEXTS[sign] for sign in text.text) == "4." and text.alternatives() == {0: ["4", "9"]}
    assert np.exp(text.log_probability) == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-6)


def test_a_swallowed_digit_is_named():
    """One blob that reads as a 1, or as 11."""
    text = LineText.of(lattice([{"7": 0.0}, {"1": 0.0}], [((1, 1, 1), -1.5)]))
    assert text.text == (SEVEN, ONE) and text.path == [(0, 1), (1, 1)]
    assert text.alternatives() == {1: ["1", "11"]}


def test_a_digit_too_many_is_named():
    text = LineText.of(lattice([{"1": -1.0}], [((0, 1, 7), 0.0)]))
    assert text.text == (ONE, SEVEN) and text.path == [(0, 2)]
    assert text.alternatives() == {0: ["1"], 1: ["7", ""]} or text.alternatives() == {1: ["7", ""]}
    assert text.shares[0, ONE] == pytest.approx(1, abs=1e-6) and 0.7 < text.shares[1, SEVEN] < 0.75
