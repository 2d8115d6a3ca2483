"""Random augmentation of digits: rotation, scale, shear, shift, elastic deformation, stroke thickness.

Each output pixel is sampled at a source place. The places are linear in a few random numbers per image: an affine map
is a combination of 1, row and column; an elastic field (Simard et al. 2003), Gaussian noise smoothed by a Gaussian, is
a combination of a few smooth waves. One matrix product, coefficients (N, k) @ basis (k, 784), gives all places, without
filtering images.
"""

from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.digits.data import SIDE
from core.digits.ornament import extents, ornament
from core.nn.parallel import for_chunks

CHUNK = 32  # images augmented together; their coordinates and samples stay in cache


class Deformations(Protocol):
    """Strengths of the deformations, see `augment`: a Config or a TestTimeAugmentation."""

    @property
    def rotation(self) -> float: ...
    @property
    def scale(self) -> float: ...
    @property
    def shear(self) -> float: ...
    @property
    def shift(self) -> float: ...
    @property
    def elastic(self) -> float: ...
    @property
    def elastic_sigma(self) -> float: ...
    @property
    def thickness(self) -> float: ...


class Augmentations(Deformations, Protocol):
    """Deformations, the share of ornamented digits, and the range of widths."""

    @property
    def ornament(self) -> float: ...
    @property
    def width(self) -> float: ...


@lru_cache(maxsize=8)
def waves(sigma: float, energy: float = 0.995) -> NDArray[np.float32]:
    """Orthogonal waves (k, 784) of a noise field smoothed with a Gaussian of `sigma` pixels.

    Combined with standard normal coefficients, they give a field with a standard deviation of 1 pixel, except for the
    share 1 - `energy` of its variance. The smoothing is separable, so the waves are products of the eigenvectors of its
    28x28 covariance along rows and along columns. The signs and the order of equal waves (rows and columns exchanged)
    are fixed here, as they depend on the processor otherwise, and with them the digits drawn from a seed.
    """
    places = np.arange(SIDE)
    covariance = np.exp(-((places[:, None] - places) ** 2) / (4 * sigma**2))  # smoothed twice: width sigma sqrt 2
    variance, vectors = np.linalg.eigh(covariance)
    variance, crossings = np.maximum(variance, 0), np.arange(SIDE)[::-1]  # number of sign changes of each vector
    vectors *= np.where(vectors[0] < 0, -1, 1) * np.where(crossings % 4 < 2, 1, -1)
    shares = np.outer(variance, variance).ravel()
    among_equals = (crossings[:, None] + 3 * crossings).ravel() % 7  # the order used to train the shipped model
    order = np.lexsort((among_equals, -shares))
    order = order[: int(np.searchsorted(np.cumsum(shares[order]), energy * shares.sum())) + 1]
    pairs = np.einsum("ri,cj->ijrc", vectors, vectors).reshape(SIDE * SIDE, SIDE * SIDE)
    return (pairs[order] * np.sqrt(shares[order])[:, None]).astype(np.float32)


def coefficients(n: int, rng: np.random.Generator,
                 config: Deformations) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Random maps as coefficients of [1, row, column, waves...]: two arrays (n, k), for source rows and columns."""
    angle = np.deg2rad(rng.uniform(-config.rotation, config.rotation, n))
    height, width = 1 + rng.uniform(-config.scale, config.scale, (2, n))
    shear = rng.uniform(-config.shear, config.shear, n)
    cos, sin = np.cos(angle), np.sin(angle)
    down, right = rng.uniform(-config.shift, config.shift, (2, n))
    affine_rows = np.stack([down, cos / height, -sin / width], axis=1)
    affine_columns = np.stack([right, (sin + shear) / height, cos / width], axis=1)
    k = len(waves(config.elastic_sigma)) if config.elastic else 0
    # one amplitude for each image, so that weak and strong deformations occur
    amplitude = config.elastic * rng.uniform(0, 1, (n, 1)).astype(np.float32)
    elastic = rng.standard_normal((2, n, k), dtype=np.float32) * amplitude
    return (np.concatenate([affine_rows.astype(np.float32), elastic[0]], axis=1),
            np.concatenate([affine_columns.astype(np.float32), elastic[1]], axis=1))


def widths(images: NDArray[np.uint8], rng: np.random.Generator,
           width: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Factors (N,) of the source rows and of the source columns that make digits (N, 28, 28) narrower or wider.

    The width is multiplied by a log-uniform factor from 1 - width to 1 / (1 - width). Both directions are then scaled
    alike, so that the long side of the digit keeps its length, as in all images that the network reads.
    """
    factor = (1 - width) ** rng.uniform(-1, 1, len(images))
    tall, wide = extents(images)
    zoom = np.maximum(tall, factor * wide) / np.maximum(tall, wide)
    return zoom.astype(np.float32), (zoom / factor).astype(np.float32)


def thicken(images: NDArray, amount: NDArray[np.floating]) -> NDArray[np.float32]:
    """Mix images (N, 28, 28) with their 3x3 maximum (amount (N,) above 0, thicker) or minimum (below 0, thinner)."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    out = images.astype(np.float32)
    for extreme, chosen in ((np.maximum, amount > 0), (np.minimum, amount < 0)):
        part = padded[chosen]
        rows = extreme(extreme(part[:, :-2], part[:, 1:-1]), part[:, 2:])
        filtered = extreme(extreme(rows[:, :, :-2], rows[:, :, 1:-1]), rows[:, :, 2:])
        out[chosen] += np.abs(amount[chosen])[:, None, None] * (filtered - out[chosen])
    return out


def sample(images: NDArray, rows: NDArray[np.floating], columns: NDArray[np.floating]) -> NDArray[np.float32]:
    """Bilinear interpolation of images (N, 28, 28) at rows, columns (N, 784), in pixels; 0 outside."""
    n = len(images)
    width = SIDE + 2  # a border of zeros saves bounds checks
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


def places(for_rows: NDArray[np.floating], for_columns: NDArray[np.floating],
           config: Deformations) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Source rows and columns (N, 784), in pixels, of each output pixel, from the maps of `coefficients`."""
    centre = np.float32((SIDE - 1) / 2)
    grid = np.indices((SIDE, SIDE), dtype=np.float32).reshape(2, -1) - centre
    basis = np.concatenate([np.ones((1, SIDE * SIDE), np.float32), grid]
                           + ([waves(config.elastic_sigma)] if config.elastic else []))
    for_rows[:, 0] += centre
    for_columns[:, 0] += centre
    return for_rows @ basis, for_columns @ basis


def deform(images: NDArray, rows: NDArray[np.floating], columns: NDArray[np.floating],
           thickness: NDArray[np.floating] | None = None, scale: float = 1) -> NDArray[np.float32]:
    """`scale` times images (N, 28, 28), thickened by thickness (N,), sampled at rows, columns (N, 784)."""
    out = np.empty((len(images), SIDE * SIDE), np.float32)

    def fill(start: int, stop: int) -> None:
        part = slice(start, stop)
        source = images[part] if thickness is None else thicken(images[part], thickness[part])
        np.multiply(sample(source, rows[part], columns[part]), np.float32(scale), out=out[part])

    for_chunks(fill, len(images), CHUNK)
    return out


def augment(images: NDArray[np.uint8], rng: np.random.Generator, config: Augmentations,
            y: NDArray[np.integer] | None = None) -> NDArray[np.float32]:
    """A deformed copy of each image: (N, 28, 28) uint8 -> (N, 784) float32 in [0, 1].

    config: rotation in degrees; scale, shear as shares; shift in pixels; elastic, the largest standard deviation of the
    displacement in pixels, and elastic_sigma, its smoothness in pixels; thickness, the largest weight of the thicker or
    thinner image. Each is drawn uniformly between minus and plus the setting. config.width: see `widths`. With labels
    y (N,), config.ornament is the share of 0, 1 and 7 that get a slash, a flag or a bar (core/digits/ornament.py).
    """
    for_rows, for_columns = coefficients(len(images), rng, config)
    if config.width:
        for source, factor in zip((for_rows, for_columns), widths(images, rng, config.width), strict=True):
            source *= factor[:, None]
    if config.ornament and y is not None:
        images, zoom, offset = ornament(images, y, rng, config.ornament)
        for axis, source in enumerate((for_rows, for_columns)):
            source[:, 1:3] *= zoom[:, None]
            source[:, 0] += offset[:, axis]
    thickness = None
    if config.thickness:
        thickness = rng.uniform(-config.thickness, config.thickness, len(images)).astype(np.float32)
    return deform(images, *places(for_rows, for_columns, config), thickness, scale=1 / 255)


def corrupt(X: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.float32]:
    """Images X (N, 784) in [0, 1], each with noise, grey paper or a blank patch, of random strength."""
    n, strength = len(X), rng.uniform(0, 1, (len(X), 1)).astype(np.float32)
    kind = rng.integers(0, 3, n)
    noisy = X + 0.5 * strength * rng.standard_normal(X.shape, dtype=np.float32)
    grey = X + 0.6 * strength * (1 - X)
    row, column = rng.integers(4, 24, (2, n, 1, 1))
    rows, columns = np.indices((SIDE, SIDE))
    inside = np.maximum(abs(rows - row), abs(columns - column)) <= 1 + 5 * strength[:, :, None]
    patched = X * ~inside.reshape(n, -1)
    return np.clip(np.choose(kind[:, None], [noisy, grey, patched]), 0, 1).astype(np.float32)
