"""The ways of writing in styles.txt and signs.txt, read into curves of evenly spaced points."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

POINTS = 176  # of a whole figure, shared out by length: less than half a pixel apart in the frame of 28 x 28
NO_DIGIT = -1


@dataclass(frozen=True)
class Style:
    """One way of writing. points (P, 2) as (x, y) in a box of 100 x 100, y down; stroke (P,): which stroke each point
    is of; along (P,): its place on that stroke, from 0 to 1."""

    digit: int  # NO_DIGIT for a sign
    weight: float
    name: str
    where: str
    points: np.ndarray
    stroke: np.ndarray
    along: np.ndarray

    @property
    def strokes(self):
        """How many there are."""
        return int(self.stroke[-1]) + 1


@cache
def read_styles(name="styles.txt"):
    """All styles of a file beside this one, as a tuple. Raises ValueError, naming the line that cannot be read."""
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return tuple(parse(line, number) for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#")


def parse(line, number=0):
    """A Style from "digit | weight | name | where | x,y x,y* ... / x,y ..."; a star marks a sharp turn."""
    try:
        digit, weight, name, where, written = (part.strip() for part in line.split("|"))
        curves = [curve(stroke.split()) for stroke in written.split("/")]
        lengths = [np.hypot(*np.diff(points, axis=0).T).sum() for points in curves]
        shares = [max(8, round(POINTS * length / sum(lengths))) for length in lengths]
        shares[int(np.argmax(shares))] += POINTS - sum(shares)
        placed = [evenly(points, n) for points, n in zip(curves, shares, strict=True)]
        return Style(NO_DIGIT if digit == "-" else int(digit), float(weight), name, where, np.concatenate(placed),
                     np.repeat(np.arange(len(curves)), shares), np.concatenate([np.linspace(0, 1, n) for n in shares]))
    except (ValueError, IndexError) as error:
        raise ValueError(f"line {number} is no style: {error}") from None


def curve(words):
    """Points (n, 2) close together on the curve through "x,y" and, sharply, through "x,y*"."""
    places = np.array([[float(value) for value in word.rstrip("*").split(",")] for word in words])
    if places.ndim != 2 or places.shape[1] != 2 or len(places) < 2:
        raise ValueError("a stroke is two points x,y or more")
    corners = [0, *(i for i, word in enumerate(words) if word.endswith("*") and 0 < i < len(words) - 1), len(words) - 1]
    parts = [smooth(places[start : stop + 1]) for start, stop in pairwise(corners)]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def smooth(places, steps=24):
    """The centripetal Catmull-Rom spline (Catmull & Rom 1974; Yuksel et al. 2011) through places (n, 2)."""
    if len(places) == 2:
        return places[0] + np.linspace(0, 1, steps)[:, None] * (places[1] - places[0])
    if np.hypot(*(places[0] - places[-1])) < 12:  # nearly closed: the ends continue each other
        before, after = places[-2], places[1]
    else:
        before, after = 2 * places[0] - places[1], 2 * places[-1] - places[-2]
    p = np.concatenate([[before], places, [after]])
    knots = np.concatenate([[0], np.cumsum(np.sqrt(np.maximum(np.hypot(*np.diff(p, axis=0).T), 1e-6)))])
    found = [places[:1]]
    for i in range(1, len(p) - 2):
        t = np.linspace(knots[i], knots[i + 1], steps)[1:, None]

        def between(a, b, low, high, t=t):
            return ((high - t) * a + (t - low) * b) / (high - low)

        a = [between(p[j], p[j + 1], knots[j], knots[j + 1]) for j in (i - 1, i, i + 1)]
        b = [between(a[0], a[1], knots[i - 1], knots[i + 1]), between(a[1], a[2], knots[i], knots[i + 2])]
        found.append(between(b[0], b[1], knots[i], knots[i + 1]))
    return np.concatenate(found)


def evenly(points, n):
    """n points at equal distances along a row of points (m, 2)."""
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0, length[-1], n)
    return np.stack([np.interp(at, length, axis) for axis in points.T], axis=1)
