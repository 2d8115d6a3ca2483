"""Fifteen ways to corrupt a digit without changing which digit it is, each in five severities, in NumPy alone.

The corruptions and their settings are those of MNIST-C (Mu & Gilmer, "MNIST-C: A Robustness Benchmark for Computer
Vision", 2019, arXiv:1906.02337), made here from their description, so pictures agree in kind, not pixel by pixel. The
paper publishes one severity of each, `PAPER` below. Stripes, dotted lines, zigzags and edges have no severities there:
their published form stands here as the third of five.

    corrupted = corrupt("fog", images, severity=5, seed=0)      # (N, 28, 28) uint8 -> the same
"""

from functools import lru_cache

import numpy as np

from core.digits.augmentation import sample, thicken
from core.digits.data import SIDE

CENTRE = (SIDE - 1) / 2
ROWS, COLUMNS = np.indices((SIDE, SIDE), dtype=np.float32)
LINES = 3  # lines drawn for each image; the severity says how many of them show


def corrupt(name, images, severity, seed=0):
    """Images (N, 28, 28) uint8, white ink on black, with the corruption `name` of CORRUPTIONS: (N, 28, 28) uint8.

    severity: 0 (untouched) to 5. The same images, severity and seed give the same result; the random choices are shared
    by the severities, so that 3 and 4 differ in strength, not in luck. Raises ValueError on anything else.
    """
    if name not in CORRUPTIONS:
        raise ValueError(f"There is no corruption {name!r}; choose one of {', '.join(CORRUPTIONS)}.")
    if severity not in range(6):
        raise ValueError(f"severity is {severity!r}; choose 0 (untouched) or 1 to 5.")
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"images are {images.dtype} of shape {images.shape}; give uint8 of shape (N, 28, 28).")
    if severity == 0 or len(images) == 0:
        return images.copy()
    work, _, settings = TABLE[name]
    rng = np.random.default_rng([seed, CORRUPTIONS.index(name)])
    out = work(images.astype(np.float32) / 255, rng, *settings[severity - 1])
    return np.rint(np.clip(out, 0, 1) * 255).astype(np.uint8)


# Below, x is (N, 28, 28) float32 in [0, 1]; what a corruption returns may leave [0, 1] and is clipped by `corrupt`.


def shot_noise(x, rng, photons):
    """Light counted in whole photons: white sends `photons` of them on average, and their number is Poisson's."""
    return rng.poisson(x * photons) / photons


def impulse_noise(x, rng, share):
    """A share of the pixels turned black or white, as likely one as the other."""
    hit, white = rng.random((2, *x.shape), dtype=np.float32)
    return np.where(hit < share, white < 0.5, x)


def glass_blur(x, rng, sigma, reach, rounds):
    """Frosted glass: blur, pixels swapped with near ones (up to `reach` away) in `rounds` sweeps, blur."""
    n, images = len(x), np.arange(len(x))
    pixels = blur(x, sigma).reshape(n, -1).T.copy()  # one row a pixel: each swap is then one for all images
    inside = range(SIDE - reach, reach, -1)
    for _ in range(rounds):
        for here in (row * SIDE + column for row in inside for column in inside):
            down, right = rng.integers(-reach, reach, (2, n))
            there = here + (down * SIDE + right) * rng.integers(0, 2, n)  # half of the pixels stay
            moved = pixels[here].copy()
            pixels[here] = pixels[there, images]
            pixels[there, images] = moved
    return blur(pixels.T.reshape(x.shape), sigma)


def motion_blur(x, rng, radius, sigma):
    """Ink dragged one way, at an angle of up to 45 degrees, fading along 2 radius + 1 pixels as half a Gaussian."""
    angle = rng.uniform(-np.pi / 4, np.pi / 4, (len(x), 1)).astype(np.float32)
    steps = np.arange(2 * radius + 1, dtype=np.float32)
    weights = np.exp(-((steps / sigma) ** 2) / 2)
    rows, columns, out = ROWS.ravel(), COLUMNS.ravel(), 0
    for step, weight in zip(steps, weights / weights.sum(), strict=True):
        out = out + weight * sample(x, rows + step * np.sin(angle), columns + step * np.cos(angle))
    return out.reshape(x.shape)


def shear(x, rng, angle):
    """The upright axis leant left or right by `angle` radians; the digit grows taller by 1 / cos(angle)."""
    lean = angle * rng.choice([-1, 1], len(x))
    return affine(x, (np.cos(lean), 0), (-np.sin(lean), 1))


def scale(x, rng, factor):
    """The digit made smaller by `factor`."""
    return affine(x, (1 / factor, 0), (0, 1 / factor))


def rotate(x, rng, angle):
    """The digit turned left or right by `angle` radians."""
    turn = angle * rng.choice([-1, 1], len(x))
    return affine(x, (np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn)))


def brightness(x, rng, more):
    """Every pixel brighter by `more`: ink stays white, paper turns grey."""
    return x + more


def translate(x, rng, pixels):
    """The digit moved by `pixels` up or down and by as many left or right."""
    return affine(x, (1, 0), (0, 1), *(pixels * rng.choice([-1, 1], (2, len(x)))))


def stripe(x, rng, width):
    """Black and white exchanged in `width` columns at the left and at the right."""
    return np.where(np.abs(COLUMNS - CENTRE) > CENTRE - width, 1 - x, x)


def fog(x, rng, thickness, decay):
    """Clouds of the given thickness added, and the sum dimmed to the range the image had."""
    top = x.max(axis=(1, 2), keepdims=True)
    return (x + thickness * clouds(len(x), rng, decay)) * top / (top + thickness)


def spatter(x, rng, mean, spread, drop, level, edge):
    """Dark grey mud wherever smooth noise exceeds `level`; `drop`, `edge`: widths of noise and mask in pixels."""
    noise = rng.standard_normal(x.shape, dtype=np.float32)
    mask = blur((blur(mean + spread * noise, drop) > level).astype(np.float32), edge)
    mask[mask < 0.8] = 0
    return x * (1 - mask) + 63 / 255 * mask


def dotted_line(x, rng, ink, lines):
    """Dotted straight lines from the left edge to the right: two columns drawn, two left out."""
    left, right = rng.integers(0, 27, (2, LINES, len(x), 1, 1))[:, :lines]
    away = np.abs(ROWS - left - (right - left) * COLUMNS / 27)
    dots = stroke(away) * (COLUMNS // 2 % 2 == 1)
    return x + ink * dots.max(axis=0)


def zigzag(x, rng, ink, lines):
    """Zigzags across the image, 2 pixels to either side of a nearly level line, 8 pixels from peak to peak."""
    left, rise = (rng.integers(low, high, (LINES, len(x), 1, 1))[:lines] for low, high in ((0, 27), (-5, 5)))
    angle = np.arctan(rise / 23)  # from column 2 to column 25
    along = (COLUMNS - 2) * np.cos(angle) + (ROWS - left) * np.sin(angle)
    across = (ROWS - left) * np.cos(angle) - (COLUMNS - 2) * np.sin(angle)
    wave = np.abs((along - 2) % 8 - 4) - 2  # from 0 to 2, then down to -2 and back
    drawn = stroke(np.abs(across - wave)) * ((along >= 0) & (along <= 23 / np.cos(angle)))
    return x + ink * drawn.max(axis=0)


def canny_edges(x, rng, share, sigma):
    """Edges instead of strokes (Canny 1986), mixed with the image: `share` 1 leaves the edges alone.

    sigma: smoothing in pixels. An edge pixel is the steepest along its gradient, with a Sobel slope of at least 0.1,
    and reaches one of at least 0.2 by way of other edge pixels.
    """
    padded = np.pad(blur(x, sigma), ((0, 0), (1, 1), (1, 1)), mode="edge")
    across, down = padded[:, :, 2:] - padded[:, :, :-2], padded[:, 2:] - padded[:, :-2]
    slope = np.stack([down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:],
                      across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]]).reshape(2, len(x), -1)
    strength = np.hypot(*slope)
    unit = slope / np.maximum(strength, 1e-6)
    image = strength.reshape(x.shape)
    beside = [sample(image, ROWS.ravel() + way * unit[0], COLUMNS.ravel() + way * unit[1]) for way in (-1, 1)]
    steepest = (strength + 1e-5 >= np.maximum(*beside)).reshape(x.shape)  # equal but for rounding is equal
    weak, edges = steepest & (image >= 0.1), steepest & (image >= 0.2)
    while True:
        grown = weak & (thicken(edges, np.ones(len(x))) > 0)
        if np.array_equal(grown, edges):
            return (1 - share) * x + share * edges
        edges = grown


def affine(x, for_rows, for_columns, down=0.0, right=0.0):
    """x looked up around its centre: source row = for_rows . (row, column) + down; columns alike. Numbers or (N,)."""
    places = []
    for factors, shift in ((for_rows, down), (for_columns, right)):
        a, b, shift = (np.reshape(np.broadcast_to(value, len(x)), (-1, 1)) for value in (*factors, shift))
        source = a * (ROWS.ravel() - CENTRE) + b * (COLUMNS.ravel() - CENTRE) + shift + CENTRE
        places.append(source.astype(np.float32))
    return sample(x, *places).reshape(x.shape)


@lru_cache(maxsize=16)
def smoothing(sigma):
    """(28, 28) matrix that smooths a column of pixels with a Gaussian of `sigma` pixels; the border pixel repeats."""
    reach = int(4 * sigma + 0.5)
    weights = np.exp(-((np.arange(-reach, reach + 1) / sigma) ** 2) / 2)
    pixels = np.pad(np.eye(SIDE), ((reach, reach), (0, 0)), mode="edge")
    shifted = (weight * pixels[i : i + SIDE] for i, weight in enumerate(weights / weights.sum()))
    return sum(shifted).astype(np.float32)


def blur(x, sigma):
    """x (N, 28, 28) smoothed with a Gaussian of `sigma` pixels."""
    return smoothing(sigma) @ x @ smoothing(sigma).T


def clouds(n, rng, decay, levels=8, chunk=100):
    """n corners (28, 28) of cloud maps in [0, 1], by midpoint displacement on a torus (Fournier et al. 1982).

    Each level doubles the map, up to 256 x 256: the middle of four points, then the middles between, are their mean
    plus an even random amount, decay^2 times smaller than on the level before.
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


def stroke(away):
    """Ink in [0, 1] at `away` pixels from the middle of a pen line: the paper's 1 + log(1 - away / 2.3)."""
    return np.maximum(0, 1 + np.log(1 - np.minimum(away, 2.2) / 2.3))


RADIANS = ((0.2,), (0.4,), (0.6,), (0.8,), (1.0,))
INK_AND_LINES = ((0.4, 1), (0.7, 1), (1.0, 1), (1.0, 2), (1.0, 3))
# name: the function, the severity that the paper's data set has, and the five settings, mildest first
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
