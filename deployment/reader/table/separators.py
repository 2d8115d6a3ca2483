"""The lines that part the rows of a table, and those that part its columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.light import levelled
from deployment.reader.paper.lines import PART, Lines
from deployment.reader.paper.opencv import cv2
from deployment.reader.paper.pick import MIN_CONTRAST
from deployment.reader.paper.rules import Rule, find_rules, is_new, measured
from deployment.reader.table.follow import followed, near
from deployment.reader.table.pieces import Piece

SQUARE = 1400  # pixels: a side of the square to which a long table is scaled, so that its short lines are long
NEAR, FALL = 4.0, 0.04  # pixels, and pixels for each pixel between two pieces, by which these may miss each other
LONG = 0.25  # of the table's side: no line of it is shorter
INKED = 0.72  # of a line's length; less of it on letters that stand one below the other
SHORTER = 0.3  # more of it, for each part by which it is shorter than the longest one
FAINT, LEAST = 0.35, 0.03  # of a line's median ink, and of the light: less is paper
PALE = 0.3  # of the median strength of a family of lines: paler ones are strokes in a row
DOUBLE = 0.35  # of the median distance: lines that are as near are a double one
SAME = 8.0  # pixels: two that are as near were seen twice
OBLIQUE, ASKEW = 0.08, 0.03  # the most that a line's slope differs from the usual one, and from that of its neighbours
WHOLE = 0.75  # of the longest one's length: so long a line may be drawn askew
MISSED = 0.2  # of the usual distance: a line that was not seen is no farther from where it should be
BESIDE, THROUGH, FEW = (0.08, 0.12, 0.16), 0.6, 4  # of the distance of two lines; of the places that near both inked
BENT = 300  # pixels: a longer line may be bent as paper is


@dataclass(frozen=True)
class Separator:
    """A line that parts rows or columns; its course as a polynomial of the column (or row); the Rule that was seen,
    None where none is; inked: the share of it that is."""

    course: NDArray[np.float64]
    rule: Rule | None
    inked: float = 0.0

    def at(self, places: NDArray[np.floating] | float) -> NDArray[np.floating]:
        """Its rows at these columns, or its columns at these rows; also where it was not seen."""
        straight = np.polyval(self.course, places)
        if self.rule is None:
            return straight
        seen = np.arange(self.rule.first, self.rule.last)
        inside = (np.asarray(places) >= self.rule.first) & (np.asarray(places) < self.rule.last)
        return np.where(inside, np.interp(places, seen, self.rule.path), straight)

    @property
    def length(self) -> float:
        """How much of it is inked, in pixels."""
        return self.inked * (self.rule.last - self.rule.first) if self.rule else 0.0

    @property
    def middle(self) -> float:
        """The column (or row) in the middle of what was seen."""
        return (self.rule.first + self.rule.last) / 2 if self.rule else 0.0

    @property
    def slope(self) -> float:
        """In its middle."""
        return float(np.polyval(np.polyder(self.course), self.middle))

    def beside(self, distance: float) -> "Separator":
        """A line along this one that was not seen, so many pixels after it."""
        return Separator(self.course + distance * (np.arange(len(self.course)) == len(self.course) - 1), None)

    def moved(self, along: int, across: int) -> "Separator":
        """The same on a picture with more pixels before it, along it and across."""
        places = np.linspace(0, 1000, 20)
        course = np.polyfit(places + along, np.polyval(self.course, places) + across, len(self.course) - 1)
        rule = self.rule and replace(self.rule, first=self.rule.first + along, last=self.rule.last + along,
                                     path=self.rule.path + np.float32(across))
        return Separator(course, rule, self.inked)


def separators(lost: NDArray[np.float32],
               pieces: Sequence[Piece]) -> tuple[list[Separator], list[Separator], list[Separator]]:
    """The Separators of rows, from top to bottom, and of columns, from left to right, in the light lost (H, W); and
    all lines that are seen, both of a double one."""
    ink = levelled(lost, np.ones(lost.shape, bool))[0]
    rules = followed(ink, [*find_rules(ink, 0.6 * MIN_CONTRAST), *_in_square(ink), *_joined(ink, pieces)])
    families, every = [], []
    for level in (True, False):
        along = ink if level else ink.T
        family = [one for rule in rules if rule.level == level and (one := _separator(along, rule))]
        if family:
            usual = np.median([one.rule.strength for one in family])
            family = [one for one in family if one.rule.strength > PALE * usual]
        family = _of_one_pencil(_whole(family), along.shape)
        missed = _missed(ink, _distinct(family, along.shape))
        family += missed
        families.append(family)
    rows, columns = (_distinct(family, ink.shape[:: 1 if level else -1]) for family, level in zip(families, (True, False)))
    families = [[one for one in family if _goes_through(along, one, others)] for family, along, others in
                zip(families, (ink, ink.T), (columns, rows), strict=True)]
    every = [one for family in families for i, one in enumerate(family)
             if is_new(one.rule, [other.rule for other in family[:i]])]
    return _distinct(families[0], ink.shape), _distinct(families[1], ink.T.shape), every


def _goes_through(ink, line, others):
    """Whether a line of the table goes on beside the lines that it crosses: strokes one below the other do not."""
    if len(others) < FEW or line.rule is None:
        return True
    at = np.array([other.at(line.at(line.middle)) for other in others])
    gaps = np.diff(at)
    places = np.concatenate([at[:-1] + share * gaps for share in BESIDE] + [at[1:] - share * gaps for share in BESIDE])
    places = places[(places >= line.rule.first) & (places < line.rule.last)]
    seen = np.arange(line.rule.first, line.rule.last)
    along = ink[np.clip(np.rint(line.rule.path).astype(int) + np.arange(-2, 3)[:, None], 0, len(ink) - 1), seen].max(axis=0)
    dark = along > max(LEAST, FAINT * float(np.median(along)))
    return len(places) < FEW or dark[places.astype(int) - line.rule.first].mean() > THROUGH


def _in_square(ink):
    """Rules that are found where the table is scaled to a square."""
    height, width = ink.shape
    square = cv2.resize(ink, (SQUARE, SQUARE), interpolation=cv2.INTER_AREA)
    across, down = width / SQUARE, height / SQUARE
    rules = []
    for rule in find_rules(square, 0.6 * MIN_CONTRAST):
        along, aside = (across, down) if rule.level else (down, across)
        places = np.arange(int(rule.first * along), int(rule.last * along))
        path = (np.interp((places + 0.5) / along - 0.5, np.arange(rule.first, rule.last), rule.path) + 0.5) * aside
        rules.append(Rule(rule.level, int(places[0]), int(places[-1]) + 1, (path - 0.5).astype(np.float32),
                          max(rule.thickness * aside, 1.0), rule.strength))
    return rules


def _joined(ink, pieces):
    """Rules that are made of pieces, each of which goes on where another one ends."""
    rules = []
    for level in (True, False):
        along = ink if level else np.ascontiguousarray(ink.T)
        chains: list[list[Piece]] = []
        for piece in sorted((one for one in pieces if one.level == level), key=lambda one: one.first):
            misses = [_miss(chain[-1], piece) for chain in chains]
            i = int(np.argmin(misses)) if misses else -1
            if i >= 0 and misses[i] < NEAR:
                chains[i].append(piece)
            else:
                chains.append([piece])
        at = np.arange(PART / 2, along.shape[1], PART, dtype=np.float32)
        chains = [chain for chain in chains if chain[-1].last - chain[0].first > LONG * along.shape[1]]
        if len(at) > 3 and chains:
            ends = np.array([np.searchsorted(at, (chain[0].first, chain[-1].last)) for chain in chains])
            first = np.minimum(ends[:, 0], len(at) - 1)
            rows = [np.interp(at, *np.array([(place, one.at(place)) for one in chain for place in _points(one)]).T)
                    for chain in chains]
            last = np.maximum(ends[:, 1] - 1, first)
            rules += measured(along, Lines(at, np.array(rows, np.float32), first, last, ends), 1.0, level)
    return rules


def _points(piece):
    """Places between which a piece is drawn; its ends may lie on another line."""
    margin = (piece.last - piece.first) / 8
    return np.array([piece.first + margin, piece.last - margin])


def _miss(before, after):
    """By how many pixels a piece misses the end of one before it, beyond what their distance allows."""
    gap = after.first - before.last
    if after.last <= before.last:
        return np.inf
    middle = (before.last + after.first) / 2
    return abs(before.at(middle) - after.at(middle)) - FALL * max(gap, 0)


def inked(ink: NDArray[np.float32], places: NDArray[np.floating], path: NDArray[np.floating],
          reach: int = 2) -> NDArray[np.bool_]:
    """Whether ink (H, W) is within `reach` rows of a path at each of the columns `places`."""
    columns = np.clip(places.astype(int), 0, ink.shape[1] - 1)
    rows = np.rint(path).astype(int) + np.arange(-reach, reach + 1)[:, None]
    along = ink[np.clip(rows, 0, len(ink) - 1), columns].max(axis=0)
    return along > max(LEAST, FAINT * float(np.median(along)))


def _separator(ink, rule):
    """The Separator of a Rule along the rows of ink (H, W); None where it is short or broken, as letters are."""
    places = np.arange(rule.first, rule.last)
    share = float(inked(ink, places, rule.path).mean())
    if share < INKED or len(places) < LONG * ink.shape[1]:
        return None
    return Separator(np.polyfit(places, rule.path, 2 if len(places) > BENT else 1), rule, share)


def _missed(ink, lines):
    """Separators that were not seen, in the middle of a wide gap between two others."""
    if len(lines) < 3:
        return []
    along = ink if lines[0].rule.level else ink.T
    middle = along.shape[1] / 2
    gaps = np.diff([one.at(middle) for one in lines])
    usual, strength, thickness = (float(np.median(values)) for values in (
        gaps, [one.rule.strength for one in lines], [one.rule.thickness for one in lines]))
    found = []
    for before, after, gap in zip(lines, lines[1:], gaps, strict=False):
        first, last = min(before.rule.first, after.rule.first), max(before.rule.last, after.rule.last)
        places = np.arange(first, last)
        for i in range(1, count := round(gap / usual)):
            path = (1 - i / count) * before.at(places) + i / count * after.at(places)
            rule = near(ink, Rule(before.rule.level, first, last, path, thickness, strength), int(MISSED * usual))
            one = _separator(along, rule)
            if one and float(_strength(along, rule)) > PALE * strength:
                found.append(one)
    return found


def _strength(ink, rule):
    """The median of ink (H, W) along a Rule."""
    return np.median(ink[np.clip(np.rint(rule.path).astype(int), 0, len(ink) - 1), np.arange(rule.first, rule.last)])


def _whole(family):
    """Those that are inked; a shorter one has fewer gaps if it is a line."""
    longest = max((one.rule.last - one.rule.first for one in family), default=1)
    return [one for one in family
            if one.inked >= INKED + SHORTER * (1 - (one.rule.last - one.rule.first) / longest)]


def _of_one_pencil(family, shape):
    """Those whose slopes change evenly across the table, without oblique strokes."""
    if len(family) < 3:
        return family
    place = np.array([one.at(shape[1] / 2) for one in family]) / shape[0]
    slope, weight = (np.array([getattr(one, name) for one in family]) for name in ("slope", "length"))
    order = np.argsort(slope)
    usual = slope[order][np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)]
    keep = np.abs(slope - usual) < OBLIQUE
    for _ in range(6):
        if keep.sum() < 3:
            break
        fan = np.clip(np.polyfit(place[keep], slope[keep], 1, w=weight[keep])[0], -0.1, 0.1)
        level = np.average(slope[keep] - fan * place[keep], weights=weight[keep])
        keep = np.abs(slope - fan * place - level) < np.where(weight > WHOLE * weight.max(), OBLIQUE, ASKEW)
    return [one for one, kept in zip(family, keep, strict=True) if kept]


def _distinct(family, shape):
    """One of each line, from the first to the last; the longer one of a double line."""
    middle, kept = shape[1] / 2, []
    for one in sorted(family, key=lambda one: -one.length):
        at = one.middle
        if all(abs(other.at(at) - one.at(at)) > SAME for other in kept):
            kept.append(one)
    kept.sort(key=lambda one: one.at(middle))
    while len(kept) > 2:
        gaps = np.diff([one.at(middle) for one in kept])
        i = int(gaps.argmin())
        if gaps[i] >= DOUBLE * np.median(gaps):
            break
        kept.pop(i if kept[i].length < kept[i + 1].length else i + 1)
    return [one for one, after in pairwise([*kept, None]) if after is None or one.at(middle) < after.at(middle)]
