"""The pair reader as a training task: windows on no digit, one digit, two digits, three or more.

One softmax says how many digits a window shows and which: class 0 is no digit, 1 + d the digit d, 11 + 10 a + b the
digit a left of b, 111 three or more.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.digits.augmentation import augment
from core.digits.config import Config
from core.digits.data import DIGITS, SIDE
from core.digits.pairs.compose import HEIGHT, side_by_side, slanted
from core.digits.pairs.window import COLUMNS, ROWS, window
from core.digits.strokes.negatives import negatives
from core.digits.strokes.render import figures
from core.digits.task import Images
from core.nn.classification import ClassificationTask
from core.nn.context import Array
from core.nn.fast.layers import fast
from core.nn.network import Network, build_network

PIXELS = ROWS * COLUMNS
NOTHING, ONE, TWO = 0, 1, 1 + DIGITS  # the first class of each number of digits
MORE = TWO + DIGITS**2
CLASSES = MORE + 1
SHARES = {"one": 0.25, "two": 0.45, "more": 0.1, "piece": 0.06, "one and a piece": 0.08, "no digit": 0.06}
SLANT = 0.25  # columns a row, to either side
WIDE, TOUCHING, OVERLAPPING = (1, 10), (-2, 0), (-7, -2)  # columns between neighbours
JOINS = ((0.25, WIDE), (0.35, TOUCHING), (0.4, OVERLAPPING))
COVERED = 0.4  # of the narrower digit's width: neighbours overlap no farther
CUT = (0.3, 0.7)  # of a digit's width: where it is cut in two
DRAWN = 20_000  # digits of the stroke model that are made for a set of windows
PER_SET, EPOCHS_PER_SET = 120_000, 2  # windows that are made at once, and epochs that share them
CHUNK = 256  # windows composed together; they stay in cache


def pair_network(config: Config, dtype: DTypeLike = np.float32) -> Network:
    """The network that a Config describes: 960 - hidden ... - (gate) - 112."""
    return fast(build_network(config, PIXELS, CLASSES, dtype))


@dataclass(frozen=True)
class Digits:
    """Where windows take their digits from: Images, of which `drawn` are the stroke model's, deformed as `config`
    says."""

    images: Images
    drawn: Images
    config: Config

    @classmethod
    def of(cls, part: Images, config: Config, rng: np.random.Generator) -> "Digits":
        """The digits of a part of the data, and those of the stroke model."""
        X, y, _ = figures(DRAWN, rng)
        return cls(part, Images(X, y), config)

    def some(self, n: int, rng: np.random.Generator, without: int | None = None) -> tuple[NDArray, NDArray]:
        """n digits (n, 28, 28) in [0, 1], deformed, and their labels, of which none is `without`."""
        drawn = rng.random(n) < self.config.synthetic
        X, y = np.empty((n, SIDE, SIDE), np.uint8), np.empty(n, int)
        for source, at in ((self.images, np.flatnonzero(~drawn)), (self.drawn, np.flatnonzero(drawn))):
            allowed = np.arange(len(source)) if without is None else np.flatnonzero(source.y != without)
            chosen = rng.choice(allowed, len(at))
            X[at], y[at] = source.X[chosen], source.y[chosen]
        return augment(X, rng, self.config, y).reshape(-1, SIDE, SIDE), y


def windows(part: Images, n: int, rng: np.random.Generator, config: Config) -> tuple[NDArray[np.uint8], NDArray]:
    """n random windows X (n, 960) and their classes y (n,), composed of the digits of `part` and of the stroke
    model."""
    X, y = np.empty((n, PIXELS), np.uint8), np.empty(n, np.int16)
    kinds, source = rng.choice(len(SHARES), n, p=list(SHARES.values())), Digits.of(part, config, rng)
    for number, kind in enumerate(SHARES):
        rows = np.flatnonzero(kinds == number)
        if kind == "no digit":
            X[rows], y[rows] = _framed(negatives(len(rows), rng)[0] / np.float32(255)), NOTHING
            continue
        for start in range(0, len(rows), CHUNK):
            at = rows[start : start + CHUNK]
            pictures, y[at] = _pictures(kind, source, len(at), rng)
            X[at] = _framed(pictures)
    return X, y


def _framed(pictures):
    return np.rint(255 * window(pictures)).reshape(len(pictures), -1).astype(np.uint8)


def _pictures(kind, source, n, rng):
    """n pictures (n, H, W) of one of SHARES, and their classes (n,)."""
    count = {"one": 1, "piece": 1, "two": 2, "one and a piece": 2}.get(kind) or int(rng.integers(3, 5))
    digits, y = source.some(n * count, rng)
    digits, y = digits.reshape(n, count, SIDE, SIDE), y.reshape(n, count)
    joins = JOINS
    if kind in ("piece", "one and a piece"):
        left, rows = rng.random(n) < 0.5, np.arange(n)
        # half of an upright 1 is a 1
        digits[rows, np.where(left, 0, count - 1)] = _cut_off(source.some(n, rng, without=1)[0],
                                                              left == (kind == "piece"), rng)
        joins = JOINS[1:]
    gaps = _gaps(digits, joins, rng) if count > 1 else np.zeros((n, 0), int)
    pictures = slanted(side_by_side(digits, gaps, rng), rng.uniform(-SLANT, SLANT, n))
    classes = {"one": ONE + y[:, 0], "two": TWO + DIGITS * y[:, 0] + y[:, -1]}
    return pictures, classes.get(kind, np.full(n, MORE if kind == "more" else NOTHING))


def _gaps(digits, joins, rng):
    n, count = digits.shape[:2]
    share = np.array([share for share, _ in joins])
    chosen = rng.choice(len(joins), (n, count - 1), p=share / share.sum())
    low, high = np.array([join for _, join in joins]).T
    gaps = rng.integers(low[chosen], high[chosen] + 1)
    widths = (digits > 0.25).any(axis=2).sum(axis=2)
    return np.maximum(gaps, -(COVERED * np.minimum(widths[:, 1:], widths[:, :-1])).astype(int))


def _cut_off(digits, left, rng):
    """The part of digits (n, 28, 28) `left` of a slanting cut, or right of it."""
    inked = (digits > 0.25).any(axis=1)
    first, last = inked.argmax(axis=1), SIDE - inked[:, ::-1].argmax(axis=1)
    place = first + rng.uniform(*CUT, len(digits)) * (last - first)
    rows, columns = np.indices((SIDE, SIDE))
    slant = rng.uniform(-SLANT, SLANT, len(digits))
    before = columns < place[:, None, None] + slant[:, None, None] * (rows - SIDE / 2)
    return digits * (before == np.asarray(left)[:, None, None])


class PairTask(ClassificationTask[Config]):
    """Train on windows composed of Images `train`; evaluate on windows of Images `validation`."""

    def __init__(self, config: Config, train: Images, validation: Images, size: int = PER_SET) -> None:
        self._part, self._set, self._size = train, 0, size
        X, y = windows(train, size, np.random.default_rng([config.seed, 5, 0]), config)
        X_val, y_val = windows(validation, 10_000, np.random.default_rng(7), config.replace(synthetic=0.0))
        super().__init__(config, pair_network(config), X, y, (X_val / np.float32(255), y_val), drop_last=True)

    def input(self, X: NDArray, y: NDArray, rng: np.random.Generator) -> Array:
        """Windows as network input (N, 960)."""
        return X / np.float32(255)

    def deal(self, epoch: int, rng: np.random.Generator) -> Iterable[NDArray[np.integer]]:
        """The rows of each batch; every few epochs there are new windows."""
        number = epoch // EPOCHS_PER_SET
        if number != self._set:
            self.X[:], self.y[:] = windows(self._part, self._size, np.random.default_rng([self.config.seed, 5, number]),
                                           self.config)
            self._set = number
        return super().deal(epoch, rng)

    def finished(self) -> Network:
        return self.network.fold_batch_norm(self.X[:4000] / np.float32(255))
