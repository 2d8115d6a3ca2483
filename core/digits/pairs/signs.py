"""Signs in numbers from the stroke model, at true scale: as the pair reader's window shows them, with their size and
place on the line."""

import numpy as np
from numpy.typing import NDArray

from core.digits.data import BOX
from core.digits.pairs.window import geometry, window
from core.digits.strokes.model import Variation, skeletons
from core.digits.strokes.styles import read_styles

SIGNS = ".,-/:+=%$"
FILE = "number_signs.txt"
UNIT = 100  # the height of a digit, in units of the styles
VARIATION = Variation(warp=4.0, shift=4.5, turn=6.0, rotation=7.0, stretch=0.25, missed_lift=0.0)
SIZE = 0.25  # standard deviation of the logarithm of the size
AWAY = (0.06, 0.08)  # standard deviation of the place across and along the writing, in heights of a digit
PEN = (0.05, 0.2)  # width of the pen, in heights of a digit
EDGE = (1.0, 2.0)  # pixels of a stroke's edge
SCALES = {20: 0.65, 40: 0.35}  # pixels of a digit's height in the picture: share of the signs
EACH = 2  # every second point of a figure is drawn; they are less than a pixel apart
CHUNK = 32  # signs drawn together; they stay in cache


def signs(n: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.floating], NDArray[np.integer]]:
    """n random signs: windows (n, 24, 40) in [0, 1]; height, width and how far the middle is below the line's (n, 3),
    in heights of a digit; and the sign (n,), an index of SIGNS. They are as soft as digits of MNIST's size, or of twice
    that."""
    counts = rng.multinomial(n, list(SCALES.values()))
    parts = []
    for scale, count in zip(SCALES, counts, strict=True):
        shape = 2 * scale, round(2.2 * scale)
        pictures, y = at_scale(count, rng, SIGNS, scale * log_uniform(PEN, count, rng), shape, scale)
        parts.append((window(pictures), geometry(pictures, shape[0] / 2, scale), y))
    windows, sizes_and_places, y = (np.concatenate(part) for part in zip(*parts, strict=True))
    return windows, sizes_and_places, y


def log_uniform(low_high: tuple[float, float], n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """n random numbers in a range whose logarithms are uniform."""
    low, high = low_high
    return low * (high / low) ** rng.random(n)


def at_scale(n: int, rng: np.random.Generator, which: str, pen: NDArray[np.floating] | float, shape: tuple[int, int],
             scale: int = BOX) -> tuple[NDArray[np.float32], NDArray[np.integer]]:
    """n random signs of `which` at the scale and place at which they stand beside digits of `scale` pixels, the middle
    of the line in the middle of each picture (n, *shape); and what they are, indices of SIGNS. pen: its width in
    pixels, or that of each (n,)."""
    points, ink, y = _written(n, rng, which)
    middle = np.array([side - 1 for side in shape[::-1]]) / 2
    pictures = drawn(points * (scale / UNIT) + middle, np.broadcast_to(pen, n), ink, shape, rng.uniform(*EDGE, n))
    return pictures, y


def _written(n, rng, which):
    """Points (n, P, 2), around the middle of the line, and ink (n, P); the sign (n,)."""
    styles = [style for style in read_styles(FILE) if style.name in which]
    share = np.array([style.weight for style in styles])
    for sign in which:
        of = [style.name == sign for style in styles]
        share[of] /= share[of].sum()
    chosen = np.sort(rng.choice(len(styles), n, p=share / share.sum()))
    points, ink = [], []
    for number, style in enumerate(styles):
        made, inked = skeletons(style, int((chosen == number).sum()), rng, VARIATION)
        room = 3 * len(style.points) - made.shape[1]  # styles have one stroke to four, and a line between each two
        points.append(np.pad(made, [(0, 0), (0, room), (0, 0)], mode="edge")[:, ::EACH])
        ink.append(np.pad(inked, [(0, 0), (0, room)])[:, ::EACH])
    points, ink = np.concatenate(points), np.concatenate(ink)
    middle = points.mean(axis=1, keepdims=True)
    points = middle + (points - middle) * np.exp(rng.normal(0, SIZE, (n, 1, 1)))
    points += UNIT * np.array(AWAY)[None, None] * rng.standard_normal((n, 1, 2))
    return points, ink, np.array([SIGNS.index(styles[number].name) for number in chosen], int)


def drawn(points: NDArray[np.floating], width: NDArray[np.floating], ink: NDArray[np.floating],
          shape: tuple[int, int], soft: NDArray[np.floating]) -> NDArray[np.float32]:
    """Pictures (n, H, W) of points (n, P, 2) as (x, y), a pen of `width` (n,) with an edge of `soft` pixels (n,), ink
    (n, P): each pixel by its distance from the nearest point with ink."""
    rows, columns = (np.arange(side, dtype=np.float32) for side in shape)
    out = np.empty((len(points), *shape), np.float32)
    points = np.where(ink[..., None] > 0, points, 1e4).astype(np.float32)
    for start in range(0, len(points), CHUNK):
        part = slice(start, start + CHUNK)
        x, y = points[part, None, :, 0], points[part, None, :, 1]
        across, down = (columns[None, :, None] - x) ** 2, (rows[None, :, None] - y) ** 2
        nearest = (down[:, :, None] + across[:, None]).min(axis=-1)
        out[part] = np.clip((width[part, None, None] / 2 - np.sqrt(nearest)) / soft[part, None, None] + 0.5, 0, 1)
    return out
