"""Find the ink on any paper: `find_ink(picture)`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.light import CROP, evening, has_edges, ink_is_dark, is_plain, levelled, otsu, strongest
from deployment.reader.paper.lost import light_lost, narrow, reduced
from deployment.reader.paper.masks import grown, window
from deployment.reader.paper.opencv import cv2
from deployment.reader.paper.pick import ALONG, MIN_CONTRAST
from deployment.reader.paper.rules import Rule, find_rules, noise_of
from deployment.reader.paper.sheet import find_sheet
from deployment.reader.paper.unruled import without_rules

SIDE = 1600  # pixels: the long side of larger pictures is reduced to this
WIDEST_PEN = 0.1  # of the picture's long side: what is wider is paper
STROKES = 5  # widths of the pen: the narrowest stretch of paper between strokes that is seen as paper
FAINT = 0.4  # of the threshold between ink and paper: a line in a light pencil beside one in a dark pen
HANGING = 0.6  # of the same threshold: what hangs together with ink counts down to this
NEAR_LINES = 7  # pixels: what remains of a line is on it and beside it
GRAIN = 3.0  # standard deviations of the camera's noise: a mean of nine pixels with less is no ink
NARROW = 0.3  # of the threshold: the steps of an oblique edge take less light
REMAINS = 0.7  # of a component lies on rules or along an edge: it is a part of one
DOT, ROUND, LEAST_DOT = 0.6, 2.0, 4  # of the strokes' darkness, times its width, pixels: a point on a line of paper
BORDER = 0.012  # of the picture's long side: the strip along an edge in which its shadow lies


@dataclass(frozen=True)
class Paper:
    """The bare paper: its mean light in [0, 1], and its colour (red, green, blue), each in [0, 1]."""

    light: float
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class Pen:
    """Width of the strokes in pixels of the ink, and the pen's colour (red, green, blue), each in [0, 1]."""

    width: float
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class Area:
    """Where ink is searched on a picture, a mask (H, W), and the inner part of it that shows how strong ink is."""

    mask: NDArray[np.bool_]
    inner: NDArray[np.bool_]


@dataclass(frozen=True)
class Ink:
    """The ink of a picture.

    ink: (H, W) float32 in [0, 1], 1 at the full strength of the pen, without the rules; mask: (H, W), what hangs
    together with ink; rules: the straight lines of the paper; lines: (H, W), where they run; sheet: its outline (n, 2),
    x and y, where it is seen; pen: None without ink; noise: the spread of bare paper in `ink`; scale: pixels of the
    picture per pixel of `ink`.
    """

    ink: NDArray[np.float32]
    mask: NDArray[np.bool_]
    paper: Paper
    rules: tuple[Rule, ...]
    lines: NDArray[np.bool_]
    sheet: NDArray[np.float32] | None
    pen: Pen | None
    noise: float
    scale: float


def find_ink(picture: NDArray, kind: str | None = None, side: int = SIDE,
             rules: Sequence[Rule] | None = None, rim: float = 1.0, area: Area | None = None) -> Ink:
    """The Ink of a picture (H, W) or (H, W, 3), uint8 or floats in [0, 1], on paper of any colour, under any light.

    The background of each channel is what is left of it without strokes; ink is the largest share of its light that any
    channel lost. kind: "canvas" for bright strokes on a ground that is nothing but black. side: pixels, to which the
    long side of larger pictures is reduced. rules: those of a picture no larger than that, where they are
    known. rim: times the usual width of the edge of a sheet and its shadow, in which no ink is. area: where ink is
    searched, on a picture no larger than that; writing may be paler in a part of it than in another.
    """
    factor = -(-max(picture.shape[:2]) // side)
    rows, columns = (max(n - n % factor, factor) for n in picture.shape[:2])
    scale, picture = float(factor), reduced(picture[:rows, :columns], factor)
    if picture.dtype != np.uint8:
        picture = np.rint(255 * picture).astype(np.uint8)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    level = grey.astype(np.float32) / 255
    if kind == "canvas" or is_plain(level):
        return _on_plain(picture, level, scale)
    if is_plain(1 - level):
        return _on_plain(picture, 1 - level, scale)
    sheet, inside = find_sheet(grey, rim)
    outline = sheet, np.ones(grey.shape, bool) if inside is None else inside, rim, area
    if sheet is not None or ink_is_dark(level):  # a light sheet on a dark desk, dark ink
        del level  # large, as are the others below
        return _on_paper(picture, True, outline, scale, rules)
    found = _on_paper(picture, False, outline, scale, rules)
    return found if has_edges(level, found.mask) else _on_paper(picture, True, outline, scale, rules)  # a lamp's light


def _on_paper(picture, dark, outline, scale, rules):
    """The Ink of a picture that is darker than its paper, or lighter."""
    seen, (sheet, inside, rim, area) = np.atleast_3d(picture if dark else 255 - picture), outline
    widest = max(9, int(WIDEST_PEN * max(inside.shape)))
    inside = inside & area.mask if area else inside
    lost, paper = light_lost(seen, widest)
    # the darker the paper, the more of its light the grain takes
    grain, brightest = GRAIN * noise_of(seen[..., 0].astype(np.float32)), np.maximum(strongest(paper), 1)
    lost[~inside] = 0
    ink, noise = levelled(strongest(lost), inside)
    least = max(4 * noise, 0.6 * MIN_CONTRAST)
    points = rules is not None  # known rules are taken out more exactly: what is left on them is written
    rules = find_rules(ink, 0.6 * MIN_CONTRAST, inside) if rules is None else rules
    lines = rule_bands(ink.shape, rules)
    if rules:
        ink, noise = levelled(strongest(without_rules(lost, rules, least, out=lost)), inside & ~lines)
    del lost
    least_ink = max(6 * noise, MIN_CONTRAST)
    gain, candidates = np.ones((1, 1), np.float32), ink
    if area is not None:
        gain = evening(ink, area.inner & inside & ~grown(lines, NEAR_LINES), least_ink)
        ink *= gain
        ink[~inside] = 0
        candidates = ink[area.inner]
    candidates = candidates[candidates > least_ink]
    if candidates.size >= 4:
        threshold = otsu(candidates)
        soft = cv2.blur(ink, (3, 3))
        # With the pen known, paper is what is wider than a few strokes
        side = min(max(9, int(STROKES * pen_width(soft > HANGING * threshold)) | 1), widest)
        seeds = soft > grain / brightest.astype(np.float32)
        del soft, candidates
        weakest = np.float32(NARROW * threshold) / gain
        ink[~narrow(seen, side, np.maximum(weakest, least, out=weakest))] = 0
        del weakest, gain
        width = max(2, int(rim * BORDER * max(ink.shape)))
        edge = border(inside, width) & (~area.inner if area else True)
        ink, mask = connected(ink, seeds, threshold, noise, lines, edge, width, points)
    else:
        ink, mask = np.zeros(ink.shape, np.float32), np.zeros(ink.shape, bool)
    return _described(picture, paper if dark else 255 - paper, ink, mask, noise, rules, lines, sheet, scale)


def pen_width(mask: NDArray[np.bool_]) -> float:
    """The width in pixels of the strokes of a mask (H, W) that half of its ink is wider than; 1 without any."""
    inside = cv2.distanceTransform(np.ascontiguousarray(mask).view(np.uint8), cv2.DIST_L2, 3)
    ridge = np.sort(inside[mask & (inside >= cv2.dilate(inside, window(3)))])
    if not ridge.size:
        return 1.0
    ink = np.cumsum(ridge)  # of a stroke goes with its width
    return float(2 * ridge[np.searchsorted(ink, ink[-1] / 2)] - 1)


def connected(ink: NDArray[np.floating], seeds: NDArray[np.bool_], threshold: float, noise: float,
              lines: NDArray[np.bool_],
              edge: NDArray[np.bool_], width: int,
              points: bool) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(ink (H, W) in [0, 1], what hangs together with ink), without what remains of rules and what lies along an edge.

    seeds: a mask, of which some is in all ink; threshold: between ink and paper; lines, edge: masks of the rules
    and of the edge of the sheet, a strip of this width; points: whether a dark point on a rule is ink.
    """
    weak = ink > max(HANGING * FAINT * threshold, 3.5 * noise, 0.6 * MIN_CONTRAST)
    n, labels, stats, _ = cv2.connectedComponentsWithStats(weak.view(np.uint8), connectivity=8)
    keep = np.zeros(n, bool)
    strong = (ink > max(FAINT * threshold, 6 * noise, MIN_CONTRAST)) & seeds
    keep[labels[strong]] = True
    keep[0] = False
    aside = edge | lines
    most = REMAINS + (1 - REMAINS) * aside.mean()  # on a fine grid much of any component lies on rules
    area, sides = stats[:, cv2.CC_STAT_AREA], stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    length = sides.max(axis=1)
    on_lines = np.bincount(labels[aside], minlength=n) > most * area
    if points and (on_lines & keep).any():  # a point that is written on a line is as dark as a stroke, and as wide
        mean = np.bincount(labels[weak], ink[weak], minlength=n) / np.maximum(area, 1)
        pen = float(np.median(mean[keep & ~on_lines])) if (keep & ~on_lines).any() else np.inf
        on_lines &= (mean < DOT * pen) | (length > ROUND * sides.min(axis=1)) | (length < LEAST_DOT)
    keep &= ~on_lines
    keep &= np.bincount(labels[edge], minlength=n) <= ALONG * length * width
    mask = keep[labels]
    near = grown(mask, 5) & ~((labels > 0) & ~mask)
    inked = ink[mask]
    full = np.percentile(inked[inked > min(threshold, inked.max() / 2)], 75) if inked.size else 1.0
    return np.where(near, np.clip(ink / full, 0, 1), 0).astype(np.float32), mask


def border(sheet: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """A strip along the edge of a sheet, a mask (H, W). A crop has none: its digit may touch its edge."""
    if max(sheet.shape) <= CROP:
        return np.zeros(sheet.shape, bool)
    inner = cv2.erode(sheet.view(np.uint8), window(2 * width + 1), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return ~inner.view(bool)


def rule_bands(shape: tuple[int, ...], rules: Iterable[Rule]) -> NDArray[np.bool_]:
    """A mask (H, W) of where Rules run, with their soft edges."""
    bands = np.zeros(shape, np.uint8)
    for rule in rules:
        along = np.arange(rule.first, rule.last)[::4]
        points = np.column_stack([along, rule.path[::4]] if rule.level else [rule.path[::4], along])
        cv2.polylines(bands, [np.rint(points).astype(np.int32)], False, 1, int(np.ceil(rule.thickness)) + 3)
    return bands.view(bool)


def _on_plain(picture, bright, scale):
    low, high = float(bright.min()), float(bright.max())
    ink = (bright - low) / (high - low) if high - low >= MIN_CONTRAST else np.zeros_like(bright)
    return _described(picture, picture, ink, ink > 0.25, 0.0, [], np.zeros(ink.shape, bool), None, scale)


def _described(picture, paper, ink, mask, noise, rules, lines, sheet, scale):
    def colour(pixels: NDArray[np.uint8]) -> tuple[float, float, float]:
        red, green, blue = np.broadcast_to(np.atleast_1d(np.median(pixels, axis=0)) / 255, 3)
        return float(red), float(green), float(blue)

    bare = picture[::8, ::8][~mask[::8, ::8]]
    paper_colour = colour(bare) if len(bare) else (0.0, 0.0, 0.0)
    pen = None
    if mask.any():
        pen = Pen(pen_width(mask), colour(picture[mask & (ink > 0.6)]))
    paper = Paper(float(np.mean(paper_colour)), paper_colour)
    return Ink(ink, mask, paper, tuple(rules), lines, sheet, pen, noise, scale)
