"""Photographs of a digit on ruled, squared or dotted paper of which the true ink and the true lines are known.

The pens, the lines' colours and the light are those of analytics.studies.renderings.paper.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from analytics.studies.renderings.paper import INKS, RULES, lighting, pen_strokes


@dataclass(frozen=True)
class Sheet:
    """picture (H, W, 3) uint8; ink, lines (H, W) in [0, 1]: what the pen and the lines truly cover."""

    picture: np.ndarray
    ink: np.ndarray
    lines: np.ndarray


def lines_of(kind, shape, gap, thick):
    """The lines (H, W) in [0, 1] of "ruled", "squared", "dotted" or "plain" paper."""
    lines = np.zeros(shape, np.float32)
    for axis in {"ruled": (0,), "squared": (0, 1), "dotted": (0,), "plain": ()}[kind]:
        away = np.abs((np.arange(shape[axis]) + 0.37 * gap) % gap - gap / 2)
        family = np.clip(thick / 2 + 0.5 - away, 0, 1)
        lines = np.maximum(lines, np.expand_dims(family, 1 - axis))
    if kind == "dotted":
        lines = lines * (np.arange(shape[1]) % (4 * thick) < 2 * thick)
    return lines


def tilted(shape):
    """The matrix of a view that is turned by 4 degrees and tilted."""
    height, width = shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = np.deg2rad(4)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([width / 2, height / 2])
    tilt = np.array([[1.16], [1.04], [1.1], [1.22]])  # beyond the picture's edges
    return cv2.getPerspectiveTransform(corners, ((corners - middle) * tilt @ matrix.T + middle).astype(np.float32))


def sheet(digit, kind, pen="blue", rule="grey", strength=0.6, tall=160, shape=(600, 700), gap=52.0, thick=2.4,
          perspective=False, light=None, seed=0):
    """A Sheet with one digit (28, 28) uint8, or None, in its middle, `tall` pixels high.

    rule: a colour's name, or "pen" for the pen's; strength: of the pen's, that of the lines; light: (H, W).
    """
    rng = np.random.default_rng(seed)
    ink = np.zeros(shape, np.float32)
    if digit is not None:
        strokes = pen_strokes(digit, tall, rng)
        top, left = (shape[0] - strokes.shape[0]) // 2, (shape[1] - strokes.shape[1]) // 2
        ink[top : top + strokes.shape[0], left : left + strokes.shape[1]] = strokes
    lines = lines_of(kind, shape, gap, thick)
    if perspective:
        ink, lines = (cv2.warpPerspective(part, tilted(shape), shape[::-1], flags=cv2.INTER_AREA,
                                          borderMode=cv2.BORDER_REFLECT_101) for part in (ink, lines))
    taken = 1 - np.array(INKS[pen]) / 255
    ruled = taken if rule == "pen" else (1 - np.array(RULES[rule]) / 255) * taken.max() / (1 - np.array(RULES[rule])
                                                                                            / 255).max()
    paper = 0.97 * (1 - ink[..., None] * taken) * (1 - strength * lines[..., None] * ruled)
    seen = paper * (lighting(*shape, rng) if light is None else light)[..., None]
    seen = cv2.GaussianBlur(seen, (0, 0), 0.8) * 255 + rng.normal(0, 2, seen.shape)
    return Sheet(np.clip(seen, 0, 255).astype(np.uint8), ink, lines)


def recall(found, sheet):
    """The share of the true ink that is found: of an Ink, `ink` above a quarter of full strength."""
    return float((found.ink > 0.25)[sheet.ink > 0.5].mean())


def remains(found, sheet):
    """The share of the lines, a few pixels and more away from the pen, that is still there as ink."""
    far = cv2.dilate(sheet.ink, np.ones((13, 13))) < 0.1
    return float(found.mask[far & (sheet.lines > 0.5)].mean())


def spilled(found, sheet):
    """The share of the mask that is not ink, a few pixels away from the pen."""
    far = cv2.dilate(sheet.ink, np.ones((13, 13))) < 0.1
    return float((found.mask & far).sum() / max(found.mask.sum(), 1))
