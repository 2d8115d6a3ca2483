"""The lines of a table: followed to their ends, told from strokes, and taken out of the ink."""

import cv2
import numpy as np
import pytest

from deployment.reader.paper.rules import Rule
from deployment.reader.table.follow import followed, near
from deployment.reader.table.remains import without_remains
from deployment.reader.table.separators import separators
from deployment.reader.table.stretches import stretches_of

WAVE = 300 + 6 * np.sin(np.arange(600) / 60)


def drawn(rows, columns, shape=(600, 800), width=3):
    """Light lost to level lines at these rows and upright ones at these columns."""
    picture = np.zeros(shape, np.uint8)
    for row in rows:
        cv2.line(picture, (50, row), (shape[1] - 50, row), 255, width)
    for column in columns:
        cv2.line(picture, (column, 50), (column, shape[0] - 50), 255, width)
    return picture.astype(np.float32) / 255


def bent():
    """Light lost to one line that is bent as paper is, from column 100 to 700."""
    picture = np.zeros((600, 800), np.float32)
    for x, y in enumerate(WAVE, 100):
        picture[round(y) - 1 : round(y) + 2, x] = 0.8
    return picture


def test_a_line_is_followed_to_its_ends():
    known = Rule(True, 250, 500, np.full(250, 300, np.float32), 3.0, 0.8)
    line, = followed(bent(), [known])
    assert line.first <= 110 and line.last >= 690
    expected = np.interp(np.arange(line.first, line.last), np.arange(100, 700), WAVE)
    assert np.abs(line.path - expected).max() < 2


def test_a_line_is_sought_near_where_it_should_be():
    line = near(bent(), Rule(True, 100, 700, np.full(600, 318, np.float32), 3.0, 0.8), 24)
    assert np.abs(line.path - WAVE).mean() < 2


def test_rows_and_columns_with_a_broken_line():
    lost = drawn([60, 160, 260, 360, 460, 540], [60, 260, 460, 660])
    lost[250:270, 200:300] = 0
    rows, columns, _ = separators(lost, stretches_of(lost))
    assert [round(float(line.at(400.0))) for line in rows] == pytest.approx([60, 160, 260, 360, 460, 540], abs=2)
    assert [round(float(line.at(300.0))) for line in columns] == pytest.approx([60, 260, 460, 660], abs=2)


def test_strokes_one_below_the_other_are_no_column():
    lost = drawn([60, 140, 220, 300, 380, 460, 540], [60, 400, 740])
    for top in (60, 140, 220, 300, 380, 460):
        cv2.line(lost, (230, top + 18), (230, top + 62), 1.0, 5)  # ones, in each row
    columns = separators(lost, stretches_of(lost))[1]
    assert [round(float(line.at(300.0))) for line in columns] == pytest.approx([60, 400, 740], abs=2)


def test_what_remains_of_a_line_alone_goes_and_strokes_on_it_stay():
    mask = np.zeros((100, 300), bool)
    mask[49:51, 20:120] = True  # a remain
    mask[30:70, 200:206] = True  # a stroke across
    mask[40:51, 240:280] = True  # a stroke that ends on the line
    mask[48:53, 285:290] = True  # a point
    left = without_remains(mask, [Rule(True, 0, 300, np.full(300, 50, np.float32), 3.0, 0.5)])
    assert not left[:, :150].any() and np.array_equal(left[:, 150:], mask[:, 150:])
