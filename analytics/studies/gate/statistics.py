"""Paired differences: intervals over seeds and test images, p-values, and how many seeds a difference takes."""

import numpy as np
from scipy.stats import bootstrap, norm

LEVEL, RESAMPLES, FLIPS = 0.95, 4000, 200_000
EXACT = 16  # seeds up to which every assignment of signs is tried
BATCH = 250  # resamples at a time


def seeds_interval(d):
    """(mean, low, high) of differences d (n,), one a seed: BCa bootstrap over seeds (Efron 1987)."""
    d = np.asarray(d, float)
    if np.ptp(d) == 0:  # nothing to resample
        return float(d[0]), float(d[0]), float(d[0])
    found = bootstrap((d,), np.mean, confidence_level=LEVEL, n_resamples=RESAMPLES, method="BCa", rng=0)
    return float(d.mean()), float(found.confidence_interval.low), float(found.confidence_interval.high)


def seeds_and_images_interval(D):
    """(mean, low, high) of differences D (n seeds, N images): BCa bootstrap in which both are drawn again.

    Seeds and images are two samples of their own, so that a resample weighs D by a count for each row times one for
    each column (Owen 2007: a little wider than it need be). The acceleration is that of several samples (Efron &
    Tibshirani 1993, section 14.7): of the mean's influence, over both.
    """
    D = np.asarray(D, float)
    n, N = D.shape
    mean, rng = float(D.mean()), np.random.default_rng(0)
    told = D[:, D.any(axis=0)]  # images on which no two ever differ are drawn as one kind
    shares = np.append(np.full(told.shape[1], 1 / N), 1 - told.shape[1] / N)
    drawn = np.concatenate([
        np.einsum("bN,bN->b", rng.multinomial(n, np.full(n, 1 / n), BATCH) @ told,
                  rng.multinomial(N, shares, BATCH)[:, :-1]) / (n * N) for _ in range(RESAMPLES // BATCH)])
    influence = [(D.mean(axis=1) - mean) / n, (D.mean(axis=0) - mean) / N]
    cubes, squares = (sum(float((part**power).sum()) for part in influence) for power in (3, 2))
    return mean, *bca_ends(drawn, mean, cubes / (6 * squares**1.5) if squares else 0.0)


def bca_ends(drawn, value, acceleration):
    """The ends of the BCa interval from resampled values, the value itself and its acceleration."""
    below = np.mean(drawn < value) + np.mean(drawn == value) / 2
    if not 0 < below < 1:
        return value, value
    bias, ends = norm.ppf(below), norm.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    shares = norm.cdf(bias + (bias + ends) / (1 - acceleration * (bias + ends)))
    return tuple(float(end) for end in np.quantile(drawn, shares))


def sign_flip_p(d):
    """Two-sided p-value of differences d (n,): the share of all ways to exchange the arms within seeds that give a mean
    as far from 0, by every way up to 2^16, by 200,000 drawn ways beyond (Fisher 1935)."""
    d = np.asarray(d, float)
    n = len(d)
    if n <= EXACT:
        signs = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    else:
        signs = np.concatenate([np.ones((1, n), int), np.random.default_rng(0).choice([-1, 1], (FLIPS - 1, n))])
    means = np.abs(signs @ d)
    return float(np.mean(means >= means[0] - 1e-12))


def holm(p):
    """Adjusted p-values (n,) under which all tests together err in one of twenty cases at .05 (Holm 1979)."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted[np.argsort(order, kind="stable")]


def seeds_for(spread, difference, power=0.8):
    """How many seeds show a difference at 5 %, two-sided, with this power, where differences scatter by `spread`."""
    return int(np.ceil((factor(power) * spread / difference) ** 2))


def visible(spread, n, power=0.8):
    """The difference that n seeds show at 5 %, two-sided, with this power."""
    return factor(power) * spread / np.sqrt(n)


def factor(power):
    return norm.ppf(0.975) + norm.ppf(power)
