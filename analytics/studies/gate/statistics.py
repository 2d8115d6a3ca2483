"""Statistics of paired differences: intervals over seeds and test images, p-values, and sample sizes."""


import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import bootstrap, norm

LEVEL, RESAMPLES, FLIPS = 0.95, 4000, 200_000
EXACT = 16  # number of seeds up to which all sign assignments are enumerated
BATCH = 250  # resamples computed at a time

Floats = NDArray[np.floating]


def seeds_interval(d: ArrayLike) -> tuple[float, float, float]:
    """(mean, low, high) of differences d (n,), one per seed: BCa bootstrap over seeds (Efron 1987)."""
    d = np.asarray(d, float)
    if np.ptp(d) == 0:  # nothing to resample
        return float(d[0]), float(d[0]), float(d[0])
    interval = bootstrap((d,), np.mean, confidence_level=LEVEL, n_resamples=RESAMPLES, method="BCa",
                         rng=0).confidence_interval
    return float(d.mean()), float(interval.low), float(interval.high)


def seeds_and_images_interval(D: ArrayLike) -> tuple[float, float, float]:
    """(mean, low, high) of differences D (n seeds, N images): BCa bootstrap that resamples both seeds and images.

    A resample weights each element of D by the count of its row times the count of its column (Owen 2007; slightly
    conservative). The acceleration is the one for several samples (Efron & Tibshirani 1993, section 14.7), computed
    from the influence of each seed and each image on the mean.
    """
    D = np.asarray(D, float)
    n, N = D.shape
    mean, rng = float(D.mean()), np.random.default_rng(0)
    differing = D[:, D.any(axis=0)]  # images without any difference are drawn as one category
    shares = np.append(np.full(differing.shape[1], 1 / N), 1 - differing.shape[1] / N)
    drawn = np.concatenate([
        np.einsum("bN,bN->b", rng.multinomial(n, np.full(n, 1 / n), BATCH) @ differing,
                  rng.multinomial(N, shares, BATCH)[:, :-1]) / (n * N) for _ in range(RESAMPLES // BATCH)])
    influence = [(D.mean(axis=1) - mean) / n, (D.mean(axis=0) - mean) / N]
    cubes, squares = (sum(float((part**power).sum()) for part in influence) for power in (3, 2))
    return mean, *bca_ends(drawn, mean, cubes / (6 * squares**1.5) if squares else 0.0)


def bca_ends(drawn: Floats, value: float, acceleration: float) -> tuple[float, float]:
    """(low, high) of the BCa interval, from resampled values (B,), the observed value and the acceleration."""
    below = np.mean(drawn < value) + np.mean(drawn == value) / 2
    if not 0 < below < 1:
        return value, value
    bias, ends = norm.ppf(below), norm.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    shares = norm.cdf(bias + (bias + ends) / (1 - acceleration * (bias + ends)))
    low, high = np.quantile(drawn, shares)
    return float(low), float(high)


def sign_flip_p(d: ArrayLike) -> float:
    """Two-sided p-value of differences d (n,) by sign flips (Fisher 1935): the share of sign assignments whose mean is
    at least as far from 0. All assignments up to 16 seeds, 200,000 random ones beyond."""
    d = np.asarray(d, float)
    n = len(d)
    if n <= EXACT:
        signs = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    else:
        signs = np.concatenate([np.ones((1, n), int), np.random.default_rng(0).choice([-1, 1], (FLIPS - 1, n))])
    means = np.abs(signs @ d)
    return float(np.mean(means >= means[0] - 1e-12))


def holm(p: ArrayLike) -> Floats:
    """Adjusted p-values (n,) that control the family-wise error rate (Holm 1979)."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted[np.argsort(order, kind="stable")]


def seeds_for(spread: float, difference: float, power: float = 0.8) -> int:
    """Number of seeds that detect a difference at 5 %, two-sided, if paired differences have deviation `spread`."""
    return int(np.ceil((factor(power) * spread / difference) ** 2))


def visible(spread: float, n: int, power: float = 0.8) -> float:
    """Smallest difference that n seeds detect at 5 %, two-sided, with this power."""
    return factor(power) * spread / np.sqrt(n)


def factor(power: float) -> float:
    """Sum of the normal quantiles of the test's level (two-sided 5 %) and its power."""
    return float(norm.ppf(0.975) + norm.ppf(power))
