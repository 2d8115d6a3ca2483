"""The pencil of lines in a picture: two numbers, slope and fan, that straighten all lines of one direction.

Parallel lines meet in one vanishing point in a photograph. With u and v the place of a pixel from the picture's middle,
in units of its width, a line of the pencil is v = r + (slope + fan r) u.
"""

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.opencv import cv2

SLOPES = np.linspace(-0.37, 0.37, 107)  # rows a column: up to 20 degrees
NEARBY = np.linspace(-0.15, 0.15, 43)  # about a first estimate of the slope
FAN = 0.5  # the most that slopes differ over a distance of a picture's width
MOST_POINTS = 3000  # of the pixels on lines, from which the pencil is estimated
REFINED = 5  # first estimates
LEAST_POINTS = 0.4  # of the picture's width: fewer pixels on lines are none


@dataclass(frozen=True)
class Pencil:
    """slope and fan; r and column: of each pixel in the middle of a line (n,), empty where there are too few."""

    slope: float
    fan: float
    r: NDArray[np.float32]
    column: NDArray[np.integer]

    def rows(self, r: NDArray[np.floating], columns: NDArray[np.floating], shape: tuple[int, int]) -> NDArray:
        """The row (n, m) at each of the columns (m,) of the lines r (n,), in a picture of this shape."""
        height, width = shape
        return r[:, None] * width + height / 2 + (self.slope + self.fan * r)[:, None] * (columns - width / 2)


def pencil_of(dark: NDArray[np.float32], least: float, slopes: NDArray[np.floating]) -> Pencil:
    """The Pencil of the lines in (H, W) that are darker than `least`; slopes: those that are tried."""
    height, width = dark.shape
    # the middle of each thin piece alone, so that thick and thin lines count the same
    y, x = np.nonzero((dark > least) & (dark >= cv2.dilate(dark, np.ones((5, 1), np.uint8))))
    if len(y) < LEAST_POINTS * width:
        return Pencil(0.0, 0.0, np.zeros(0, np.float32), x[:0])
    u, v = ((x - width / 2) / width).astype(np.float32), ((y - height / 2) / width).astype(np.float32)
    step = -(-len(y) // MOST_POINTS)
    slope, fan = _densest(u[::step], v[::step], width, slopes)
    return Pencil(slope, fan, (v - np.float32(slope) * u) / (1 + np.float32(fan) * u), x)


def _densest(u: NDArray[np.float32], v: NDArray[np.float32], width: int,
             tried: NDArray[np.floating]) -> tuple[float, float]:
    """(slope, fan) of the pencil whose lines the points (u, v) lie on most densely, with one of the slopes `tried`.

    The slope is searched in three bands of the picture, in each of which it changes little; any two of them give a fan.
    """
    edges = np.quantile(v, [0, 1 / 3, 2 / 3, 1])
    bands = [(v >= low) & (v <= high) for low, high in pairwise(edges)]
    places = [float(np.mean(v[at])) for at in bands]
    slopes = [_two_best(u[at], v[at], 3 / width, tried) for at in bands]
    fits = [(slope, 0.0) for of_band in slopes for slope in of_band]
    for i, k in ((0, 1), (0, 2), (1, 2)):
        for one, other in product(slopes[i], slopes[k]):
            fan = float(np.clip((other - one) / max(places[k] - places[i], 0.05), -FAN, FAN))
            fits.append((one - fan * places[i], fan))
    around = np.array(list(product((0, -1, 1), (0, -6, 6))))
    first = np.array(fits)
    best = first[np.argsort(_densities(u, v, first[:, 0], first[:, 1], 2 / width))[-REFINED:]]
    for step in (0.01, 0.005, 0.0025, 0.0012):
        near = best[:, None] + step * around  # (fits, steps, 2)
        density = _densities(u, v, near[..., 0].ravel(), near[..., 1].ravel(), 2 / width).reshape(near.shape[:2])
        best = near[np.arange(len(near)), density.argmax(axis=1)]
    slope, fan = best[density.max(axis=1).argmax()]
    return float(slope), float(fan)


def _two_best(u: NDArray[np.float32], v: NDArray[np.float32], bin_width: float,
              slopes: NDArray[np.floating]) -> list[float]:
    """The slope with the largest density, and the next that is no neighbour of it."""
    densities = _densities(u, v, slopes, np.zeros(len(slopes)), bin_width)
    best = int(densities.argmax())
    densities[max(best - 3, 0) : best + 4] = 0
    return [float(slopes[best]), float(slopes[densities.argmax()])]


def _densities(u: NDArray[np.float32], v: NDArray[np.float32], slopes: NDArray[np.floating],
               fans: NDArray[np.floating], bin_width: float) -> NDArray[np.float64]:
    """How unevenly points fall on the lines of each pencil (slopes and fans (n,)): the sum of the squared counts of
    lines `bin_width` apart."""
    r = (v - slopes.astype(np.float32)[:, None] * u) / (1 + fans.astype(np.float32)[:, None] * u)
    line = ((r - r.min()) * np.float32(1 / bin_width)).astype(np.int32)
    size = int(line.max()) + 1
    line += size * np.arange(len(line), dtype=np.int32)[:, None]
    counts = np.bincount(line.ravel(), minlength=size * len(line)).reshape(len(line), size)
    return (counts.astype(float) ** 2).sum(axis=1)
