"""Digit shapes that are rare in MNIST: a slash through 0, a flag and a foot on 1, a bar across 7.

They are drawn on some training digits before augmentation, so that a slashed zero is not read as 8 nor a flagged one as
7. Coordinates are (row, column) in pixels of the 28x28 image.
"""

import numpy as np
from numpy.typing import NDArray

INKED = 25  # of 255; fainter pixels do not belong to the extent of a digit
ROWS, COLUMNS = np.indices((28, 28), dtype=np.float32)


def extents(images: NDArray) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Height and width (N,) of the ink of images (N, 28, 28), 0..255; 28 for an empty image."""
    inked = images > INKED
    tall, wide = (28 - side.argmax(axis=1) - np.flip(side, 1).argmax(axis=1)
                  for side in (inked.any(axis=2), inked.any(axis=1)))
    return tall, wide


def draw_segments(images: NDArray[np.float32], start: NDArray[np.floating], end: NDArray[np.floating],
                  width: NDArray[np.floating]) -> None:
    """Draw one straight stroke on each image, in place.

    images: (N, 28, 28) float32, 0..255; start, end: (N, 2); width: (N,) pixels. Edges fade over one pixel.
    """
    along = (end - start)[:, :, None, None]
    row, column = ROWS - start[:, 0, None, None], COLUMNS - start[:, 1, None, None]
    length2 = np.maximum((along**2).sum(axis=1), 1e-6)
    share = np.clip((row * along[:, 0] + column * along[:, 1]) / length2, 0, 1)
    distance = np.hypot(row - share * along[:, 0], column - share * along[:, 1])
    ink = np.clip(width[:, None, None] / 2 + 0.5 - distance, 0, 1) * 255
    np.maximum(images, ink, out=images)


def towards(start: NDArray[np.floating], angle: NDArray[np.floating] | float,
            length: NDArray[np.floating]) -> NDArray[np.floating]:
    """The points (N, 2) at `length` pixels from start (N, 2); angle in degrees, 0 is right, 90 is up."""
    angle = np.deg2rad(angle)
    return start + np.stack([-length * np.sin(angle), length * np.cos(angle)], axis=1)


def shrink(images: NDArray[np.floating], scale: NDArray[np.floating]) -> NDArray[np.floating]:
    """Images (N, 28, 28) scaled about their centre by scale (N,) in (0, 1], with linear interpolation."""
    source = 14 + (np.arange(28) - 14) / scale[:, None]
    weights = np.maximum(0, 1 - np.abs(source[:, :, None] - np.arange(28))).astype(np.float32)
    return weights @ images @ weights.transpose(0, 2, 1)


def slash_zeros(images: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw a line through the centre of zeros (N, 28, 28), in place: of any slope, within the ring or beyond it."""
    n = len(images)
    images[...] = shrink(images, rng.uniform(0.55, 1.1, n).clip(max=1))
    mass = images.sum(axis=(1, 2))
    middle = np.stack([(images * ROWS).sum(axis=(1, 2)) / mass, (images * COLUMNS).sum(axis=(1, 2)) / mass], axis=1)
    angle, width, (up, down) = rng.uniform(20, 100, n), rng.uniform(1.5, 3.5, n), rng.uniform(5, 14, (2, n))
    draw_segments(images, towards(middle, angle, up), towards(middle, angle + 180, down), width)


def flag_ones(images: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw a flag from the top of ones (N, 28, 28) down to the left, in place; a third of them get a foot too."""
    n = len(images)
    inked = images > 100
    top = inked.any(axis=2).argmax(axis=1)
    bottom = 27 - np.flip(inked.any(axis=2), 1).argmax(axis=1)
    each = np.arange(n)

    def end_of_stroke(row: NDArray[np.integer]) -> NDArray[np.floating]:
        line = images[each, row]
        column = (line * np.arange(28)).sum(axis=1) / np.maximum(line.sum(axis=1), 1)
        return np.stack([row.astype(float), column], axis=1)

    width, height = rng.uniform(1.5, 3.5, n), bottom - top
    head, foot = end_of_stroke(top), end_of_stroke(bottom)
    draw_segments(images, head, towards(head, rng.uniform(205, 255, n), height * rng.uniform(0.2, 0.7, n)), width)
    half = np.where(rng.uniform(size=n) < 1 / 3, rng.uniform(2.5, 6, n), 0)
    with_foot = half > 0
    part = images[with_foot]
    draw_segments(part, towards(foot, 0, half)[with_foot], towards(foot, 180, half)[with_foot], width[with_foot])
    images[with_foot] = part


def bar_sevens(images: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw a short bar across the stem of sevens (N, 28, 28), in place."""
    n = len(images)
    mass = images.sum(axis=(1, 2))
    middle = np.stack([rng.uniform(14, 17, n), (images * COLUMNS).sum(axis=(1, 2)) / mass], axis=1)
    half, tilt = rng.uniform(3, 6, n), rng.uniform(-10, 25, n)
    draw_segments(images, towards(middle, tilt, half), towards(middle, tilt + 180, half), rng.uniform(1.5, 3, n))


ORNAMENTS = {0: slash_zeros, 1: flag_ones, 7: bar_sevens}


def ornament(images: NDArray[np.uint8], y: NDArray[np.integer], rng: np.random.Generator,
             share: float) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Ornament about `share` of the digits 0, 1 and 7.

    images: (N, 28, 28); y: (N,). Returns images, zoom (N,) and offset (N, 2). Sampling an image at
    offset + zoom * place restores MNIST's frame: a long side of 20 pixels, the centre of mass in the middle.
    """
    n = len(images)
    zoom, offset = np.ones(n, np.float32), np.zeros((n, 2), np.float32)
    drawn = rng.uniform(size=n) < share
    images = images.copy()
    for digit, draw in ORNAMENTS.items():
        chosen = np.flatnonzero(drawn & (y == digit))
        if not len(chosen):
            continue
        part = images[chosen].astype(np.float32)
        draw(part, rng)
        images[chosen] = part
        zoom[chosen] = np.maximum(1, np.maximum(*extents(part)) / 20)
        mass = part.sum(axis=(1, 2))
        offset[chosen, 0] = (part * ROWS).sum(axis=(1, 2)) / mass - 14
        offset[chosen, 1] = (part * COLUMNS).sum(axis=(1, 2)) / mass - 14
    return images, zoom, offset
