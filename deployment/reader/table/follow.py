"""Follow the lines of a table pixel by pixel and to their ends, so that nothing of them is left when they are taken out
of the ink."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.opencv import cv2
from deployment.reader.paper.rules import EVEN, Rule, centred

BLOCK = 8  # pixels along a line whose mean is taken
AWAY = 7  # pixels: the farthest that a line is from the path that is known
STEP = 0.3  # of the line's strength, for each pixel by which the path changes from one block to the next
DARKER = 1.2  # of the line's strength: ink beyond this is a stroke's and does not draw the path
LEAST_BLOCKS = 4
ENDS = 10  # blocks at an end that show where the line goes on
ASIDE = 2  # pixels by which it may be beside that
GOES_ON = 0.5  # of its strength: where it goes on, it is as dark
GAP = 2  # blocks without it, where it does not end yet


def followed(ink: NDArray[np.floating], rules: Sequence[Rule]) -> list[Rule]:
    """Rules whose paths run along the darkest ink (H, W) that is near them (Viterbi), as far as it goes on."""
    return [_longer(along, _followed(along, rule)) for rule in rules for along in (ink if rule.level else ink.T,)]


def near(ink: NDArray[np.floating], rule: Rule, away: int) -> Rule:
    """The Rule that runs at most so many pixels from the path of another."""
    along = ink if rule.level else ink.T
    return _longer(along, _followed(along, _followed(along, rule, away)))


def _followed(ink, rule, away=AWAY):
    n = (rule.last - rule.first) // BLOCK
    if n < LEAST_BLOCKS:
        return rule
    offsets = np.arange(-away, away + 1)
    gain = _darkness(ink, rule, np.rint(rule.path[: n * BLOCK]).astype(int), rule.first, away)
    change = STEP * rule.strength * np.abs(offsets[:, None] - offsets)
    best, came = gain[:, 0], np.zeros((len(offsets), n), int)
    for i in range(1, n):
        ways = best - change
        came[:, i] = ways.argmax(axis=1)
        best = ways.max(axis=1) + gain[:, i]
    path = np.zeros(n, int)
    path[-1] = best.argmax()
    for i in range(n - 1, 0, -1):
        path[i - 1] = came[path[i], i]
    if np.all(path == away):
        return rule
    aside = np.convolve(np.pad(offsets[path].astype(float), 1, mode="edge"), np.ones(3) / 3, mode="valid")
    shift = np.interp(np.arange(rule.last - rule.first), (np.arange(n) + 0.5) * BLOCK, aside)
    path, columns = np.rint(rule.path) + shift, np.arange(rule.first, rule.last)
    for _ in range(2):
        path = path + centred(ink, path, columns, round(rule.thickness / 2) + 1, EVEN * rule.strength)
    return replace(rule, path=path.astype(np.float32))


def _darkness(ink, rule, rows, first, away):
    """The mean ink (2 away + 1, blocks) at most so many pixels from the rows of a path that begins at column `first`,
    over the thickness of the Rule."""
    columns = np.arange(first, first + len(rows))
    around = np.clip(rows + np.arange(-away, away + 1)[:, None], 0, len(ink) - 1)
    dark = np.minimum(ink[around, columns], DARKER * rule.strength)
    return cv2.blur(dark.reshape(2 * away + 1, -1, BLOCK).mean(axis=2), (1, max(1, round(rule.thickness))))


def _longer(ink, rule):
    """A Rule with what goes on beyond its ends."""
    for _ in range(2):  # at its last column, then at its first one
        path, seen = rule.path, len(rule.path)
        while len(path) - seen <= GAP * BLOCK and rule.first + len(path) + BLOCK <= ink.shape[1]:
            slope = float(np.polyfit(np.arange(len(path[-ENDS * BLOCK :])), path[-ENDS * BLOCK :], 1)[0])
            course = path[-1] + slope * np.arange(1, BLOCK + 1)
            dark = _darkness(ink, rule, np.rint(course).astype(int), rule.first + len(path), ASIDE)[:, 0]
            if dark.max() >= GOES_ON * rule.strength:
                course += np.linspace(0, int(dark.argmax()) - ASIDE, BLOCK)
                seen = len(path) + BLOCK
            path = np.concatenate([path, course])
        # the same from the other side
        ink = ink[:, ::-1]
        rule = replace(rule, first=ink.shape[1] - rule.first - seen, last=ink.shape[1] - rule.first,
                       path=path[:seen][::-1].astype(np.float32))
    return rule
