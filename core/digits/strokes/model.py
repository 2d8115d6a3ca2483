"""From a style to a written figure: correlated warp, stretch, slant, ends that over- or undershoot, missed pen lifts, a
pen with a width, a taper and sometimes little ink. All in NumPy, many figures at once.

Widths and places are in pixels of the finished 28 x 28 frame where nothing else is said, else in the styles' units.
"""

from dataclasses import dataclass

import numpy as np

from core.digits.data import BOX

JOIN = 24  # points of the line that a missed pen lift leaves between two strokes
MIDDLE = 14.0
HEAVY = {1: 7.0}  # a bar stays a 1 however wide the pen; what has holes or bows loses them
HEAVY_ELSE = 4.8


@dataclass(frozen=True)
class Hand:
    """How far writers stray; standard deviations, unless another thing is said."""

    warp: float = 3.0  # of the smooth field that moves all points, in units of the style
    wobble: float = 1.2  # along each stroke, on its own
    shift: float = 2.5  # of each stroke after the first
    turn: float = 4.0  # of each stroke after the first, degrees
    overshoot: float = 5.0  # of the ends, along the stroke
    stretch: float = 0.16  # of the logarithm of width over height
    slant: float = 0.2  # of the shear; a tenth to the right on average
    rotation: float = 4.0  # degrees
    missed_lift: float = 0.05  # probability for each pair of strokes
    width: tuple = (1.6, 3.6)  # of the pen, evenly drawn
    heavy: float = 0.12  # share of figures with a pen wider than that, up to HEAVY
    dry: float = 0.15  # share of figures written with a pen that does not always give ink


def write(style, n, rng, hand=None):
    """n figures of one style: points (n, P, 2) as (row, column) in the frame, width (n, P) and ink (n, P) in 0..1."""
    hand = hand or Hand()
    points = np.repeat(style.points[None].astype(np.float32), n, axis=0)
    points = overshoot(part_strokes(points, style, rng, hand), style, rng, hand)
    points += field(points, rng, hand.warp) + wobble(style, n, rng, hand.wobble)
    points = round_corners(points, style, rng)
    points, ink = join(points, style, rng, hand)
    points = pose(points, rng, hand)
    low, high = hand.width
    width = rng.uniform(low, high, (n, 1))
    heavier = rng.uniform(high, max(high, HEAVY.get(style.digit, HEAVY_ELSE)), (n, 1))
    width = np.where(rng.random((n, 1)) < hand.heavy, heavier, width).astype(np.float32)
    placed = place(points, ink, width)
    widths, ink = pen(style, n, width, ink, rng, hand)
    return placed[..., ::-1], widths, ink


def part_strokes(points, style, rng, hand):
    """Each stroke after the first moved, turned and scaled a little on its own."""
    n = len(points)
    for number in range(1, style.strokes):
        own = style.stroke == number
        middle = points[:, own].mean(axis=1, keepdims=True)
        matrix = turn(rng.normal(0, hand.turn, n)) * np.exp(rng.normal(0, 0.08, (n, 1, 1)))
        moved = (points[:, own] - middle) @ matrix.astype(np.float32)
        points[:, own] = moved + middle + rng.normal(0, hand.shift, (n, 1, 2)).astype(np.float32)
    return points


def overshoot(points, style, rng, hand):
    """The ends of each stroke drawn out along their direction, or cut short."""
    n = len(points)
    for number in range(style.strokes):
        own = np.flatnonzero(style.stroke == number)
        reach = max(2, len(own) // 8)
        for end, inner in ((own[0], own[reach]), (own[-1], own[-1 - reach])):
            direction = points[:, end] - points[:, inner]
            direction /= np.maximum(np.hypot(*direction.T), 1)[:, None]
            near = np.clip(1 - np.abs(np.arange(len(own)) - (end - own[0])) / reach, 0, 1).astype(np.float32)
            by = direction * (0.3 * hand.overshoot + hand.overshoot * rng.standard_normal((n, 1)))
            points[:, own] += near[:, None] * by[:, None].astype(np.float32)
    return points


def field(points, rng, size, waves=6):
    """A smooth random displacement of the plane, at points (n, P, 2): a few long waves, `size` on average."""
    n = len(points)
    vectors = rng.normal(0, 0.028, (n, 2, waves)).astype(np.float32)  # radians a unit: about half a wave across
    phases = rng.uniform(0, 2 * np.pi, (n, 1, waves)).astype(np.float32)
    strength = rng.normal(0, size * np.sqrt(2 / waves), (n, waves, 2)).astype(np.float32)
    return np.sin(points @ vectors + phases) @ strength


def wobble(style, n, rng, size, terms=5):
    """A displacement (n, P, 2) that runs smoothly along each stroke."""
    order = np.arange(1, terms + 1)
    waves = np.cos(np.pi * order[:, None] * style.along + 2.1 * style.stroke)  # (terms, P)
    strength = rng.normal(0, size, (n, 2, terms)) / np.sqrt(order) * rng.uniform(0, 1.6, (n, 1, 1))
    return (strength @ waves).transpose(0, 2, 1).astype(np.float32)


def round_corners(points, style, rng):
    """A third of the figures with all turns rounded: each point the mean of its neighbours on the stroke, twice."""
    chosen = np.flatnonzero(rng.random(len(points)) < 0.35)
    part = points[chosen]
    for number in range(style.strokes):
        own = np.flatnonzero(style.stroke == number)
        for reach in (4, 3):
            if len(own) > 2 * reach + 1:
                inside = slice(own[0] + reach, own[-1] + 1 - reach)
                total = np.cumsum(np.pad(part[:, own], ((0, 0), (1, 0), (0, 0))), axis=1, dtype=np.float64)
                part[:, inside] = (total[:, 2 * reach + 1 :] - total[:, : -2 * reach - 1]) / (2 * reach + 1)
    points[chosen] = part
    return points


def join(points, style, rng, hand):
    """points with the lines between strokes behind them, and ink (n, P): 1 on strokes and where the pen was not
    lifted."""
    n = len(points)
    all_points, all_ink = [points], [np.ones(points.shape[:2], np.float32)]
    share = np.linspace(0, 1, JOIN, dtype=np.float32)[:, None]
    for number in range(1, style.strokes):
        first = np.flatnonzero(style.stroke == number)[0]
        start, end = points[:, None, first - 1], points[:, None, first]
        all_points.append(start + share * (end - start))
        all_ink.append(np.repeat((rng.random((n, 1)) < hand.missed_lift).astype(np.float32), JOIN, axis=1))
    return np.concatenate(all_points, axis=1), np.concatenate(all_ink, axis=1)


def pose(points, rng, hand):
    """The whole figure stretched, slanted and turned about its middle."""
    n = len(points)
    stretch = np.exp(rng.normal(0, hand.stretch, n) / 2)
    matrix = np.zeros((n, 2, 2))
    matrix[:, 0, 0], matrix[:, 1, 1] = stretch, 1 / stretch
    matrix[:, 1, 0] = -rng.normal(hand.slant / 2, hand.slant, n)  # x' = x - slant y, y down
    return (points - 50) @ (matrix @ turn(rng.normal(0, hand.rotation, n))).astype(np.float32)


def turn(degrees):
    """Matrices (n, 2, 2) that turn row vectors."""
    angle = np.deg2rad(degrees)
    return np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], axis=-1).reshape(-1, 2, 2)


def place(points, ink, width):
    """As MNIST frames digits: the long side of the ink 20 pixels, its centre of mass in the middle; (n, P, 2)."""
    there = ink[..., None] > 0
    low = np.where(there, points, np.inf).min(axis=1, keepdims=True)
    high = np.where(there, points, -np.inf).max(axis=1, keepdims=True)
    side = np.maximum((high - low).max(axis=2, keepdims=True), 1)
    points = points * ((BOX - width[..., None]) / side)
    mass = ink / ink.sum(axis=1, keepdims=True)
    return points - np.einsum("np,npd->nd", mass, points)[:, None] + np.float32(MIDDLE - 0.5)


def pen(style, n, width, ink, rng, hand):
    """Widths (n, P), which vary smoothly and taper at some ends, and ink (n, P), which some pens give unevenly."""
    joins = ink.shape[1] - len(style.along)
    along = np.concatenate([style.along, np.tile(np.linspace(0, 1, JOIN), joins // JOIN)]).astype(np.float32)
    waves = np.cos(np.pi * np.arange(1, 6)[:, None] * along)
    uneven = (rng.standard_normal((n, 5)) @ waves).astype(np.float32)
    ends = np.stack([np.clip(along / 0.25, 0, 1), np.clip((1 - along) / 0.25, 0, 1)])
    taper = rng.uniform(0, 0.6, (n, 2, 1)) * (rng.random((n, 2, 1)) < 0.35)
    width = width * (1 + 0.05 * uneven) * np.prod(1 - taper * (1 - ends), axis=1).astype(np.float32)
    dry = (rng.random((n, 1)) < hand.dry) * rng.uniform(0.2, 0.9, (n, 1))
    gaps = np.clip(0.5 + 0.6 * (rng.standard_normal((n, 12)) @ np.cos(np.pi * np.arange(3, 15)[:, None] * along)), 0, 1)
    return np.maximum(width, 0.8), ink * (1 - dry * gaps).astype(np.float32)
