"""Composed numbers and their lattices: data for the weights of deployment/reader/number/score.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from analytics.numbers.compose import OVERLAPPING, TOUCHING, WIDE, compose, photographed
from analytics.numbers.out_of_distribution import visible
from analytics.numbers.signs import KINDS as WITH_A_SIGN
from analytics.numbers.signs import SELDOM, with_signs
from core.digits.strokes.negatives import KINDS, negatives
from core.digits.strokes.render import figures
from core.digits.task import Images, load_parts
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.number.lattice import Lattice
from deployment.reader.number.page import written
from deployment.reader.number.score import TEXTS, Evidence, Weights
from deployment.reader.picture.load import load_pixels
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import UNKNOWN

LONGEST = 7  # signs of a number
JOINS = {WIDE: 0.6, TOUCHING: 0.2, OVERLAPPING: 0.2}  # shares
WITH_SIGNS, WITH_NON_DIGITS = 0.2, 0.1  # shares of the numbers, and of the others
NON_DIGITS = ("mirrored digits", "turned digits", "scribbles", "blots", "pieces")  # with letters: each is one "?"
CHUNK = 50  # numbers composed per task


@dataclass(frozen=True)
class Example:
    """A composed number: its text as numbers of signs, the writer of its digits, and what its lattice is made of."""

    text: list[int]
    writer: int
    count: int
    first: NDArray[np.integer]
    last: NDArray[np.integer]
    evidence: Evidence

    def lattice(self, weights: Weights) -> Lattice:
        """The Lattice by these weights."""
        return Lattice(self.count, self.first, self.last, *weights.scores(self.evidence))


def numbers(part: Images, count: int, rng: np.random.Generator) -> Iterator[tuple[str, int, np.ndarray, str | None]]:
    """(text, writer, picture, kind) of `count` numbers, the digits of each by one writer."""
    assert part.writer is not None
    non_digits, kind = negatives(4 * count + 20, rng)
    names = list(KINDS)
    non_digits = non_digits[np.isin(kind, [names.index(name) for name in NON_DIGITS]) & visible(non_digits)]
    non_digits = np.concatenate([non_digits, figures(len(non_digits), rng, "letters.txt")[0]])
    for _ in range(count):
        writer = int(rng.choice(np.unique(part.writer)))
        candidates = np.flatnonzero(part.writer == writer)
        if rng.random() < WITH_SIGNS:
            text, picture = with_signs(part.part(candidates), 1, rng, kinds=(*2 * WITH_A_SIGN, *SELDOM))[0]
            assert isinstance(picture, np.ndarray)
        else:
            chosen = rng.choice(candidates, int(rng.integers(1, LONGEST + 1)), replace=False)
            images, signs = part.X[chosen].reshape(-1, 28, 28).copy(), [str(d) for d in part.y[chosen]]
            if rng.random() < WITH_NON_DIGITS:
                for i in np.flatnonzero(rng.random(len(chosen)) < rng.choice([0.3, 1.0])):
                    images[i], signs[i] = non_digits[rng.integers(len(non_digits))], UNKNOWN
            joins = rng.choice(list(JOINS), len(chosen) - 1, p=list(JOINS.values()))
            text, picture = "".join(signs), compose(images, joins, rng, rng.uniform(-0.25, 0.25))
        drawing = rng.random() < 0.5
        yield text, writer, picture if drawing else photographed(picture, rng), "canvas" if drawing else None


def example(deployer: MNISTDeployer, text: str, writer: int, picture: np.ndarray, kind: str | None) -> Example | None:
    """The Example of a composed number; None if its lattice does not contain the text."""
    try:
        lines = written(deployer, load_pixels(picture).values, "a number", kind).lines
    except InputError:
        return None
    if len(lines) != 1:
        return None
    line, signs = lines[0], [TEXTS.index(sign) for sign in text]
    lattice = line.lattice
    if not np.isfinite(lattice.sums_of(signs)[-1, -1]):
        return None
    return Example(signs, writer, lattice.count, lattice.first, lattice.last, line.evidence)


def examples_of(name: str, chunk: int) -> list[Example | None]:
    """The Examples of CHUNK numbers composed of a part of MNIST, seeded by the part's name and the chunk's number."""
    deployer, parts = ready()
    rng = np.random.default_rng([*name.encode(), chunk])
    return [example(deployer, *number) for number in numbers(parts[name], CHUNK, rng)]


@cache
def ready() -> tuple[MNISTDeployer, dict[str, Images]]:
    """The deployer and the parts of MNIST, loaded once per process."""
    deployer = MNISTDeployer(SHIPPED)
    return deployer, load_parts(deployer.model.config)
