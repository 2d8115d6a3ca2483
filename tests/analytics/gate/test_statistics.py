"""Paired differences as worked by hand, and intervals that hold what they promise."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from analytics.studies.gate.statistics import (
    bca_ends,
    holm,
    seeds_and_images_interval,
    seeds_for,
    seeds_interval,
    sign_flip_p,
    visible,
)


def test_sign_flips_by_hand():
    """Of the eight ways to give 1, 2, 3 signs, two have a sum as large as 6; for 1, 2, -3 all are as far from 0."""
    assert sign_flip_p([1, 2, 3]) == 2 / 8
    assert sign_flip_p([1, 2, -3]) == 1
    assert sign_flip_p([0, 0]) == 1
    assert sign_flip_p(np.full(20, 0.5)) < 1e-4  # drawn ways: 2 of a million


def test_drawn_sign_flips_agree_with_all_of_them():
    d = np.random.default_rng(1).normal(0.3, 1, 16)
    drawn = sign_flip_p(np.append(d, 0.0))  # a seed without a difference changes nothing, but is one too many for all
    assert drawn == pytest.approx(sign_flip_p(d), abs=0.005)


def test_holm_by_hand():
    """.01 times 3, .04 times 2 (larger than .03 times 1 that follows, which may not fall below)."""
    assert holm([0.03, 0.01, 0.04]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])


def test_seeds_by_hand():
    """(1.960 + .8416)^2 = 7.849: a spread of .1 takes 79 seeds to show .0316."""
    assert seeds_for(0.1, 0.1) == 8 and seeds_for(0.3, 0.1) == 71
    assert visible(0.1, 8) == pytest.approx(0.09906, abs=1e-4)


def test_interval_over_seeds_is_that_of_scipy_and_of_one_value_a_point():
    d = np.random.default_rng(2).exponential(1, 30)
    found = bootstrap((d,), np.mean, method="BCa", n_resamples=4000, rng=0).confidence_interval
    assert seeds_interval(d) == (pytest.approx(d.mean()), found.low, found.high)
    assert seeds_interval([0.2] * 5) == (0.2, 0.2, 0.2)


def test_with_images_that_all_agree_the_interval_is_that_over_seeds():
    d = np.random.default_rng(3).exponential(1, 40)
    both = seeds_and_images_interval(np.repeat(d[:, None], 50, axis=1))
    assert both == pytest.approx(seeds_interval(d), abs=0.03)


def test_images_on_which_nothing_differs_count_and_cost_nothing():
    """The same differences among ten times as many images: a tenth of the mean, and of the ends."""
    D = np.random.default_rng(4).choice([-1, 0, 1], (20, 60), p=[0.2, 0.3, 0.5])
    few, many = seeds_and_images_interval(D), seeds_and_images_interval(np.pad(D, [(0, 0), (0, 540)]))
    assert many[0] == pytest.approx(few[0] / 10) and many[1] < few[0] / 10 < many[2]
    assert many[2] - many[1] > (few[2] - few[1]) / 10  # how many images differ is chance as well


def test_ninety_five_in_a_hundred_hold_the_truth():
    rng, held, tries = np.random.default_rng(5), 0, 120
    for _ in range(tries):
        D = 0.1 + rng.normal(0, 0.3, (12, 1)) + rng.normal(0, 1, (1, 40)) + rng.normal(0, 1, (12, 40))
        _, low, high = seeds_and_images_interval(D)
        held += low <= 0.1 <= high
    assert held / tries >= 0.88


def test_bca_without_bias_or_acceleration_is_the_percentile_interval():
    drawn = np.linspace(-1, 1, 2001)
    assert bca_ends(drawn, 0.0, 0.0) == pytest.approx((-0.95, 0.95), abs=1e-3)
    assert bca_ends(drawn, 5.0, 0.0) == (5.0, 5.0)  # nothing drawn lies above
