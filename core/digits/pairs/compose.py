"""Digits side by side: apart, touching, overlapping. NumPy alone."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.digits.data import SIDE

HEIGHT = 40  # rows: 28 of a digit, and space for an uneven base line
INKED = 0.25  # of full strength: what is darker counts where digits touch
UNEVEN = 4  # rows, to either side: of the base line
MARGIN = 16  # columns on either side, for the slant


def side_by_side(digits: NDArray[np.floating], gaps: NDArray[np.integer],
                 rng: np.random.Generator,
                 uneven: bool = True) -> tuple[NDArray[np.float32], NDArray[np.floating]]:
    """Pictures (N, 40, W) of digits (N, k, 28, 28), in [0, 1] on 0, in a row on a base line, or an uneven one; and the
    columns (N, k - 1) half way between the right end of each and the left end of the next.

    gaps: (N, k - 1), the columns between two digits where they come nearest: 0 where they just touch, less where they
    overlap.
    """
    n, count = digits.shape[:2]
    width = count * SIDE + int(np.maximum(gaps, 0).sum(axis=1).max(initial=0)) + 2 * MARGIN
    tops = (HEIGHT - SIDE) // 2 + uneven * rng.integers(-UNEVEN, UNEVEN + 1, (n, count))
    out = np.zeros((n, HEIGHT, width), np.float32)
    left, before, ends = np.full(n, MARGIN), None, []
    for k in range(count):
        placed = np.zeros((n, HEIGHT, SIDE), np.float32)
        for top in np.unique(tops[:, k]):
            at = tops[:, k] == top
            placed[at, top : top + SIDE] = digits[at, k]
        first, last = _profile(placed)
        if before is not None:
            left = np.maximum(left + _distance(before, first) + gaps[:, k - 1], left + 1)
        for column in np.unique(left):
            at = np.flatnonzero(left == column)
            part = out[at, :, column : column + SIDE]
            out[at, :, column : column + SIDE] = np.maximum(part, placed[at, :, : part.shape[2]])
        before = last
        ends.append((left + first.min(axis=1), left + last.max(axis=1)))
    between = [(right + start) / 2 for (_, right), (start, _) in pairwise(ends)]
    return out, np.array(between).reshape(count - 1, n).T


def _profile(digit: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The first and last inked column in each row of pictures (N, H, w): (N, H) each, inf and -inf where none is."""
    inked = digit > INKED
    some = inked.any(axis=2)
    first = np.where(some, inked.argmax(axis=2), np.inf)
    last = np.where(some, digit.shape[2] - 1 - inked[:, :, ::-1].argmax(axis=2), -np.inf)
    return first, last


def _distance(last: NDArray[np.floating], first: NDArray[np.floating]) -> NDArray[np.integer]:
    """How far right of a picture's the next one's left edge is where both just touch (N,): in the same or in
    neighbouring rows."""
    reach = last.copy()
    reach[:, 1:] = np.maximum(reach[:, 1:], last[:, :-1])
    reach[:, :-1] = np.maximum(reach[:, :-1], last[:, 1:])
    meet, boxes = (reach - first).max(axis=1), last.max(axis=1) - first.min(axis=1)
    meet = np.where(np.isfinite(meet), meet, np.where(np.isfinite(boxes), boxes, 0))  # no row in common, or no ink
    return (meet + 1).astype(int)


def slanted(pictures: NDArray[np.floating], slant: NDArray[np.floating]) -> NDArray[np.float32]:
    """Pictures (N, H, W), each row moved by slant (N,) columns for each row below the middle."""
    _, height, width = pictures.shape
    shift = slant[:, None] * (np.arange(height) - height / 2)
    whole = np.floor(shift).astype(int)
    part = (shift - whole)[..., None].astype(np.float32)
    places = np.arange(width) - whole[..., None]
    inside = (places >= 1) & (places < width)
    places = np.clip(places, 1, width - 1)
    moved = (1 - part) * np.take_along_axis(pictures, places, 2) + part * np.take_along_axis(pictures, places - 1, 2)
    return (moved * inside).astype(np.float32)
