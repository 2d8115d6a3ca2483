"""Maximum likelihood of the weights of the number reader: gradients of log P(text) by sums over all paths."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analytics.studies.number_weights.lattices import Example
from core.digits.data import DIGITS
from core.digits.pairs.task import MORE, NOTHING, ONE, SIGN, TWO
from deployment.reader.number.score import FLOOR_PAIR, NO_SIGN, READINGS, SIGNALS, Weights
from deployment.reader.number.shapes import SHAPES
from deployment.reader.number.text import LineText, shapes_of

RIDGE = 1e-3
FLOOR_P = 0.01  # bounds the gradient of unreadable numbers: the loss is -log(P + FLOOR_P)
FEWER_SIGNS = 0.7  # nats: people write signs in fewer numbers than the fifth of the mix that teaches to read them
ITERATIONS = 80  # of L-BFGS
CONSTANTS = [0, 0, -4, 0]  # of READINGS
START = np.concatenate([[0.5], np.full(len(READINGS), 0.5), *np.outer(CONSTANTS, np.eye(len(SIGNALS))[0])])


def unpack(theta: NDArray[np.floating]) -> Weights:
    """The Weights in theta."""
    n = len(READINGS)
    return Weights(theta[0], theta[1 : 1 + n], theta[1 + n :].reshape(n, len(SIGNALS)),
                   np.zeros(len(SHAPES)))


def loss_and_grad(example: Example, weights: Weights) -> tuple[float, NDArray[np.floating]]:
    """-log(P(text) + FLOOR_P) of an Example, and its gradient by theta."""
    lattice, evidence = example.lattice(weights), example.evidence
    p = np.exp(lattice.log_probability(example.text))
    (one, two), (one_of, two_of) = lattice.passing(), lattice.passing_of(example.text)
    one, two = one - one_of, (two - two_of).reshape(len(two), -1)
    pairs = np.maximum(evidence.pairs, np.log(FLOOR_PAIR))
    digit, sign = one[:, :DIGITS], one[:, DIGITS:NO_SIGN]
    sums = np.stack([digit.sum(axis=1), sign.sum(axis=1), one[:, NO_SIGN], two.sum(axis=1)])
    of_evidence = [np.sum(digit * evidence.digits), np.sum(digit * pairs[:, ONE:TWO]),
                   np.sum(sign * pairs[:, SIGN:]), one[:, NO_SIGN] @ pairs[:, NOTHING],
                   np.sum(two * pairs[:, TWO:MORE])]
    grad = np.concatenate([of_evidence, (sums @ evidence.signals).ravel()])
    return -np.log(p + FLOOR_P), grad * p / (p + FLOOR_P)


def mean_loss(theta: NDArray[np.floating], examples: Sequence[Example]) -> tuple[float, NDArray[np.floating]]:
    """The mean loss with a penalty on large weights, and its gradient."""
    weights = unpack(theta)
    losses, grads = zip(*[loss_and_grad(example, weights) for example in examples], strict=True)
    away = theta - START
    return float(np.mean(losses) + RIDGE * away @ away / 2), np.mean(grads, axis=0) + RIDGE * away


def fitted(examples: Sequence[Example], fixed: NDArray[np.bool_] | None = None) -> Weights:
    """The Weights of minimal loss; those of theta that are `fixed` are 0."""
    from scipy.optimize import minimize

    free = np.ones(len(START), bool) if fixed is None else ~fixed

    def loss(part: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
        theta = np.zeros(len(START))
        theta[free] = part
        value, grad = mean_loss(theta, examples)
        return value, grad[free]

    result = minimize(loss, START[free], jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    theta = np.zeros(len(START))
    theta[free] = result.x
    weights = unpack(theta)
    return replace(weights, shapes=fitted_shapes(examples, weights))


def fitted_shapes(examples: Sequence[Example], weights: Weights) -> NDArray[np.floating]:
    """How much likelier a number of each of SHAPES is than the lattice says, 0 for digits alone. The loss is that of
    the other weights, over the likeliest texts of each lattice; those with signs are FEWER_SIGNS less likely."""
    from scipy.optimize import minimize

    likely = []
    for example in examples:
        texts = example.lattice(weights).texts()
        if any(max(text) >= DIGITS for text, _ in texts):
            right = [list(text) == example.text for text, _ in texts]
            likely.append((np.array([score for _, score in texts]), np.array(right),
                           np.array([shapes_of(text, [len(text)])[0] for text, _ in texts])))

    def loss(theta: NDArray[np.floating]) -> float:
        shapes, total = np.append(0.0, theta), 0.0
        for scores, right, of in likely:
            shares = np.exp(scores) * np.exp(shapes[of])
            total -= np.log(shares[right].sum() / (shares.sum() + max(1 - np.exp(scores).sum(), 0)) + FLOOR_P)
        return total / len(likely) + RIDGE * float(theta @ theta) / 2

    return np.append(0.0, minimize(loss, np.zeros(len(SHAPES) - 1), method="L-BFGS-B").x - FEWER_SIGNS)


def right(examples: Sequence[Example], weights: Weights) -> NDArray[np.bool_]:
    """Which Examples are read exactly."""
    return np.array([list(LineText.of(example.lattice(weights), weights.shapes).text) == example.text
                     for example in examples])
