"""Augmentation of a batch of digits, fresh each time: rotation, scale, shear, shift, elastic waves, stroke thickness.

Every output pixel looks up a place of the input. Those places are linear in a few random numbers an image: an affine
map is a sum of the three pictures 1, row and column; an elastic field (Simard et al. 2003), Gaussian noise smoothed by
a Gaussian, is a sum of the few smooth waves that survive the smoothing. So all places come from one matrix product,
coefficients (N, k) @ waves (k, 784), and no filter runs over images.
"""

from functools import lru_cache

import numpy as np

from core.digits.data import SIDE
from core.digits.ornament import ornament
from core.nn.parallel import for_chunks

CHUNK = 32  # images augmented together: their coordinates and samples stay in cache


@lru_cache(maxsize=8)
def waves(sigma, energy=0.995):
    """Orthogonal waves (k, 784) of a noise field smoothed with a Gaussian of `sigma` pixels.

    Standard normal coefficients times them give a field with a standard deviation of 1 pixel; `energy` is the share of
    its variance kept. The smoothing is separable, so the waves are products of the eigenvectors of its 28x28
    covariance along rows and along columns. Signs and the order of equal waves (rows and columns exchanged) follow a
    rule of our own: an eigensolver and a sort choose them differently on another processor, and a seed would then draw
    other digits there, a model's second looks among them.
    """
    places = np.arange(SIDE)
    covariance = np.exp(-((places[:, None] - places) ** 2) / (4 * sigma**2))  # smoothed twice: width sigma sqrt 2
    variance, vectors = np.linalg.eigh(covariance)
    variance, crossings = np.maximum(variance, 0), np.arange(SIDE)[::-1]  # how often each vector changes its sign
    vectors *= np.where(vectors[0] < 0, -1, 1) * np.where(crossings % 4 < 2, 1, -1)
    shares = np.outer(variance, variance).ravel()
    among_equals = (crossings[:, None] + 3 * crossings).ravel() % 7  # as it was when the shipped model was finished
    order = np.lexsort((among_equals, -shares))
    order = order[: int(np.searchsorted(np.cumsum(shares[order]), energy * shares.sum())) + 1]
    pairs = np.einsum("ri,cj->ijrc", vectors, vectors).reshape(SIDE * SIDE, SIDE * SIDE)
    return (pairs[order] * np.sqrt(shares[order])[:, None]).astype(np.float32)


def coefficients(n, rng, config):
    """Random maps as coefficients of [1, row, column, waves...]: two arrays (n, k), for source rows and columns."""
    angle = np.deg2rad(rng.uniform(-config.rotation, config.rotation, n))
    height, width = 1 + rng.uniform(-config.scale, config.scale, (2, n))
    shear = rng.uniform(-config.shear, config.shear, n)
    cos, sin = np.cos(angle), np.sin(angle)
    down, right = rng.uniform(-config.shift, config.shift, (2, n))
    affine_rows = np.stack([down, cos / height, -sin / width], axis=1)
    affine_columns = np.stack([right, (sin + shear) / height, cos / width], axis=1)
    k = len(waves(config.elastic_sigma)) if config.elastic else 0
    # an amplitude of its own for each image, so that mild and strong ones both occur
    amplitude = config.elastic * rng.uniform(0, 1, (n, 1)).astype(np.float32)
    elastic = rng.standard_normal((2, n, k), dtype=np.float32) * amplitude
    return (np.concatenate([affine_rows.astype(np.float32), elastic[0]], axis=1),
            np.concatenate([affine_columns.astype(np.float32), elastic[1]], axis=1))


def thicken(images, amount):
    """Mix each image (N, 28, 28) uint8 with its 3x3 maximum or minimum: amount (N,), thicker above 0, thinner below."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    out = images.astype(np.float32)
    for extreme, chosen in ((np.maximum, amount > 0), (np.minimum, amount < 0)):
        part = padded[chosen]
        rows = extreme(extreme(part[:, :-2], part[:, 1:-1]), part[:, 2:])
        reached = extreme(extreme(rows[:, :, :-2], rows[:, :, 1:-1]), rows[:, :, 2:])
        out[chosen] += np.abs(amount[chosen])[:, None, None] * (reached - out[chosen])
    return out


def sample(images, rows, columns):
    """Bilinear values of images (N, 28, 28) at places rows, columns (N, 784), in pixels; outside is 0."""
    n = len(images)
    width = SIDE + 2  # a border of zeros, so that no place needs a test
    padded = np.zeros((n, width, width), np.float32)
    padded[:, 1:-1, 1:-1] = images
    pixels = padded.ravel()
    rows, columns = (np.clip(places + 1, 0, width - 1.001) for places in (rows, columns))
    row, column = rows.astype(np.int32), columns.astype(np.int32)
    rows -= row
    columns -= column
    corner = (row * width + column).astype(np.intp)
    corner += np.arange(n)[:, None] * width**2
    a, b = pixels.take(corner), pixels.take(corner + 1)
    b -= a
    b *= columns
    b += a
    corner += width
    a, c = pixels.take(corner), pixels.take(corner + 1)
    c -= a
    c *= columns
    c += a
    c -= b
    c *= rows
    c += b
    return c


def places(for_rows, for_columns, config):
    """Rows and columns (N, 784), in pixels, that the maps of `coefficients` look up for each output pixel."""
    centre = np.float32((SIDE - 1) / 2)
    grid = np.indices((SIDE, SIDE), dtype=np.float32).reshape(2, -1) - centre
    basis = np.concatenate([np.ones((1, SIDE * SIDE), np.float32), grid]
                           + ([waves(config.elastic_sigma)] if config.elastic else []))
    for_rows[:, 0] += centre
    for_columns[:, 0] += centre
    return for_rows @ basis, for_columns @ basis


def deform(images, rows, columns, thickness=None, scale=1):
    """`scale` times each of images (N, 28, 28), thickened by thickness (N,), looked up at rows, columns (N, 784)."""
    out = np.empty((len(images), SIDE * SIDE), np.float32)

    def fill(start, stop):
        part = slice(start, stop)
        source = images[part] if thickness is None else thicken(images[part], thickness[part])
        np.multiply(sample(source, rows[part], columns[part]), np.float32(scale), out=out[part])

    for_chunks(fill, len(images), CHUNK)
    return out


def augment(images, rng, config, y=None):
    """A deformed copy of each image: (N, 28, 28) uint8 -> (N, 784) float32 in [0, 1].

    config: rotation in degrees; scale, shear as shares; shift in pixels; elastic, the largest standard deviation of the
    displacement in pixels, and elastic_sigma, its smoothness in pixels; thickness, the largest mix with the thicker or
    thinner stroke. Each is drawn evenly between minus and plus the setting. With labels y (N,), config.ornament is the
    share of 0, 1 and 7 that get a slash, a flag or a bar (core/digits/ornament.py).
    """
    for_rows, for_columns = coefficients(len(images), rng, config)
    if config.ornament and y is not None:
        images, zoom, offset = ornament(images, y, rng, config.ornament)
        for axis, source in enumerate((for_rows, for_columns)):
            source[:, 1:3] *= zoom[:, None]
            source[:, 0] += offset[:, axis]
    thickness = None
    if config.thickness:
        thickness = rng.uniform(-config.thickness, config.thickness, len(images)).astype(np.float32)
    return deform(images, *places(for_rows, for_columns, config), thickness, scale=1 / 255)


def corrupt(X, rng):
    """Images X (N, 784) in [0, 1], each with noise over it, grey paper or a blank patch, of any strength."""
    n, strength = len(X), rng.uniform(0, 1, (len(X), 1)).astype(np.float32)
    kind = rng.integers(0, 3, n)
    noisy = X + 0.5 * strength * rng.standard_normal(X.shape, dtype=np.float32)
    grey = X + 0.6 * strength * (1 - X)
    row, column = rng.integers(4, 24, (2, n, 1, 1))
    rows, columns = np.indices((SIDE, SIDE))
    inside = np.maximum(abs(rows - row), abs(columns - column)) <= 1 + 5 * strength[:, :, None]
    patched = X * ~inside.reshape(n, -1)
    return np.clip(np.choose(kind[:, None], [noisy, grey, patched]), 0, 1).astype(np.float32)
