"""Counterfactuals: the smallest change of ink that makes the network answer otherwise (Wachter et al. 2018)."""

from typing import NamedTuple

import numpy as np

from core.digits.data import DIGITS, SIDE
from core.explain.attribution import as_row, check_digits, vjp
from core.nn.losses import softmax

STEP = 0.5  # the farthest that a pixel moves in one round, as a share of its range
INK, GROWTH = 1.5, 1.15  # what a round may spend, in full pixels, and how that grows from round to round
EXTRA = (0, 0.1, 0.3, 0.7, 1.5)  # of the logits: how much farther than the boundary a refinement aims ...
SHARES = np.float32([1, 0.7, 0.4, 0.15])  # ... and how far of that way it tries to go


class Counterfactual(NamedTuple):
    """image (784,): the changed network input; ink: the sum of |change|, in full pixels; to: the digit aimed at."""

    image: np.ndarray
    succeeded: bool
    ink: float
    to: int


def counterfactual(model, x, to=None, examples=None, smooth=True, rounds=24, refinements=6):
    """The least ink, added or taken away, that turns the answer to x (784,) into `to` (None: the runner-up): a
    Counterfactual.

    Each round takes the slope of logit[to] against its rivals, weighed by their probability, and spends a little ink
    on the pixels that gain most: a fractional knapsack, which for a linear network is the exact least change in the L1
    norm with pixels kept in their range. Once the answer has turned, each refinement solves the knapsack anew from x
    with the slope on the boundary, goes towards the solution as far as the answer stays `to`, and keeps what saves ink.

    examples: images (N, 784) of the digit `to`, a few near ones are best: the mixture with one of them is another
    start, and the better one is refined. Some digits are so far from `to` that the slope alone leads nowhere.
    smooth: prefer pixels whose neighbours gain too, for strokes rather than scattered dots.

    It is an upper bound of the smallest change, the same at every call; succeeded is False when `rounds` were too few.
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

    def slope_at(image):
        """How far `to` is behind its best rival at an image (784,), and the slope (784,) of its lead."""
        logits, caches = network.forward((low + image * (high - low))[None])
        rivals = np.where(np.arange(DIGITS) == to, -np.inf, logits)
        weights = -softmax(rivals / temperature).astype(logits.dtype)
        weights[0, to] = 1
        return float(rivals.max() - logits[0, to]), vjp(network, caches, weights)[0] * (high - low)

    def cheapest(images):
        """The image (784,) of images (N, 784) with the least change among those answered `to`; None without any."""
        images = images[network.forward(low + images * (high - low))[0].argmax(axis=1) == to]
        return images[np.abs(images - x).sum(axis=1).argmin()] if len(images) else None

    def outcome(image, succeeded):
        ink = float(np.abs(image - x).sum())
        return Counterfactual(np.clip(low + image * (high - low), low, high), succeeded, ink, int(to))

    def back(goals, tries):  # the cheapest on the straight lines from x to goals (N, 784)
        shares = (np.arange(tries, dtype=np.float32) + 1)[:, None, None] / tries
        return cheapest((x + shares * (goals - x)).reshape(-1, x.size))

    best = back(examples, 10) if len(examples) else None
    limit = np.inf if best is None else np.abs(best - x).sum()
    image = x
    for turn in range(rounds + 1):
        behind, slope = slope_at(image)
        if behind < 0 or turn == rounds or np.abs(image - x).sum() > limit:
            break
        image = image + _spend(slope, image, 1.05 * behind + 0.05, STEP, INK * GROWTH**turn, smooth)
    starts = [start for start in (best, image if behind < 0 else None) if start is not None]
    if not starts:
        return outcome(image, False)
    start = min(starts, key=lambda start: np.abs(start - x).sum())
    best = back(start[None], 24)
    best = start if best is None else best
    for _ in range(refinements):
        behind, slope = slope_at(best)
        # what the slope promises from x to here, and something more as the boundary bends
        promised = float(slope @ (best - x)) + behind
        aims = np.stack([x + _spend(slope, x, promised + extra, 1, np.inf, smooth) for extra in EXTRA])
        mixed = best + SHARES[:, None, None] * (aims - best)
        found = cheapest(np.concatenate([mixed.reshape(-1, x.size), _without_least(slope, x, best)]))
        if found is None or np.abs(found - x).sum() > 0.99 * np.abs(best - x).sum():
            break
        best = found
    found = back(best[None], 24)
    return outcome(best if found is None else found, True)


def _spend(slope, x, need, step, ink, smooth):
    """The change (784,) that gains `need` by the slope for the least ink, or all that `ink` buys, x + it in 0..1."""
    room = np.minimum(np.where(slope > 0, 1 - x, x), step).astype(x.dtype)
    worth = np.abs(slope) * (room > 0)
    if smooth:
        padded = np.pad((slope * (room > 0)).reshape(SIDE, SIDE), 1)
        around = sum(padded[i : i + SIDE, j : j + SIDE] for i in range(3) for j in range(3)).ravel() / 9
        worth = worth + np.maximum(around * np.sign(slope), 0) * (room > 0)
    order = np.argsort(-worth, kind="stable")
    gains, inks = np.cumsum((np.abs(slope) * room)[order]), np.cumsum(room[order])
    last = int(min(np.searchsorted(gains, need), np.searchsorted(inks, ink), len(order) - 1))
    move = np.zeros_like(x)
    move[order[: last + 1]] = (np.sign(slope) * room)[order[: last + 1]]
    if gains[last] > need > 0:  # the last pixel only as far as it is needed
        move[order[last]] -= np.sign(slope[order[last]]) * (gains[last] - need) / np.abs(slope[order[last]])
    return move


def _without_least(slope, x, image, tries=8):
    """`image` with more and more pixels set back to x, first those that gain least: (tries, 784)."""
    move = image - x
    touched = np.flatnonzero(move)
    order = touched[np.argsort(slope[touched] * np.sign(move[touched]), kind="stable")]
    images = np.repeat(image[None], tries, axis=0)
    for row, share in zip(images, np.geomspace(0.02, 0.8, tries), strict=True):
        undone = order[: max(1, round(share * len(order)))]
        row[undone] = x[undone]
    return images
