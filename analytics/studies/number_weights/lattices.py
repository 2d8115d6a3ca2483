"""Composed numbers, and all ways to read each: training data for the weights of deployment/reader/number/score.py."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from analytics.numbers.compose import OVERLAPPING, TOUCHING, WIDE, compose, photographed
from analytics.numbers.strangers import visible
from core.digits.augmentation import augment
from core.digits.config import Config
from core.digits.strokes.negatives import KINDS, negatives
from core.digits.task import load_parts
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.number.lattice import log_sums_of, passing, passing_of
from deployment.reader.number.read import augment, written
from deployment.reader.number.score import NOTHING, Weights
from deployment.reader.picture.load import InputError, load_image

LONGEST = 5
LAYERS = 2  # of the network, the last hidden ones, tell of a segment
# What most is to be learned about is common among training digits; the weights of all are learned where it is as seldom
# as in life: (share of each join; share of numbers with signs that are no digits)
COMMON = {WIDE: 0.4, TOUCHING: 0.35, OVERLAPPING: 0.25}, 0.25
SELDOM = {WIDE: 0.7, TOUCHING: 0.18, OVERLAPPING: 0.12}, 0.04
STRANGE = ("signs", "mirrored digits", "turned digits", "scribbles", "blots", "pieces")  # what reads as one "?"
UNLIKELY = 1e-4  # share of the readings in which a segment stands
CHUNK = 100  # numbers made together
NEAR = 60  # training images whose writers are not known come from so many in a row
# The network knows its training digits by heart: deformed a little they are as doubtful as others.
DEFORMED = Config(elastic=1.5, elastic_sigma=6.0, rotation=6, scale=0.08, shear=0.08, thickness=0.2)


@dataclass
class Lattice:
    """A composed number: its right signs, the ways to read it, and what its segments give to weigh."""

    signs: list
    count: int
    segments: list
    probs: np.ndarray  # (n, 10)
    signals: np.ndarray  # (n, len(SIGNALS))
    hidden: np.ndarray  # (n, h) float16, the last LAYERS of the network
    whole: np.ndarray  # (b, H) float16, all hidden layers of the blobs that were cut
    sides: np.ndarray  # (n, SIDES), see Weights.seen


def examples(part, count, rng, joins, strangers):
    """Pairs (signs, picture, kind): numbers of 1 to LONGEST signs, a share of whom (`strangers`) has some that are
    no digits; joins: the share of each.

    The digits of one are by one writer; of training images, which tell no writers, near each other and deformed.
    """
    strange, kind = negatives(4 * count, rng)
    names = list(KINDS)
    strange = strange[np.isin(kind, [names.index(name) for name in STRANGE]) & visible(strange)]
    for _ in range(count):
        if part.writer is None:
            own = np.arange(NEAR) + rng.integers(0, len(part) - NEAR)
        else:
            own = np.flatnonzero(part.writer == rng.choice(np.unique(part.writer)))
        own = rng.choice(own, int(rng.integers(1, LONGEST + 1)), replace=False)
        images, signs = part.X[own].reshape(-1, 28, 28).copy(), part.y[own].astype(int)
        if part.writer is None:
            images = np.rint(255 * augment(images, rng, DEFORMED)).astype(np.uint8).reshape(-1, 28, 28)
        if rng.random() < strangers:
            other = rng.random(len(own)) < rng.choice([0.3, 1.0])
            images[other], signs[other] = strange[rng.integers(0, len(strange), other.sum())], NOTHING
        own_joins = rng.choice(list(joins), len(own) - 1, p=list(joins.values()))
        picture = compose(images, own_joins, rng, rng.uniform(-0.25, 0.25))
        drawn = rng.random() < 0.5
        yield list(signs), picture if drawn else photographed(picture, rng), "canvas" if drawn else None


def lattice(deployer, signs, picture, kind, closely=True):
    """The Lattice of a composed number; None where its right reading is not among the ways to read it.

    closely: as it is when it is read; else at the first look, which takes a third of the time.
    """
    try:
        lines = written(deployer, load_image(picture), "a number", kind, one=np.inf).lines
    except InputError:
        return None
    if len(lines) != 1:
        return None
    if closely:
        augment(deployer, lines)
    line = lines[0]
    possible = log_sums_of(signs, len(line.primitives), line.segments, np.zeros((len(line.segments), 11)))[-1, -1]
    if not np.isfinite(possible):
        return None
    kept = np.arange(len(line.segments)) if closely else likely(signs, line)
    return Lattice(signs, len(line.primitives), [line.segments[i] for i in kept], line.probs[kept], line.signals[kept],
                   line.hidden[kept, -sum(deployer.config.hidden[-LAYERS:]):].astype(np.float16),
                   line.whole.astype(np.float16), line.sides[kept])


def likely(signs, line):
    """Numbers of those segments of a Line that are not quite unlikely, by the weights for any network, in any reading
    or in the right one: two in five, and hardly less to learn from."""
    scores = Weights.of().scores(line.probs, line.signals, np.zeros((len(line.segments), NOTHING + 1)))
    ways = len(line.primitives), line.segments, scores
    return np.flatnonzero((passing(*ways) + passing_of(signs, *ways)).sum(axis=1) > UNLIKELY)


def lattices_of(name, chunk, closely):
    """The Lattices, or None, of CHUNK numbers composed of a part of MNIST; they depend on its name and the chunk's
    number alone."""
    deployer, parts = ready()
    rng = np.random.default_rng([*name.encode(), chunk])
    often = SELDOM if closely else COMMON
    return [lattice(deployer, *one, closely) for one in examples(parts[name], CHUNK, rng, *often)]


@cache
def ready():
    """What each process needs once."""
    deployer = MNISTDeployer(SHIPPED)
    return deployer, load_parts(deployer.model.config)
