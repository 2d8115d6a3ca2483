"""A line of a page: its primitives, the segments that these can form, and what is known of each."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.digits.data import BOX
from core.digits.pairs.compose import slanted
from core.digits.pairs.window import VISIBLE, pair_input
from core.nn.context import Array
from deployment.reader.number.cuts import Primitive
from deployment.reader.number.lattice import Lattice
from deployment.reader.number.score import Evidence, Weights
from deployment.reader.number.segments import Segment, connected, segments
from deployment.reader.number.sheet import Blob, usual_height
from deployment.reader.paper.apart import Box, moved
from deployment.reader.paper.frame import STROKE, extent, frame, stroke_width, widen
from deployment.reader.paper.masks import grown
from deployment.reader.prediction import Prediction

BORROWED = 1.4  # widths of the pen: of a stroke along a cut, so much may belong to both sides
LEAST_WIDER = 0.5  # pixels: strokes whose width differs by less from MNIST's are left as they are
SLANTS = np.array([-0.3, -0.15, 0.15, 0.3])  # columns a row, in which a likely segment is read, too
NEAR = 3.0  # heights of the line: what stands that near says where its middle is


class Line:
    """A line of Blobs, from left to right: its primitives, and the segments that these can form; before it is cut, the
    blobs themselves. `images` (n, 28, 28), `evidence` and `predictions` are set by deployment.reader.number.read."""

    images: Array
    evidence: Evidence

    def __init__(self, row: Sequence[Blob]):
        self.height = max(usual_height(row), 1.0)
        self.primitives = [Primitive(blob.top, blob.left, blob.mask) for blob in row]
        width = stroke_width(max(row, key=lambda blob: blob.mask.sum()).mask.astype(np.float32))
        self.pen = max(1, round(width))
        # what brings the width of strokes near MNIST's, to each side
        unit = self.height / BOX
        self.wider = (float(np.clip(width, STROKE[0] * unit, STROKE[1] * unit)) - width) / 2
        self.segments = [Segment(i, i + 1, blob.box) for i, blob in enumerate(self.primitives)]  # the blobs as they are
        self.predictions: dict[int, Prediction] = {}  # of those segments that were read with test-time augmentation

    @property
    def lattice(self) -> Lattice:
        """The Lattice of the segments, by the present evidence."""
        first, last = (np.array([getattr(segment, end) for segment in self.segments]) for end in ("first", "last"))
        return Lattice(len(self.primitives), first, last, *Weights.shipped().scores(self.evidence))

    @property
    def joined(self) -> NDArray[np.bool_]:
        """Whether each segment can be two digits."""
        return np.array([connected(segment, self.primitives) for segment in self.segments])

    def divide(self, parts: Iterable[Iterable[Primitive]]) -> None:
        """Take Primitives, a list for each blob, in the place of the blobs. Those of one blob stay in their order."""
        placed = [(at, one) for part in map(list, parts) for at, one in zip(
            np.maximum.accumulate([one.left + one.right for one in part]), part, strict=True)]
        self.primitives = [one for _, one in sorted(placed, key=lambda one: one[0])]
        self.segments = segments(self.primitives, self.height)

    @property
    def middles(self) -> Array:
        """The row of the middle of the line where each segment stands, (n,): the mean of what is near."""
        places, rows, mass = np.array([(one.left + one.right, one.top + one.bottom, 2 * one.mask.sum())
                                       for one in self.primitives]).T / 2
        at = np.array([segment.box[1] + segment.box[3] for segment in self.segments]) / 2
        near = mass * np.exp(-((at[:, None] - places) / (NEAR * self.height)) ** 2 / 2)
        return near @ rows / near.sum(axis=1)

    def pictures(self, ink: Array, mask: NDArray[np.bool_]) -> tuple[Array, Array]:
        """All segments as the network for digits sees them (n, 28, 28), and as the pair reader does (n, 984)."""
        cropped = [self.ink(ink, mask, segment) for segment in self.segments]
        return np.stack([frame(part) for part, _ in cropped]), self._pair_inputs(cropped)

    def in_slants(self, ink: Array, mask: NDArray[np.bool_], chosen: Sequence[int]) -> Array:
        """Segments as the pair reader sees them in each of SLANTS: (len(chosen), len(SLANTS), 984)."""
        middles, answer = self.middles, []
        for i in chosen:
            part, top = self._widened(*self.ink(ink, mask, self.segments[i]))
            aside = 2 + int(np.abs(SLANTS).max() * len(part) / 2)
            padded = np.repeat(np.pad(part[None], ((0, 0), (0, 0), (aside, aside))), len(SLANTS), axis=0)
            answer.append(pair_input(slanted(padded, SLANTS), middles[i] - top, self.height))
        return np.stack(answer)

    def _pair_inputs(self, cropped):
        """(n, 984) of the inks and corners of all segments, at once: each by itself takes three times as long."""
        parts, tops = zip(*(self._widened(*one) for one in cropped), strict=True)
        same = np.zeros((len(parts), *np.max([part.shape for part in parts], axis=0)), np.float32)
        for i, part in enumerate(parts):
            same[i, : part.shape[0], : part.shape[1]] = part
        return pair_input(same, self.middles - np.array(tops), self.height)

    def _widened(self, part, corner):
        """Ink with strokes as wide as MNIST's, and the row of its corner."""
        if abs(self.wider) <= LEAST_WIDER:
            return part, corner[0]
        return widen(part, self.wider), corner[0] - int(np.ceil(max(self.wider, 0))) - 1  # the margin of `widen`

    @property
    def alone(self) -> NDArray[np.bool_]:
        """Whether each segment is cut off from nothing."""
        cut = [one.is_cut for one in self.primitives] + [False]
        return np.array([not (cut[segment.first] or cut[segment.last]) for segment in self.segments])

    def halves(self, ink: Array, mask: NDArray[np.bool_], i: int) -> list[tuple[Array, Box]]:
        """The pictures (28, 28) and boxes of the two digits that segment i is: parted at the cut where both are best
        digits, or, without one, at the column with the least ink in its middle third."""
        segment, best = self.segments[i], (-np.inf, [])
        digit = self.evidence.digits.max(axis=1)
        plain = {(one.first, one.last): k for k, one in enumerate(self.segments) if not one.borrows}
        for middle in range(segment.first + 1, segment.last):
            left, right = plain.get((segment.first, middle)), plain.get((middle, segment.last))
            if left is not None and right is not None:
                best = max(best, (digit[left] + digit[right], [left, right]))
        if best[1]:
            return [(self.images[k], self.segments[k].box) for k in best[1]]
        part, (top, left) = self.ink(ink, mask, segment)
        width = part.shape[1]
        cut = width // 3 + int(part.sum(axis=0)[width // 3 : width - width // 3].argmin())
        answer = []
        for start, stop in ((0, cut), (cut, width)):
            box = extent(part[:, start:stop]) if (part[:, start:stop] > VISIBLE).any() else (0, 0, 1, 1)
            one = part[box[0] : box[2], start + box[1] : start + box[3]]
            answer.append((frame(one) if one.max() > VISIBLE else np.zeros((28, 28), np.float32), moved(
                (box[0], start + box[1], box[2], start + box[3]), (top, left))))
        return answer

    def image(self, ink: Array, mask: NDArray[np.bool_], segment: Segment) -> Array:
        """A segment as the network for digits sees it: (28, 28)."""
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
        full = max(_upper_quartile(ink[here][inside]), 1e-3)  # a line in pencil beside one in ink
        return np.clip(np.where(rim, ink[here], 0) / full, 0, 1), (top, left)


def _upper_quartile(values: Array) -> float:
    """np.percentile(values, 75) of (n,), n > 0, in an eighth of the time for few values."""
    at = 0.75 * (len(values) - 1)
    places = [int(at), min(int(at) + 1, len(values) - 1)]
    low, high = np.partition(values, places)[places]
    return float(low + (high - low) * (at - int(at)))
