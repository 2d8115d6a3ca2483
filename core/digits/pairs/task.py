"""The pair reader as a training task: windows on no digit, one digit, two digits, three or more, or a sign.

One softmax says what a window shows: class 0 is none of these, 1 + d the digit d, 11 + 10 a + b the digit a left of b,
111 three digits or more, 112 + s the sign SIGNS[s].
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.digits.augmentation import augment
from core.digits.config import Config
from core.digits.data import BOX, DIGITS, SIDE, as_input
from core.digits.pairs.compose import HEIGHT, INKED, side_by_side, slanted
from core.digits.pairs.signs import SIGNS, at_scale, log_uniform, signs
from core.digits.pairs.window import COLUMNS, INPUTS, ROWS, geometry, knots, window
from core.digits.strokes.negatives import KINDS, blots, negatives
from core.digits.strokes.render import figures
from core.digits.task import Images
from core.nn.classification import ClassificationTask
from core.nn.context import Array
from core.nn.fast.layers import fast
from core.nn.network import Network, build_network

PIXELS = ROWS * COLUMNS
NOTHING, ONE, TWO = 0, 1, 1 + DIGITS  # the first class of each number of digits
MORE = TWO + DIGITS**2
SIGN = MORE + 1
CLASSES = SIGN + len(SIGNS)
SHARES = {"one": 0.16, "one cut out": 0.07, "two": 0.34, "two cut out": 0.11, "more": 0.07, "piece": 0.04,
          "one and a piece": 0.06, "one and a sign": 0.03, "no digit": 0.05, "sign": 0.07}
SLANT = 0.25  # columns a row, to either side
WIDE, TOUCHING, OVERLAPPING = (1, 10), (-2, 0), (-7, -2)  # columns between neighbours
JOINS = ((0.1, WIDE), (0.45, TOUCHING), (0.45, OVERLAPPING))
BESIDE = ((0.6, (1, 5)), (0.4, (-2, 1)))  # the same, of a digit and a sign
SMALL_SIGNS = ".,-:"  # those that may be taken for part of a digit
COVERED = 0.4  # of the narrower digit's width: neighbours overlap no farther
CUT = (0.3, 0.7)  # of a digit's width: where it is cut in two
ASIDE, LEAN = 1.0, 0.15  # columns, and columns a row: standard deviations of a cut between two digits
SHARPER = (1.0, 2.5)  # factors of the slope of edges
THINNER, MIDDLE = 0.12, (0.25, 0.75)  # standard deviation of the ink that is taken for the edge, and its range
UNSURE = (0.15, 0.06)  # standard deviation of the line's height (its logarithm) and middle, as the reader finds them
ASTRAY, STRAY_SIGNS = 0.08, 2  # share of small signs too high on the line: no sign; and the first of SIGNS, that can be
OTHER_SIZES = (0.4, 1.5)  # heights of what is no digit, in heights of the line
NO_SIGNS = ("signs", "two side by side")  # kinds of negatives that may be signs or two digits
FILLED = 0.35  # share of points that are filled shapes and no strokes of the pen
LETTERS = 0.6  # of what is no digit
DRAWN = 20_000  # most digits of the stroke model that are made for a set of windows
PER_SET, EPOCHS_PER_SET = 120_000, 3  # windows that are made at once, and epochs that share them
CHUNK = 256  # windows composed together; they stay in cache

Made = tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.integer]]  # windows, geometry (n, 3), classes (n,)


def pair_network(config: Config, dtype: DTypeLike = np.float32) -> Network:
    """The network that a Config describes: 984 - hidden ... - (gate) - 121."""
    return fast(build_network(config, INPUTS, CLASSES, dtype))


@dataclass(frozen=True)
class Digits:
    """Where windows take their digits from: Images, of which `drawn` are the stroke model's, deformed as `config`
    says."""

    images: Images
    drawn: Images
    config: Config

    @classmethod
    def of(cls, part: Images, config: Config, rng: np.random.Generator, n: int) -> "Digits":
        """The digits of a part of the data, and those of the stroke model for n windows."""
        X, y, _ = figures(1 + min(DRAWN, n) if config.synthetic else 0, rng)
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


def windows(part: Images, n: int, rng: np.random.Generator,
            config: Config) -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """n random windows with the knots of their geometry (n, 984), 255 for 1, and their classes (n,), of the digits of
    `part` and of the stroke model."""
    X, stands, y = np.empty((n, PIXELS), np.uint8), np.empty((n, 3)), np.empty(n, np.int16)
    kinds, source = rng.choice(len(SHARES), n, p=list(SHARES.values())), Digits.of(part, config, rng, n)
    for number, kind in enumerate(SHARES):
        rows = np.flatnonzero(kinds == number)
        make, step = {"no digit": (_no_digits, n), "sign": (_signs, n)}.get(
            kind, (partial(_digits, kind, source), CHUNK))
        for start in range(0, len(rows), step):
            at = rows[start : start + step]
            pictures, stands[at], y[at] = make(len(at), rng)
            X[at] = np.rint(255 * _pen(pictures, rng)).reshape(len(at), -1)
    unsure = np.exp(UNSURE[0] * rng.standard_normal((n, 1)))
    stands = stands * unsure + np.array([0, 0, UNSURE[1]]) * rng.standard_normal((n, 1))
    return np.concatenate([X, np.rint(255 * knots(stands)).astype(np.uint8)], axis=1), y


def _pen(pictures: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Half of the pictures (n, H, W) with sharper edges and with thinner or thicker strokes."""
    n = len(pictures)
    middle = np.clip(rng.normal(0.5, THINNER, (n, 1, 1)), *MIDDLE)
    sharper = np.maximum(rng.uniform(*SHARPER, (n, 1, 1)), 0.5 / np.minimum(middle, 1 - middle))
    changed = np.clip((pictures - middle) * sharper + 0.5, 0, 1)
    out = np.where(rng.random((n, 1, 1)) < 0.5, changed, pictures)
    return out / np.maximum(out.max(axis=(1, 2), keepdims=True), 1e-6)


def _signs(n: int, rng: np.random.Generator) -> Made:
    pictures, stands, y = signs(n, rng)
    filled = (rng.random(n) < FILLED) & (y == SIGNS.index("."))
    pictures[filled] = window(blots(int(filled.sum()), rng) / np.float32(255))
    astray = (rng.random(n) < ASTRAY) & (y < STRAY_SIGNS)
    stands[astray, 2] = rng.uniform(-0.9, 0.1, int(astray.sum()))
    return pictures, stands, np.where(astray, NOTHING, SIGN + y)


def _no_digits(n: int, rng: np.random.Generator) -> Made:
    made, kind = negatives(2 * n + 50, rng)
    made = made[~np.isin(kind, [list(KINDS).index(name) for name in NO_SIGNS])]
    pictures = made[rng.integers(0, len(made), n)]
    letters = rng.random(n) < LETTERS
    pictures[letters] = figures(int(letters.sum()), rng, "letters.txt")[0]
    pictures = pictures / np.float32(255)
    stands = geometry(pictures, SIDE / 2, BOX)
    stands *= log_uniform(OTHER_SIZES, n, rng)[:, None] / np.maximum(stands[:, :1], 0.05)
    stands[:, 2] = rng.normal(0, 0.15, n)
    return window(pictures), stands, np.full(n, NOTHING)


def _digits(kind: str, source: Digits, n: int, rng: np.random.Generator) -> Made:
    shown, out = (2 if kind.startswith("two") else 1), kind.endswith("cut out")
    more = int(rng.integers(1, 3)) if out else 0  # digits that it is cut off from
    count = shown + more if out else {"one": 1, "piece": 1, "more": int(rng.integers(3, 5))}.get(kind, 2)
    digits, y = source.some(n * count, rng)
    digits, y = digits.reshape(n, count, SIDE, SIDE), y.reshape(n, count)
    joins, left, rows = JOINS[1:] if out else JOINS, rng.random(n) < 0.5, np.arange(n)
    if kind in ("piece", "one and a piece"):
        # half of an upright 1 is a 1
        digits[rows, np.where(left, 0, count - 1)] = _cut_off(source.some(n, rng, without=1)[0],
                                                              left == (kind == "piece"), rng)
        joins = JOINS[1:]
    if kind == "one and a sign":
        digits[rows, np.where(left, 0, 1)] = at_scale(
            n, rng, SMALL_SIGNS, float(rng.uniform(1.5, 4)), (SIDE, SIDE))[0]
        joins = BESIDE
    gaps = _gaps(digits, joins, rng) if count > 1 else np.zeros((n, 0), int)
    pictures, between = side_by_side(digits, gaps, rng, uneven=kind != "one and a sign")
    if out:
        first = int(rng.integers(0, more + 1))
        pictures, y = _between(pictures, between, first, shown, rng), y[:, first : first + shown]
    pictures = slanted(pictures, rng.uniform(-SLANT, SLANT, n))
    if kind in ("one", "two") or out:
        y = ONE + y[:, 0] if shown == 1 else TWO + DIGITS * y[:, 0] + y[:, 1]
    else:
        y = np.full(n, MORE if kind == "more" else NOTHING)
    return window(pictures), geometry(pictures, HEIGHT / 2, BOX), y


def _gaps(digits, joins, rng):
    n, count = digits.shape[:2]
    share = np.array([share for share, _ in joins])
    chosen = rng.choice(len(joins), (n, count - 1), p=share / share.sum())
    low, high = np.array([join for _, join in joins]).T
    gaps = rng.integers(low[chosen], high[chosen] + 1)
    widths = (digits > INKED).any(axis=2).sum(axis=2)
    return np.maximum(gaps, -(COVERED * np.minimum(widths[:, 1:], widths[:, :-1])).astype(int))


def _between(pictures, between, first, shown, rng):
    """The ink of `shown` digits from the one numbered `first`, cut off from the others near where they meet."""
    n, inside = len(pictures), np.ones(pictures.shape, bool)
    for edge, right in ((first - 1, False), (first + shown - 1, True)):
        if 0 <= edge < between.shape[1]:
            place, lean = between[:, edge] + ASIDE * rng.standard_normal(n), LEAN * rng.standard_normal(n)
            inside &= _left_of(place, lean, pictures.shape) == right
    return pictures * inside


def _cut_off(digits, left, rng):
    """The part of digits (n, 28, 28) `left` of a slanting cut, or right of it."""
    inked = (digits > INKED).any(axis=1)
    first, last = inked.argmax(axis=1), SIDE - inked[:, ::-1].argmax(axis=1)
    place = first + rng.uniform(*CUT, len(digits)) * (last - first)
    before = _left_of(place, rng.uniform(-SLANT, SLANT, len(digits)), digits.shape)
    return digits * (before == np.asarray(left)[:, None, None])


def _left_of(place, lean, shape):
    """What of pictures `shape` (n, H, W) is left of a slanting cut: its column in the middle row (n,), and columns a
    row (n,)."""
    rows, columns = np.indices(shape[1:])
    return columns < place[:, None, None] + lean[:, None, None] * (rows - shape[1] / 2)


def held_out(part: Images, n: int, config: Config) -> tuple[Array, NDArray[np.integer]]:
    """Network input (n, 984) and classes (n,) of windows on digits of `part` alone, always the same ones."""
    X, y = windows(part, n, np.random.default_rng(7), config.replace(synthetic=0.0))
    return as_input(X), y


class PairTask(ClassificationTask[Config]):
    """Train on windows composed of Images `train`; evaluate on windows of Images `validation`."""

    def __init__(self, config: Config, train: Images, validation: Images, size: int | None = None) -> None:
        size = size or PER_SET
        self._part, self._set, self._size = train, 0, size
        X, y = windows(train, size, np.random.default_rng([config.seed, 5, 0]), config)
        super().__init__(config, pair_network(config), X, y, held_out(validation, size // 12, config), drop_last=True)

    def input(self, X: NDArray, y: NDArray, rng: np.random.Generator) -> Array:
        """Windows as network input (N, 984)."""
        return as_input(X)

    def deal(self, epoch: int, rng: np.random.Generator) -> Iterable[NDArray[np.integer]]:
        """The rows of each batch; every few epochs there are new windows."""
        number = epoch // EPOCHS_PER_SET
        if number != self._set:
            rng_of_set = np.random.default_rng([self.config.seed, 5, number])
            self.X[:], self.y[:] = windows(self._part, self._size, rng_of_set, self.config)
            self._set = number
        return super().deal(epoch, rng)

    def finished(self) -> Network:
        return self.network.fold_batch_norm(as_input(self.X[:4000]))
