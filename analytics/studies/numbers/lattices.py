"""Composed numbers, and all ways to read each: what the weights of deployment/number/score.py are learned from."""

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
from deployment.number.path import log_sums_of
from deployment.number.reading import look_again, written
from deployment.number.score import NOTHING
from deployment.preprocess import InputError
from deployment.preprocess.load import load_image

LONGEST = 5
LAYERS = 2  # of the network, the last hidden ones, tell of a segment
JOINS = {WIDE: 0.4, TOUCHING: 0.35, OVERLAPPING: 0.25}
STRANGE = ("signs", "mirrored digits", "turned digits", "scribbles", "blots", "pieces")  # what reads as one "?"
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
    sides: np.ndarray  # (n, 2), see Weights.seen


def examples(part, count, rng):
    """Pairs (signs, picture, kind): numbers of 1 to LONGEST signs, of whom one in four has some that are no digits.

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
        if rng.random() < 0.25:
            other = rng.random(len(own)) < rng.choice([0.3, 1.0])
            images[other], signs[other] = strange[rng.integers(0, len(strange), other.sum())], NOTHING
        joins = rng.choice(list(JOINS), len(own) - 1, p=list(JOINS.values()))
        picture = compose(images, joins, rng, rng.uniform(-0.25, 0.25))
        drawn = rng.random() < 0.5
        yield list(signs), picture if drawn else photographed(picture, rng), "canvas" if drawn else None


def lattice(deployer, signs, picture, kind, closely=True):
    """The Lattice of a composed number; None where its right reading is not among the ways to read it.

    closely: as it is when it is read; else at the first look, which takes a third of the time.
    """
    try:
        lines = written(deployer, load_image(picture), "a number", kind, one=np.inf)
    except InputError:
        return None
    if len(lines) != 1:
        return None
    if closely:
        look_again(deployer, lines)
    line = lines[0]
    possible = log_sums_of(signs, len(line.pieces), line.segments, np.zeros((len(line.segments), 11)))[-1, -1]
    return Lattice(signs, len(line.pieces), line.segments, line.probs, line.signals,
                   line.hidden[:, -sum(deployer.config["hidden"][-LAYERS:]):].astype(np.float16),
                   line.whole.astype(np.float16), line.sides) if np.isfinite(possible) else None


def lattices_of(name, chunk, closely):
    """The Lattices, or None, of CHUNK numbers composed of a part of MNIST; they depend on its name and the chunk's
    number alone."""
    deployer, parts = ready()
    rng = np.random.default_rng([*name.encode(), chunk])
    return [lattice(deployer, *one, closely) for one in examples(parts[name], CHUNK, rng)]


@cache
def ready():
    """What each process needs once."""
    deployer = MNISTDeployer(SHIPPED)
    return deployer, load_parts(deployer.model.config)
