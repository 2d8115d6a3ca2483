"""Ruled and squared paper: its lines go, however dark, and the strokes that cross them stay."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from deployment.reader.paper.digit import preprocess
from deployment.reader.paper.rules import level_lines, without_lines


def paper(digit, rng, pencil, line, squared, shape=(300, 240)):
    """A pencil digit (28, 28) on ruled paper in falling light: (H, W) uint8; pencil, line: how dark they are."""
    ink = np.zeros(shape)
    ink[40:240, 20:220] = np.asarray(Image.fromarray(digit).resize((200, 200), Image.Resampling.BICUBIC)) / 255 * pencil
    rows, columns = np.indices(shape)
    gap, slope = rng.uniform(24, 40), rng.uniform(-0.03, 0.03)
    lines = (rows + slope * columns + rng.uniform(0, gap)) % gap < 2
    if squared:
        lines |= (columns - slope * rows + rng.uniform(0, gap)) % gap < 2
    light = 220 * (1 - 0.15 * columns / shape[1]) * (1 - ink) * (1 - line * lines)
    soft = Image.fromarray(light.astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    return np.clip(np.asarray(soft) + rng.normal(0, 3, shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("squared", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["ruled", "squared"])
@pytest.mark.parametrize("pencil, line", [
    (0.25, 0.4), (0.6, 0.7), (0.15, 0.3), *(pytest.param(*pair, marks=pytest.mark.slow) for pair in ((0.25, 0.12),
                                                                                                     (0.6, 0.3)))])
def test_lines_leave_the_digit_nearly_as_on_plain_paper(digits, pencil, line, squared):
    far = []
    for number, digit in enumerate(digits):
        plain, lined = (preprocess(paper(digit, np.random.default_rng(number), pencil, strength, squared))
                        for strength in (0.0, line))
        far.append(np.abs(plain - lined).mean())
    assert np.median(far) < 0.04 and np.mean(np.array(far) > 0.08) <= 0.1


def field(shape=(200, 260)):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize("slope", [-0.03, 0.0, 0.05])
def test_a_line_is_found_where_it_is(slope):
    ink = field()
    rows, columns = np.indices(ink.shape)
    ink[np.abs(rows - 90 - slope * (columns - 130)) < 1.5] = 0.3
    ((first, last, found),) = level_lines(ink, 0.1)
    assert first == pytest.approx(89, abs=1.5) and last - first in (3, 4) and found == pytest.approx(slope, abs=0.004)
    assert level_lines(ink.T, 0.1) == []
    rest = without_lines(ink + (np.abs(columns - 60) < 6), 0.1)  # an upright stroke across it
    assert rest[60:120, 57:64].min() == 1 and rest[:, 70:].max() < 0.1


def test_strokes_bands_and_a_single_long_line_are_no_ruled_paper():
    stroke, band, alone = field(), field(), field()
    stroke[90:94, 30:230] = 1
    band[60:120] = 0.5
    alone[90:94] = 1
    for ink in (stroke, band, alone):
        assert np.array_equal(without_lines(ink, 0.1), ink)


def test_where_lines_cross_lines_nothing_stays():
    ink = field()
    ink[20::30] = ink[21::30] = 0.6
    ink[:, 15::30] = ink[:, 16::30] = 0.6
    lines = ink > 0
    ink[50:150, 120:132] = 0.3
    rest = without_lines(ink, 0.05)
    assert rest[:, :115].max() == 0 and rest[:, 136:].max() == 0
    assert rest[55:145, 123:129].min() >= 0.3 and rest[lines].max() <= 0.3 + 0.31
