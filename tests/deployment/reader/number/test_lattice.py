"""The sums over all ways to read a line, against writing every one of them down."""

from itertools import product

import numpy as np
import pytest

from deployment.reader.number.lattice import Lattice

SIGNS, COUNT = 3, 5
PAIRS = [(a, b) for a in range(SIGNS) for b in range(SIGNS)]


@pytest.fixture
def lattice():
    rng = np.random.default_rng(0)
    first, last = np.array([(a, b) for a in range(COUNT) for b in range(a + 1, min(COUNT, a + 3) + 1)]).T
    two = np.full((len(first), 10, 10), -np.inf)
    two[::2, :SIGNS, :SIGNS] = rng.normal(size=(len(first[::2]), SIGNS, SIGNS))  # the others cannot be two digits
    one = np.full((len(first), 10), -np.inf)
    one[:, :SIGNS] = rng.normal(size=(len(first), SIGNS))
    return Lattice(COUNT, first, last, one, two)


def every_path(lattice, start=0):
    """Lists of numbers of segments that lead from `start` to the last primitive."""
    if start == COUNT:
        yield []
    for i in np.flatnonzero(lattice.first == start):
        for rest in every_path(lattice, lattice.last[i]):
            yield [int(i), *rest]


def readings(lattice):
    """Each (path with the signs of each segment, score), by enumeration."""
    for path in every_path(lattice):
        options = [[((sign,), lattice.one[i, sign]) for sign in range(SIGNS)] + [
            (pair, lattice.two[i][pair]) for pair in PAIRS if np.isfinite(lattice.two[i][pair])] for i in path]
        for chosen in product(*options):
            yield list(zip(path, [signs for signs, _ in chosen], strict=True)), sum(score for _, score in chosen)


@pytest.fixture
def enumerated(lattice):
    """{text: probability}, and all readings with their probability."""
    every = [(reading, np.exp(score)) for reading, score in readings(lattice)]
    total, shares = sum(share for _, share in every), {}
    for reading, share in every:
        text = tuple(sign for _, signs in reading for sign in signs)
        shares[text] = shares.get(text, 0) + share / total
    return shares, [(reading, share / total) for reading, share in every], total


def test_the_sum_over_all_paths(lattice, enumerated):
    assert lattice.before[-1] == pytest.approx(np.log(enumerated[2]))
    assert lattice.after[0] == pytest.approx(np.log(enumerated[2]))


def test_the_probability_of_a_text(lattice, enumerated):
    for text, share in list(enumerated[0].items())[::17]:
        assert np.exp(lattice.log_probability(text)) == pytest.approx(share)
    assert np.exp(lattice.log_probability([0] * (2 * COUNT + 1))) == 0, "more signs than all primitives can be"


def test_forward_and_backward_meet(lattice):
    text = [0, 2, 1]
    before, after = lattice.sums_of(text), lattice.sums_of(text, backward=True)
    assert before[-1, -1] == pytest.approx(after[0, 0])


def test_the_share_of_the_paths_through_a_segment(lattice, enumerated):
    one, two = lattice.passing()
    one_of, two_of = lattice.passing_of([1, 0, 2])
    for i in range(len(lattice.first)):
        through = [(signs, reading, share) for reading, share in enumerated[1] for k, signs in reading if k == i]
        for text, (single, pairs) in {None: (one, two), (1, 0, 2): (one_of, two_of)}.items():
            of = [(signs, share) for signs, reading, share in through
                  if text is None or tuple(sign for _, each in reading for sign in each) == text]
            whole = enumerated[0][text] if text else 1.0
            assert single[i, 0] == pytest.approx(sum(share for signs, share in of if signs == (0,)) / whole)
            assert pairs[i, 0, 2] == pytest.approx(sum(share for signs, share in of if signs == (0, 2)) / whole)


def test_the_likeliest_texts(lattice, enumerated):
    expected = sorted(enumerated[0].items(), key=lambda one: -one[1])
    found = lattice.texts()
    assert found[0][0] == expected[0][0] and len(found) == 12
    for text, log_probability in found[:3]:
        assert np.exp(log_probability) <= enumerated[0][text] * (1 + 1e-9), "a lower bound"
        assert np.exp(log_probability) > 0.5 * enumerated[0][text]


def test_the_best_path_of_a_text(lattice, enumerated):
    text = (1, 0, 2, 2)
    of = [(reading, share) for reading, share in enumerated[1]
          if tuple(sign for _, signs in reading for sign in signs) == text]
    best = max(of, key=lambda one: one[1])[0]
    assert lattice.path(text) == [(i, len(signs)) for i, signs in best]


def test_signs_that_are_less_likely(lattice):
    lower = lattice.weighted(np.array([0.0, -2.0, -2.0, *[0.0] * 7]))
    np.testing.assert_array_equal(lower.one[:, 0], lattice.one[:, 0])
    np.testing.assert_allclose(lower.one[:, 1:3], lattice.one[:, 1:3] - 2)
    np.testing.assert_allclose(lower.two[:, 0, 1:3], lattice.two[:, 0, 1:3] - 2)
    np.testing.assert_allclose(lower.two[:, 2, 1], lattice.two[:, 2, 1] - 4)
    assert lower.log_probability([0, 0]) > lattice.log_probability([0, 0])
