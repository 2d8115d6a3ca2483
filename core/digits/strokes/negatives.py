"""Images that are not digits, from the stroke model: signs, turned and mirrored digits, digits that touch or cross,
fragments of digits, scribbles and blots.

There are no letters, so they remain out-of-distribution. Images that could be read as a digit are left out: mirrored 2
and 5, rotated 6 and 9, anything crossed with a 0, 1 or 7.
"""

from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from core.digits.data import BOX, SIDE
from core.digits.strokes.model import Variation, place, write
from core.digits.strokes.render import figures, render
from core.digits.strokes.styles import POINTS, read_styles

VARIATION = Variation(missed_lift=0.0, heavy=0.0)

Figures = tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]  # points (n, P, 2), width, ink (n, P)


def negatives(n: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """n images that are not digits: X (n, 28, 28) and kind (n,), indices of KINDS."""
    shares = np.array([share for _, share in KINDS.values()])
    kind = np.sort(rng.choice(len(KINDS), n, p=shares / shares.sum()))
    parts = [make(int((kind == number).sum()), rng) for number, (make, _) in enumerate(KINDS.values())]
    return np.concatenate(parts), kind


def written(n: int, rng: np.random.Generator, digits: Collection[int]) -> Figures:
    """Strokes of n figures of these digits, without the lines between strokes; P = POINTS."""
    styles = [style for style in read_styles() if style.digit in digits]
    share = np.array([style.weight for style in styles])
    chosen = rng.choice(len(styles), n, p=share / share.sum())
    points, width, ink = (np.empty((n, POINTS, *more), np.float32) for more in ((2,), (), ()))
    for number in np.unique(chosen):
        where = np.flatnonzero(chosen == number)
        for out, made in zip((points, width, ink), write(styles[number], len(where), rng, VARIATION), strict=True):
            out[where] = made[:, :POINTS]
    return points, width, ink


def framed(points: NDArray[np.floating], width: NDArray[np.floating], ink: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Images of points in any units, in MNIST's frame."""
    return render(place(points, ink, width.mean(axis=1, keepdims=True)), width, ink)


def signs(n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    return figures(n, rng, "signs.txt")[0]


def mirrored(n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    points, width, ink = written(n, rng, (3, 4, 6, 7, 9))
    return framed(points * np.array([1, -1], np.float32), width, ink)


def turned(n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Digits rotated by 90 degrees to either side, or by 180 degrees."""
    quarters, half = n - n // 4, n // 4
    points, width, ink = written(quarters, rng, (2, 3, 4, 5, 7))
    side = rng.choice([-1, 1], (quarters, 1)).astype(np.float32)
    points = np.stack([side * points[..., 1], -side * points[..., 0]], axis=-1)
    upside_down, *pens = written(half, rng, (3, 4, 7))
    return np.concatenate([framed(points, width, ink), framed(-upside_down, *pens)])


def side_by_side(n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Two digits in a row, separate, touching or slightly overlapping."""
    left, right = written(n, rng, range(10)), written(n, rng, range(10))
    gap = rng.uniform(-3, 5, n).astype(np.float32)
    stroke = left[1].mean() if n else 0
    right[0][..., 1] += (left[0][..., 1].max(axis=1) - right[0][..., 1].min(axis=1) + gap)[:, None] + stroke
    return framed(*(np.concatenate(pair, axis=1) for pair in zip(left, right, strict=True)))


def crossed(n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Two overlapping digits, a third to a half of their size apart."""
    one, other = written(n, rng, (2, 4, 8)), written(n, rng, (3, 5, 6, 9))
    angle, distance = rng.uniform(0, 2 * np.pi, n), rng.uniform(6, 11, n)
    other[0][...] += np.stack([np.sin(angle), np.cos(angle)], -1)[:, None] * distance[:, None, None].astype(np.float32)
    return framed(*(np.concatenate(pair, axis=1) for pair in zip(one, other, strict=True)))


def fragments(n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Two to four fragments of digits, each rotated and moved at random."""
    parts = []
    for number in range(4):
        points, width, ink = written(n, rng, range(10))
        start, length = rng.uniform(0, 0.6, (n, 1)), rng.uniform(0.25, 0.5, (n, 1))
        along = np.arange(POINTS) / POINTS
        inside = (along >= start) & (along < start + length) & ((number < 2) | (rng.random((n, 1)) < 0.4))
        angle = rng.uniform(0, 2 * np.pi, n)
        matrix = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], -1).reshape(n, 2, 2)
        points = (points - 13.5) @ matrix.astype(np.float32) + rng.normal(0, 4, (n, 1, 2)).astype(np.float32)
        parts.append((points, width, ink * inside))
    return framed(*(np.concatenate(part, axis=1) for part in zip(*parts, strict=True)))


def scribbles(n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Smooth random closed curves."""
    t, terms = np.linspace(0, 2 * np.pi, 2 * POINTS), 10
    order = np.arange(1, terms + 1)
    fade = np.where(order <= rng.integers(5, terms + 1, (n, 1)), order ** -rng.uniform(0, 0.6, (n, 1)), 0)
    points = np.zeros((n, len(t), 2))
    for axis in range(2):
        waves = np.cos(order[:, None] * t + rng.uniform(0, 2 * np.pi, (n, terms, 1)))
        points[..., axis] = np.einsum("nk,nkp->np", fade * rng.standard_normal((n, terms)), waves)
    points *= np.exp(rng.normal(0, 0.3, (n, 1, 2))) * 20
    width = np.repeat(rng.uniform(*VARIATION.width, (n, 1)), len(t), axis=1).astype(np.float32)
    return framed(points.astype(np.float32), width, np.ones_like(width))


def blots(n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Filled shapes with a round, dented or angular outline."""
    rows, columns = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
    angle, distance = np.arctan2(rows, columns), np.hypot(rows, columns)
    stretch = np.exp(rng.normal(0, 0.25, (n, 1, 1)))
    order = np.arange(2, 7)
    dents = rng.normal(0, 0.3, (n, 5)) / order * rng.uniform(0, 1.5, (n, 1))
    rim = 1 + np.einsum("nk,nkrc->nrc", dents, np.cos(
        order[:, None, None] * angle + rng.uniform(0, 2 * np.pi, (n, 5, 1, 1))))
    turn = rng.uniform(0, np.pi, (n, 1, 1))
    flat = 1 / np.maximum(np.abs(np.cos(angle + turn)), np.abs(np.sin(angle + turn)))  # the outline of a square
    rim = np.where(rng.random((n, 1, 1)) < 0.35, flat * 0.8, rim)
    along = np.sqrt(stretch * np.cos(angle - turn) ** 2 + np.sin(angle - turn) ** 2 / stretch)
    rim /= along
    size = rng.uniform(0.45, 1, (n, 1, 1)) * BOX / 2 / rim.max(axis=(1, 2), keepdims=True, initial=0)
    return np.rint(255 * np.clip(size * rim - distance + 0.5, 0, 1)).astype(np.uint8)


# name -> function that draws n images, and share
KINDS: dict[str, tuple[Callable[[int, np.random.Generator], NDArray[np.uint8]], float]] = {
    "signs": (signs, 0.26),
    "mirrored digits": (mirrored, 0.12),
    "turned digits": (turned, 0.15),
    "two side by side": (side_by_side, 0.13),
    "two crossed": (crossed, 0.05),
    "pieces": (fragments, 0.16),
    "scribbles": (scribbles, 0.08),
    "blots": (blots, 0.05),
}
