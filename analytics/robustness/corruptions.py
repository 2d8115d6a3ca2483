"""The fifteen corruptions of MNIST-C at five severities, in NumPy.

Mu & Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", 2019, arXiv:1906.02337; implemented from the
description, so pixels differ. `PAPER` is the published severity; stripes, dotted lines, zigzags, edges have only one.
"""

from functools import lru_cache, reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.digits.augmentation import sample, thicken
from core.digits.data import SIDE

CENTRE = (SIDE - 1) / 2
ROWS, COLUMNS = np.indices((SIDE, SIDE), dtype=np.float32)
LINES = 3  # random lines per image; the severity decides how many are drawn
Floats = NDArray[np.floating]
Rng = np.random.Generator


def corrupt(name: str, images: NDArray[np.uint8], severity: int, seed: int = 0) -> NDArray[np.uint8]:
    """Apply the corruption `name` of CORRUPTIONS to images (N, 28, 28), white ink on black.

    severity: 0 (unchanged) to 5. Deterministic; all severities share the random choices and differ only in strength.
    Raises ValueError for invalid arguments.
    """
    if name not in CORRUPTIONS:
        raise ValueError(f"there is no corruption {name!r}; choose one of {', '.join(CORRUPTIONS)}.")
    if severity not in range(6):
        raise ValueError(f"severity is {severity!r}; choose 0 (unchanged) or 1 to 5.")
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"images are {images.dtype} of shape {images.shape}; give uint8 of shape (N, 28, 28).")
    if severity == 0 or len(images) == 0:
        return images.copy()
    corruption, _, settings = TABLE[name]
    rng = np.random.default_rng([seed, CORRUPTIONS.index(name)])
    out = corruption(images.astype(np.float32) / 255, rng, *settings[severity - 1])
    return np.rint(np.clip(out, 0, 1) * 255).astype(np.uint8)


# Below, x is (N, 28, 28) float32 in [0, 1]. A corruption may return values outside [0, 1]; `corrupt` clips them.


def shot_noise(x: Floats, rng: Rng, photons: float) -> Floats:
    """Poisson noise; photons: mean count of a white pixel."""
    return rng.poisson(x * photons) / photons


def impulse_noise(x: Floats, rng: Rng, share: float) -> Floats:
    """A share of the pixels set to black or white with equal probability."""
    hit, white = rng.random((2, *x.shape), dtype=np.float32)
    return np.where(hit < share, white < 0.5, x)


def glass_blur(x: Floats, rng: Rng, sigma: float, reach: int, rounds: int) -> Floats:
    """Frosted glass: blur, swap pixels up to `reach` apart in `rounds` sweeps, blur."""
    n, images = len(x), np.arange(len(x))
    pixels = blur(x, sigma).reshape(n, -1).T.copy()  # one row per pixel, to swap in all images at once
    inside = range(SIDE - reach, reach, -1)
    for _ in range(rounds):
        for here in (row * SIDE + column for row in inside for column in inside):
            down, right = rng.integers(-reach, reach, (2, n))
            there = here + (down * SIDE + right) * rng.integers(0, 2, n)  # half of the pixels are not swapped
            moved = pixels[here].copy()
            pixels[here] = pixels[there, images]
            pixels[there, images] = moved
    return blur(pixels.T.reshape(x.shape), sigma)


def motion_blur(x: Floats, rng: Rng, radius: int, sigma: float) -> Floats:
    """Blur in one direction, at an angle of up to 45 degrees, by half a Gaussian of 2 radius + 1 pixels."""
    angle = rng.uniform(-np.pi / 4, np.pi / 4, (len(x), 1)).astype(np.float32)
    steps = np.arange(2 * radius + 1, dtype=np.float32)
    weights = np.exp(-((steps / sigma) ** 2) / 2)
    rows, columns, out = ROWS.ravel(), COLUMNS.ravel(), np.zeros((len(x), SIDE * SIDE), np.float32)
    for step, weight in zip(steps, weights / weights.sum(), strict=True):
        out = out + weight * sample(x, rows + step * np.sin(angle), columns + step * np.cos(angle))
    return out.reshape(x.shape)


def shear(x: Floats, rng: Rng, angle: float) -> Floats:
    """Slant left or right by `angle` radians; the height grows by 1 / cos(angle)."""
    lean = angle * rng.choice([-1, 1], len(x))
    return affine(x, (np.cos(lean), 0), (-np.sin(lean), 1))


def scale(x: Floats, rng: Rng, factor: float) -> Floats:
    """Scale the digit by `factor`."""
    return affine(x, (1 / factor, 0), (0, 1 / factor))


def rotate(x: Floats, rng: Rng, angle: float) -> Floats:
    """Rotate left or right by `angle` radians."""
    turn = angle * rng.choice([-1, 1], len(x))
    return affine(x, (np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn)))


def brightness(x: Floats, rng: Rng, amount: float) -> Floats:
    """Add `amount` to every pixel."""
    return x + amount


def translate(x: Floats, rng: Rng, pixels: int) -> Floats:
    """Shift by `pixels` up or down and left or right."""
    return affine(x, (1, 0), (0, 1), *(pixels * rng.choice([-1, 1], (2, len(x)))))


def stripe(x: Floats, rng: Rng, width: int) -> Floats:
    """Invert `width` columns at the left and at the right."""
    return np.where(np.abs(COLUMNS - CENTRE) > CENTRE - width, 1 - x, x)


def fog(x: Floats, rng: Rng, thickness: float, decay: float) -> Floats:
    """Add clouds of this thickness, then scale to the image's maximum."""
    top = x.max(axis=(1, 2), keepdims=True)
    return (x + thickness * clouds(len(x), rng, decay)) * top / (top + thickness)


def spatter(x: Floats, rng: Rng, mean: float, spread: float, drop: float, level: float, edge: float) -> Floats:
    """Dark grey where smooth noise exceeds `level`; drop, edge: smoothing of noise and mask in pixels."""
    noise = rng.standard_normal(x.shape, dtype=np.float32)
    mask = blur((blur(mean + spread * noise, drop) > level).astype(np.float32), edge)
    mask[mask < 0.8] = 0
    return x * (1 - mask) + 63 / 255 * mask


def dotted_line(x: Floats, rng: Rng, ink: float, lines: int) -> Floats:
    """Straight lines from the left edge to the right, two columns drawn and two left out."""
    left, right = rng.integers(0, 27, (2, LINES, len(x), 1, 1))[:, :lines]
    distance = np.abs(ROWS - left - (right - left) * COLUMNS / 27)
    dots = stroke(distance) * (COLUMNS // 2 % 2 == 1)
    return x + ink * dots.max(axis=0)


def zigzag(x: Floats, rng: Rng, ink: float, lines: int) -> Floats:
    """Nearly horizontal zigzags with an amplitude of 2 and a period of 8 pixels."""
    left, rise = (rng.integers(low, high, (LINES, len(x), 1, 1))[:lines] for low, high in ((0, 27), (-5, 5)))
    angle = np.arctan(rise / 23)  # from column 2 to column 25
    along = (COLUMNS - 2) * np.cos(angle) + (ROWS - left) * np.sin(angle)
    across = (ROWS - left) * np.cos(angle) - (COLUMNS - 2) * np.sin(angle)
    wave = np.abs((along - 2) % 8 - 4) - 2  # from 0 to 2, then down to -2 and back
    drawn = stroke(np.abs(across - wave)) * ((along >= 0) & (along <= 23 / np.cos(angle)))
    return x + ink * drawn.max(axis=0)


def canny_edges(x: Floats, rng: Rng, share: float, sigma: float) -> Floats:
    """The edges (Canny 1986), mixed with the image with the weight `share`.

    sigma: smoothing in pixels. An edge pixel is the maximum along its gradient, with a Sobel slope of at least 0.1,
    and is connected by edge pixels to a slope of at least 0.2.
    """
    padded = np.pad(blur(x, sigma), ((0, 0), (1, 1), (1, 1)), mode="edge")
    across, down = padded[:, :, 2:] - padded[:, :, :-2], padded[:, 2:] - padded[:, :-2]
    slope = np.stack([down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:],
                      across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]]).reshape(2, len(x), -1)
    strength = np.hypot(*slope)
    unit = slope / np.maximum(strength, 1e-6)
    image = strength.reshape(x.shape)
    beside = [sample(image, ROWS.ravel() + way * unit[0], COLUMNS.ravel() + way * unit[1]) for way in (-1, 1)]
    steepest = (strength + 1e-5 >= np.maximum(*beside)).reshape(x.shape)  # equal up to rounding
    weak, edges = steepest & (image >= 0.1), steepest & (image >= 0.2)
    while True:
        grown = weak & (thicken(edges, np.ones(len(x))) > 0)
        if np.array_equal(grown, edges):
            return (1 - share) * x + share * edges
        edges = grown


def affine(x: Floats, for_rows: tuple[ArrayLike, ArrayLike], for_columns: tuple[ArrayLike, ArrayLike],
           down: ArrayLike = 0.0, right: ArrayLike = 0.0) -> Floats:
    """Sample x around its centre at row = for_rows . (row, column) + down; columns alike. Scalars or (N,)."""
    places = []
    for factors, shift in ((for_rows, down), (for_columns, right)):
        a, b, shift = (np.reshape(np.broadcast_to(value, len(x)), (-1, 1)) for value in (*factors, shift))
        source = a * (ROWS.ravel() - CENTRE) + b * (COLUMNS.ravel() - CENTRE) + shift + CENTRE
        places.append(source.astype(np.float32))
    return sample(x, *places).reshape(x.shape)


@lru_cache(maxsize=16)
def smoothing(sigma: float) -> NDArray[np.float32]:
    """(28, 28) matrix that smooths a column of pixels with a Gaussian of `sigma` pixels; the border is repeated."""
    reach = int(4 * sigma + 0.5)
    weights = np.exp(-((np.arange(-reach, reach + 1) / sigma) ** 2) / 2)
    pixels = np.pad(np.eye(SIDE), ((reach, reach), (0, 0)), mode="edge")
    shifted = (weight * pixels[i : i + SIDE] for i, weight in enumerate(weights / weights.sum()))
    return reduce(np.add, shifted).astype(np.float32)


def blur(x: Floats, sigma: float) -> Floats:
    """x (N, 28, 28) smoothed with a Gaussian of `sigma` pixels."""
    return smoothing(sigma) @ x @ smoothing(sigma).T


def clouds(n: int, rng: Rng, decay: float, levels: int = 8, chunk: int = 100) -> Floats:
    """n corners (28, 28) of cloud maps in [0, 1], by midpoint displacement on a torus (Fournier et al. 1982).

    Each level doubles the map, up to 256 x 256. A midpoint is the mean of its four neighbours plus uniform noise, whose
    amplitude falls by decay^2 per level.
    """
    out = []
    for start in range(0, n, chunk):
        grid = np.zeros((min(chunk, n - start), 1, 1), np.float32)
        for level in range(levels):
            size = grid.shape[1]
            amounts = rng.random((3, len(grid), size, size), dtype=np.float32)
            amounts = (2 * amounts - 1) * np.float32(decay ** (-2 * level))
            pairs = grid + np.roll(grid, -1, axis=1)
            middle = (pairs + np.roll(pairs, -1, axis=2)) / 4 + amounts[0]
            beside = (grid + np.roll(grid, -1, axis=2) + middle + np.roll(middle, 1, axis=1)) / 4 + amounts[1]
            below = (pairs + middle + np.roll(middle, 1, axis=2)) / 4 + amounts[2]
            finer = np.empty((len(grid), 2 * size, 2 * size), np.float32)
            finer[:, ::2, ::2], finer[:, 1::2, 1::2] = grid, middle
            finer[:, ::2, 1::2], finer[:, 1::2, ::2] = beside, below
            grid = finer
        low, high = grid.min(axis=(1, 2), keepdims=True), grid.max(axis=(1, 2), keepdims=True)
        out.append((grid[:, :SIDE, :SIDE] - low) / (high - low))
    return np.concatenate(out)


def stroke(distance: Floats) -> Floats:
    """Ink in [0, 1] at a distance in pixels from the centre of a line: the paper's 1 + log(1 - distance / 2.3)."""
    return np.maximum(0, 1 + np.log(1 - np.minimum(distance, 2.2) / 2.3))


RADIANS = ((0.2,), (0.4,), (0.6,), (0.8,), (1.0,))
INK_AND_LINES = ((0.4, 1), (0.7, 1), (1.0, 1), (1.0, 2), (1.0, 3))
# name: function, severity in the paper's data set, settings of the severities 1 to 5
TABLE = {
    "shot_noise": (shot_noise, 5, ((60,), (25,), (12,), (5,), (3,))),
    "impulse_noise": (impulse_noise, 4, ((0.03,), (0.06,), (0.09,), (0.17,), (0.27,))),
    "glass_blur": (glass_blur, 1, ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))),
    "motion_blur": (motion_blur, 1, ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))),
    "shear": (shear, 2, RADIANS),
    "scale": (scale, 3, ((0.9,), (0.8,), (0.7,), (0.6,), (0.5,))),
    "rotate": (rotate, 2, RADIANS),
    "brightness": (brightness, 5, ((0.1,), (0.2,), (0.3,), (0.4,), (0.5,))),
    "translate": (translate, 3, ((1,), (2,), (3,), (4,), (5,))),
    "stripe": (stripe, 3, ((3,), (5,), (7,), (9,), (11,))),
    "fog": (fog, 5, ((1.5, 2), (2.0, 2), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))),
    "spatter": (spatter, 4, ((0.65, 0.3, 4, 0.69, 0.6), (0.65, 0.3, 3, 0.68, 0.6), (0.65, 0.3, 2, 0.68, 0.5),
                             (0.65, 0.3, 1, 0.65, 1.5), (0.67, 0.4, 1, 0.65, 1.5))),
    "dotted_line": (dotted_line, 3, INK_AND_LINES),
    "zigzag": (zigzag, 3, INK_AND_LINES),
    "canny_edges": (canny_edges, 3, ((0.4, 1), (0.7, 1), (1.0, 1), (1.0, 1.5), (1.0, 2))),
}
CORRUPTIONS = tuple(TABLE)
PAPER = {name: severity for name, (_, severity, _) in TABLE.items()}
