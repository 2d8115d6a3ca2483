"""The lines that part the rows of a table, and those that part its columns."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.light import levelled
from deployment.reader.paper.rules import Rule, is_new
from deployment.reader.table.candidates import candidates
from deployment.reader.table.follow import near
from deployment.reader.table.separator import INKED, Separator, inked, separator
from deployment.reader.table.stretches import Stretch

SHORTER = 0.3  # of the least share that is inked, more of it, for each part by which a line is shorter than the longest
PALE = 0.3  # of the median strength of a family of lines: paler ones are strokes in a row
DOUBLE = 0.35  # of the median distance: lines that are as near are a double one
CLOSE = 6.0  # times the thickness of these lines, which are no farther apart
SAME = 8.0  # pixels: two that are as near were seen twice
OBLIQUE, ASKEW = 0.08, 0.03  # the most that a line's slope differs from the usual one, and from that of its neighbours
WHOLE = 0.75  # of the longest one's length: so long a line may be drawn askew
MISSED = 0.2  # of the usual distance: a line that was not seen is no farther from where it should be
BESIDE, THROUGH, FEW = (0.08, 0.12, 0.16), 0.6, 4  # of the distance of two lines; of the places so near them, inked


def separators(lost: NDArray[np.float32],
               stretches: Sequence[Stretch]) -> tuple[list[Separator], list[Separator], list[Separator]]:
    """The Separators of rows, from top to bottom, and of columns, from left to right, in the light lost (H, W); and
    all lines that are seen, both of a double one."""
    ink = levelled(lost, np.ones(lost.shape, bool))[0]
    rules = candidates(ink, stretches)
    families: list[list[Separator]] = []
    for level in (True, False):
        along = ink if level else ink.T
        answer = [separator(along, rule) for rule in rules if rule.level == level]
        family = [one for one in answer if one is not None]
        if family:
            usual = np.median([one.seen.strength for one in family])
            family = [one for one in family if one.seen.strength > PALE * usual]
        family = _of_one_pencil(_whole(family), along.shape)
        families.append(family + _missed(ink, _distinct(family, along.shape)))
    rows, columns = _distinct(families[0], ink.shape), _distinct(families[1], ink.T.shape)
    families = [[one for one in families[0] if _goes_through(ink, one, columns)],
                [one for one in families[1] if _goes_through(ink.T, one, rows)]]
    every = [one for family in families for i, one in enumerate(family)
             if is_new(one.seen, [other.seen for other in family[:i]])]
    return _distinct(families[0], ink.shape), _distinct(families[1], ink.T.shape), every


def _goes_through(ink: NDArray[np.float32], line: Separator, others: Sequence[Separator]) -> bool:
    """Whether a line of the table goes on beside the lines that it crosses: strokes one below the other do not."""
    if len(others) < FEW:
        return True
    at = np.array([other.at(line.at(line.middle)) for other in others])
    gaps = np.diff(at)
    places = np.concatenate([at[:-1] + share * gaps for share in BESIDE] + [at[1:] - share * gaps for share in BESIDE])
    places = places[(places >= line.seen.first) & (places < line.seen.last)].astype(int)
    dark = inked(ink, np.arange(line.seen.first, line.seen.last).astype(float), line.seen.path)
    return len(places) < FEW or bool(dark[places - line.seen.first].mean() > THROUGH)


def _missed(ink: NDArray[np.float32], lines: Sequence[Separator]) -> list[Separator]:
    """Separators that were not seen, in the middle of a wide gap between two others."""
    if len(lines) < 3:
        return []
    along = ink if lines[0].seen.level else ink.T
    middle = along.shape[1] / 2
    gaps = np.diff([one.at(middle) for one in lines])
    usual, strength, thickness = (float(np.median(values)) for values in (
        gaps, [one.seen.strength for one in lines], [one.seen.thickness for one in lines]))
    answer = []
    for before, after, gap in zip(lines[:-1], lines[1:], gaps, strict=True):
        first, last = min(before.seen.first, after.seen.first), max(before.seen.last, after.seen.last)
        places = np.arange(first, last).astype(float)
        for i in range(1, count := round(float(gap) / usual)):
            path = ((1 - i / count) * before.at(places) + i / count * after.at(places)).astype(np.float32)
            expected = Rule(before.seen.level, first, last, path, thickness, strength)
            rule = near(ink, expected, int(MISSED * usual))
            one = separator(along, rule)
            if one and float(_strength(along, rule)) > PALE * strength:
                answer.append(one)
    return answer


def _strength(ink, rule):
    """The median of ink (H, W) along a Rule."""
    return np.median(ink[np.clip(np.rint(rule.path).astype(int), 0, len(ink) - 1), np.arange(rule.first, rule.last)])


def _whole(family: Sequence[Separator]) -> list[Separator]:
    """Those that are inked; a shorter one has fewer gaps if it is a line."""
    longest = max((one.seen.last - one.seen.first for one in family), default=1)
    return [one for one in family
            if one.inked >= INKED + SHORTER * (1 - (one.seen.last - one.seen.first) / longest)]


def _of_one_pencil(family: list[Separator], shape: tuple[int, ...]) -> list[Separator]:
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
    return [one for one, chosen in zip(family, keep, strict=True) if chosen]


def _distinct(family: Sequence[Separator], shape: tuple[int, ...]) -> list[Separator]:
    """One of each line, from the first to the last; the longer one of a double line."""
    middle, chosen = shape[1] / 2, []
    for one in sorted(family, key=lambda one: -one.length):
        at = one.at(one.middle)
        if all(abs(other.at(one.middle) - at) > SAME for other in chosen):
            chosen.append(one)
    chosen.sort(key=lambda one: one.at(middle))
    while len(chosen) > 2:
        gaps = np.diff([one.at(middle) for one in chosen])
        i = int(gaps.argmin())
        thick = max(chosen[i].seen.thickness, chosen[i + 1].seen.thickness)
        if gaps[i] >= min(DOUBLE * np.median(gaps), CLOSE * thick):
            break
        chosen.pop(i if chosen[i].length < chosen[i + 1].length else i + 1)
    places = [*(float(one.at(middle)) for one in chosen), np.inf]
    return [one for one, (at, after) in zip(chosen, pairwise(places), strict=True) if at < after]
