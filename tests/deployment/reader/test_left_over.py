"""Ink that is not part of the answer is never passed over in silence."""

import csv
import io
import json

import numpy as np
import pytest
from app import EXAMPLES
from pictures import enlarge, line_drawing
from PIL import Image

from analytics.numbers.compose import TOUCHING, WIDE, compose, strings
from core.digits.config import Config
from core.digits.data import load_split, read_checked
from core.digits.task import load_parts
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader import wording as words
from deployment.reader.csv_tables import digits_csv, numbers_csv, places_csv
from deployment.reader.number.hint import noticed
from deployment.reader.paper.apart import Apart
from deployment.reader.paper.frame import stroke_width


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


@pytest.fixture(scope="module")
def validation():
    return read_checked("train-images-idx3-ubyte")[load_split()["validation"]]


def on_clean_paper(digit, rng, side):
    """A digit alone, and with a piece of ink a stroke's width or more beside its box: two (side, side) uint8, white on
    black. The piece is a dot, a dash, a bar or a slanting stroke of 15 to 60 % of the digit's height."""
    rows, columns = (np.flatnonzero((digit > 30).any(axis)) for axis in (1, 0))
    digit = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = rng.uniform(0.3, 0.45) * side / max(digit.shape)
    ink = np.asarray(Image.fromarray(digit).resize([max(2, round(n * scale)) for n in digit.shape[::-1]],
                                                   Image.Resampling.BICUBIC))
    (height, width), pen = ink.shape, stroke_width((ink / 255).astype(np.float32))
    size, thick = max(3, round(height * rng.uniform(0.15, 0.6))), max(3, round(pen))
    slant = np.abs(np.add.outer(np.arange(size), np.arange(size)) - size) < thick
    shapes = [(thick, thick), (thick, size), (size, thick), (size, size)]
    chosen = rng.integers(len(shapes)) if thick >= 0.15 * height else 1 + rng.integers(len(shapes) - 1)
    piece = np.full(shapes[chosen], 255, np.uint8) * (slant if chosen == 3 else True)
    gap = int(np.ceil(pen * rng.uniform(1, 3))) + 1
    alone = np.zeros((side, side), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    alone[top : top + height, left : left + width] = ink
    y, x = top + rng.integers(height), left + rng.integers(width)
    y, x = [(y, left + width + gap), (y, left - gap - piece.shape[1]), (top + height + gap, x),
            (top - gap - piece.shape[0], x)][rng.integers(4)]
    y, x = np.clip([y, x], 0, side - np.array(piece.shape))
    both = alone.copy()
    both[y : y + piece.shape[0], x : x + piece.shape[1]] = piece
    return alone, both


@pytest.mark.parametrize("kind, side", [("canvas", 280), (None, 280), (None, 110)])
def test_a_separate_piece_of_ink_is_left_over(deployer, validation, kind, side):
    """And the confidence never rises by it."""
    rng = np.random.default_rng(side)
    pairs = [on_clean_paper(validation[i], rng, side) for i in rng.choice(len(validation), 40, replace=False)]
    if kind is None:
        pairs = [[np.uint8(235 - picture / 255 * 200) for picture in pair] for pair in pairs]
    alone, both = (deployer.predict_batch(pictures, kind=kind) for pictures in zip(*pairs, strict=True))
    told = [bool(reading.left_over) for reading in both]
    assert np.mean(told) >= 0.95
    assert all(with_it.confidence <= without.confidence + 0.01 for without, with_it in zip(alone, both, strict=True))
    assert not any(reading.emotion == "confident" for reading in both if reading.left_over)
    same = [one.digit == other.digit for one, other, known in zip(alone, both, told, strict=True) if known]
    assert np.mean(same) >= 0.9, "the piece is not read with the digit"


@pytest.mark.parametrize("part", [slice(400, 900), pytest.param(slice(None), marks=pytest.mark.slow)])
def test_a_single_digit_leaves_nothing_over(deployer, validation, part):
    readings = deployer.predict_batch(validation[part])
    assert np.mean([bool(reading.left_over) for reading in readings]) <= 0.005


def test_the_bar_of_a_digit_belongs_to_it(deployer):
    """It stands apart, and the digit is not read as surely without it."""
    five = np.zeros((280, 280), np.uint8)
    five[60:76, 120:190] = 255  # bar
    five[100:150, 100:116] = five[134:150, 100:170] = five[134:220, 160:176] = five[204:220, 90:176] = 255
    reading = deployer.predict(five, kind="canvas")
    assert Apart.of((five / 255).astype(np.float32)) is not None
    assert reading.digit == 5 and reading.left_over == ()


def test_boxes_are_in_pixels_of_the_source(deployer):
    small = np.zeros((200, 300), np.uint8)
    small[40:160, 60:160] = np.asarray(Image.open(EXAMPLES / "seven.png").convert("L").resize((100, 120)))
    small[140:160, 220:240] = 255
    for scale in (1, 5):
        picture = Image.fromarray(small).resize((300 * scale, 200 * scale), Image.Resampling.BICUBIC)
        reading = deployer.predict(picture)
        (box,) = (np.array(box) / scale for box in reading.left_over)
        assert np.abs(box - [140, 220, 160, 240]).max() <= 4
        assert 40 <= reading.box[0] / scale < reading.box[2] / scale <= 164


def test_clean_pictures_are_as_before(deployer):
    """Without left-over ink, the confidence is the largest probability."""
    for name in ("seven", "two", "paper", "four_or_nine"):
        reading = deployer.predict(EXAMPLES / f"{name}.png")
        assert reading.left_over == () and reading.confidence == reading.probabilities.max()


def decimal(digits):
    """Drawn digits with a point after the first: (140, 420) uint8, white on black."""
    picture = np.zeros((140, 420), np.uint8)
    for i, digit in enumerate(digits):
        picture[20:120, 20 + 130 * i : 120 + 130 * i] = np.maximum(
            picture[20:120, 20 + 130 * i : 120 + 130 * i], enlarge(digit, 100))
    picture[96:112, 124:140] = 255
    return picture


def test_a_decimal_point_is_not_passed_over(deployer, validation):
    """It is in the text or left over, whichever digits stand beside it; mostly it is read."""
    points = []
    for start in range(0, 24, 3):
        digits = validation[start : start + 3]
        with_point, plain = decimal(digits), decimal(digits)
        plain[96:112, 124:140] = 0
        reading, clean = (deployer.read_number(picture, kind="canvas") for picture in (with_point, plain))
        assert reading.left_over or len(reading.text) > len(clean.text)
        points.append(reading.text[1:2] == ".")
    assert np.mean(points) >= 0.75


def test_a_number_leaves_nothing_over(deployer):
    part, rng = load_parts(Config())["validation"], np.random.default_rng(4)
    pictures = [picture for _, picture in strings(part, 15, (2, 6), [WIDE, TOUCHING], rng)]
    assert sum(bool(reading.left_over) for reading in deployer.read_numbers(pictures, kind="canvas")) <= 1


def test_word_and_number_agree(deployer, validation):
    """What is not confident is never more than 99.9 % sure."""
    rng = np.random.default_rng(8)
    for i in range(12):
        digits = validation[rng.choice(len(validation), 3)]
        reading = deployer.read_number(compose(digits, [WIDE, WIDE], rng), kind="canvas")
        if reading.emotion != "confident":
            assert "99.9 %" not in words.whole(reading) and reading.confidence < 0.995, i


def test_json_and_csv_name_the_boxes(deployer, validation):
    both = on_clean_paper(validation[0], np.random.default_rng(3), 280)[1]
    with_speck = np.pad(decimal(validation[:3]), ((0, 200), (0, 0)))
    with_speck[300:306, 200:206] = 255
    single, number = deployer.predict(both, kind="canvas"), deployer.read_number(with_speck, kind="canvas")
    assert number.left_over, "the case that this test is about"
    for reading, to_csv in ((single, digits_csv), (number, numbers_csv)):
        saved = json.loads(json.dumps(reading.to_dict()))
        assert saved["left_over"] == [list(box) for box in reading.left_over]
        (row,) = csv.DictReader(io.StringIO(to_csv(["a.png"], [reading])))
        assert [tuple(map(int, box.split())) for box in row["left_over"].split("; ")] == list(reading.left_over)
    *_, last = csv.DictReader(io.StringIO(places_csv(number)))
    assert last["text"] == "left over" and int(last["top"]) == number.left_over[-1][0]


def test_more_on_the_picture_is_said_and_a_number_offered(deployer):
    drawing = line_drawing(14, paper=0, ink=255).copy()
    drawing[200:230, 240:270] = 255
    reading = deployer.predict(drawing, kind="canvas")
    assert words.sentence(reading).endswith("there is more on this picture")
    assert noticed(deployer, drawing, reading, "canvas") is not None
    number = deployer.read_number(decimal([drawing[::10, ::10]] * 3), kind="canvas")
    assert "there is more on this picture" in words.whole(number) or set(".?") & set(number.text)
