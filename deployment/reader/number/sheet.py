"""The ink of a page -> what is written on it, blob by blob, sorted into lines.

Nothing is chosen here: all that could be writing is returned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.frame import stroke_width
from deployment.reader.paper.masks import labelled

SPECK, THIN_SPECK = 0.05, 0.7  # of the usual height on a page, and of the pen's width: less is a grain or a stain
THIN_POINT = 0.5  # of the pen's width: less is no point
PALE = 0.36  # of the pen's mean strength
SLIGHT = 0.17  # of the pen's mean strength times width: a torn edge, a crease
POINT, ROUND, DARK = 0.09, 1.7, 0.9  # of the same, for a point: not much longer than wide, nearly as dark as the pen
ACROSS = 0.96  # of the page: an edge or a rule
EDGE = 0.5  # of its size, lying on the picture's edge: a table, a hand, a shadow
SMALL, LOW = 0.4, 0.85  # of the usual height: lower than SMALL is a sign, which begins no line; lower than LOW may hang
LEVEL, LEVEL_AFAR = 0.35, 0.5  # of the lower one's height, that a blob and a line must share: near, in another column
FAR = 2.5  # of the usual height, from a line's last blob: another column
NEAR, ASIDE = 0.5, 0.3  # of the usual height, from a line to what belongs to it; and what a pixel to the side counts
MOST_BLOBS = 5000  # the largest of them, where there are more, as in noise and in fine patterns


@dataclass(frozen=True, eq=False)  # two are the same only if they are one
class Blob:
    """Ink that hangs together: its mask (h, w) and the place of its box in the page."""

    top: int
    left: int
    mask: NDArray[np.bool_]

    @classmethod
    def of(cls, mask: NDArray[np.bool_], top: int = 0, left: int = 0, **more) -> Self:
        """The Blob of a mask whose corner is at (top, left), cropped to what is set in it."""
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        return cls(top + int(rows[0]), left + int(columns[0]), mask[box], **more)

    @property
    def bottom(self) -> int:
        return self.top + self.mask.shape[0]

    @property
    def right(self) -> int:
        return self.left + self.mask.shape[1]

    def draw(self, canvas: NDArray[np.bool_], top: int, left: int) -> None:
        """Add the mask to an array of booleans whose corner is at (top, left) of the page."""
        rows, columns = (slice(max(place, 0), max(place + n, 0)) for place, n in
                         zip((self.top - top, self.left - left), self.mask.shape, strict=True))
        part = canvas[rows, columns]
        up, aside = max(top - self.top, 0), max(left - self.left, 0)
        part |= self.mask[up : up + part.shape[0], aside : aside + part.shape[1]]

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.top, self.left, self.bottom, self.right

    @property
    def height(self) -> int:
        return self.mask.shape[0]

    @property
    def width(self) -> int:
        return self.mask.shape[1]


def blobs(ink: NDArray[np.floating], mask: NDArray[np.bool_], plain: bool = False, points: bool = False) -> list[Blob]:
    """The Blobs of a page's ink and mask (H, W) that could be written: no specks, nothing that lies along the edge or
    crosses the page, where it is not `plain`, and nothing far paler or slighter than the pen, as folds, torn edges and
    the grain of paper are. points: whether what is small and dark is rather a point than a grain, as in a table."""
    labels, n = labelled(mask)
    if not n:
        return []
    if n > MOST_BLOBS:
        area = np.bincount(labels.ravel())
        chosen = np.append(0, 1 + np.argsort(-area[1:], kind="stable")[:MOST_BLOBS])
        new, n = np.zeros(n + 1, labels.dtype), MOST_BLOBS
        new[chosen] = np.arange(MOST_BLOBS + 1)
        labels = new[labels]
    y, x = np.nonzero(labels)
    of = labels[y, x] - 1
    order = np.argsort(of, kind="stable")
    ends = np.cumsum(np.bincount(of, minlength=n))[:-1]
    candidates = []
    for rows, columns in zip(np.split(y[order], ends), np.split(x[order], ends), strict=True):
        top, left = rows.min(), columns.min()
        shape = np.zeros((rows.max() - top + 1, columns.max() - left + 1), bool)
        shape[rows - top, columns - left] = True
        candidates.append(Blob(int(top), int(left), shape))
    candidates = [blob for blob in candidates if plain or not _on_the_edge(blob, mask.shape)]
    candidates = _of_the_pen(ink, candidates, points)
    if not candidates:
        return []
    pen = stroke_width(max(candidates, key=lambda blob: blob.mask.sum()).mask.astype(np.float32))
    least = 3 if plain else max(SPECK * usual_height(candidates), (THIN_POINT if points else THIN_SPECK) * pen, 3)
    return [blob for blob in candidates if max(blob.height, blob.width) >= least]


def usual_height(blobs: Sequence[Blob]) -> float:
    """The height that most ink has; 0 without any."""
    return _quantile(np.array([blob.height for blob in blobs]), blobs, 0.5) if blobs else 0.0


def box_around(blobs: Sequence[Blob]) -> tuple[int, int, int, int]:
    """The box (top, left, bottom, right) around Blobs."""
    top, left, bottom, right = zip(*(blob.box for blob in blobs), strict=True)
    return min(top), min(left), max(bottom), max(right)


def boxes_of(blobs: Sequence[Blob], signs: bool = False) -> NDArray[np.floating]:
    """The boxes (n, 4) of Blobs that are no signs, or of the signs, which are low."""
    least = SMALL * usual_height(blobs)
    return np.array([blob.box for blob in blobs if (blob.height <= least) == signs], float).reshape(-1, 4)


def _quantile(values: NDArray, blobs: Sequence[Blob], q: float) -> float:
    """Of values, one a Blob, that below which the share q of all ink is."""
    order, mass = np.argsort(values), np.array([blob.mask.sum() for blob in blobs], float)
    share = np.cumsum(mass[order])
    return float(values[order][np.searchsorted(share, q * share[-1])])


def _on_the_edge(blob, shape):
    mask, size = blob.mask, max(blob.height, blob.width)
    contact = (mask[0].sum() * (blob.top == 0) + mask[-1].sum() * (blob.bottom == shape[0])
               + mask[:, 0].sum() * (blob.left == 0) + mask[:, -1].sum() * (blob.right == shape[1]))
    across = max(blob.height / shape[0], blob.width / shape[1])
    return contact > EDGE * size or across > ACROSS


def _of_the_pen(ink: NDArray[np.floating], blobs: list[Blob], points: bool) -> list[Blob]:
    """The Blobs that are not far paler than those which most ink is in, nor much thinner and paler."""
    if not blobs:
        return blobs
    strength = np.array([ink[blob.top : blob.bottom, blob.left : blob.right][blob.mask].mean() for blob in blobs])
    weight = strength * [blob.mask.sum() / max(blob.height, blob.width) for blob in blobs]
    pen, usual = _quantile(strength, blobs, 0.75), _quantile(weight, blobs, 0.5)
    least = [POINT if points and _is_point(ink, blob, DARK * pen) else SLIGHT for blob in blobs]
    keep = (strength >= PALE * pen) & (weight >= np.array(least) * usual)
    return [blob for blob, chosen in zip(blobs, keep, strict=True) if chosen]


def _is_point(ink: NDArray[np.floating], blob: Blob, dark: float) -> bool:
    """Whether a Blob is not much longer than wide, and as dark as this somewhere."""
    return (max(blob.height, blob.width) < ROUND * min(blob.height, blob.width)
            and float(ink[blob.top : blob.bottom, blob.left : blob.right].max()) >= dark)


def lines(blobs: Sequence[Blob]) -> list[list[Blob]]:
    """The Blobs sorted into lines, from top to bottom, each a list from left to right.

    A blob joins the line whose last blobs stand at its height. What is small, and what is low but stands at no line's
    height, joins the line that it is nearest to, if it is near; else the latter begins a line.
    """
    usual = usual_height(blobs)
    rows: list[list[Blob]] = []
    waiting = [blob for blob in blobs if blob.height < SMALL * usual]
    for blob in sorted((blob for blob in blobs if blob.height >= SMALL * usual), key=lambda blob: blob.left):
        row = _level_with(blob, rows, FAR * usual)
        if row is not None:
            row.append(blob)
        elif blob.height < LOW * usual:
            waiting.append(blob)
        else:
            rows.append([blob])
    for blob in sorted(waiting, key=lambda blob: -blob.height):
        row = min(rows, key=lambda row: _distance(blob, row), default=None)
        if row is not None and _distance(blob, row) < NEAR * usual:
            row.append(blob)
        elif blob.height >= SMALL * usual:
            rows.append([blob])
    rows = [sorted(row, key=lambda blob: blob.left + blob.right) for row in rows]
    return sorted(rows, key=lambda row: np.mean([blob.top + blob.bottom for blob in row]))


def _level_with(blob, rows, far):
    """The row whose last blobs share most of their height with a blob, or None. far: in pixels, beyond which they must
    share more."""
    best, shared = None, 0.0
    for row in rows:
        overlap = max(_shared(blob, *_height_of(part)) for part in (row[-3:], row[-1:]))  # a line may climb
        if overlap > max(shared, LEVEL if blob.left - row[-1].right < far else LEVEL_AFAR):
            best, shared = row, overlap
    return best


def _shared(blob, top, bottom):
    return (min(blob.bottom, bottom) - max(blob.top, top)) / min(blob.height, bottom - top)


def _distance(blob, row):
    """How far a blob is above or below the nearest blobs of a row, and in part how far beside them, in pixels."""
    near = sorted(row, key=lambda other: abs(other.left + other.right - blob.left - blob.right))[:2]
    top, bottom = _height_of(near)
    middle, aside = (blob.top + blob.bottom) / 2, max(near[0].left - blob.right, blob.left - near[0].right, 0)
    return max(top - middle, middle - bottom, 0) + ASIDE * aside


def _height_of(row):
    return np.median([blob.top for blob in row]), np.median([blob.bottom for blob in row])
