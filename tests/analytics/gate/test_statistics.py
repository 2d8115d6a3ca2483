"""Paired statistics against hand calculations, and coverage of the intervals."""

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
    """Two of the eight sign assignments of 1, 2, 3 have |sum| >= 6; for 1, 2, -3 all have |sum| >= 0."""
    assert sign_flip_p([1, 2, 3]) == 2 / 8
    assert sign_flip_p([1, 2, -3]) == 1
    assert sign_flip_p([0, 0]) == 1
    assert sign_flip_p(np.full(20, 0.5)) < 1e-4  # random assignments: 2 of a million


def test_drawn_sign_flips_agree_with_all_of_them():
    d = np.random.default_rng(1).normal(0.3, 1, 16)
    drawn = sign_flip_p(np.append(d, 0.0))  # a zero difference changes nothing, but 17 seeds are sampled
    assert drawn == pytest.approx(sign_flip_p(d), abs=0.005)


def test_holm_by_hand():
    """0.01 * 3, 0.03 * 2, and 0.04 * 1, which is raised to 0.06 for monotonicity."""
    assert holm([0.03, 0.01, 0.04]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])


def test_seeds_by_hand():
    """(1.960 + 0.8416)^2 = 7.849: a deviation of 0.1 takes 8 seeds to detect 0.1."""
    assert seeds_for(0.1, 0.1) == 8 and seeds_for(0.3, 0.1) == 71
    assert visible(0.1, 8) == pytest.approx(0.09906, abs=1e-4)


def test_interval_over_seeds_is_scipys_and_of_equal_values_a_point():
    d = np.random.default_rng(2).exponential(1, 30)
    interval = bootstrap((d,), np.mean, method="BCa", n_resamples=4000, rng=0).confidence_interval
    assert seeds_interval(d) == (pytest.approx(d.mean()), interval.low, interval.high)
    assert seeds_interval([0.2] * 5) == (0.2, 0.2, 0.2)


def test_with_images_that_all_agree_the_interval_is_that_over_seeds():
    d = np.random.default_rng(3).exponential(1, 40)
    both = seeds_and_images_interval(np.repeat(d[:, None], 50, axis=1))
    assert both == pytest.approx(seeds_interval(d), abs=0.03)


def test_images_without_differences_scale_the_interval():
    """The same differences among ten times as many images: a tenth of the mean and about a tenth of the ends."""
    D = np.random.default_rng(4).choice([-1, 0, 1], (20, 60), p=[0.2, 0.3, 0.5])
    few, many = seeds_and_images_interval(D), seeds_and_images_interval(np.pad(D, [(0, 0), (0, 540)]))
    assert many[0] == pytest.approx(few[0] / 10) and many[1] < few[0] / 10 < many[2]
    assert many[2] - many[1] > (few[2] - few[1]) / 10  # the number of differing images is random, too


def test_coverage_of_the_interval_over_seeds_and_images():
    rng, covered, tries = np.random.default_rng(5), 0, 120
    for _ in range(tries):
        D = 0.1 + rng.normal(0, 0.3, (12, 1)) + rng.normal(0, 1, (1, 40)) + rng.normal(0, 1, (12, 40))
        _, low, high = seeds_and_images_interval(D)
        covered += low <= 0.1 <= high
    assert covered / tries >= 0.88


def test_bca_without_bias_or_acceleration_is_the_percentile_interval():
    drawn = np.linspace(-1, 1, 2001)
    assert bca_ends(drawn, 0.0, 0.0) == pytest.approx((-0.95, 0.95), abs=1e-3)
    assert bca_ends(drawn, 5.0, 0.0) == (5.0, 5.0)  # no resampled value lies above
