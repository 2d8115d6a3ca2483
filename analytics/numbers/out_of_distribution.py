"""Pictures without a number: drawings, empty pages, words."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.numbers.compose import WIDE, compose, photographed
from analytics.realworld.sets import LOOK_ALIKES, load_arrays
from core.digits.strokes.negatives import blots, fragments, mirrored, scribbles, signs, turned
from deployment.reader.paper.digit import preprocess


def drawings(count: int) -> list[NDArray[np.uint8]]:
    """Pictures (H, W) of one to four signs, scribbles, blots, fragments, mirrored and turned digits."""
    rng = np.random.default_rng(1)
    made = np.concatenate([kind(count, rng) for kind in (signs, mirrored, turned, scribbles, blots, fragments)])
    made = made[visible(made)]
    return [_row(made[rng.integers(0, len(made), int(rng.integers(1, 5)))], rng) for _ in range(count)]


def visible(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of images (n, 28, 28) have enough ink to be visible: (n,)."""
    return (images > 128).sum(axis=(1, 2)) > 20


def blank_pages(count: int) -> list[NDArray[np.uint8]]:
    """Empty paper with random light and grain."""
    rng = np.random.default_rng(2)
    return [photographed(np.zeros((160, 400), np.uint8), rng) for _ in range(count)]


def words(path: Path, count: int) -> dict[str, list[NDArray[np.uint8]]]:
    """{name: pictures} of three to six drawn letters each, without and of look-alikes of digits.

    path: an .npz of drawn letters as of analytics.realworld.sets. Raises ValueError for any other file.
    """
    loaded = load_arrays(path, path.stem)
    if loaded is None or loaded.labels.dtype.kind != "U":
        raise ValueError(f"{path} holds no drawn letters.")
    letters = np.array([(255 * preprocess(picture, kind=loaded.kind)).astype(np.uint8) for picture in loaded.pictures])
    alike, rng, pictures = np.isin(loaded.labels, list(LOOK_ALIKES)), np.random.default_rng(3), {}
    for name, chosen in (("words without look-alikes", ~alike), ("words of look-alikes", alike)):
        indices = np.flatnonzero(chosen)
        pictures[name] = [_row(letters[rng.choice(indices, int(rng.integers(3, 7)))], rng) for _ in range(count)]
    return pictures


def _row(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    return compose(images, [WIDE] * (len(images) - 1), rng)
