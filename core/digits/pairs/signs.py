"""Signs in numbers from the stroke model, at true scale: as the pair reader's window shows them, with their size and
place on the line."""

import numpy as np
from numpy.typing import NDArray

from core.digits.data import BOX
from core.digits.pairs.window import COLUMNS, MARGIN, ROWS
from core.digits.strokes.model import Variation, skeletons
from core.digits.strokes.styles import read_styles

SIGNS = ".,-/:+=%$"
FILE = "number_signs.txt"
UNIT = 100  # the height of a digit, in units of the styles
VARIATION = Variation(warp=3.5, shift=4.0, turn=5.0, rotation=6.0, missed_lift=0.06)
SIZE = 0.25  # standard deviation of the logarithm of the size
AWAY = (0.06, 0.08)  # standard deviation of the place across and along the writing, in heights of a digit
PEN = (0.05, 0.2)  # width of the pen, in heights of a digit
EDGE, FINE = (1.0, 2.0), (20, 300)  # pixels of a stroke's edge; and of a digit's height in the picture, on either scale
EACH = 2  # every second point of a figure is drawn; they are less than a pixel apart
CHUNK = 32  # signs drawn together; they stay in cache


def signs(n: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.floating], NDArray[np.integer]]:
    """n random signs: windows (n, 24, 40) in [0, 1]; height, width and how far the middle is below the line's (n, 3),
    in heights of a digit; and the sign (n,), an index of SIGNS."""
    points, ink, width, y = _written(n, rng)
    half = width[:, None] / 2
    low = np.where(ink[..., None] > 0, points, np.inf).min(axis=1) - half
    high = np.where(ink[..., None] > 0, points, -np.inf).max(axis=1) + half
    size, middle = high - low, (low + high) / 2
    step = np.maximum(size[:, 1] / (ROWS - 2 * MARGIN), size[:, 0] / (COLUMNS - 2 * MARGIN))
    places = (points - middle[:, None]) / step[:, None, None] + np.array([COLUMNS - 1, ROWS - 1]) / 2
    pixel = UNIT / log_uniform(FINE, n, rng) / step  # of a coarse picture, in pixels of the window
    pictures = drawn(places, width / step, ink, (ROWS, COLUMNS), np.maximum(rng.uniform(*EDGE, n), pixel))
    return pictures, np.stack([size[:, 1], size[:, 0], middle[:, 1]], axis=1) / UNIT, y


def log_uniform(low_high: tuple[float, float], n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """n random numbers in a range whose logarithms are uniform."""
    low, high = low_high
    return low * (high / low) ** rng.random(n)


def at_scale(n: int, rng: np.random.Generator, which: str, pen: float,
             shape: tuple[int, int]) -> tuple[NDArray[np.float32], list[str]]:
    """n random signs of `which` at the scale and place at which they stand beside the digits of MNIST, the middle of
    the line in the middle of each picture (n, *shape); and what they are. pen: its width in pixels."""
    points, ink, _, y = _written(n, rng, which)
    middle = np.array([side - 1 for side in shape[::-1]]) / 2
    pictures = drawn(points * (BOX / UNIT) + middle, np.full(n, pen), ink, shape, np.full(n, 1.5))
    return pictures, [SIGNS[number] for number in y]


def _written(n, rng, which=SIGNS):
    """Points (n, P, 2), around the middle of the line, and ink (n, P); the width of the pen (n,); the sign (n,)."""
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
    width = UNIT * log_uniform(PEN, n, rng)
    return points, ink, width, np.array([SIGNS.index(styles[number].name) for number in chosen])


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
