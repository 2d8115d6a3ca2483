"""The stroke model: random figures from a writing style, by smooth warp, stretch, slant, over- and undershooting ends,
missed pen lifts, and a pen with a width, a taper and uneven ink.

Units are pixels of the final 28 x 28 image unless stated otherwise; the others are units of the styles (a box of 100).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.digits.data import BOX
from core.digits.strokes.styles import Style

JOIN = 24  # points of the line between two strokes where the pen is not lifted
MIDDLE = 14.0
HEAVY = {1: 7.0}  # digit -> largest pen width; a 1 remains legible with a wide pen
HEAVY_ELSE = 4.8  # for the other digits, whose holes would close


@dataclass(frozen=True)
class Variation:
    """The variation between figures of one style, as standard deviations unless stated otherwise."""

    warp: float = 3.0  # of the smooth displacement field, in units of the style
    wobble: float = 1.2  # of the displacement along each stroke
    shift: float = 2.5  # of each stroke after the first
    turn: float = 4.0  # of each stroke after the first, degrees
    overshoot: float = 5.0  # of the length added at the ends of strokes
    stretch: float = 0.16  # of the logarithm of width over height
    slant: float = 0.2  # of the shear; the mean is 0.1 to the right
    rotation: float = 4.0  # degrees
    missed_lift: float = 0.05  # probability for each pair of strokes
    width: tuple[float, float] = (1.6, 3.6)  # range of the pen width
    heavy: float = 0.12  # share of figures with a wider pen, up to HEAVY
    dry: float = 0.15  # share of figures with gaps in the ink


def write(style: Style, n: int, rng: np.random.Generator, variation: Variation | None = None,
          ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """n figures of one style: points (n, P, 2) as (row, column) in the image, width (n, P), ink (n, P) in [0, 1]."""
    variation = variation or Variation()
    points, ink = skeletons(style, n, rng, variation)
    low, high = variation.width
    width = rng.uniform(low, high, (n, 1))
    heavier = rng.uniform(high, max(high, HEAVY.get(style.digit, HEAVY_ELSE)), (n, 1))
    width = np.where(rng.random((n, 1)) < variation.heavy, heavier, width).astype(np.float32)
    placed = place(points, ink, width)
    widths, ink = pen(style, n, width, ink, rng, variation)
    return placed[..., ::-1], widths, ink


def skeletons(style: Style, n: int, rng: np.random.Generator,
              variation: Variation) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """n figures of one style before they are placed: points (n, P, 2) as (x, y) around the middle of the style's box,
    in its units, and ink (n, P), 0 where the pen was lifted."""
    points = np.repeat(style.points[None].astype(np.float32), n, axis=0)
    points = overshoot(part_strokes(points, style, rng, variation), style, rng, variation)
    points += field(points, rng, variation.warp) + wobble(style, n, rng, variation.wobble)
    points = round_corners(points, style, rng)
    points, ink = join(points, style, rng, variation)
    return pose(points, rng, variation), ink


def part_strokes(points: NDArray[np.floating], style: Style, rng: np.random.Generator,
                 variation: Variation) -> NDArray[np.floating]:
    """Move, rotate and scale each stroke after the first, in place."""
    n = len(points)
    for number in range(1, style.strokes):
        on_stroke = style.stroke == number
        middle = points[:, on_stroke].mean(axis=1, keepdims=True)
        matrix = turn(rng.normal(0, variation.turn, n)) * np.exp(rng.normal(0, 0.08, (n, 1, 1)))
        moved = (points[:, on_stroke] - middle) @ matrix.astype(np.float32)
        points[:, on_stroke] = moved + middle + rng.normal(0, variation.shift, (n, 1, 2)).astype(np.float32)
    return points


def overshoot(points: NDArray[np.floating], style: Style, rng: np.random.Generator,
              variation: Variation) -> NDArray[np.floating]:
    """Lengthen or shorten the ends of each stroke along their direction, in place."""
    n = len(points)
    for number in range(style.strokes):
        index = np.flatnonzero(style.stroke == number)
        reach = max(2, len(index) // 8)
        for end, inner in ((index[0], index[reach]), (index[-1], index[-1 - reach])):
            direction = points[:, end] - points[:, inner]
            direction /= np.maximum(np.hypot(*direction.T), 1)[:, None]
            near = np.clip(1 - np.abs(np.arange(len(index)) - (end - index[0])) / reach, 0, 1).astype(np.float32)
            by = direction * (0.3 * variation.overshoot + variation.overshoot * rng.standard_normal((n, 1)))
            points[:, index] += near[:, None] * by[:, None].astype(np.float32)
    return points


def field(points: NDArray[np.floating], rng: np.random.Generator, size: float, waves: int = 6) -> NDArray[np.floating]:
    """A smooth random displacement at points (n, P, 2), with standard deviation `size`: a sum of long waves."""
    n = len(points)
    vectors = rng.normal(0, 0.028, (n, 2, waves)).astype(np.float32)  # radians per unit: half a wave across the box
    phases = rng.uniform(0, 2 * np.pi, (n, 1, waves)).astype(np.float32)
    strength = rng.normal(0, size * np.sqrt(2 / waves), (n, waves, 2)).astype(np.float32)
    return np.sin(points @ vectors + phases) @ strength


def wobble(style: Style, n: int, rng: np.random.Generator, size: float, terms: int = 5) -> NDArray[np.floating]:
    """A random displacement (n, P, 2), smooth along each stroke."""
    order = np.arange(1, terms + 1)
    waves = np.cos(np.pi * order[:, None] * style.along + 2.1 * style.stroke)  # (terms, P)
    strength = rng.normal(0, size, (n, 2, terms)) / np.sqrt(order) * rng.uniform(0, 1.6, (n, 1, 1))
    return (strength @ waves).transpose(0, 2, 1).astype(np.float32)


def round_corners(points: NDArray[np.floating], style: Style, rng: np.random.Generator) -> NDArray[np.floating]:
    """Round the corners of a third of the figures, in place, by two moving averages along each stroke."""
    chosen = np.flatnonzero(rng.random(len(points)) < 0.35)
    part = points[chosen]
    for number in range(style.strokes):
        index = np.flatnonzero(style.stroke == number)
        for reach in (4, 3):
            if len(index) > 2 * reach + 1:
                inside = slice(index[0] + reach, index[-1] + 1 - reach)
                total = np.cumsum(np.pad(part[:, index], ((0, 0), (1, 0), (0, 0))), axis=1, dtype=np.float64)
                part[:, inside] = (total[:, 2 * reach + 1 :] - total[:, : -2 * reach - 1]) / (2 * reach + 1)
    points[chosen] = part
    return points


def join(points: NDArray[np.floating], style: Style, rng: np.random.Generator,
         variation: Variation) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Append the lines between strokes to points. Returns points and ink (n, P), 1 on strokes and where the pen was not
    lifted."""
    n = len(points)
    all_points, all_ink = [points], [np.ones(points.shape[:2], np.float32)]
    share = np.linspace(0, 1, JOIN, dtype=np.float32)[:, None]
    for number in range(1, style.strokes):
        first = np.flatnonzero(style.stroke == number)[0]
        start, end = points[:, None, first - 1], points[:, None, first]
        all_points.append(start + share * (end - start))
        all_ink.append(np.repeat((rng.random((n, 1)) < variation.missed_lift).astype(np.float32), JOIN, axis=1))
    return np.concatenate(all_points, axis=1), np.concatenate(all_ink, axis=1)


def pose(points: NDArray[np.floating], rng: np.random.Generator, variation: Variation) -> NDArray[np.floating]:
    """Stretch, slant and rotate each figure about the centre of its box."""
    n = len(points)
    stretch = np.exp(rng.normal(0, variation.stretch, n) / 2)
    matrix = np.zeros((n, 2, 2))
    matrix[:, 0, 0], matrix[:, 1, 1] = stretch, 1 / stretch
    matrix[:, 1, 0] = -rng.normal(variation.slant / 2, variation.slant, n)  # x' = x - slant y, y down
    return (points - 50) @ (matrix @ turn(rng.normal(0, variation.rotation, n))).astype(np.float32)


def turn(degrees: NDArray[np.floating] | float) -> NDArray[np.floating]:
    """Rotation matrices (n, 2, 2) for row vectors."""
    angle = np.deg2rad(degrees)
    return np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], axis=-1).reshape(-1, 2, 2)


def place(points: NDArray[np.floating], ink: NDArray[np.floating],
          width: NDArray[np.floating]) -> NDArray[np.floating]:
    """Points (n, P, 2) in MNIST's frame: the long side of the ink is 20 pixels, its centre of mass in the middle."""
    inked = ink[..., None] > 0
    low = np.where(inked, points, np.inf).min(axis=1, keepdims=True)
    high = np.where(inked, points, -np.inf).max(axis=1, keepdims=True)
    side = np.maximum((high - low).max(axis=2, keepdims=True), 1)
    points = points * ((BOX - width[..., None]) / side)
    mass = ink / ink.sum(axis=1, keepdims=True)
    return points - np.einsum("np,npd->nd", mass, points)[:, None] + np.float32(MIDDLE - 0.5)


def pen(style: Style, n: int, width: NDArray[np.floating], ink: NDArray[np.floating], rng: np.random.Generator,
        variation: Variation) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Widths (n, P), which vary smoothly and taper at some ends, and ink (n, P), with gaps in some figures."""
    joins = ink.shape[1] - len(style.along)
    along = np.concatenate([style.along, np.tile(np.linspace(0, 1, JOIN), joins // JOIN)]).astype(np.float32)
    waves = np.cos(np.pi * np.arange(1, 6)[:, None] * along)
    uneven = (rng.standard_normal((n, 5)) @ waves).astype(np.float32)
    ends = np.stack([np.clip(along / 0.25, 0, 1), np.clip((1 - along) / 0.25, 0, 1)])
    taper = rng.uniform(0, 0.6, (n, 2, 1)) * (rng.random((n, 2, 1)) < 0.35)
    width = width * (1 + 0.05 * uneven) * np.prod(1 - taper * (1 - ends), axis=1).astype(np.float32)
    dry = (rng.random((n, 1)) < variation.dry) * rng.uniform(0.2, 0.9, (n, 1))
    gaps = np.clip(0.5 + 0.6 * (rng.standard_normal((n, 12)) @ np.cos(np.pi * np.arange(3, 15)[:, None] * along)), 0, 1)
    return np.maximum(width, 0.8), ink * (1 - dry * gaps).astype(np.float32)
