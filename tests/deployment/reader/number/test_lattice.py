"""The sums over all ways to read a line, against writing every one of them down."""

from itertools import product

import numpy as np
import pytest

from deployment.reader.number.cuts import Primitive
from deployment.reader.number.lattice import Segment, best_path, log_sums, log_sums_of, posterior, probability, segments

SIGNS, COUNT = 3, 5


def all_segments(longest=3):
    return [Segment(a, b, (0, 0, 1, 1)) for a in range(COUNT) for b in range(a + 1, min(COUNT, a + longest) + 1)]


def every_path(found, start=0):
    """Lists of numbers of Segments that lead from `start` to the last primitive."""
    if start == COUNT:
        yield []
    for i, segment in enumerate(found):
        if segment.first == start:
            for rest in every_path(found, segment.last):
                yield [i, *rest]


@pytest.fixture
def line():
    found = all_segments()
    return found, np.random.default_rng(0).normal(size=(len(found), SIGNS))


def texts(line):
    """Probability of each text, by enumeration."""
    found, scores = line
    shares = {}
    for path in every_path(found):
        for signs in product(range(SIGNS), repeat=len(path)):
            score = np.exp(sum(scores[i, sign] for i, sign in zip(path, signs, strict=True)))
            shares[signs] = shares.get(signs, 0) + score
    total = sum(shares.values())
    return {signs: share / total for signs, share in shares.items()}, total


def test_the_sum_over_all_paths(line):
    found, scores = line
    _, total = texts(line)
    every = np.logaddexp.reduce(scores, axis=1)
    assert log_sums(COUNT, found, every)[-1] == pytest.approx(np.log(total))
    assert log_sums(COUNT, found, every, backward=True)[0] == pytest.approx(np.log(total))


def test_the_probability_of_a_text(line):
    shares, _ = texts(line)
    for signs in list(shares)[::7]:
        assert probability(list(signs), COUNT, *line) == pytest.approx(shares[signs])
    assert sum(probability(list(signs), COUNT, *line) for signs in shares) == pytest.approx(1)
    assert probability([0] * (COUNT + 1), COUNT, *line) == 0, "no more signs than primitives"


def test_forward_and_backward_meet(line):
    found, scores = line
    signs = [0, 2, 1]
    before = log_sums_of(signs, COUNT, found, scores)
    after = log_sums_of(signs, COUNT, found, scores, backward=True)
    assert before[-1, -1] == pytest.approx(after[0, 0])
    for j in range(len(signs) + 1):  # every path has read j signs at one place, whatever j is
        assert np.logaddexp.reduce(before[j] + after[j]) == pytest.approx(before[-1, -1])


def test_the_best_path(line):
    found, scores = line
    best = max(every_path(found), key=lambda path: sum(scores[i, 0] for i in path))
    assert best_path(COUNT, found, scores[:, 0]) == best


def test_the_posterior_of_a_sign_at_a_place(line):
    found, scores = line
    shares = posterior(COUNT, found, scores)
    here = next(i for i, segment in enumerate(found) if (segment.first, segment.last) == (0, 2))
    _, total = texts(line)
    passing = sum(np.exp(scores[path[0], 1]) * np.prod([np.exp(scores[i]).sum() for i in path[1:]])
                  for path in every_path(found) if path[0] == here)
    assert shares[here, 1] == pytest.approx(passing / total)
    first = [i for i, segment in enumerate(found) if segment.first == 0]
    assert shares[first].sum() == pytest.approx(1), "something stands first"


def test_what_borrows_is_the_same_place():
    found = [Segment(0, 1, (0, 0, 1, 1)), Segment(0, 1, (0, 0, 1, 1), borrows=1)]
    shares = posterior(1, found, np.zeros((2, 1)))
    assert np.allclose(shares, 1)


def primitive(left, width=10, height=20):
    return Primitive(0, left, np.ones((height, width), bool))


def test_segments_are_neither_too_wide_nor_torn():
    found = segments([primitive(0), primitive(12), primitive(60)], height=20)
    assert [(segment.first, segment.last) for segment in found] == [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert found[1].box == (0, 0, 20, 22)
    wide = segments([primitive(0, 25), primitive(26, 25)], height=20)
    assert [(segment.first, segment.last) for segment in wide] == [(0, 1), (1, 2)]


def test_only_cut_pieces_borrow_and_only_at_the_cut():
    left, right = Primitive(0, 0, np.ones((20, 8), bool)), Primitive(0, 8, np.ones((20, 8), bool), crossed=0.5)
    found = segments([left, right], height=20)
    assert [(s.first, s.last, s.borrows) for s in found] == [(0, 1, 0), (0, 1, 1), (0, 2, 0), (1, 2, 0), (1, 2, -1)]
