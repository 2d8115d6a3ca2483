"""Composed numbers and their lattices: training data for the weights of deployment/reader/number/score.py."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from analytics.numbers.compose import OVERLAPPING, TOUCHING, WIDE, compose, photographed
from analytics.numbers.out_of_distribution import visible
from core.digits.augmentation import augment
from core.digits.config import Config
from core.digits.strokes.negatives import KINDS, negatives
from core.digits.task import Images, load_parts
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.number import read as number
from deployment.reader.number.lattice import Segment, log_sums_of, passing, passing_of
from deployment.reader.number.line import Line
from deployment.reader.number.score import NOTHING, Weights
from deployment.reader.picture.load import InputError, load_pixels

LONGEST = 5  # signs of a number
LAYERS = 2  # last hidden layers of the network that describe a segment
# (share of each join, share of numbers with non-digit signs): joins are oversampled to train the matrices (COMMON), and
# have a realistic rate for all other weights (SELDOM).
COMMON = {WIDE: 0.4, TOUCHING: 0.35, OVERLAPPING: 0.25}, 0.25
SELDOM = {WIDE: 0.7, TOUCHING: 0.18, OVERLAPPING: 0.12}, 0.04
NON_DIGITS = ("signs", "mirrored digits", "turned digits", "scribbles", "blots", "pieces")  # each read as one "?"
UNLIKELY = 1e-4  # segments below this probability are dropped
CHUNK = 100  # numbers composed per task
NEAR = 60  # consecutive training images that stand for one writer, as writers are unknown there
# The network has memorised its training digits; slight deformation makes their confidence realistic.
DEFORMED = Config(elastic=1.5, elastic_sigma=6.0, rotation=6, scale=0.08, shear=0.08, thickness=0.2)


@dataclass
class Lattice:
    """A composed number: its correct signs and the features of its segments."""

    signs: list[int]
    count: int  # primitives
    segments: list[Segment]
    probs: np.ndarray  # (n, 10)
    signals: np.ndarray  # (n, len(SIGNALS))
    hidden: np.ndarray  # (n, h) float16, the last LAYERS hidden layers
    whole: np.ndarray  # (b, H) float16, all hidden layers of the blobs that are cut
    sides: np.ndarray  # (n, SIDES), see Weights.seen


def examples(part: Images, count: int, rng: np.random.Generator, joins: Mapping[str, float],
             with_non_digits: float) -> Iterator[tuple[list[int], np.ndarray | bytes, str | None]]:
    """(signs, picture, kind) of `count` numbers of 1 to LONGEST signs.

    joins: the share of each join; with_non_digits: the share of numbers with non-digit signs. The digits of a number
    are by one writer; for training images, with unknown writers, they are neighbours in the data and deformed.
    """
    non_digits, kind = negatives(4 * count, rng)
    names = list(KINDS)
    non_digits = non_digits[np.isin(kind, [names.index(name) for name in NON_DIGITS]) & visible(non_digits)]
    for _ in range(count):
        if part.writer is None:
            candidates = np.arange(NEAR) + rng.integers(0, len(part) - NEAR)
        else:
            candidates = np.flatnonzero(part.writer == rng.choice(np.unique(part.writer)))
        chosen = rng.choice(candidates, int(rng.integers(1, LONGEST + 1)), replace=False)
        images, signs = part.X[chosen].reshape(-1, 28, 28).copy(), part.y[chosen].astype(int)
        if part.writer is None:
            images = np.rint(255 * augment(images, rng, DEFORMED)).astype(np.uint8).reshape(-1, 28, 28)
        if rng.random() < with_non_digits:
            other = rng.random(len(chosen)) < rng.choice([0.3, 1.0])
            images[other], signs[other] = non_digits[rng.integers(0, len(non_digits), other.sum())], NOTHING
        chosen_joins = rng.choice(list(joins), len(chosen) - 1, p=list(joins.values()))
        picture = compose(images, chosen_joins, rng, rng.uniform(-0.25, 0.25))
        drawn = rng.random() < 0.5
        yield list(signs), picture if drawn else photographed(picture, rng), "canvas" if drawn else None


def lattice(deployer: MNISTDeployer, signs: list[int], picture: np.ndarray | bytes, kind: str | None,
            closely: bool = True) -> Lattice | None:
    """The Lattice of a composed number; None if it does not contain the correct reading.

    closely: with test-time augmentation, as in the app; without it a lattice takes a third of the time.
    """
    try:
        lines = number.written(deployer, load_pixels(picture).values, "a number", kind, one=np.inf).lines
    except InputError:
        return None
    if len(lines) != 1:
        return None
    if closely:
        number.augment(deployer, lines)
    line = lines[0]
    possible = log_sums_of(signs, len(line.primitives), line.segments, np.zeros((len(line.segments), 11)))[-1, -1]
    if not np.isfinite(possible):
        return None
    rows = np.arange(len(line.segments)) if closely else likely(signs, line)
    assert line.whole is not None and line.sides is not None
    return Lattice(signs, len(line.primitives), [line.segments[i] for i in rows], line.probs[rows], line.signals[rows],
                   line.hidden[rows, -sum(deployer.config.hidden[-LAYERS:]):].astype(np.float16),
                   line.whole.astype(np.float16), line.sides[rows])


def likely(signs: list[int], line: Line) -> NDArray[np.integer]:
    """Indices of the segments of a Line with a probability above UNLIKELY, in any reading or in the correct one, by the
    weights for any network: about two in five segments."""
    scores = Weights.of().scores(line.probs, line.signals, np.zeros((len(line.segments), NOTHING + 1)))
    paths = len(line.primitives), line.segments, scores
    return np.flatnonzero((passing(*paths) + passing_of(signs, *paths)).sum(axis=1) > UNLIKELY)


def lattices_of(name: str, chunk: int, closely: bool) -> list[Lattice | None]:
    """The Lattices of CHUNK numbers composed of a part of MNIST, seeded by the part's name and the chunk's number."""
    deployer, parts = ready()
    rng = np.random.default_rng([*name.encode(), chunk])
    rates = SELDOM if closely else COMMON
    return [lattice(deployer, *example, closely) for example in examples(parts[name], CHUNK, rng, *rates)]


@cache
def ready() -> tuple[MNISTDeployer, dict[str, Images]]:
    """The deployer and the parts of MNIST, loaded once per process."""
    deployer = MNISTDeployer(SHIPPED)
    return deployer, load_parts(deployer.model.config)
