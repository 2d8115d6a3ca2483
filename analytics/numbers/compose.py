"""Numbers made of MNIST's digits, by one writer each: what stands in them is known exactly."""

import numpy as np
from PIL import Image, ImageFilter

HIGH = 40  # rows of a number before it is enlarged: a digit's 28 and room for an uneven base line
ENLARGED = 4
INK = 64  # grey values above this are ink
SHARED = 3  # pixels of ink that two digits have in common where they touch
WIDE, TOUCHING, OVERLAPPING = "wide", "touching", "overlapping"


def compose(images, joins, rng, slant=0.0):
    """Digits (n, 28, 28) uint8 in a row, as a picture (H, W) uint8, white on black, ENLARGED times their size.

    joins: for each digit but the first, WIDE (2 to 10 empty columns), TOUCHING (as far apart as they can be while they
    share SHARED pixels) or OVERLAPPING (1 to 3 pixels closer than that). The base line is uneven by up to 2 pixels; all
    lean by `slant`, columns a row.
    """
    row, right = np.zeros((HIGH, 34 * (len(images) + 1)), np.uint8), 8
    for image, join in zip(images, [None, *joins], strict=True):
        columns = np.flatnonzero((image > INK).any(axis=0))
        digit = np.zeros((HIGH, columns[-1] - columns[0] + 1), np.uint8)
        top = (HIGH - 28) // 2 + int(rng.integers(-2, 3))
        digit[top : top + 28] = image[:, columns[0] : columns[-1] + 1]
        left = right
        if join == WIDE:
            left += int(rng.integers(2, 11))
        elif join:
            left = _touching(row, digit, right) - (int(rng.integers(1, 4)) if join == OVERLAPPING else 0)
        left = max(left, 0)
        place = row[:, left : left + digit.shape[1]]
        np.maximum(place, digit, out=place)
        right = max(right, left + digit.shape[1])
    row = row[:, : right + 8]
    size = row.shape[1] * ENLARGED, HIGH * ENLARGED
    lean = int(abs(slant) * size[1])
    large = Image.fromarray(row).resize(size, Image.Resampling.BICUBIC)
    shift = (1, slant, -(lean if slant > 0 else 0), 0, 1, 0)
    return np.asarray(large.transform((size[0] + lean, size[1]), Image.Transform.AFFINE, shift,
                                      Image.Resampling.BICUBIC))


def _touching(row, digit, right):
    """The largest left edge for a digit (H, w) at which it shares ink with a row (H, W) that ends at `right`."""
    for left in range(right - 1, max(right - digit.shape[1], 0), -1):
        place = row[:, left : left + digit.shape[1]]
        if ((place > INK) & (digit > INK)).sum() >= SHARED:
            return left
    return right


def photographed(picture, rng):
    """The same dark on paper, larger or smaller, in slanting light, soft, with noise: (H, W) uint8."""
    high = int(rng.integers(32, 200))
    large = Image.fromarray(picture).resize((max(8, round(picture.shape[1] * high / picture.shape[0])), high),
                                            Image.Resampling.BOX)
    margin = int(high * rng.uniform(0.1, 0.8))
    ink = np.pad(np.asarray(large, np.float32) / 255, margin)
    ink = np.clip((ink - 0.2) / 0.6, 0, 1) * rng.uniform(0.35, 0.9)
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]] / max(ink.shape) - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    light = rng.uniform(0.6, 1) * (1 - rng.uniform(0, 0.4) * (np.cos(angle) * x + np.sin(angle) * y))
    seen = Image.fromarray(np.uint8(np.clip(255 * light, 0, 255) * (1 - ink)))
    soft = seen.filter(ImageFilter.GaussianBlur(high * 0.006))
    noisy = np.asarray(soft, np.float32) + rng.normal(0, rng.uniform(0.5, 4), ink.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def strings(part, count, length, kinds, rng, slant=0.25):
    """`count` pairs (text, picture), the digits of each by one writer of a core.digits.task.Images.

    length: (least, most) digits; kinds: of the joins, one drawn for each; slant: the most, to either side.
    """
    writers, found = np.unique(part.writer), []
    while len(found) < count:
        own = np.flatnonzero(part.writer == rng.choice(writers))
        n = int(rng.integers(length[0], length[1] + 1))
        if len(own) < n:
            continue
        chosen = rng.choice(own, n, replace=False)
        picture = compose(part.X[chosen].reshape(-1, 28, 28), rng.choice(kinds, n - 1), rng,
                          rng.uniform(-slant, slant))
        found.append(("".join(map(str, part.y[chosen])), picture))
    return found
