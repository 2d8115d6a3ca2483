"""Ruled and squared paper: find the lines in a picture's ink and take them out, leaving the strokes that cross them."""

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.frame import slide

SLOPES = np.linspace(-0.06, 0.06, 49)  # rows a column: paper that lies nearly straight
PARTS = 64  # columns are averaged to so many: noise goes down, lines stay
LEAST_RULED = 100  # pixels: a smaller picture shows no paper around its digit


def without_lines(ink: NDArray[np.floating], faint: float) -> NDArray[np.floating]:
    """`ink` (H, W) without the lines of ruled paper: above `faint`, thin, nearly level or upright, from edge to edge.

    They go first of all: where they are darker than the pencil, no threshold between the two would leave the digit.
    """
    lines = [level_lines(view, faint) for view in (ink, ink.T)]
    # Where lines cross lines they would pass for strokes: what goes on beside a line is looked up in a picture without
    # any, whose own strokes may have gaps.
    gapped, rest = ink.copy(), ink.copy()
    for painted, seen, slanting in ((gapped, gapped, 0), (gapped, gapped, 0), (rest, gapped, 1)):
        for view, beside, rules in zip((painted, painted.T), (seen, seen.T), lines, strict=True):
            for first, last, slope in rules:
                _paint_over(view, beside, first, last, slope, slanting)
    one_alone = sum(map(len, lines)) == 1 and (rest > faint).sum() <= 0.05 * (ink > faint).sum()
    return ink if one_alone else rest  # a single line with nothing else is a 1


def level_lines(ink: NDArray[np.floating], faint: float) -> list[tuple[int, int, float]]:
    """[(first, last, slope)] of the lines that run along the rows of `ink` (H, W): from the row first up to last in the
    middle of the picture, that row plus slope a column elsewhere, which may lie beyond the picture."""
    height, width = ink.shape
    edges = np.linspace(0, width, PARTS + 1).astype(int)
    beyond = int(SLOPES.max() * width / 2) + 2
    parts = np.full((height + 2 * beyond, PARTS), np.nan, np.float32)
    parts[beyond:-beyond] = np.add.reduceat(ink, edges[:-1], axis=1) / np.diff(edges)
    dark = parts > faint / 2  # noise is less in a mean
    middle, (row, part) = (edges[1:] + edges[:-1] - width) / 2, np.nonzero(dark)

    def shift(slope):
        return np.rint(slope * middle).astype(int)

    def likely(slope):  # a few whole lines rather than many halves
        return (np.bincount(row - shift(slope)[part] + 2 * beyond) ** 8.0).sum()

    slope = max(SLOPES, key=likely)
    along = np.clip(np.arange(len(parts))[:, None] + shift(slope), 0, len(parts) - 1), np.arange(PARTS)
    level, dark = parts[along], dark[along]
    inside, lines = ~np.isnan(level), []

    def strength(row):  # of the line alone, where a stroke runs along it
        return np.quantile(level[row, inside[row]], 0.25) if inside[row].any() else 0.0

    covered = dark.sum(axis=1) >= 0.8 * np.maximum(inside.sum(axis=1), PARTS / 8)
    for first, last in np.flatnonzero(np.diff(np.concatenate([[False], covered, [False]]))).reshape(-1, 2):
        ends = np.flatnonzero(inside[first:last].any(axis=0))[[0, -1]]
        reaches_both_ends = dark[first:last, ends].any(axis=0).all()
        thin = 0.3 * max(map(strength, range(first, last)))
        while first > 0 and strength(first - 1) > thin:
            first -= 1
        while last < len(parts) and strength(last) > thin:
            last += 1
        if last - first <= max(5, width // 40) and reaches_both_ends:
            lines.append((int(first) - beyond, int(last) - beyond, slope))
    return lines


def _paint_over(ink, seen, first, last, slope, slanting):
    """Leaves, in place, of one of `level_lines` on ink (H, W) what goes on above and below it in `seen` (H, W): strokes
    that cross, straight down, or as slanting as 45 degrees with slanting = 1."""
    height, width = ink.shape
    columns, thick = np.arange(width), last - first
    start = np.rint(first + slope * (columns - width / 2)).astype(int)

    def beside(offsets):
        rows = start + np.array(offsets)[:, None]
        return np.where((rows >= 0) & (rows < height), seen[np.clip(rows, 0, height - 1), columns], 0).max(axis=0)

    reach = 2 * thick * slanting + 1
    crossing = np.minimum(*(slide(beside(offsets)[None], reach, np.maximum, axes=(1,))[0]
                            for offsets in ((-4, -3, -2), (thick + 1, thick + 2, thick + 3))))
    for rows in start + np.arange(-1, thick + 1)[:, None]:  # a pixel on either side: the line's soft edge
        there = (rows >= 0) & (rows < height)
        at = rows[there], columns[there]
        ink[at] = np.minimum(ink[at], crossing[there])
