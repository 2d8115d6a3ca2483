"""Simulated pictures of a digit: a canvas drawing, a photograph of plain paper, a scan of low resolution."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


def enlarged(digit: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """A (28, 28) uint8 digit resized to (side, side), in [0, 1]."""
    large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32) / np.float32(255)


def canvas(digit: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Canvas drawing (280, 280): white on black, crisp edges, random size and position."""
    side = int(rng.uniform(110, 270))
    field = np.zeros((280, 280), np.float32)
    top, left = rng.integers(0, 281 - side, 2)
    field[top : top + side, left : left + side] = np.clip((enlarged(digit, side) - 0.4) / 0.2, 0, 1)
    return np.rint(255 * field).astype(np.uint8)


def photograph(digit: NDArray[np.uint8], rng: np.random.Generator) -> bytes:
    """Photograph of ink on paper as JPEG: uneven light, sometimes a shadow or ruled lines, blur and sensor noise."""
    height, width = rng.integers(300, 520, 2)
    side = int(rng.uniform(0.5, 0.95) * min(height, width))
    ink = np.zeros((height, width), np.float32)
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    sharp = np.clip((enlarged(digit, side) - 0.3) / 0.4, 0, 1)
    ink[top : top + side, left : left + side] = sharp * rng.uniform(0.35, 0.9)
    y, x = np.mgrid[:height, :width] / max(height, width) - 0.5
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    light = rng.uniform(0.6, 1.0) * (1 - slope * (np.cos(angle) * x + np.sin(angle) * y))
    if rng.random() < 0.4:
        beyond = np.cos(angle + 1) * x + np.sin(angle + 1) * y > rng.uniform(-0.3, 0.3)
        light *= np.where(beyond, rng.uniform(0.6, 0.9), 1)
    if rng.random() < 0.3:
        gap = rng.uniform(0.12, 0.2) * max(height, width)
        ruled = (np.arange(height)[:, None] + x * rng.uniform(-20, 20)) % gap < 2
        ink = np.maximum(ink, ruled * 0.15)
    picture = np.clip(255 * light * (1 - ink), 0, 255).astype(np.uint8)
    soft = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2.5)))
    noisy = np.asarray(soft, np.float32) + rng.normal(0, rng.uniform(1, 5), picture.shape)
    packed = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(packed, "JPEG", quality=int(rng.uniform(60, 95)))
    return packed.getvalue()


def scan(digit: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Low-resolution scan: grey ink on white, about 20 to 36 pixels."""
    side = int(rng.uniform(20, 36))
    small = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BOX), np.float32) / 255
    rows, columns = (np.flatnonzero((small > 0.2).any(axis)) for axis in (1, 0))
    edge = int(rng.integers(1, 7))
    field = np.pad(small[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], edge)
    ink = np.clip(field * rng.uniform(0.8, 1.6), 0, 1) * rng.uniform(0.3, 1)
    return np.clip(255 * (rng.uniform(0.9, 1) - ink) + rng.normal(0, 3, field.shape), 0, 255).astype(np.uint8)
