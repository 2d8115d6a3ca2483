"""Find the straight lines of a sheet: rules, squares, margins, boxes, grids.

The lines of one direction are taken as a pencil: they meet in one vanishing point, as parallel lines do in a
photograph. With u and v the place of a pixel from the picture's middle, in units of its width, a line of the pencil is
v = r + (slope + fan r) u, so that two numbers, slope and fan, straighten them all. Each line is then followed from part
to part along its darkest path, as paper is seldom quite flat.
"""

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.light import shrink
from deployment.reader.paper.opencv import cv2

LEAST_RULED = 100  # pixels: a smaller picture shows no paper around its digit
SIDE = 800  # pixels of the long side of the picture on which lines are searched
THICKEST = 16  # pixels of that picture: no line of paper is as thick
SLOPES = np.linspace(-0.37, 0.37, 107)  # rows a column: up to 20 degrees
NEARBY = np.linspace(-0.15, 0.15, 43)  # about a first estimate of the slope
FAN = 0.5  # the most that slopes differ over a distance of a picture's width
MOST_POINTS = 3000  # of the pixels on lines, from which the pencil is estimated
BLOCK = 4  # pixels along a line that are taken together
NOISE = 3.5  # times the standard deviation of the grain of paper: less is no line
ALIKE = 0.25  # of the strongest lines of one direction: paler ones are none
SEED = 0.35  # of a line's length in the picture: less of it inked on a straight path is no sign of a line
BROKEN = 0.06  # of the width: gaps in a line up to this are closed
LONG = 0.4  # of a line's length in the picture: a shorter line is a stroke
SHORT = 0.3  # of the picture's long side: so short a line is one only from edge to edge of the picture
CORNER, MOST = 0.7, 0.6  # or, where it has less than this share of the width, if most of it is inked
ENDS = 0.03  # of the width: a line that comes as near as this to an edge or to another line reaches it
PART = 16  # pixels along a line from which one point of its path is taken
AWAY = 9  # pixels: the farthest that a path is from a straight line
DARKER = 1.3  # of a line's median strength: ink beyond this is a stroke's and does not draw the path


@dataclass(frozen=True)
class Rule:
    """A straight line. level: along the rows, otherwise along the columns; first, last: the columns (or rows) between
    which it is seen; path: its middle row (or column) at each of them; thickness in pixels; strength: its ink, in
    [0, 1]."""

    level: bool
    first: int
    last: int
    path: NDArray[np.float32]
    thickness: float
    strength: float

    @property
    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """((x, y), (x, y)) of its ends."""
        (x, y), (right, below) = (self.first, float(self.path[0])), (self.last, float(self.path[-1]))
        return ((x, y), (right, below)) if self.level else ((y, x), (below, right))


def noise_of(image: NDArray[np.floating]) -> float:
    """The standard deviation of the noise in (H, W), from a kernel that straight lines do not answer (Immerkaer 1996);
    the median in the place of the mean, so that strokes count for little."""
    curve = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    answer = cv2.filter2D(image, -1, curve)[1:-1:2, 1:-1:2]
    return float(np.median(np.abs(answer)) / 0.6745 / 6)


@dataclass(frozen=True)
class _Lines:
    """n lines along the rows of a small picture: rows (n, parts) of their paths at the columns `at` (parts,);
    first, last (n,): the parts between which they are inked; chord (n, 2): the parts between which they are inside."""

    at: NDArray[np.float32]
    rows: NDArray[np.float32]
    first: NDArray[np.integer]
    last: NDArray[np.integer]
    chord: NDArray[np.integer]

    def only(self, chosen: NDArray) -> "_Lines":
        return _Lines(self.at, self.rows[chosen], self.first[chosen], self.last[chosen], self.chord[chosen])

    def ends(self) -> NDArray[np.float32]:
        """(n, 2, 2): column and row of both ends."""
        n = np.arange(len(self.rows))
        return np.stack([np.stack([self.at[part], self.rows[n, part]], axis=1) for part in (self.first, self.last)], 1)


def find_rules(ink: NDArray[np.floating], least: float, paper: NDArray[np.bool_] | None = None) -> list[Rule]:
    """The Rules in ink (H, W) in [0, 1] whose strength is `least` or more; paper: where it is, if not everywhere."""
    if min(ink.shape) < LEAST_RULED:
        return []
    small = shrink(ink, SIDE)
    least = max(least, NOISE * noise_of(small) / 3)  # a mean over nine pixels has a third of their noise
    small = cv2.blur(small, (3, 3))
    zoom = ink.shape[1] / small.shape[1]
    inside = np.ones(small.shape, bool) if paper is None else shrink(paper.view(np.uint8), SIDE).astype(bool)
    views = small, np.ascontiguousarray(small.T)
    level, upright = (_lines_along(view, least, on) for view, on in zip(views, (inside, inside.T), strict=True))
    accepted = _accepted(level, upright, views[0].shape), _accepted(upright, level, views[1].shape)
    return [rule for lines, view, along in zip(accepted, (ink, ink.T), (True, False), strict=True)
            for rule in _measured(view, lines, zoom, along)]


def _lines_along(ink: NDArray[np.float32], least: float, paper: NDArray[np.bool_]) -> _Lines:
    """Thin lines along the rows of ink (H, W), longer than most strokes; paper: a mask (H, W)."""
    height, width = ink.shape
    at = np.arange(PART / 2, width, PART, dtype=np.float32)
    if len(at) < 4:
        return _none(at)
    thin = ink - cv2.blur(ink, (1, 2 * THICKEST), borderType=cv2.BORDER_REPLICATE)
    slope, fan, _, _ = _straightened(thin, least, SLOPES)
    along = cv2.filter2D(thin, -1, _line_kernel(slope), borderType=cv2.BORDER_REPLICATE)
    # Lines go on along the line, the grain of paper does not: the spread of the differences tells the grain
    step = PART + 1
    ahead = np.roll(along, -round(slope * step), axis=0)[THICKEST:-THICKEST:2, step::2]
    change = ahead - along[THICKEST:-THICKEST:2, :-step:2]
    least = max(0.6 * least, NOISE * float(np.median(np.abs(change)) / 0.6745 / np.sqrt(2)))
    slope, fan, r, x = _straightened(along, least, slope + NEARBY)
    if len(r) < LONG * width:
        return _none(at)
    row = np.rint((r - r.min()) * width).astype(int) + 2
    taken = np.zeros((row.max() + 3, -(-width // BLOCK)), np.uint8)
    taken[row, x // BLOCK] = 1
    votes = cv2.dilate(taken, np.ones((5, 1), np.uint8)).sum(axis=1).astype(float)
    middles = (np.arange(len(votes)) - 2) / width + r.min()
    gradient = slope + fan * middles
    rows = middles[:, None] * width + height / 2 + gradient[:, None] * (at - width / 2)
    votes *= votes >= SEED * _on(paper, rows, at).sum(axis=1) * PART / BLOCK
    seeds = np.flatnonzero((votes > 0) & (votes >= cv2.dilate(votes[:, None], np.ones((7, 1), np.uint8))[:, 0]))
    return _distinct(_followed(along, at, rows[seeds].astype(np.float32), least, paper))


def _straightened(dark: NDArray[np.float32], least: float, slopes: NDArray[np.floating]
                  ) -> tuple[float, float, NDArray[np.float32], NDArray]:
    """(slope, fan) of the pencil of lines in (H, W), and r and the column of each pixel in the middle of a line;
    slopes: those that are tried."""
    height, width = dark.shape
    # the middle of each thin piece alone, so that thick and thin lines count the same
    y, x = np.nonzero((dark > least) & (dark >= cv2.dilate(dark, np.ones((5, 1), np.uint8))))
    if len(y) < LONG * width:
        return 0.0, 0.0, np.zeros(0, np.float32), x
    u, v = ((x - width / 2) / width).astype(np.float32), ((y - height / 2) / width).astype(np.float32)
    step = -(-len(y) // MOST_POINTS)
    slope, fan = _pencil(u[::step], v[::step], width, slopes)
    return slope, fan, (v - np.float32(slope) * u) / (1 + np.float32(fan) * u), x


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


def _none(at):
    nothing = np.zeros(0, int)
    return _Lines(at, np.zeros((0, len(at)), np.float32), nothing, nothing, np.zeros((0, 2), int))


def _pencil(u: NDArray[np.float32], v: NDArray[np.float32], width: int, tried: NDArray[np.floating]
            ) -> tuple[float, float]:
    """(slope, fan) of the pencil whose lines the points (u, v) lie on most densely, with one of the slopes `tried`.

    The slope is searched in three bands of the picture, in each of which it changes little; any two of them give a fan.
    """
    edges = np.quantile(v, [0, 1 / 3, 2 / 3, 1])
    bands = [(v >= low) & (v <= high) for low, high in pairwise(edges)]
    places = [float(np.mean(v[at])) for at in bands]
    slopes = [_two_best(u[at], v[at], 3 / width, tried) for at in bands]
    fits = [(slope, 0.0) for of_band in slopes for slope in of_band]
    for i, k in ((0, 1), (0, 2), (1, 2)):
        for first, second in product(slopes[i], slopes[k]):
            fan = float(np.clip((second - first) / max(places[k] - places[i], 0.05), -FAN, FAN))
            fits.append((first - fan * places[i], fan))

    def density(fit: tuple[float, float]) -> float:
        return _density(u, v, *fit, 2 / width)

    refined = []
    for fit in sorted(fits, key=density)[-5:]:
        for step in (0.01, 0.005, 0.0025, 0.0012):
            fit = max(((fit[0] + i * step, fit[1] + k * 6 * step) for i in (-1, 0, 1) for k in (-1, 0, 1)), key=density)
        refined.append(fit)
    slope, fan = max(refined, key=density)
    return float(slope), float(fan)


def _two_best(u: NDArray[np.float32], v: NDArray[np.float32], bin_width: float, slopes: NDArray[np.floating]
              ) -> list[float]:
    """The slope with the largest density, and the next that is no neighbour of it."""
    densities = np.array([_density(u, v, slope, 0.0, bin_width) for slope in slopes])
    best = int(densities.argmax())
    densities[max(best - 3, 0) : best + 4] = 0
    return [float(slopes[best]), float(slopes[densities.argmax()])]


def _density(u: NDArray[np.float32], v: NDArray[np.float32], slope: float, fan: float, bin_width: float) -> float:
    """How unevenly points fall on the lines of a pencil: the sum of the squared counts of lines `bin_width` apart."""
    r = (v - np.float32(slope) * u) / (1 + np.float32(fan) * u)
    counts = np.bincount(((r - r.min()) * np.float32(1 / bin_width)).astype(np.int32))
    return float((counts * counts).sum())


def _followed(along: NDArray[np.float32], at: NDArray[np.float32], rows: NDArray[np.float32], least: float,
              paper: NDArray[np.bool_]) -> _Lines:
    """The lines near the straight ones at `rows` (n, parts), each along its darkest path (Viterbi), where inked.

    along: (H, W), the mean darkness along lines.
    """
    height, width = along.shape
    n, parts = rows.shape
    if not n:
        return _none(at)
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
    total = np.concatenate([np.zeros((n, 1), int), np.cumsum(inked, axis=1)], axis=1)
    covered = np.take_along_axis(total, runs, axis=1)
    length = runs[:, 1] - runs[:, 0]
    long = (length >= LONG * (chord[:, 1] - chord[:, 0])) & (covered[:, 1] - covered[:, 0] >= 0.8 * length)
    long &= (length >= 3) & (usual[:, 0, 0] >= ALIKE * np.quantile(usual, 0.8))
    return _Lines(at, rows, runs[:, 0], runs[:, 1] - 1, chord).only(np.flatnonzero(long))


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


def _distinct(lines: _Lines) -> _Lines:
    """Without those that run on the path of a longer one."""
    keep: list[int] = []
    for i in np.argsort(lines.first - lines.last, kind="stable"):
        parts = slice(lines.first[i], lines.last[i] + 1)
        if all(np.mean(np.abs(lines.rows[k, parts] - lines.rows[i, parts]) < 3) < 0.3 for k in keep):
            keep.append(int(i))
    return lines.only(np.array(sorted(keep), int))


def _accepted(lines: _Lines, others: _Lines, shape: tuple[int, int]) -> _Lines:
    """The lines both of whose ends reach an edge of the picture or one of the `others`, and, where there are two such
    lines, those of which one end or none does."""
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
    short, chord = length * PART < SHORT * max(shape), lines.chord[:, 1] - lines.chord[:, 0]
    in_corner = (chord * PART < CORNER * shape[1]) & (length >= MOST * chord)
    accepted = (whole | (whole.sum() >= 2)) & (~short | at_edges.all(axis=1) | in_corner)
    return lines.only(np.flatnonzero(accepted))


def _measured(ink: NDArray[np.floating], lines: _Lines, zoom: float, level: bool) -> list[Rule]:
    """The Rules of lines on a picture reduced by `zoom`: thickness and strength of the median across each line."""
    rules = []
    reach = int(THICKEST * zoom) + 3
    for row, first, last in zip(lines.rows, lines.first, lines.last, strict=True):
        start, end = lines.at[first] - 1.5 * PART, lines.at[last] + 1.5 * PART  # the ends may lie between two points
        x = np.arange(max(int(start * zoom), 0), min(int(end * zoom), ink.shape[1]))
        path = (np.interp(x / zoom, lines.at, row) + 0.5) * zoom - 0.5
        path += _aside(_sampled(ink, path, x, int(1.5 * zoom) + 1))
        values = _sampled(ink, path, x, reach)[:, :: max(1, len(x) // 200)]
        rank = int(0.6 * values.shape[1])
        profile = np.partition(values, rank, axis=1)[:, rank]
        middle = reach - 2 + int(profile[reach - 2 : reach + 3].argmax())
        peak = float(profile[middle])
        thin = profile <= 0.5 * peak
        above, below = int(thin[middle::-1].argmax()), int(thin[middle:].argmax())
        if peak > 0 and above and below and above + below - 1 <= THICKEST * zoom:
            path += middle - reach + (below - above) / 2
            thickness = float(above + below - 1)
            rules.append(Rule(level, int(x[0]), int(x[-1]) + 1, path.astype(np.float32), thickness, peak))
    return rules


def _sampled(ink, path, x, reach):
    """Ink (H, W) at most `reach` rows from a path at the columns x: (2 reach + 1, columns)."""
    rows = np.rint(path).astype(int) + np.arange(-reach, reach + 1)[:, None]
    return ink[np.clip(rows, 0, len(ink) - 1), x] * ((rows >= 0) & (rows < len(ink)))


def _aside(band):
    """By how many rows the darkest place of a band (2 n + 1, columns) is off its middle, for each column; the median of
    several parts."""
    n = max(1, band.shape[1] // (2 * PART))
    length = band.shape[1] // n
    parts = band[:, : n * length].reshape(len(band), n, length).mean(axis=2)
    shift = (parts.argmax(axis=0) - len(band) // 2).astype(np.float32)
    shift = np.median([shift[np.clip(np.arange(n) + i, 0, n - 1)] for i in (-2, -1, 0, 1, 2)], axis=0)
    return np.interp(np.arange(band.shape[1]), (np.arange(n) + 0.5) * length, shift)
