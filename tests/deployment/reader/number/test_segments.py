"""The runs of primitives that can be one sign or two."""

import numpy as np

from deployment.reader.number.cuts import Primitive
from deployment.reader.number.segments import connected, segments


def primitive(left, width=10, height=20, cut=False):
    return Primitive(0, left, np.ones((height, width), bool), edge=np.full(height, float(left)) if cut else None)


def test_segments_are_neither_too_wide_nor_torn():
    found = segments([primitive(0), primitive(12), primitive(60)], height=20)
    assert [(segment.first, segment.last) for segment in found] == [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert found[1].box == (0, 0, 20, 22)
    wide = segments([primitive(0, 25), primitive(26, 25)], height=20)
    assert [(segment.first, segment.last) for segment in wide] == [(0, 1), (1, 2)]


def test_two_joined_digits_may_be_wider_than_one_sign():
    parts = [primitive(0, 25), primitive(25, 25, cut=True)]
    found = segments(parts, height=20)
    assert (0, 2) in [(segment.first, segment.last) for segment in found]
    assert all(connected(segment, parts) for segment in found)
    assert not connected(segments([primitive(0), primitive(12)], height=20)[1], [primitive(0), primitive(12)])


def test_only_what_was_cut_borrows_and_only_at_the_cut():
    left, right = primitive(0, 8), primitive(8, 8, cut=True)
    found = segments([left, right], height=20)
    assert [(s.first, s.last, s.borrows) for s in found] == [(0, 1, 0), (0, 1, 1), (0, 2, 0), (1, 2, 0), (1, 2, -1)]
