"""What is written in the cells: cut at lines, told from print, crossed out."""

import cv2
import numpy as np
import pytest

from deployment.reader.number.sheet import Blob
from deployment.reader.prediction import NumberReading
from deployment.reader.table.beside import dark_beside, light_taken
from deployment.reader.table.cells import Inside, inside, tidied
from deployment.reader.table.confidence import DOUBTED, SIGNALS, Doubts, form, probability, signals
from deployment.reader.table.crossed import is_unreadable
from deployment.reader.table.divide import divided, may_be_two
from deployment.reader.table.prints import row_numbers
from deployment.reader.table.separator import Separator

SIZE = 100  # pixels of a cell


def line(at):
    return Separator(np.array([0.0, float(at)]), None)


LINES = [line(SIZE * i) for i in range(4)]


def reading(text):
    return NumberReading(text, [], 0.9, {}, np.zeros((1, 1), np.uint8), 1.0)


def blob(top, left, height=40, width=24):
    """A frame, as a written 0."""
    mask = np.zeros((height, width), np.uint8)
    middle = width // 2, height // 2
    cv2.ellipse(mask, middle, (middle[0] - 2, middle[1] - 2), 0, 0, 360, 1, 3)
    return Blob.of(mask.astype(bool), top, left)


def test_blobs_lie_in_their_cells():
    cells = inside(LINES, LINES, [blob(30, 20), blob(30, 50), blob(230, 140)])
    assert [(cell.row, cell.column, len(cell.blobs)) for cell in cells] == [(0, 0, 2), (2, 1, 1)]
    assert not any(cell.aside or cell.over_line for cell in cells)


def test_digits_that_hang_together_over_a_line_are_cut_and_doubted():
    upper, lower = blob(52, 20), blob(104, 20)
    tall = np.zeros((100, 24), bool)
    upper.draw(tall, 50, 20)
    lower.draw(tall, 50, 20)
    tall[40:56, 10:13] = True
    cells = inside(LINES, LINES, [Blob.of(tall, 50, 20), blob(30, 60), blob(130, 60), blob(230, 20)])
    assert [(cell.row, len(cell.blobs), cell.aside) for cell in cells] == [(0, 2, True), (1, 2, True), (2, 1, False)]


def test_a_speck_far_from_a_number_is_no_part_of_it_and_lowers_its_confidence():
    speck = Blob.of(np.ones((5, 5), bool), 20, 90)
    cell, = inside(LINES, LINES, [blob(40, 20), speck])
    assert cell.blobs == [cell.blobs[0]] and cell.aside


def test_blobs_with_the_same_corner_are_told_apart():
    ring, tick = blob(40, 20), Blob.of(np.eye(24, dtype=bool), 40, 20)
    cell, = inside(LINES, LINES, [ring, tick, Blob.of(np.ones((5, 5), bool), 20, 90)])
    assert set(cell.blobs) == {ring, tick}


def test_a_point_near_a_digit_is_a_part_of_the_number():
    point = Blob.of(np.ones((6, 6), bool), 74, 48)
    cell, = inside(LINES, LINES, [blob(40, 20), point, blob(40, 58)])
    assert len(cell.blobs) == 3 and not cell.aside


@pytest.mark.parametrize(("second", "expected"), [((82, 82, 74), True), ((50, 64, 46), False)])
def test_digits_of_a_column_that_all_stand_apart_in_the_same_place_may_be_two_columns(second, expected):
    blobs = [blob(SIZE * i + 30, at) for i, two in enumerate(zip((20, 34, 16), second, strict=True)) for at in two]
    column = [line(0), line(120)]
    assert len(divided(LINES, column, blobs, ruled=False)[1]) == 2
    assert may_be_two(LINES, column, blobs, 40.0) is expected


def test_row_numbers_count_from_one_in_digits_of_one_height():
    cells = [Inside(i + 1, 0, [[blob(SIZE * i + 30, 40)]]) for i in range(6)]
    texts = [str(i + 1) for i in range(6)]
    assert row_numbers(cells, texts) == {(i + 1, 0) for i in range(6)}
    assert not row_numbers(cells, ["7", "3", "9", "9", "4", "1"])
    uneven = [Inside(i + 1, 0, [[blob(SIZE * i + 30, 40, height=30 + 5 * i)]]) for i in range(6)]
    assert not row_numbers(uneven, texts)


@pytest.mark.parametrize("crossed", [True, False])
def test_crossed_out(crossed):
    mask = np.zeros((60, 140), bool)
    for left in (5, 40, 75, 110):
        blob(0, left).draw(mask, -10, 0)
    if crossed:
        cv2.line(mask.view(np.uint8), (0, 34), (139, 26), 1, 4)
    assert is_unreadable([Blob.of(mask)], 40.0) == crossed


def test_written_over():
    assert is_unreadable([Blob.of(np.ones((40, 36), bool))], 40.0)


@pytest.mark.parametrize("text, expected", [("12.50", "#.##"), ("7", "#"), ("1,234", "#,###"), ("-3", "-#")])
def test_form_of_a_number(text, expected):
    assert form(text) == expected


def test_a_cell_that_breaks_the_pattern_of_its_column_is_seen():
    cells = [Inside(i, 0, [[blob(0, 0)]]) for i in range(6)]
    texts = "6.5", "7.0", "8.25", "9.5", "9-5", "7.5"
    rows = signals([reading(text) for text in texts], cells, [Doubts()] * 6, [0.0] * 6)
    of = dict(zip(SIGNALS, rows.T, strict=True))
    assert of["like its column"].argmin() in (2, 4) and of["other form"].tolist() == [0, 0, 1, 0, 1, 0]
    assert of["other length"].tolist() == [0, 0, 0, 0, 1, 0]
    assert of["rare signs"].tolist() == [0, 0, 0, 0, 1, 0]


@pytest.mark.parametrize(("signal", "value"), [("dark beside", 0.5), ("lines", 1.0)])
def test_a_number_beside_what_is_lost_or_on_several_lines_is_not_sure(signal, value):
    sure = np.zeros((1, len(SIGNALS)))
    sure[0, [SIGNALS.index("constant"), SIGNALS.index("least digit")]] = 1.0, 100.0
    doubted = sure.copy()
    doubted[0, SIGNALS.index(signal)] = value
    assert probability(sure)[0] > 0.99 and probability(doubted)[0] == DOUBTED


def cell(*blobs):
    return Inside(1, 1, [list(blobs)])


def test_a_doubtful_cell_is_read_again_without_remains_of_lines_and_specks():
    digit, point = blob(130, 140), blob(160, 170, 9, 9)
    speck, tick = blob(125, 190, 9, 9), Blob.of(np.ones((30, 6), bool), 104, 197)
    tidy = tidied(cell(digit, point, speck, tick), LINES, LINES, 40.0)
    assert tidy is not None and tidy.blobs == [digit, point] and tidy.aside
    assert tidied(cell(digit, point), LINES, LINES, 40.0) is None


def test_writing_that_hangs_together_with_a_line_stays_in_its_cell():
    mask = np.zeros((60, 70), bool)
    mask[-4:] = True  # the line
    blob(0, 0).draw(mask, -16, -10)
    written = Blob.of(mask, 139, 110)
    tidy = tidied(cell(written, blob(130, 185, 9, 9)), LINES, LINES, 40.0)
    assert tidy is not None and tidy.blobs == [written]


@pytest.mark.parametrize("paler, expected", [(1.0, True), (0.3, False)])
def test_a_digit_that_was_lost_is_dark_beside_the_others(paler, expected):
    taken, seen, lost = (np.zeros((120, 200)) for _ in range(3))
    for canvas, one in ((seen, blob(40, 60)), (lost, blob(40, 95))):
        canvas[one.top : one.bottom, one.left : one.right] = one.mask
    taken = light_taken((220 - 150 * seen - 150 * paler * lost).astype(np.uint8), 40.0, [])
    assert (dark_beside(taken, [blob(40, 60)], 1) > 0.5) == expected
    assert dark_beside(taken, [blob(40, 60), blob(40, 95)], 2) == 0
