"""The text of a lattice, and what else its places may be."""

import numpy as np
import pytest

from deployment.reader.number.lattice import Lattice
from deployment.reader.number.score import TEXTS
from deployment.reader.number.shapes import SHAPES, shape
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


def read(lines, **shapes):
    return LineText.of(lines, np.array([shapes.get(name, 0.0) for name in SHAPES]))


def test_a_doubtful_digit_names_the_other():
    text = read(lattice([{"4": 0.0, "9": -1.0}, {".": 0.0}]))
    assert "".join(TEXTS[sign] for sign in text.text) == "4." and text.alternatives() == {0: ["4", "9"]}
    assert np.exp(text.log_probability) == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-6)


def test_a_swallowed_digit_is_named():
    """One blob that reads as a 1, or as 11."""
    text = read(lattice([{"7": 0.0}, {"1": 0.0}], [((1, 1, 1), -1.5)]))
    assert text.text == (SEVEN, ONE) and text.path == [(0, 1), (1, 1)]
    assert text.alternatives() == {1: ["1", "11"]}


def test_a_digit_too_many_is_named():
    text = read(lattice([{"1": -1.0}], [((0, 1, 7), 0.0)]))
    assert text.text == (ONE, SEVEN) and text.path == [(0, 2)]
    assert text.alternatives() == {0: ["1"], 1: ["7", ""]} or text.alternatives() == {1: ["7", ""]}
    assert text.shares[0, ONE] == pytest.approx(1, abs=1e-6) and 0.7 < text.shares[1, SEVEN] < 0.75


@pytest.mark.parametrize("word, name", [
    ("2026", "digits"), ("4?7", "digits"), ("12.50", "written"), ("-7", "written"), ("$1,234.50", "written"),
    ("5%", "written"), ("24/11/2026", "written"), ("24.11.26", "written"), ("2026-11-24", "written"),
    ("12:45", "written"), ("3+4=7", "written"), ("12.5-3=9.5", "written"), ("8/10", "two numbers"),
    ("548-1000", "two numbers"), ("/34", "other"), ("12.", "other"), ("24/11.26", "other"), ("3+4", "other"),
])
def test_shapes_of_numbers(word, name):
    assert SHAPES[shape(word)] == name


def test_what_is_written_so_is_likelier():
    """A 1 that may be a stroke: 819, and not 8/9, where two numbers are seldom written so."""
    lines = lattice([{"8": 0.0}, {"1": -0.5, "/": 0.0}, {"9": 0.0}])
    before, after = read(lines), read(lines, **{"two numbers": -2.0})
    assert "".join(TEXTS[sign] for sign in before.text) == "8/9"
    assert "".join(TEXTS[sign] for sign in after.text) == "819"
    weight = np.exp(-2)
    assert np.exp(after.log_probability) == pytest.approx(np.exp(-0.5) / (np.exp(-0.5) + weight), abs=1e-3)
    assert after.shares[1][ONE] == pytest.approx(np.exp(after.log_probability), abs=1e-3)
    assert after.others[0][0] == before.text


def test_numbers_of_a_line_have_shapes_of_their_own():
    """8 and 1/2 apart are written so; 81/2 is one number."""
    lines, weights = lattice([{"8": 0.0}, {"1": 0.0}, {"/": 0.0}, {"2": 0.0}]), np.array([0.0, 1.0, -1.0, -3.0])
    whole, apart = (LineText.of(lines, weights, words) for words in (lambda path: [4], lambda path: [1, 3]))
    assert whole.text == apart.text
    assert np.exp(whole.log_probability) == pytest.approx(1.0, abs=1e-3)
    lines = lattice([{"8": 0.0}, {"-": 0.0, "1": -0.5}, {"7": 0.0}])
    whole, apart = (LineText.of(lines, weights, words) for words in (lambda path: [3], lambda path: [1, 2]))
    assert ["".join(TEXTS[sign] for sign in text.text) for text in (whole, apart)] == ["817", "8-7"]
