"""Numbers composed of MNIST digits, each by one writer, with known text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.digits.data import SIDE
from core.digits.task import Images

HEIGHT = 40  # rows of a number before it is enlarged: 28 of a digit, and space for an uneven base line
ENLARGED = 4  # factor
INK = 64  # grey values above this are ink
SHARED = 3  # pixels of ink that touching digits have in common
WIDE, NEAR, TOUCHING, OVERLAPPING = "wide", "near", "touching", "overlapping"
GAPS = {WIDE: (2, 11), NEAR: (1, 8)}  # empty columns, from the first to below the second
Picture = NDArray[np.uint8] | Path
Pair = tuple[str, Picture]  # text and picture


def compose(images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], joins: Sequence[str] | NDArray[np.str_],
            rng: np.random.Generator, slant: float = 0.0) -> NDArray[np.uint8]:
    """A picture (H, W), white on black, of digits (28, 28) and signs (HEIGHT, w) in a row, ENLARGED times their size.

    The base line of the signs is that of a digit in the middle. joins: for each except the first, WIDE (2 to 10 empty
    columns), NEAR (1 to 7), TOUCHING (the largest distance at which they share SHARED pixels) or OVERLAPPING (1 to 3
    pixels closer). The base line is uneven by up to 2 pixels. slant: columns per row.
    """
    row, right = np.zeros((HEIGHT, 34 * (len(images) + 1)), np.uint8), 8
    for image, join in zip(images, [None, *joins], strict=True):
        columns = np.flatnonzero((image > INK).any(axis=0))
        digit = np.zeros((HEIGHT, columns[-1] - columns[0] + 1), np.uint8)
        top = (HEIGHT - len(image)) // 2 + (int(rng.integers(-2, 3)) if len(image) == SIDE else 0)
        digit[top : top + len(image)] = image[:, columns[0] : columns[-1] + 1]
        left = right
        if join in GAPS:
            left += int(rng.integers(*GAPS[join]))
        elif join:
            left = _touching(row, digit, right) - (int(rng.integers(1, 4)) if join == OVERLAPPING else 0)
        left = max(left, 0)
        place = row[:, left : left + digit.shape[1]]
        np.maximum(place, digit, out=place)
        right = max(right, left + digit.shape[1])
    row = row[:, : right + 8]
    size = row.shape[1] * ENLARGED, HEIGHT * ENLARGED
    lean = int(abs(slant) * size[1])
    large = Image.fromarray(row).resize(size, Image.Resampling.BICUBIC)
    shift = (1, slant, -(lean if slant > 0 else 0), 0, 1, 0)
    return np.asarray(large.transform((size[0] + lean, size[1]), Image.Transform.AFFINE, shift,
                                      Image.Resampling.BICUBIC))


def _touching(row: NDArray[np.uint8], digit: NDArray[np.uint8], right: int) -> int:
    """The largest left edge at which a digit (H, w) shares SHARED pixels with a row (H, W) that ends at `right`."""
    for left in range(right - 1, max(right - digit.shape[1], 0), -1):
        place = row[:, left : left + digit.shape[1]]
        if ((place > INK) & (digit > INK)).sum() >= SHARED:
            return left
    return right


def photographed(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A simulated photograph (H, W): dark on paper, resized, unevenly lit, blurred, with noise."""
    height = int(rng.integers(32, 200))
    large = Image.fromarray(picture).resize((max(8, round(picture.shape[1] * height / picture.shape[0])), height),
                                            Image.Resampling.BOX)
    margin = int(height * rng.uniform(0.1, 0.8))
    ink = np.pad(np.asarray(large, np.float32) / 255, margin)
    ink = np.clip((ink - 0.2) / 0.6, 0, 1) * rng.uniform(0.35, 0.9)
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]] / max(ink.shape) - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    light = rng.uniform(0.6, 1) * (1 - rng.uniform(0, 0.4) * (np.cos(angle) * x + np.sin(angle) * y))
    sharp = Image.fromarray((np.clip(255 * light, 0, 255) * (1 - ink)).astype(np.uint8))
    soft = sharp.filter(ImageFilter.GaussianBlur(height * 0.006))
    noisy = np.asarray(soft, np.float32) + rng.normal(0, rng.uniform(0.5, 4), ink.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def strings(part: Images, count: int, length: tuple[int, int], kinds: Sequence[str], rng: np.random.Generator,
            slant: float = 0.25) -> list[tuple[str, NDArray[np.uint8]]]:
    """`count` pairs (text, picture), the digits of each by one writer.

    length: (minimum, maximum) number of digits; kinds: joins, drawn independently; slant: maximum, to either side.
    """
    assert part.writer is not None
    writers, pairs = np.unique(part.writer), []
    while len(pairs) < count:
        by_writer = np.flatnonzero(part.writer == rng.choice(writers))
        n = int(rng.integers(length[0], length[1] + 1))
        if len(by_writer) < n:
            continue
        chosen = rng.choice(by_writer, n, replace=False)
        picture = compose(part.X[chosen].reshape(-1, 28, 28), rng.choice(kinds, n - 1), rng,
                          rng.uniform(-slant, slant))
        pairs.append(("".join(map(str, part.y[chosen])), picture))
    return pairs
