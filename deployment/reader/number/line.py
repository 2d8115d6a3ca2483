"""A line of a page: its primitives, the segments that these can form, and what speaks for each being a sign."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.nn.context import Array
from deployment.reader.number.cuts import Primitive
from deployment.reader.number.lattice import Segment, ends, log_sums, segments
from deployment.reader.number.score import IN_WORDS, SIDES, WORD, Weights, hedged
from deployment.reader.number.sheet import Blob, usual_height
from deployment.reader.paper.frame import frame, stroke_width
from deployment.reader.paper.masks import grown
from deployment.reader.prediction import Prediction

BORROWED = 1.4  # widths of the pen: of a stroke along a cut, so much may belong to both sides
LETTERS = 3  # blobs, at least, of a line that is read as a word: fewer say little


class Line:
    """A line of Blobs, from left to right: its primitives, and the segments that these can form; before it is cut, the
    blobs themselves."""

    # set by deployment.reader.number.read, and whole and sides by `divide`
    images: Array  # (n, 28, 28)
    probs: Array  # (n, 10)
    signals: Array
    hidden: Array
    seen: Array
    whole: Array | None
    sides: NDArray[np.integer] | None

    def __init__(self, row: Sequence[Blob], weights: Weights | None = None):
        self.weights, self.height = weights or Weights.of(), max(usual_height(row), 1.0)
        self.primitives = [Primitive(blob.top, blob.left, blob.mask) for blob in row]
        self.pen = max(1, round(stroke_width(max(row, key=lambda blob: blob.mask.sum()).mask.astype(np.float32))))
        self.segments = [Segment(i, i + 1, blob.box) for i, blob in enumerate(self.primitives)]  # the blobs as they are
        self.whole = self.sides = None
        self.alone = np.ones(len(self.segments), bool)
        self.word, self.long = False, len(row) >= LETTERS
        self.predictions: dict[int, Prediction] = {}  # of those segments that were looked at closely

    @property
    def scores(self) -> Array:
        """(n, 11): of each segment being each sign."""
        scores = hedged(self.weights.scores(self.probs, self.signals, self.seen), self.probs, self.alone)
        return scores + IN_WORDS if self.word else scores

    def take_for_word(self) -> float:
        """The probability that this is a line of words, by all ways to read it either way; where it probably is one
        and not too short, `scores` are from now on those of a word."""
        plain = self.scores
        as_number, as_word = (log_sums(len(self.primitives), self.segments, np.logaddexp.reduce(scores, axis=1))[-1]
                              for scores in (plain, plain + IN_WORDS))
        chance = float(1 / (1 + np.exp(np.clip(as_number - as_word - WORD, -500, 500))))
        self.word = self.long and chance > 0.5
        return chance

    def divide(self, parts: Iterable[Iterable[Primitive]]) -> None:
        """Take Primitives, a list for each blob, in the place of the blobs."""
        numbered = sorted(((primitive, number) for number, part in enumerate(parts) for primitive in part),
                          key=lambda one: one[0].left + one[0].right)
        self.primitives, of = [primitive for primitive, _ in numbered], np.array([number for _, number in numbered])
        self.segments = segments(self.primitives, self.height)
        first, last = ends(self.segments)
        crossed = np.array([primitive.crossed > 0 for primitive in self.primitives] + [False])
        self.alone = ~(crossed[first] | crossed[last])
        cut_up = np.flatnonzero(np.bincount(of) > 1)
        self.whole, self.sides = self.hidden[cut_up], np.full((len(self.segments), SIDES), -1)
        for k, number in enumerate(cut_up):
            left, right = np.flatnonzero(of == number)[[0, -1]]
            self.sides[(first <= left) & (last > left) & (last <= right), 0] = k
            self.sides[(first > left) & (first <= right) & (last > right), 1] = k
            self.sides[(first == left) & (last == right + 1), 2] = k

    def joins_blobs(self, segment: Segment) -> bool:
        """Whether a segment holds ink of several blobs, which may stand apart."""
        return any(not primitive.crossed for primitive in self.primitives[segment.first + 1 : segment.last])

    def image(self, ink: Array, mask: NDArray[np.bool_], segment: Segment) -> Array:
        """A segment as the network sees it: (28, 28)."""
        return frame(self.ink(ink, mask, segment)[0])

    def ink(self, ink: Array, mask: NDArray[np.bool_], segment: Segment) -> tuple[Array, tuple[int, int]]:
        """The ink (h, w) of a segment in [0, 1], 0 off it, and where its corner lies on the page (row, column)."""
        top, left, bottom, right = segment.box
        margin = 3 + 2 * self.pen if segment.borrows else 3
        top, left = max(top - 3, 0), max(left - margin, 0)
        bottom, right = min(bottom + 3, ink.shape[0]), min(right + margin, ink.shape[1])
        inside, others = (np.zeros((bottom - top, right - left), bool) for _ in range(2))
        for primitive in self.primitives[segment.first : segment.last]:
            primitive.draw(inside, top, left)
        if segment.borrows:
            before = segment.borrows < 0
            for primitive in self.primitives[:segment.first] if before else self.primitives[segment.last:]:
                primitive.draw(others, top, left)
            cut_off = self.primitives[segment.first if before else segment.last]
            assert cut_off.edge is not None, "a segment borrows only at a cut"
            rows = np.clip(np.arange(top, bottom) - cut_off.edge_top, 0, len(cut_off.edge) - 1)
            aside = np.arange(left, right) - cut_off.edge[rows][:, None]
            inside |= others & (np.abs(aside) <= BORROWED * self.pen)
        here = slice(top, bottom), slice(left, right)
        rim = grown(inside, 5) & ~(mask[here] & ~inside)  # soft edges reach beyond the mask
        full = max(float(np.percentile(ink[here][inside], 75)), 1e-3)  # a line in pencil beside one in ink
        return np.clip(np.where(rim, ink[here], 0) / full, 0, 1), (top, left)
