"""Pictures that show no number: drawings, empty pages, words."""

import numpy as np

from analytics.numbers.compose import WIDE, compose, photographed
from analytics.realworld.sets import LOOK_ALIKES, load_arrays
from core.digits.strokes.negatives import blots, fragments, mirrored, scribbles, signs, turned
from deployment.reader.paper.digit import preprocess


def drawings(count):
    """Pictures (H, W) uint8 of one to four signs, scribbles, blots, mirrored and turned digits."""
    rng = np.random.default_rng(1)
    made = np.concatenate([kind(count, rng) for kind in (signs, mirrored, turned, scribbles, blots, fragments)])
    made = made[visible(made)]
    return [_row(made[rng.integers(0, len(made), int(rng.integers(1, 5)))], rng) for _ in range(count)]


def visible(images):
    """Which of images (n, 28, 28) uint8 have ink enough to be seen: (n,)."""
    return (images > 128).sum(axis=(1, 2)) > 20


def blank_pages(count):
    """Empty paper in all kinds of light and grain."""
    rng = np.random.default_rng(2)
    return [photographed(np.zeros((160, 400), np.uint8), rng) for _ in range(count)]


def words(path, count):
    """{name: pictures} of three to six letters each, without look-alikes of digits and of these alone, from drawn
    letters (analytics.realworld.sets)."""
    loaded = load_arrays(path, path.stem)
    if loaded is None or loaded.labels.dtype.kind != "U":
        raise ValueError(f"{path} holds no drawn letters.")
    letters = np.array([np.uint8(255 * preprocess(picture, kind=loaded.kind)) for picture in loaded.pictures])
    alike, rng, found = np.isin(loaded.labels, list(LOOK_ALIKES)), np.random.default_rng(3), {}
    for name, chosen in (("words without look-alikes", ~alike), ("words of look-alikes", alike)):
        own = np.flatnonzero(chosen)
        found[name] = [_row(letters[rng.choice(own, int(rng.integers(3, 7)))], rng) for _ in range(count)]
    return found


def _row(images, rng):
    return compose(images, [WIDE] * (len(images) - 1), rng)
