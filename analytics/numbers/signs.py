"""Numbers with signs, composed of MNIST digits and drawn signs: amounts, dates, times, negative numbers, sums."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.numbers.compose import HEIGHT, NEAR, WIDE, Pair, compose
from core.digits.data import BOX
from core.digits.pairs.signs import SIGNS, at_scale, drawn
from core.digits.strokes.styles import evenly
from core.digits.task import Images

WIDTH = 72  # columns of a sign's picture
PEN = (1.8, 3.6)  # its pen's width in pixels, as in MNIST
# How far below the line's middle a sign's part stands: (0 top, 0.5 middle, 1 bottom of its box), mean and deviation, in
# heights of a digit; the tablet did not record it
PLACES = {".": (1, 0.5, 0.05), ",": (0, 0.3, 0.08), ":": (0.5, 0.1, 0.08)}
ELSEWHERE = (0.5, 0.0, 0.08)
Source = Callable[[str, np.random.Generator], NDArray[np.uint8]]  # a sign's picture (HEIGHT, WIDTH)


def composed_sign(sign: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A sign of the stroke model."""
    return _uint8(at_scale(1, rng, sign, float(rng.uniform(*PEN)), (HEIGHT, WIDTH))[0][0])


def drawn_signs(path: Path, contributors: tuple[str, ...]) -> Source:
    """Signs drawn by these contributors, from a file of pen strokes with the height of the writer's digits."""
    with np.load(path, allow_pickle=False) as saved:
        data = dict(saved)
    rows = {sign: np.flatnonzero((data["labels"] == sign) & np.isin(data["contributor"], contributors)
                                 & data["size_plausible"]) for sign in SIGNS}

    def sign_of(sign: str, rng: np.random.Generator) -> NDArray[np.uint8]:
        i = int(rng.choice(rows[sign]))
        first, stop = data["sample_start"][i : i + 2]
        starts = data["stroke_start"][first : stop + 1]
        strokes = [data["points"][start:end] for start, end in pairwise(starts)]
        points = np.concatenate([evenly(stroke.astype(float), max(60, len(stroke))) for stroke in strokes])
        places = points / data["digit_height"][i] * [1, -1]
        part, mean, deviation = PLACES.get(sign, ELSEWHERE)
        low, high = places.min(axis=0), places.max(axis=0)
        places -= [(low[0] + high[0]) / 2, low[1] + part * (high[1] - low[1])]
        places[:, 1] += rng.normal(mean, deviation)
        at = places * BOX + np.array([WIDTH - 1, HEIGHT - 1]) / 2
        one = drawn(at[None], np.array([rng.uniform(*PEN)]), np.ones((1, len(at))), (HEIGHT, WIDTH), np.array([1.2]))
        return _uint8(one[0])

    return sign_of


def _uint8(picture: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.rint(255 * picture).astype(np.uint8)


def amount(rng: np.random.Generator) -> str:
    return ["", "", "$"][rng.integers(3)] + f"{rng.integers(1, 10 ** rng.integers(1, 4))}" + (
        f"{'.,'[rng.integers(2)]}{rng.integers(0, 100):02}" if rng.random() < 0.8 else "")


def date(rng: np.random.Generator) -> str:
    between, year = "/.-"[rng.integers(3)], str(rng.integers(1950, 2031))
    return between.join([str(rng.integers(1, 32)), str(rng.integers(1, 13)), year[rng.choice([0, 2]):]])


def clock(rng: np.random.Generator) -> str:
    return f"{rng.integers(0, 24)}:{rng.integers(0, 60):02}"


def negative(rng: np.random.Generator) -> str:
    return "-" + str(rng.integers(1, 1000)) + (f".{rng.integers(0, 10)}" if rng.random() < 0.4 else "")


def written_sum(rng: np.random.Generator) -> str:
    a, b = rng.integers(1, 100, 2)
    return f"{a}+{b}={a + b}" if rng.random() < 0.6 or a < b else f"{a}-{b}={a - b}"


def share(rng: np.random.Generator) -> str:
    return str(rng.integers(1, 100)) + (f".{rng.integers(0, 10)}" if rng.random() < 0.3 else "") + "%"


def fraction(rng: np.random.Generator) -> str:
    return f"{rng.integers(1, 100)}/{rng.integers(1, 101)}"


def hyphened(rng: np.random.Generator) -> str:
    return f"{rng.integers(10, 10 ** rng.integers(2, 5))}-{rng.integers(10, 10 ** rng.integers(2, 5))}"


KINDS = (amount, date, clock, negative, written_sum, share)
SELDOM = (fraction, hyphened)


def with_signs(part: Images, count: int, rng: np.random.Generator, sign_of: Source = composed_sign,
               slant: float = 0.25, kinds: Sequence[Callable[[np.random.Generator], str]] = KINDS) -> list[Pair]:
    """`count` pairs (text, picture) with signs, the digits of each by one writer, with gaps; kinds: of texts."""
    assert part.writer is not None
    writers, pairs = np.unique(part.writer), []
    while len(pairs) < count:
        text = kinds[int(rng.integers(len(kinds)))](rng)
        by_writer = np.flatnonzero(part.writer == rng.choice(writers))
        digits = {d: by_writer[part.y[by_writer] == d] for d in range(10)}
        if any(sign.isdigit() and not len(digits[int(sign)]) for sign in text):
            continue
        items = [part.X[rng.choice(digits[int(sign)])].reshape(28, 28) if sign.isdigit() else sign_of(sign, rng)
                 for sign in text]
        joins = [WIDE if one.isdigit() and other.isdigit() else NEAR
                 for one, other in pairwise(text)]
        pairs.append((text, compose(items, joins, rng, rng.uniform(-slant, slant))))
    return pairs
