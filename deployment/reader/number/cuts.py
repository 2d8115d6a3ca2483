"""Blobs cut where strokes join or thin. There are more cuts than are right: which to believe is for path.py to choose
(over-segmentation; LeCun, Bottou, Bengio and Haffner 1998, section VII)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.sheet import Blob
from deployment.reader.paper.masks import grown, labelled, window
from deployment.reader.paper.opencv import cv2

ROWS = 40  # a blob is looked at in so many rows
STRAY = 9  # columns of those that a cut may stray to either side of the way the writing leans
SLANT = 0.12  # what a step to the side costs, in pixels of ink
STIFF = (0.002, 0.06)  # what each row of a cut costs a column off its middle: some cuts wind, some are nearly straight
LEANS = np.linspace(-0.4, 0.9, 14)  # columns a row that writing may lean
NARROW = 0.3  # of the line's height: a blob this wide or less is not cut
NARROW_ON_FULL_PAGE = 1.1  # nor one of this width where a page holds so much that not all can be cut
APART = 0.1  # of the line's height, between two cuts
MOST_INK = 0.8  # of the line's height: a cut through more ink than that parts no two digits
CRUMB = 0.4  # of the largest part on its side of a cut: a part larger than this stays there
LARGEST = 2.5  # of the line's height: a blob taller than this is no digit's, and is not cut
LONGEST = 8  # of the line's height: nor is a wider one, a dash or a rule, which has hundreds of places to cut


@dataclass(frozen=True, eq=False)
class Primitive(Blob):
    """Part of a Blob. crossed: the ink that the cut on its left runs through, in heights of the line; 0 without one.

    edge: the column of this cut in each row of the page from edge_top on.
    """

    crossed: float = 0.0
    edge: NDArray[np.floating] | None = None
    edge_top: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether its left side is a cut."""
        return self.edge is not None


def cut(blob: Blob, height: float, narrow: float = NARROW) -> list[Primitive]:
    """The Primitives of a Blob, from left to right, in a line of this height in pixels: one or more; one where it is
    `narrow` heights wide at most."""
    whole = [Primitive(blob.top, blob.left, blob.mask)]
    if not narrow * height < blob.width <= LONGEST * height or not 0.3 * height <= blob.height <= LARGEST * height:
        return whole
    scale = ROWS / blob.height
    width = max(3, round(blob.width * scale))
    small = cv2.resize(blob.mask.astype(np.float32), (width, ROWS), interpolation=cv2.INTER_AREA)
    seams, crossed = _seams(small, height * scale)
    of, ink = np.zeros(small.shape, int), small > 0.3
    before = np.zeros(small.shape, bool)
    for seam in seams:
        before |= _left_of(seam, ink)
        of += ~before
    rows, columns = (np.minimum((np.arange(n) * scale).astype(int), most - 1)
                     for n, most in zip(blob.mask.shape, small.shape, strict=True))
    # pixels at the rim of a stroke belong where its inside does
    of = np.where(ink, of, -1)
    of = np.where(ink, of, cv2.dilate(of.astype(np.int16), window(3)))[rows[:, None], columns]
    parts, waiting = [], 0.0
    for k, crossing in enumerate([0.0, *crossed]):
        waiting = max(waiting, crossing)
        edge = blob.left + seams[k - 1][rows] / scale if parts else None
        part = _part(blob, blob.mask & (of == k), waiting if parts else 0.0, edge)
        if part is not None:
            parts.append(part)
            waiting = 0.0
    return parts or whole


def _left_of(seam, ink):
    """What of the ink (ROWS, w) belongs to the left of a seam (ROWS,), and all paper there.

    A crumb that a seam leaves on one side, and that hangs together with the other side alone, belongs to that.
    """
    left = np.arange(ink.shape[1]) < seam[:, None]
    for side in (True, False):
        labels, n = labelled(ink & (left == side))
        if n < 2:
            continue
        sizes = np.bincount(labels.ravel(), minlength=n + 1)
        sizes[0] = 0
        other = grown(ink & (left != side), 3)
        touching = np.bincount(labels.ravel(), other.ravel(), minlength=n + 1) > 0
        crumbs = touching & (sizes < CRUMB * sizes.max())
        left[crumbs[labels]] = not side
    return left


def _seams(small, unit):
    """Cuts from top to bottom of a blob's picture (ROWS, w): the column of each in every row, (ROWS,) each, from left
    to right, and the ink that each runs through, in heights of the line. unit: this height, in rows."""
    width = small.shape[1]
    edge = max(1, round(0.08 * unit))
    centres = np.arange(edge, width - edge)
    if not len(centres):
        return [], []
    lean = _lean(small)
    padded = np.stack([np.roll(row, shift) for row, shift in zip(
        np.pad(small, [(0, 0), (STRAY + ROWS, STRAY + ROWS)]), lean, strict=True)])[:, ROWS:-ROWS]
    bands = np.stack([padded[:, c : c + 2 * STRAY + 1] for c in centres])  # (centres, rows, columns)
    offsets = [_cheapest(bands + stiff * np.abs(np.arange(2 * STRAY + 1) - STRAY)) for stiff in STIFF]
    paths = np.concatenate([part + centres[:, None] - lean for part in offsets])  # (2 centres, rows)
    least = small[np.arange(ROWS), np.clip(paths, 0, width - 1)] * ((paths >= 0) & (paths < width))
    least = least.sum(axis=1) + SLANT * np.abs(np.diff(paths + lean)).sum(axis=1)
    chosen = []
    for i in np.argsort(least, kind="stable"):
        far = all(np.abs(paths[i] - paths[j]).mean() >= APART * unit for j in chosen)
        if far and least[i] <= MOST_INK * unit:
            chosen.append(i)
    chosen.sort(key=lambda i: paths[i].mean())
    crossed = [float(small[np.arange(ROWS), np.clip(paths[i], 0, width - 1)].sum() / unit) for i in chosen]
    return [paths[i] + 0.5 for i in chosen], crossed


def _cheapest(bands):
    """The cheapest way down through each of bands (n, rows, columns): offsets (n, rows) from its middle column."""
    cost, came = bands[:, 0].copy(), []
    for row in range(1, bands.shape[1]):
        sides = np.pad(cost, [(0, 0), (1, 1)], constant_values=np.inf)
        options = np.stack([sides[:, :-2] + SLANT, cost, sides[:, 2:] + SLANT])
        step = options.argmin(axis=0)
        came.append(step - 1)
        cost = np.take_along_axis(options, step[None], axis=0)[0] + bands[:, row]
    place, ways = cost.argmin(axis=1), []
    for step in reversed(came):
        ways.append(place)
        place = place + step[np.arange(len(bands)), place]
    return np.stack([place, *ways[::-1]], axis=1) - STRAY


def _lean(small):
    """By how many columns each row of a picture (ROWS, w) must move for its strokes to stand upright: where the ink of
    its columns is most unequal."""
    shifts = np.rint(LEANS[:, None] * (np.arange(ROWS) - ROWS / 2)).astype(int)
    rows, columns = np.nonzero(small > 0.5)
    width = small.shape[1] + 2 * ROWS
    unequal = [(np.bincount(columns + shift[rows] + ROWS, minlength=width) ** 2).sum() for shift in shifts]
    return shifts[int(np.argmax(unequal))] if len(rows) else np.zeros(ROWS, int)


def _part(blob, mask, crossed, edge):
    if mask.sum() < 0.01 * blob.mask.sum():
        return None
    return Primitive.of(mask, blob.top, blob.left, crossed=crossed, edge=edge, edge_top=blob.top)
