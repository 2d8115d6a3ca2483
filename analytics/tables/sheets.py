"""Rendered photographs of tables: numbers of MNIST digits by one writer, signs, words, print, dashes, empty cells."""

from dataclasses import dataclass
from itertools import cycle, pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from analytics.numbers.compose import NEAR, WIDE, compose
from analytics.numbers.signs import composed_sign
from analytics.studies.renderings.paper import CONTRAST, INKS, ONE_COLOUR, RULES, SHEETS, lighting, paper_lines
from core.digits.strokes.render import figures
from core.digits.task import Images
from deployment.reader.paper.opencv import cv2

GRIDS = ("ruled", "drawn", "level", "none")  # lines by a ruler, by hand, between rows alone, and none
HEIGHT = (30, 60)  # pixels of a digit
SIZES = (0.9, 1.1)  # of a table's numbers, relative to that
LEFT_EMPTY, WORDS, DASHES, OVER_LINE = 0.1, 0.06, 0.03, 0.08  # shares of cells
WORD_LENGTH = (3, 7)
PRINTED_COLUMN = 0.4  # of the tables have one, of row numbers or of other printed numbers
UNEVEN = 0.4  # of the columns hold numbers of any length, some without decimals
STRETCHED, BENT = 0.04, 0.4  # a digit written again: its affine change, and pixels (of 20) by which its parts move
TURNED, TILTED = 4.0, 0.04  # degrees at most, and the share by which corners move
MARGIN = 0.12  # of the sheet's side around the table
TEXT = "T"  # in the truth, what is no number


@dataclass(frozen=True)
class Table:
    """A rendered table: a JPEG file and its truth, rows of texts: "" for an empty cell, "-" for a dash, TEXT."""

    photograph: bytes
    rows: list[list[str]]


def table(part: Images, rng: np.random.Generator, shape: tuple[int, int] = (10, 6), grid: str = "ruled") -> Table:
    """A photograph of a table with so many rows and columns."""
    assert part.writer is not None
    mine = part.part(rng.permutation(np.flatnonzero(part.writer == rng.choice(np.unique(part.writer)))))
    digits = {str(digit): cycle(mine.X[mine.y == digit].reshape(-1, 28, 28)) for digit in np.unique(mine.y)}
    tall = int(rng.integers(*HEIGHT))
    kinds = [_column(rng) for _ in range(shape[1])]
    rows, pictures, printed = [], {}, set()
    first = rng.random() < PRINTED_COLUMN
    for i in range(shape[0]):
        rows.append([])
        for j in range(shape[1]):
            text, picture = _print(i, rng, tall) if first and j == 0 else _cell(digits, kinds[j], tall, rng)
            rows[-1].append(text)
            if picture is not None:
                pictures[i, j] = picture
                if first and j == 0:
                    printed.add((i, j))
    light = _sheet(rows, pictures, printed, tall, grid, rng)
    return Table(_photograph(light, rng), rows)


def _column(rng):
    """What the numbers of a column are like: (least, most, decimals, whether their decimals may be left out)."""
    digits, uneven = int(rng.integers(1, 5)), rng.random() < UNEVEN
    least = 0 if uneven or digits == 1 else 10 ** (digits - 1)
    return least, 10**digits, int(rng.choice([0, 0, 0, 1, 2])), uneven


def _cell(digits, kind, tall, rng):
    chance = rng.random()
    if chance < LEFT_EMPTY:
        return "", None
    if chance < LEFT_EMPTY + WORDS:
        letters = figures(int(rng.integers(*WORD_LENGTH)), rng, "letters.txt")[0]
        return TEXT, _scaled(compose(letters, [NEAR] * (len(letters) - 1), rng), tall)
    if chance < LEFT_EMPTY + WORDS + DASHES:
        dash = np.zeros((max(3, tall // 10), int(tall * rng.uniform(0.7, 1.6))), np.float32) + 1
        return "-", np.pad(dash, 2)
    low, high, decimals, uneven = kind
    whole = uneven and rng.random() < 0.5
    text = str(rng.integers(low, high))
    if decimals and not whole:
        text += f".{rng.integers(0, 10**decimals):0{decimals}}"
    images = []
    for sign in text:
        if sign.isdigit():
            if sign not in digits:
                return "", None
            images.append(_again(next(digits[sign]), rng))
        else:
            images.append(composed_sign(sign, rng))
    joins = [WIDE if one.isdigit() and other.isdigit() else NEAR for one, other in pairwise(text)]
    return text, _scaled(compose(images, joins, rng, rng.uniform(-0.1, 0.2)), round(tall * rng.uniform(*SIZES)))


def _again(digit: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A digit (28, 28) as its writer might write it again: turned, sheared, stretched and bent a little."""
    change = np.eye(2) + rng.normal(0, STRETCHED, (2, 2))
    x, y = np.meshgrid(np.arange(28), np.arange(28))
    at = (np.stack([x, y], axis=-1) - 13.5) @ change.T + 13.5 + cv2.resize(rng.normal(0, BENT, (4, 4, 2)), (28, 28),
                                                                          interpolation=cv2.INTER_CUBIC)
    return cv2.remap(digit, at.astype(np.float32), None, cv2.INTER_CUBIC)


def _scaled(picture: NDArray[np.uint8], tall: int) -> NDArray[np.float32]:
    """The strokes (h, w) in [0, 1] of a composed number, whose digits become `tall` pixels high."""
    scale = tall / 80  # of a digit of 20 pixels, enlarged fourfold
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    rows, columns = np.flatnonzero((small > 0.2).any(1)), np.flatnonzero((small > 0.2).any(0))
    return np.clip((small[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] - 0.15) / 0.6, 0, 1)


def _print(row, rng, tall):
    font = ImageFont.load_default(size=int(0.8 * tall))
    text = str(row + 1)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), text, fill=255, font=font)
    return TEXT, np.asarray(image, np.float32) / 255


def _sheet(rows, pictures, printed, tall, grid, rng):
    """The light (H, W, 3) that a flat sheet with the table reflects."""
    high = int(tall * rng.uniform(1.5, 2.2))
    widths = [int(max([picture.shape[1] for (_, j), picture in pictures.items() if j == column] + [tall])
                  + tall * rng.uniform(0.8, 1.6)) for column in range(len(rows[0]))]
    x, y = np.cumsum([0, *widths]), high * np.arange(len(rows) + 1)
    margin = int(MARGIN * max(x[-1], y[-1])) + tall
    shape = int(y[-1] + 2 * margin), int(x[-1] + 2 * margin)
    ink, print_ink = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for (i, j), picture in pictures.items():
        spare = widths[j] - picture.shape[1], high - picture.shape[0]
        over = rng.random() < OVER_LINE and (i, j) not in printed
        low = spare[1] * rng.uniform(0.8, 1.1) if over else max(spare[1], 0) * (
            0.5 if (i, j) in printed else rng.uniform(0.3, 0.7))
        top = margin + y[i] + int(low)
        aside = 0.5 if (i, j) in printed else rng.uniform(0.25, 0.75)
        left = margin + x[j] + int(max(spare[0], 0) * aside)
        to = print_ink if (i, j) in printed else ink
        place = to[top : top + picture.shape[0], left : left + picture.shape[1]]
        np.maximum(place, picture[: place.shape[0], : place.shape[1]], out=place)
    lines = _lines(shape, margin + x, margin + y, grid, rng)
    pen = np.array(list(INKS.values())[rng.integers(len(INKS))], np.float32) / 255
    taken = (1 - pen) * rng.uniform(0.75, 1.0)
    rule = np.array(list(RULES.values())[rng.integers(len(RULES))], np.float32) / 255
    ruled = taken if rng.random() < ONE_COLOUR else (1 - rule) * taken.max() / (1 - rule).max()
    sheet = np.array(SHEETS[rng.integers(len(SHEETS))], np.float32) / 255
    light = sheet * (1 - (lines * rng.uniform(0.5, 1.0))[..., None] * ruled) * (1 - ink[..., None] * taken)
    light *= 1 - 0.85 * print_ink[..., None]
    if grid == "none" and rng.random() < 0.3:  # on ruled paper
        ruling = paper_lines(shape, (margin + y[1], 0), tall, rng) * rng.uniform(*CONTRAST)
        light *= 1 - ruling[..., None] * 0.5 * ruled
    return light.astype(np.float32)


def _lines(shape, x, y, grid, rng):
    """The lines (H, W) in [0, 1] of a grid at columns x and rows y."""
    lines = np.zeros(shape, np.uint8)
    thick, wobble = int(rng.integers(1, 5)), (2.5 if grid == "drawn" else 0.0)
    if grid == "none":
        return lines.astype(np.float32)
    families = [(y, x, True)] + ([] if grid == "level" else [(x, y, False)])
    for at, ends, level in families:
        for place in at:
            along = np.linspace(ends[0], ends[-1], 9) + np.array([rng.uniform(-8, 8) * (wobble > 0), *[0] * 7,
                                                                  rng.uniform(-8, 8) * (wobble > 0)])
            across = place + np.cumsum(rng.normal(0, wobble, 9)) if wobble else np.full(9, float(place))
            points = np.column_stack([along, across] if level else [across, along])
            cv2.polylines(lines, [np.rint(points).astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    return lines.astype(np.float32) / 255


def _photograph(light: NDArray[np.float32], rng: np.random.Generator) -> bytes:
    """A sheet turned and tilted, under uneven light, as a JPEG file."""
    height, width = light.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    middle, angle = np.array([width / 2, height / 2]), np.deg2rad(rng.uniform(-TURNED, TURNED))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    seen = ((corners - middle) * (1 + rng.uniform(-TILTED, TILTED, (4, 1))) @ turn.T + middle).astype(np.float32)
    picture = np.asarray(cv2.warpPerspective(light, cv2.getPerspectiveTransform(corners, seen), (width, height),
                                             flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE), np.float32)
    picture = picture * lighting(height, width, rng)[..., None]
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.2))
    picture = 255 * picture * rng.uniform(0.92, 1.08, 3) + rng.normal(0, rng.uniform(1, 5), picture.shape)
    _, packed = cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8)[..., ::-1],
                             [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(70, 95))])
    return packed.tobytes()
