"""Follow the lines of one direction through a picture, and tell those of the paper from strokes of the pen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.opencv import cv2
from deployment.reader.paper.pencil import NEARBY, SLOPES, pencil_of

THICKEST = 16  # pixels of that picture: no line of paper is as thick
BLOCK = 4  # pixels along a line that are taken together
NOISE = 3.5  # times the standard deviation of the grain of paper: less is no line
ALIKE = 0.25  # of the strongest lines of one direction: paler ones are none
SEED = 0.35  # of a line's length in the picture: less of it inked on a straight path is no sign of a line
BROKEN = 0.06  # of the width: gaps in a line up to this are closed
LONG = 0.4  # of a line's length in the picture: a shorter line is a stroke
INKED = 0.7  # of a line's length: a line of paper has no longer gaps, but where strokes hide it
SHORT = 0.3  # of the picture's long side: so short a line is one only from edge to edge of the picture
CORNER, MOST = 0.7, 0.6  # or, where it has less than this share of the width, if most of it is inked
ENDS = 0.03  # of the width: a line that comes as near as this to an edge or to another line reaches it
PART = 16  # pixels along a line from which one point of its path is taken
HIDDEN = 0.7  # of a line's median strength: so much ink may hide it
AWAY = 9  # pixels: the farthest that a path is from a straight line
DARKER = 1.3  # of a line's median strength: ink beyond this is a stroke's and does not draw the path


@dataclass(frozen=True)
class Lines:
    """n lines along the rows of a small picture: rows (n, parts) of their paths at the columns `at` (parts,);
    first, last (n,): the parts between which they are inked; chord (n, 2): the parts between which they are inside."""

    at: NDArray[np.float32]
    rows: NDArray[np.float32]
    first: NDArray[np.integer]
    last: NDArray[np.integer]
    chord: NDArray[np.integer]

    @classmethod
    def none(cls, at: NDArray[np.float32]) -> "Lines":
        """No lines."""
        parts = np.zeros(0, int)
        return cls(at, np.zeros((0, len(at)), np.float32), parts, parts, np.zeros((0, 2), int))

    def only(self, chosen: NDArray) -> "Lines":
        """Those with the chosen indices."""
        return Lines(self.at, self.rows[chosen], self.first[chosen], self.last[chosen], self.chord[chosen])

    def ends(self) -> NDArray[np.float32]:
        """(n, 2, 2): column and row of both ends."""
        n = np.arange(len(self.rows))
        return np.stack([np.stack([self.at[part], self.rows[n, part]], axis=1) for part in (self.first, self.last)], 1)


def lines_along(ink: NDArray[np.float32], least: float, paper: NDArray[np.bool_]) -> Lines:
    """Thin lines along the rows of ink (H, W), longer than most strokes; paper: a mask (H, W)."""
    width = ink.shape[1]
    at = np.arange(PART / 2, width, PART, dtype=np.float32)
    if len(at) < 4:
        return Lines.none(at)
    thin = ink - cv2.blur(ink, (1, 2 * THICKEST), borderType=cv2.BORDER_REPLICATE)
    slope = pencil_of(thin, least, SLOPES).slope
    along = cv2.filter2D(thin, -1, _line_kernel(slope), borderType=cv2.BORDER_REPLICATE)
    # Lines go on along the line, the grain of paper does not: the spread of the differences tells the grain
    step = PART + 1
    ahead = np.roll(along, -round(slope * step), axis=0)[THICKEST:-THICKEST:2, step::2]
    change = ahead - along[THICKEST:-THICKEST:2, :-step:2]
    least = max(0.6 * least, NOISE * float(np.median(np.abs(change)) / 0.6745 / np.sqrt(2)))
    pencil = pencil_of(along, least, slope + NEARBY)
    if not len(pencil.r):
        return Lines.none(at)
    lowest = pencil.r.min()
    row = np.rint((pencil.r - lowest) * width).astype(int) + 2
    taken = np.zeros((row.max() + 3, -(-width // BLOCK)), np.uint8)
    taken[row, pencil.column // BLOCK] = 1
    votes = cv2.dilate(taken, np.ones((5, 1), np.uint8)).sum(axis=1).astype(float)
    rows = pencil.rows((np.arange(len(votes)) - 2) / width + lowest, at, ink.shape)
    votes *= votes >= SEED * _on(paper, rows, at).sum(axis=1) * PART / BLOCK
    seeds = np.flatnonzero((votes > 0) & (votes >= cv2.dilate(votes[:, None], np.ones((7, 1), np.uint8))[:, 0]))
    return _distinct(_followed(along, ink, at, rows[seeds].astype(np.float32), least, paper))


def _line_kernel(slope: float) -> NDArray[np.float32]:
    """The mean along a line of PART pixels with this slope, as a kernel for cv2.filter2D."""
    half = PART // 2
    reach = int(np.ceil(abs(slope) * half)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * half + 1), np.float32)
    for i in range(-half, half + 1):
        row = slope * i + reach
        low = int(row)
        kernel[low, i + half] += 1 - (row - low)
        kernel[low + 1, i + half] += row - low
    return kernel / kernel.sum()


def _followed(along: NDArray[np.float32], ink: NDArray[np.float32], at: NDArray[np.float32],
              rows: NDArray[np.float32], least: float, paper: NDArray[np.bool_]) -> Lines:
    """The lines near the straight ones at `rows` (n, parts), each along its darkest path (Viterbi), where inked.

    along, ink: (H, W), the mean darkness along lines, and all ink.
    """
    height, width = along.shape
    n, parts = rows.shape
    if not n:
        return Lines.none(at)
    offsets = np.arange(-AWAY, AWAY + 1)
    places = np.rint(rows).astype(np.int32)[:, None] + offsets[:, None]  # (n, offsets, parts)
    dark = along[np.clip(places, 0, height - 1), at.astype(int)] * ((places >= 0) & (places < height))
    usual = np.array([np.median(line[on]) if on.any() else 0 for line, on in
                      zip(dark.max(axis=1), _on(paper, rows, at), strict=True)])[:, None, None]
    gain = np.minimum(dark, DARKER * usual) - 0.02 * usual * np.abs(offsets)[:, None] / AWAY
    best, came = gain[:, :, 0], np.zeros((n, len(offsets), parts), np.int8)
    for part in range(1, parts):
        padded = np.pad(best, ((0, 0), (1, 1)), constant_values=-np.inf)
        ways = np.stack([padded[:, :-2] - 0.2 * usual[:, 0], padded[:, 1:-1], padded[:, 2:] - 0.2 * usual[:, 0]])
        came[:, :, part] = ways.argmax(axis=0) - 1
        best = ways.max(axis=0) + gain[:, :, part]
    path = np.zeros((n, parts), int)
    path[:, -1] = best.argmax(axis=1)
    for part in range(parts - 1, 0, -1):
        path[:, part - 1] = path[:, part] + came[np.arange(n), path[:, part], part]
    strength = np.take_along_axis(dark, path[:, None], axis=1)[:, 0]
    rows = (np.rint(rows) + offsets[path]).astype(np.float32)
    visible = _on(paper, rows, at)
    inked = ((strength > np.maximum(least, 0.35 * usual[:, 0])) & visible).astype(np.uint8)
    closed = cv2.morphologyEx(inked, cv2.MORPH_CLOSE, np.ones((1, int(BROKEN * width / PART) | 1), np.uint8))
    closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, 2), np.uint8))
    runs = np.array([_outermost(row) for row in closed]).reshape(n, 2)  # a digit on a line may hide a part of it
    chord = np.array([_longest_run(row) for row in visible.astype(np.uint8)]).reshape(n, 2)
    # where strokes are on a line or beside it, it does not stand out
    there = ink[np.clip(rows.astype(int), 0, height - 1), at.astype(int)] > np.maximum(HIDDEN * usual[:, 0], least)
    total = np.concatenate([np.zeros((n, 1), int), np.cumsum((inked > 0) | (there & visible), axis=1)], axis=1)
    covered = np.take_along_axis(total, runs, axis=1)
    length = runs[:, 1] - runs[:, 0]
    long = (length >= LONG * (chord[:, 1] - chord[:, 0])) & (covered[:, 1] - covered[:, 0] >= 0.8 * length)
    long &= (length >= 3) & (usual[:, 0, 0] >= ALIKE * np.quantile(usual, 0.8))
    return Lines(at, rows, runs[:, 0], runs[:, 1] - 1, chord).only(np.flatnonzero(long))


def _on(paper, rows, at):
    """Whether points at rows (n, parts) of the columns `at` (parts,) are on the paper (H, W)."""
    places = np.rint(rows).astype(int)
    return (places >= 0) & (places < len(paper)) & paper[np.clip(places, 0, len(paper) - 1), at.astype(int)]


def _longest_run(row: NDArray[np.uint8]) -> tuple[int, int]:
    """First and one past the last of the longest run of ones in a row; (0, 0) without any."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]]).astype(np.int8))).reshape(-1, 2)
    if not len(edges):
        return 0, 0
    first, last = edges[np.argmax(edges[:, 1] - edges[:, 0])]
    return int(first), int(last)


def _outermost(row: NDArray[np.uint8]) -> tuple[int, int]:
    """First and one past the last of the ones in a row; (0, 0) without any."""
    places = np.flatnonzero(row)
    return (int(places[0]), int(places[-1]) + 1) if len(places) else (0, 0)


def _distinct(lines: Lines) -> Lines:
    """Without those that run on the path of a longer one."""
    keep: list[int] = []
    for i in np.argsort(lines.first - lines.last, kind="stable"):
        parts = slice(lines.first[i], lines.last[i] + 1)
        if all(np.mean(np.abs(lines.rows[k, parts] - lines.rows[i, parts]) < 3) < 0.3 for k in keep):
            keep.append(int(i))
    return lines.only(np.array(sorted(keep), int))


def accepted(lines: Lines, others: Lines, shape: tuple[int, int]) -> Lines:
    """The lines both of whose ends reach an edge of the picture or, where there are two of them, one of the `others`;
    then also those of which one end or none does."""
    if not len(lines.rows):
        return lines
    near = max(ENDS * shape[1], 1.5 * PART)
    ends = lines.ends()
    reached = np.stack([lines.first - lines.chord[:, 0], lines.chord[:, 1] - 1 - lines.last], axis=1) * PART < near
    at_edges = reached.copy()
    if len(others.rows):
        x, y = ends[..., 0].ravel(), ends[..., 1].ravel()
        part = np.abs(others.at[:, None] - y).argmin(axis=0)
        met = np.abs(others.rows[:, part] - x) < near
        met &= (others.at[others.first][:, None] - near <= y) & (y <= others.at[others.last][:, None] + near)
        reached |= met.any(axis=0).reshape(reached.shape)
    whole, length = reached.all(axis=1), lines.last - lines.first + 1
    if whole.sum() < 2:  # a single line from one line to another is a stroke
        whole &= at_edges.all(axis=1)
    short, chord = length * PART < SHORT * max(shape), lines.chord[:, 1] - lines.chord[:, 0]
    in_corner = (chord * PART < CORNER * shape[1]) & (length >= MOST * chord)
    is_rule = (whole | (whole.sum() >= 2)) & (~short | at_edges.all(axis=1) | in_corner)
    return lines.only(np.flatnonzero(is_rule))
