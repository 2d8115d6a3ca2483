"""Counterfactuals: the smallest change of ink that changes the network's answer (Wachter et al. 2018)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.digits.data import DIGITS, SIDE
from core.explain.attribution import ExplainableModel, as_row, check_digits, vjp
from core.nn.losses import softmax

STEP = 0.5  # largest change of a pixel in one round, as a share of its range
INK, GROWTH = 1.5, 1.15  # ink of the first round, in full pixels, and its factor from round to round
EXTRA = (0, 0.1, 0.3, 0.7, 1.5)  # logits; distances beyond the boundary at which a refinement aims ...
SHARES = np.array([1, 0.7, 0.4, 0.15], np.float32)  # ... and shares of the way to each aim that are tried


class Counterfactual(NamedTuple):
    """image (784,): the changed network input; ink: the sum of |change|, in full pixels; to: the target digit."""

    image: NDArray[np.floating]
    succeeded: bool
    ink: float
    to: int


def counterfactual(model: ExplainableModel, x: ArrayLike, to: int | None = None, examples: ArrayLike | None = None,
                   smooth: bool = True, rounds: int = 24, refinements: int = 6) -> Counterfactual:
    """A small change of ink that turns the answer to x (784,) into `to` (None: the runner-up).

    Each round computes the gradient of logit[to] minus the other logits, weighted by their probabilities, and changes
    the pixels of largest gain: a fractional knapsack, which for a linear network is the exact minimum of the L1 norm
    with pixels in their range. Once the answer is `to`, each refinement solves the knapsack again from x with the
    gradient on the boundary, moves towards the solution while the answer remains `to`, and is accepted if it saves ink.

    examples: images (N, 784) of the digit `to`, preferably similar ones. Mixtures with them are a second start, for
    images from which the gradient does not lead to `to`; the better start is refined.
    smooth: prefer pixels whose neighbours gain too, which gives strokes rather than scattered dots.

    The result is deterministic, and an upper bound of the smallest change; succeeded is False if `rounds` were too few.
    Raises ValueError for a digit outside 0..9 and for pixels outside the range of the network's input.
    """
    low, high = map(np.float32, model.config.input_range)
    x, network, temperature = as_row(x), model.network, model.readout.temperature
    if x.min() < low or x.max() > high:
        raise ValueError(f"the image has values outside {low:g} to {high:g}; clip it to the range of network input.")
    logits = network.forward(x[None])[0][0]
    to = int(np.argsort(logits, kind="stable")[-2]) if to is None else to
    check_digits(to)
    examples = np.zeros((0, x.size), x.dtype) if examples is None else np.asarray(examples, x.dtype).reshape(-1, x.size)
    x, examples = (x - low) / (high - low), (examples - low) / (high - low)  # from here on 0 is paper, 1 is ink

    def deficit_and_gradient(image: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
        """The largest other logit minus logit[to] at an image (784,), and the gradient (784,) described above."""
        logits, caches = network.forward((low + image * (high - low))[None])
        others = np.where(np.arange(DIGITS) == to, -np.inf, logits)
        weights = -softmax(others / temperature).astype(logits.dtype)
        weights[0, to] = 1
        return float(others.max() - logits[0, to]), vjp(network, caches, weights)[0] * (high - low)

    def cheapest(images: NDArray[np.floating]) -> NDArray[np.floating] | None:
        """The image (784,) with the least ink of those of images (N, 784) that are answered `to`; None if none is."""
        images = images[network.forward(low + images * (high - low))[0].argmax(axis=1) == to]
        return images[np.abs(images - x).sum(axis=1).argmin()] if len(images) else None

    def outcome(image: NDArray[np.floating], succeeded: bool) -> Counterfactual:
        ink = float(np.abs(image - x).sum())
        return Counterfactual(np.clip(low + image * (high - low), low, high), succeeded, ink, int(to))

    def line_search(goals: NDArray[np.floating], tries: int) -> NDArray[np.floating] | None:
        """The cheapest image on the lines from x to goals (N, 784)."""
        shares = (np.arange(tries, dtype=np.float32) + 1)[:, None, None] / tries
        return cheapest((x + shares * (goals - x)).reshape(-1, x.size))

    best = line_search(examples, 10) if len(examples) else None
    limit = np.inf if best is None else np.abs(best - x).sum()
    image, deficit = x, np.inf
    for turn in range(rounds + 1):
        deficit, gradient = deficit_and_gradient(image)
        if deficit < 0 or turn == rounds or np.abs(image - x).sum() > limit:
            break
        image = image + _spend(gradient, image, 1.05 * deficit + 0.05, STEP, INK * GROWTH**turn, smooth)
    starts = [start for start in (best, image if deficit < 0 else None) if start is not None]
    if not starts:
        return outcome(image, False)
    start = min(starts, key=lambda start: np.abs(start - x).sum())
    best = line_search(start[None], 24)
    best = start if best is None else best
    for _ in range(refinements):
        deficit, gradient = deficit_and_gradient(best)
        gain = float(gradient @ (best - x)) + deficit  # from x to the boundary, by the linear approximation
        aims = np.stack([x + _spend(gradient, x, gain + extra, 1, np.inf, smooth) for extra in EXTRA])
        mixed = best + SHARES[:, None, None] * (aims - best)
        cheaper = cheapest(np.concatenate([mixed.reshape(-1, x.size), _without_least(gradient, x, best)]))
        if cheaper is None or np.abs(cheaper - x).sum() > 0.99 * np.abs(best - x).sum():
            break
        best = cheaper
    cheaper = line_search(best[None], 24)
    return outcome(best if cheaper is None else cheaper, True)


def _spend(gradient: NDArray[np.floating], x: NDArray[np.floating], need: float, step: float, ink: float,
           smooth: bool) -> NDArray[np.floating]:
    """The change (784,) of least ink with a linear gain of `need`, or of largest gain for `ink`; x + change is in
    [0, 1]."""
    room = np.minimum(np.where(gradient > 0, 1 - x, x), step).astype(x.dtype)
    worth = np.abs(gradient) * (room > 0)
    if smooth:
        padded = np.pad((gradient * (room > 0)).reshape(SIDE, SIDE), 1)
        shifted = (padded[i : i + SIDE, j : j + SIDE] for i in range(3) for j in range(3))
        around = sum(shifted, start=np.zeros((SIDE, SIDE), padded.dtype)).ravel() / 9
        worth = worth + np.maximum(around * np.sign(gradient), 0) * (room > 0)
    order = np.argsort(-worth, kind="stable")
    gains, inks = np.cumsum((np.abs(gradient) * room)[order]), np.cumsum(room[order])
    last = int(min(np.searchsorted(gains, need), np.searchsorted(inks, ink), len(order) - 1))
    change = np.zeros_like(x)
    change[order[: last + 1]] = (np.sign(gradient) * room)[order[: last + 1]]
    if gains[last] > need > 0:  # the last pixel changes only as far as needed
        change[order[last]] -= np.sign(gradient[order[last]]) * (gains[last] - need) / np.abs(gradient[order[last]])
    return change


def _without_least(gradient: NDArray[np.floating], x: NDArray[np.floating], image: NDArray[np.floating],
                   tries: int = 8) -> NDArray[np.floating]:
    """Copies (tries, 784) of `image` with a growing number of pixels reset to x, those of least gain first."""
    change = image - x
    touched = np.flatnonzero(change)
    order = touched[np.argsort(gradient[touched] * np.sign(change[touched]), kind="stable")]
    images = np.repeat(image[None], tries, axis=0)
    for row, share in zip(images, np.geomspace(0.02, 0.8, tries), strict=True):
        reset = order[: max(1, round(share * len(order)))]
        row[reset] = x[reset]
    return images
