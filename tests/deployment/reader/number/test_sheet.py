"""Blobs sorted into lines, in reading order."""

import numpy as np
import pytest

from deployment.reader.number.sheet import Blob, lines


def blob(left, top, height=40, width=24):
    return Blob(top, left, np.ones((height, width), bool))


def order(blobs):
    """The lines, each as indices of blobs."""
    return [[next(i for i, one in enumerate(blobs) if one is found) for found in row] for row in lines(blobs)]


def test_two_lines_of_digits():
    assert order([blob(0, 0), blob(40, 70), blob(40, 3), blob(0, 66)]) == [[0, 2], [3, 1]]


def test_a_line_may_climb():
    assert order([blob(40 * i, 200 - 14 * i) for i in range(8)]) == [list(range(8))]


def test_staggered_digits_stay_together():
    assert order([blob(40 * i, 100 + 18 * (i % 2)) for i in range(6)]) == [list(range(6))]


@pytest.mark.parametrize("top, height", [(35, 5), (33, 22), (18, 4), (28, 30)])
def test_a_sign_belongs_to_its_line(top, height):
    """A point, a comma, a dash, a long comma: between two digits, above another line."""
    above, below = [blob(0, 0), blob(60, 0)], [blob(0, 75), blob(60, 75)]
    sign = blob(34, top, height, 6)
    assert order([*above, sign, *below]) == [[0, 2, 1], [3, 4]]


def test_columns_whose_lines_are_not_level():
    """Right of a wide gap the lines stand half a height lower."""
    left = [blob(40 * i, top) for top in (0, 70) for i in range(2)]
    right = [blob(300 + 40 * i, top) for top in (24, 94) for i in range(2)]
    assert order([*left, *right]) == [[0, 1], [4, 5], [2, 3], [6, 7]]


def test_columns_whose_lines_are_level():
    assert order([blob(0, 0), blob(40, 2), blob(300, 4), blob(340, 3)]) == [[0, 1, 2, 3]]


def test_a_speck_far_from_all_lines_is_in_none():
    assert order([blob(0, 0), blob(40, 0), blob(20, 200, 6, 6)]) == [[0, 1]]
