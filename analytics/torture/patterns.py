"""Pictures that are hard for a search of ink and lines: noise, stripes, grids, checkerboards, thousands of lines.

Each is read within MOST_SECONDS of processor time and MOST_MEGABYTES, whatever is seen on it, and never as a confident
digit.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analytics.benchmark.rss import peak_megabytes
from analytics.torture.pictures import deployer
from analytics.torture.trials import Trial
from deployment.reader.paper.ink import SIDE, find_ink
from deployment.reader.picture.load import load_pixels
from deployment.reader.picture.opening import InputError

MOST_SECONDS = 3.0  # of processor time for the loading, the ink and the digit of a picture
MOST_MEGABYTES = 500  # more than before it, at the peak
SHAPES = ((1600, 1600), (1200, 1600), (1600, 1200), (3000, 4000), (100, 16_000), (16_000, 100), (8, 60_000),
          (60_000, 8), (700, 500))


def noise(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Every pixel by itself, few or many of them dark."""
    return (rng.random(shape, np.float32) < rng.choice([0.003, 0.03, 0.2, 0.5])).astype(np.float32)


def blots(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Noise of any grain, cut at its mean: a maze of shapes that hang together."""
    grain = int(rng.integers(2, 12))
    coarse = rng.random((shape[0] // grain + 1, shape[1] // grain + 1), np.float32)
    return (np.repeat(np.repeat(coarse, grain, 0), grain, 1)[: shape[0], : shape[1]] > 0.5).astype(np.float32)


def stripes(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Parallel lines in one direction or two, of any distance, width and slope."""
    gap, slope = rng.uniform(2, 60), rng.uniform(-0.4, 0.4)
    wide = rng.uniform(0.15, 0.6) * gap
    rows, columns = np.arange(shape[0], dtype=np.float32)[:, None], np.arange(shape[1], dtype=np.float32)
    dark = (rows + slope * columns) % gap < wide
    if rng.random() < 0.6:
        dark |= (columns - slope * rows) % gap < wide
    return dark.astype(np.float32)


def checkerboard(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Squares of 1 to 100 pixels."""
    side = int(np.exp(rng.uniform(0, np.log(100))))
    return ((np.arange(shape[0])[:, None] // side + np.arange(shape[1]) // side) % 2).astype(np.float32)


def dots(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Dots of 1 to 4 pixels, close together."""
    gap, size = int(rng.integers(3, 25)), int(rng.integers(1, 5))
    return ((np.arange(shape[0])[:, None] % gap < size) & (np.arange(shape[1]) % gap < size)).astype(np.float32)


def lines(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Up to 5,000 straight lines from one side to the other, in any direction or nearly in one."""
    dark, columns = np.zeros(shape, np.float32), np.arange(shape[1])
    spread = rng.choice([0.05, 2.0])
    for start in rng.integers(0, shape[0], int(rng.choice([100, 1000, 5000]))):
        rows = np.rint(start + rng.uniform(-spread, spread) * columns).astype(int)
        inside = (rows >= 0) & (rows < shape[0])
        dark[rows[inside], columns[inside]] = 1
    return dark


PATTERNS: tuple[Callable[[tuple[int, int], np.random.Generator], NDArray[np.float32]], ...] = (
    noise, blots, stripes, checkerboard, dots, lines)


def picture(rng: np.random.Generator, number: int) -> NDArray[np.uint8]:
    """A pattern, dark on paper in falling light or light on a board, in grey or in colour."""
    shape = SHAPES[number // len(PATTERNS) % len(SHAPES)]
    dark = PATTERNS[number % len(PATTERNS)](shape, rng) * np.float32(rng.choice([0.1, 0.3, 0.6, 0.95]))
    light = np.linspace(1, rng.uniform(0.5, 1), shape[1], dtype=np.float32)
    seen = 235 * light * (1 - dark) + rng.choice([0, 2, 8]) * rng.standard_normal(shape, np.float32)
    grey = np.clip(seen if rng.random() < 0.8 else 255 - seen, 0, 255).astype(np.uint8)
    return grey if rng.random() < 0.5 else np.stack([grey, 255 - (255 - grey) // 2, grey // 2 + 90], axis=2)


def pattern(rng: np.random.Generator, number: int) -> Trial:
    """One picture through find_ink and, timed, MNISTDeployer.predict."""
    source = picture(rng, number)
    before = peak_megabytes()
    fault = _ink_fault(source)
    started = time.process_time()
    try:
        prediction = deployer().predict(source)
        kind = "read"
        if prediction.emotion == "confident":
            fault = "a confident digit"
    except InputError:
        kind = "refused"
    seconds, megabytes = time.process_time() - started, peak_megabytes() - before
    if seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES:
        fault = f"{seconds:.1f} s and {megabytes:.0f} MB for {source.shape}"
    return Trial(kind, fault, seconds, megabytes)


def _ink_fault(source: NDArray[np.uint8]) -> str | None:
    try:
        ink = find_ink(load_pixels(source).values).ink
    except InputError:
        return None
    return f"ink of {ink.shape}, or not finite" if max(ink.shape) > SIDE or not np.isfinite(ink).all() else None
