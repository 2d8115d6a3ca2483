"""What speaks for a reading of a number, weighed: `python -m analytics.studies.numbers [--count 4000] [--write]`.

Composes numbers of MNIST's calibration digits, which the network was not trained on, apart, touching and overlapping,
some with signs that are no digits among them, drawn or photographed. Finds the weights (deployment/number/score.py)
that make their right readings likeliest: gradient of log P(text) by forward and backward sums over all paths, L-BFGS.
With --write they replace deployment/number/weights.json. About five minutes on two cores.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from analytics.numbers.compose import OVERLAPPING, TOUCHING, WIDE, compose, photographed
from analytics.numbers.strangers import visible
from core.command import refusing
from core.digits.strokes.negatives import KINDS, negatives
from core.digits.task import load_parts
from core.files import write_atomic
from core.storage import json_text
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.number.path import log_sums_of, passing, passing_of, probability
from deployment.number.reading import written
from deployment.number.score import FILE, FLOOR, NOTHING, SIGNALS, Weights
from deployment.preprocess import InputError
from deployment.preprocess.load import load_image

JOINS = [WIDE] * 5 + [TOUCHING] * 2 + [OVERLAPPING]
STRANGE = ("signs", "mirrored digits", "turned digits", "scribbles", "blots", "pieces")  # what reads as one "?"
RIDGE = 1e-3
CHUNK = 100  # numbers made together
HOPELESS = 0.01  # a reading less probable than this pulls at the weights no more: some numbers nobody could read


@dataclass
class Lattice:
    """A composed number: its right signs, the ways to read it, and what its segments give to weigh."""

    signs: list
    count: int
    segments: list
    probs: np.ndarray  # (n, 10)
    signals: np.ndarray  # (n, len(SIGNALS))


def examples(part, count, rng):
    """Pairs (signs, picture, kind): numbers of 1 to 6 signs by one writer, of whom one in four has some that are no
    digits."""
    strange, kind = negatives(4 * count, rng)
    names = list(KINDS)
    strange = strange[np.isin(kind, [names.index(name) for name in STRANGE]) & visible(strange)]
    writers = np.unique(part.writer)
    for _ in range(count):
        own = rng.choice(np.flatnonzero(part.writer == rng.choice(writers)), int(rng.integers(1, 7)), replace=False)
        images, signs = part.X[own].reshape(-1, 28, 28).copy(), part.y[own].astype(int)
        if rng.random() < 0.25:
            other = rng.random(len(own)) < rng.choice([0.3, 1.0])
            images[other], signs[other] = strange[rng.integers(0, len(strange), other.sum())], NOTHING
        picture = compose(images, rng.choice(JOINS, len(own) - 1), rng, rng.uniform(-0.25, 0.25))
        drawn = rng.random() < 0.5
        yield list(signs), picture if drawn else photographed(picture, rng), "canvas" if drawn else None


def lattice(deployer, signs, picture, kind):
    """The Lattice of a composed number; None where its right reading is not among the ways to read it."""
    try:
        lines = written(deployer, load_image(picture), "a number", kind)
    except InputError:
        return None
    if len(lines) != 1:
        return None
    line = lines[0]
    found = Lattice(signs, len(line.pieces), line.segments, line.probs, line.signals)
    possible = log_sums_of(signs, found.count, found.segments, np.zeros((len(found.segments), 11)))[-1, -1]
    return found if np.isfinite(possible) else None


def lattices_of(chunk):
    """The Lattices, or None, of CHUNK composed numbers, which depend on the chunk's number alone."""
    deployer = MNISTDeployer(SHIPPED)
    part = load_parts(deployer.model.config)["calibration"]
    return [lattice(deployer, *one) for one in examples(part, CHUNK, np.random.default_rng([0, chunk]))]


def loss_and_grad(theta, lattices):
    """Mean of -log(P(right signs) + HOPELESS), and its gradient, for weights theta."""
    weights, k = unpack(theta), len(SIGNALS)
    loss, grad = 0.0, np.zeros_like(theta)
    for one in lattices:
        scores, log_probs = weights.scores(one.probs, one.signals), np.log(np.maximum(one.probs, FLOOR))
        p = probability(one.signs, one.count, one.segments, scores)
        slope = passing(one.count, one.segments, scores) - passing_of(one.signs, one.count, one.segments, scores)
        loss -= np.log(p + HOPELESS)
        slope *= p / (p + HOPELESS)
        digits = slope[:, :NOTHING].sum(axis=1)
        grad[0] += np.sum(slope[:, :NOTHING] * log_probs)
        grad[1] += digits @ log_probs.max(axis=1)
        grad[2 : 2 + k] += digits @ one.signals
        grad[2 + k :] += slope[:, NOTHING] @ one.signals
    n = len(lattices)
    return loss / n + RIDGE * theta @ theta / 2, grad / n + RIDGE * theta


def unpack(theta):
    return Weights(theta[0], theta[1], *np.split(theta[2:], 2))


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.numbers", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=4000, help="composed numbers")
    parser.add_argument("--write", action="store_true", help="replace the weights in use")
    args = parser.parse_args(argv)
    from scipy.optimize import minimize
    from tqdm import tqdm

    with refusing("numbers"), ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as workers:
        chunks = range(-(-args.count // CHUNK))
        found = [one for chunk in tqdm(workers.map(lattices_of, chunks), total=len(chunks), desc="numbers")
                 for one in chunk]
        lattices = [one for one in found if one is not None]
        print(f"{len(lattices):,} of {len(found):,} can be read rightly at all")
        start = np.concatenate([[1.0, 0.0], np.eye(len(SIGNALS))[1], -5 * np.eye(len(SIGNALS))[0]])
        result = minimize(loss_and_grad, start, (lattices,), jac=True, method="L-BFGS-B", options={"maxiter": 100})
        weights = unpack(result.x)
        print(f"log loss of the whole reading {loss_and_grad(start, lattices)[0]:.3f} -> {result.fun:.4f}")
        print(json_text(weights.to_dict()))
        if args.write:
            write_atomic(FILE, json_text(weights.to_dict()))


if __name__ == "__main__":
    main()
