"""Writing styles: styles.txt and signs.txt, parsed into curves of evenly spaced points."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

POINTS = 176  # per figure, less than half a pixel apart in the 28 x 28 image
NO_DIGIT = -1


@dataclass(frozen=True)
class Style:
    """One writing style. points (P, 2): (x, y) in a box of 100 x 100, y down; stroke (P,): the stroke number of each
    point; along (P,): its position on the stroke, from 0 to 1."""

    digit: int  # NO_DIGIT for a sign
    weight: float
    name: str
    where: str
    points: NDArray[np.floating]
    stroke: NDArray[np.integer]
    along: NDArray[np.floating]

    @property
    def strokes(self) -> int:
        """The number of strokes."""
        return int(self.stroke[-1]) + 1


@cache
def read_styles(name: str = "styles.txt") -> tuple[Style, ...]:
    """All styles of a file in this folder. Raises ValueError, which names the first invalid line."""
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return tuple(parse(line, number) for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#")


def parse(line: str, number: int = 0) -> Style:
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
        raise ValueError(f"line {number} is not a style: {error}") from None


def curve(words: list[str]) -> NDArray[np.floating]:
    """Points (n, 2) on the curve through the points "x,y"; "x,y*" is a corner."""
    places = np.array([[float(value) for value in word.rstrip("*").split(",")] for word in words])
    if places.ndim != 2 or places.shape[1] != 2 or len(places) < 2:
        raise ValueError("a stroke is two points x,y or more")
    corners = [0, *(i for i, word in enumerate(words) if word.endswith("*") and 0 < i < len(words) - 1), len(words) - 1]
    parts = [smooth(places[start : stop + 1]) for start, stop in pairwise(corners)]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def smooth(places: NDArray[np.floating], steps: int = 24) -> NDArray[np.floating]:
    """The centripetal Catmull-Rom spline (Catmull & Rom 1974; Yuksel et al. 2011) through places (n, 2)."""
    if len(places) == 2:
        return places[0] + np.linspace(0, 1, steps)[:, None] * (places[1] - places[0])
    if np.hypot(*(places[0] - places[-1])) < 12:  # nearly closed, so the ends are joined smoothly
        before, after = places[-2], places[1]
    else:
        before, after = 2 * places[0] - places[1], 2 * places[-1] - places[-2]
    p = np.concatenate([[before], places, [after]])
    knots = np.concatenate([[0], np.cumsum(np.sqrt(np.maximum(np.hypot(*np.diff(p, axis=0).T), 1e-6)))])
    segments = [places[:1]]
    for i in range(1, len(p) - 2):
        t = np.linspace(knots[i], knots[i + 1], steps)[1:, None]

        def between(a: NDArray, b: NDArray, low: float, high: float, t: NDArray = t) -> NDArray:
            return ((high - t) * a + (t - low) * b) / (high - low)

        a = [between(p[j], p[j + 1], knots[j], knots[j + 1]) for j in (i - 1, i, i + 1)]
        b = [between(a[0], a[1], knots[i - 1], knots[i + 1]), between(a[1], a[2], knots[i], knots[i + 2])]
        segments.append(between(b[0], b[1], knots[i], knots[i + 1]))
    return np.concatenate(segments)


def evenly(points: NDArray[np.floating], n: int) -> NDArray[np.floating]:
    """n points at equal distances along the polyline of points (m, 2)."""
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0, length[-1], n)
    return np.stack([np.interp(at, length, axis) for axis in points.T], axis=1)
