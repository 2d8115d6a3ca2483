"""Percentages never round into certainty; what was counted may be all or none."""

import pytest

from core.formats import interval, measured, percent


@pytest.mark.parametrize(
    "share, digits, words",
    [
        (0.998, 1, "99.8 %"),
        (1.0, 1, "> 99.9 %"),
        (0.99949, 1, "99.9 %"),
        (0.9995, 1, "> 99.9 %"),
        (0.0, 1, "< 0.1 %"),
        (0.0005, 1, "0.1 %"),
        (0.00049, 1, "< 0.1 %"),
        (0.5, 1, "50.0 %"),
        (0.9953, 2, "99.53 %"),
        (0.99996, 2, "> 99.99 %"),
        (0.5, 0, "50 %"),
        (0.999, 0, "> 99 %"),
    ],
)
def test_a_stated_probability(share, digits, words):
    assert percent(share, digits) == words


@pytest.mark.parametrize(
    "share, words", [(1.0, "100 %"), (0, "0 %"), (0.99999, "> 99.9 %"), (0.25, "25.0 %"), (None, "–")]
)
def test_a_counted_share(share, words):
    assert measured(share) == words


def test_an_interval():
    assert interval((0.9938, 0.99654), 2) == "99.38 to 99.65 %" and interval((0, 1)) == "0.0 to 100.0 %"
