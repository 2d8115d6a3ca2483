"""All lines that may part the rows or the columns of a table."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.lines import PART, Lines
from deployment.reader.paper.opencv import cv2
from deployment.reader.paper.pick import MIN_CONTRAST
from deployment.reader.paper.rules import Rule, find_rules, measured
from deployment.reader.table.follow import followed
from deployment.reader.table.separator import LONG
from deployment.reader.table.stretches import Stretch

FAINT = 0.6  # of the least contrast of ink: lines are paler
SQUARE = 1400  # pixels: a side of the square to which a long table is scaled, so that its short lines are long
NEAR, FALL = 4.0, 0.04  # pixels, and pixels for each pixel between two stretches, by which these may miss each other


def candidates(ink: NDArray[np.float32], stretches: Sequence[Stretch]) -> list[Rule]:
    """The Rules in ink (H, W): whole ones, those that are long where the table is a square, those of Stretches; a line
    may be among them more than once."""
    return followed(ink, [*find_rules(ink, FAINT * MIN_CONTRAST), *_in_square(ink), *_joined(ink, stretches)])


def _in_square(ink):
    """Rules that are seen where the table is scaled to a square."""
    height, width = ink.shape
    square = cv2.resize(ink, (SQUARE, SQUARE), interpolation=cv2.INTER_AREA)
    across, down = width / SQUARE, height / SQUARE
    rules = []
    for rule in find_rules(square, FAINT * MIN_CONTRAST):
        along, aside = (across, down) if rule.level else (down, across)
        places = np.arange(int(rule.first * along), int(rule.last * along))
        path = (np.interp((places + 0.5) / along - 0.5, np.arange(rule.first, rule.last), rule.path) + 0.5) * aside
        rules.append(Rule(rule.level, int(places[0]), int(places[-1]) + 1, (path - 0.5).astype(np.float32),
                          max(rule.thickness * aside, 1.0), rule.strength))
    return rules


def _joined(ink, stretches):
    """Rules that are made of stretches, each of which goes on where another one ends."""
    rules = []
    for level in (True, False):
        along = ink if level else np.ascontiguousarray(ink.T)
        chains: list[list[Stretch]] = []
        for stretch in sorted((one for one in stretches if one.level == level), key=lambda one: one.first):
            misses = [_miss(chain[-1], stretch) for chain in chains]
            i = int(np.argmin(misses)) if misses else -1
            if i >= 0 and misses[i] < NEAR:
                chains[i].append(stretch)
            else:
                chains.append([stretch])
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


def _points(stretch):
    """Places between which a stretch is drawn; its ends may lie on another line."""
    margin = (stretch.last - stretch.first) / 8
    return np.array([stretch.first + margin, stretch.last - margin])


def _miss(before, after):
    """By how many pixels a stretch misses the end of one before it, beyond what their distance allows."""
    gap = after.first - before.last
    if after.last <= before.last:
        return np.inf
    middle = (before.last + after.first) / 2
    return abs(before.at(middle) - after.at(middle)) - FALL * max(gap, 0)
