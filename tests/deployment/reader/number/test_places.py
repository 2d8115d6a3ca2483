"""The places of a number: where one number ends and the next begins."""

import numpy as np
import pytest

from deployment.reader.number.places import spaced


@pytest.mark.parametrize("gaps, expected", [
    ([5, 40, 5, 5, 38, 6], [1, 4]), ([30, 31, 29, 33], []), ([5, 45], [1]), ([60], []), ([170], [0]), ([], []),
    ([0, 0, 30, 0], [2])])
def test_a_wide_gap_begins_a_number(gaps, expected):
    lefts = np.cumsum([0, *(gap + 20 for gap in gaps)])
    found = spaced([(0, int(left), 40, int(left) + 20) for left in lefts], height=40)
    assert [i - 1 for i, wide in enumerate(found) if wide] == expected
