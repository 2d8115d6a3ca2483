"""Simulated photographs of a digit on ruled or squared paper.

A sheet with lines and one digit is seen in perspective, perhaps on a dark desk, under uneven light with shadows, and is
saved as a JPEG file. Every digit is crossed by a line of the paper.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

INKS = {"blue": (40, 60, 150), "black": (35, 35, 40), "red": (170, 40, 45), "green": (30, 110, 60),
        "pencil": (95, 95, 100), "violet": (70, 45, 130)}  # RGB on white paper
RULES = {"blue": (120, 150, 205), "grey": (140, 140, 145), "red": (205, 120, 125), "green": (120, 175, 135)}
SHEETS = ((252, 252, 250), (250, 244, 228), (240, 228, 205), (232, 238, 248), (222, 222, 220))  # RGB
ONE_COLOUR = 1 / 3  # of the pictures: the lines are of the pen's colour
SMALLEST, LARGEST = 0.03, 0.3  # of the picture's height: the digit's
CONTRAST = (0.2, 1.0)  # of the pen's: the lines'


@dataclass(frozen=True)
class Sheet:
    """A flat sheet: light (H, W, 3) that it reflects, in [0, 1]; the digit's centre (x, y) and height in pixels."""

    light: NDArray[np.float32]
    centre: tuple[float, float]
    height: float


def photograph_of_paper(digit: NDArray[np.uint8] | None, rng: np.random.Generator, lined: bool = True) -> bytes:
    """A digit (28, 28) uint8 on ruled or squared paper, photographed: a JPEG file. None for an empty sheet, which may
    also have no lines."""
    height, width = (int(n) for n in rng.integers(500, 1400, 2))
    sheet = sheet_with(digit, height, width, rng, lined)
    picture = in_perspective(sheet, rng) * lighting(height, width, rng)[..., None]
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, max(0.5, min(2.0, 0.02 * sheet.height))))
    picture = 255 * picture * rng.uniform(0.92, 1.08, 3) + rng.normal(0, rng.uniform(1, 5), picture.shape)
    bgr = np.clip(picture, 0, 255).astype(np.uint8)[..., ::-1]
    _, packed = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(60, 95))])
    return packed.tobytes()


def sheet_with(digit: NDArray[np.uint8] | None, height: int, width: int, rng: np.random.Generator,
               lined: bool = True) -> Sheet:
    """A Sheet of height x width pixels with lines and one digit or none, which a line crosses."""
    tall = float(np.exp(rng.uniform(np.log(max(SMALLEST * height, 18)), np.log(LARGEST * height))))
    ink = np.zeros((int(tall), int(tall)), np.float32) if digit is None else pen_strokes(digit, tall, rng)
    top = int(rng.uniform(0.12, 0.88) * (height - ink.shape[0]))
    left = int(rng.uniform(0.12, 0.88) * max(width - ink.shape[1], 1))
    left = min(left, max(width - ink.shape[1], 0))
    placed = np.zeros((height, width), np.float32)
    part = placed[top : top + ink.shape[0], left : left + ink.shape[1]]
    part[:] = ink[:, : part.shape[1]]
    pen = list(INKS)[rng.integers(len(INKS))]
    colour = np.array(INKS[pen], np.float32) / 255
    taken = (1 - colour) * rng.uniform(0.75, 1.0)  # share of each channel's light that the pen takes
    rule = np.array(list(RULES.values())[rng.integers(len(RULES))], np.float32) / 255
    ruled = taken if rng.random() < ONE_COLOUR else (1 - rule) * taken.max() / (1 - rule).max()
    middle = top + ink.shape[0] * rng.uniform(0.25, 0.75), left + ink.shape[1] * rng.uniform(0.25, 0.75)
    lines = paper_lines(placed.shape, middle, tall, rng) * rng.uniform(*CONTRAST) * lined
    sheet = np.array(SHEETS[rng.integers(len(SHEETS))], np.float32) / 255
    grain = cv2.resize(rng.normal(1, 0.008, (height // 2 + 1, width // 2 + 1)).astype(np.float32), (width, height))
    light = sheet * grain[..., None] * (1 - lines[..., None] * ruled) * (1 - placed[..., None] * taken)
    return Sheet(light.astype(np.float32), (left + ink.shape[1] / 2, top + ink.shape[0] / 2), tall)


def pen_strokes(digit: NDArray[np.uint8], tall: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """The strokes (h, w) in [0, 1] of a digit (28, 28) uint8, `tall` pixels high, at most as wide as MNIST's."""
    rows, columns = (np.flatnonzero((digit > 50).any(axis)) for axis in (1, 0))
    digit = np.pad(digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 2)
    scale = tall / (len(digit) - 4)
    fine = max(scale, 6.0)  # thinned on a fine grid, where a stroke is wide enough to be thinned evenly
    large = cv2.resize(digit, None, fx=fine, fy=fine, interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    inside = cv2.distanceTransform((cv2.GaussianBlur(large, (0, 0), 0.3 * fine) > 0.45).astype(np.uint8),
                                   cv2.DIST_L2, 3)
    thinner = rng.uniform(0, 0.55) * np.percentile(inside[inside > 0.5], 75)
    strokes = np.clip(inside - thinner, 0, 1)
    size = max(1, round(strokes.shape[1] * scale / fine)), max(1, round(strokes.shape[0] * scale / fine))
    return cv2.resize(strokes, size, interpolation=cv2.INTER_AREA) * rng.uniform(0.8, 1.0)


def paper_lines(shape: tuple[int, int], through: tuple[float, float], tall: float,
                rng: np.random.Generator) -> NDArray[np.float32]:
    """The lines (H, W) in [0, 1] of ruled or squared paper; one goes through (row, column).

    tall: the digit's height in pixels, to which the distance of the lines is related.
    """
    squared = rng.random() < 0.4
    gap = max(tall * rng.uniform(*((0.5, 1.5) if squared else (0.8, 2.5))), 12)
    thick = float(np.clip(gap * rng.uniform(0.015, 0.05), 1, 5))
    dotted = rng.random() < 0.1
    lines = np.zeros(shape, np.float32)
    for axis in (0, 1) if squared else (0,):
        along = np.arange(shape[axis], dtype=np.float32)
        away = np.abs((along - through[axis] + gap / 2) % gap - gap / 2)
        profile = np.clip(thick / 2 + 0.5 - away, 0, 1)
        family = np.broadcast_to(np.expand_dims(profile, 1 - axis), shape).copy()
        if dotted:
            other = np.expand_dims(np.arange(shape[1 - axis]) % (4 * thick) < 2 * thick, axis)
            family *= other
        lines = np.maximum(lines, family)
    if not squared and rng.random() < 0.3:
        margin = int(rng.uniform(0.05, 0.2) * shape[1])
        lines[:, margin : margin + max(1, round(thick))] = 1
    return lines


def in_perspective(sheet: Sheet, rng: np.random.Generator) -> NDArray[np.float32]:
    """The sheet (H, W, 3) turned by up to 10 degrees and tilted, the digit inside the picture.

    One sheet in five lies on a dark desk, of which a part is seen; the others fill the picture.
    """
    height, width = sheet.light.shape[:2]
    on_desk = rng.random() < 0.2
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    middle = np.array([width / 2, height / 2])
    angle = np.deg2rad(rng.uniform(-10, 10) if rng.random() < 0.7 else 0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    tilt = 1 + rng.uniform(-0.12, 0.12, (4, 1))
    size = rng.uniform(0.7, 0.9) if on_desk else 1.0
    seen = (corners - middle) * tilt * size @ turn.T + middle
    if not on_desk:  # repeat the paper's edge beyond the sheet: the sheet is larger than the picture
        matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
        picture = np.asarray(cv2.warpPerspective(sheet.light, matrix, (width, height), flags=cv2.INTER_AREA,
                                                 borderMode=cv2.BORDER_REFLECT_101), np.float32)
        x, y, w = matrix @ np.array([*sheet.centre, 1.0])
        reach = 0.8 * sheet.height
        inside = reach < x / w < width - reach and reach < y / w < height - reach
        return picture if inside else sheet.light
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    desk = tuple(float(v) for v in rng.uniform(0.08, 0.45) * rng.uniform(0.7, 1.0, 3))
    return np.asarray(cv2.warpPerspective(sheet.light, matrix, (width, height), flags=cv2.INTER_AREA,
                                          borderMode=cv2.BORDER_CONSTANT, borderValue=desk), np.float32)


def lighting(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Light (H, W) on a photograph: a slope, and perhaps vignetting, a lamp's spot and shadows, hard or soft."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(height, width) - 0.5
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    light = rng.uniform(0.55, 1.0) * (1 - slope * (np.cos(angle) * x + np.sin(angle) * y))
    if rng.random() < 0.3:
        light *= 1 - rng.uniform(0.2, 0.8) * (x**2 + y**2)
    if rng.random() < 0.4:
        turn = rng.uniform(0, 2 * np.pi)
        beyond = np.cos(turn) * x + np.sin(turn) * y - rng.uniform(-0.3, 0.3)
        soft = rng.uniform(0.002, 0.15)
        light *= 1 - rng.uniform(0.1, 0.45) / (1 + np.exp(-np.clip(beyond / soft, -50, 50)))
    return np.clip(light, 0, 1.05).astype(np.float32)
