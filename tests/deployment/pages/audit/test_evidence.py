"""Statistics of an audit's arrays, on cases computed by hand."""

import numpy as np
import pytest
from answers import falling

from core.metrics import wilson_interval
from deployment.pages.audit import evidence


@pytest.fixture
def answers():
    return falling()


def test_shares_carry_their_count():
    assert evidence.share(3, 4) == {"n": 4, "hits": 3, "share": 0.75, "interval_95": list(wilson_interval(3, 4))}
    assert evidence.share(5, 5)["interval_95"][1] == 1 and evidence.share(0, 5)["interval_95"][0] == 0
    assert evidence.share(0, 0)["share"] is None


def test_answering_less_errs_less(answers):
    all_of_it, most, sure = evidence.selective(*answers, coverages=(1, 0.9, 0.8))
    assert [row["errors"] for row in (all_of_it, most, sure)] == [2, 1, 0]
    assert most["share"] == 8 / 9 and most["from"] == pytest.approx(0.59) and most["n"] == 9
    assert evidence.above(*answers, 0.9) == (0.2, 1.0, 0)
    assert evidence.above(*answers, 1.0) == (0.0, None, 0)


def test_bands_count_every_image_once():
    probs = np.zeros((5, 10))
    probs[:, 0] = [0.4, 0.5, 0.85, 0.9995, 1.0]
    bands = evidence.confidence_bands(probs, np.array([0, 1, 0, 0, 0]))
    counted = [(band["name"], band["n"], band["measured"]) for band in bands]
    assert counted == [("≤ 50", 2, 0.5), ("80–90", 1, 1), ("99.9–100", 2, 1)]
    assert bands[0]["stated"] == pytest.approx(0.45) and bands[0]["low"] < 0.5 < bands[0]["high"]


def test_mistakes_and_hits_come_surest_first():
    probs = np.zeros((4, 10))
    probs[[0, 1, 2, 3], [3, 3, 3, 3]] = [0.6, 0.9, 0.7, 0.8]
    y = np.array([3, 3, 5, 5])
    assert evidence.mistakes(probs, y).tolist() == [3, 2]
    assert evidence.confident_hits(probs, y, per_digit=1).tolist() == [1]


def test_units_are_grouped_by_the_digit_that_opens_them_most():
    means = np.zeros((10, 4))
    means[7, 0], means[2, 1], means[7, 2], means[0, 3] = 0.5, 0.9, 0.8, 0.1
    assert evidence.unit_order(means).tolist() == [3, 1, 2, 0]


def test_a_new_digit_lands_among_its_neighbours():
    features, xy = np.array([[0.0, 0], [2, 0], [50, 50]], np.float16), np.array([[0.0, 0], [6, 0], [100, 100]])
    np.testing.assert_allclose(
        evidence.place(np.array([0.5, 0]), features, xy, neighbours=2), [1.5, 0]
    )  # weights 2 and 2/3
    np.testing.assert_allclose(evidence.place(np.array([50.0, 50]), features, xy, neighbours=2), [100, 100], atol=1e-3)


def test_projections_need_the_right_layer():
    mean, basis = np.array([1.0, 1, 1], np.float16), np.eye(3, 2, dtype=np.float16)
    assert evidence.project(np.array([3.0, 0, 9]), mean, basis).tolist() == [2, -1]
    with pytest.raises(ValueError, match="remake the audit"):
        evidence.project(np.zeros(4), mean, basis)
