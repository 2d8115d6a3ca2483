"""From a picture to ink, blobs and lines, and cuts through what is joined."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from deployment.reader.number.cuts import cut
from deployment.reader.number.line import Line
from deployment.reader.number.sheet import MOST_BLOBS, Blob, blobs, lines
from deployment.reader.paper.ink import find_ink


def drawn(strokes, size=(300, 120), width=8):
    image = Image.new("L", size)
    for stroke in strokes:
        ImageDraw.Draw(image).line(stroke, fill=255, width=width)
    return np.asarray(image, np.float32) / 255


def page_ink(grey, kind=None):
    """(ink, mask) of a page."""
    found = find_ink(grey, kind)
    return found.ink, found.mask


def upright(*places, top=20, bottom=100):
    return [[(x, top), (x, bottom)] for x in places]


def test_blobs_and_their_places():
    found = blobs(*page_ink(drawn(upright(50, 150)), "canvas"))
    assert [blob.width for blob in found] == [8, 8] and [blob.left for blob in found] == [47, 147]
    assert blobs(np.zeros((50, 50)), np.zeros((50, 50), bool)) == []
    assert not page_ink(np.zeros((50, 50), np.float32), "canvas")[1].any()


def test_of_too_many_blobs_the_largest_are_returned():
    page = np.zeros((600, 600), bool)
    page[::6, ::6] = page[::6, 1::6] = page[::6, 2::6] = True  # 10,000 dashes
    page[100:200, 300:312] = True
    found = blobs(page.astype(np.float32), page)
    assert len(found) <= MOST_BLOBS and max(blob.height for blob in found) >= 100


def test_specks_and_what_lies_along_the_edge_are_left_out():
    """A dot as wide as the pen stays: it may be a point."""
    grey = drawn([*upright(50, 150), [(200, 60), (203, 60)], [(0, 0), (299, 0)]], width=6)
    grey[50:53, 240:243] = 1
    found = blobs(*page_ink(grey, "canvas"))
    assert [blob.left for blob in found] == [48, 148, 200]


def test_what_is_far_paler_than_the_pen_is_left_out():
    """A fold beside digits; a line in pencil stays."""
    pale, pencil = 0.15 * drawn(upright(250)), 0.45 * drawn(upright(200))
    ink = drawn(upright(50, 120)) + pale + pencil
    assert [blob.left for blob in blobs(ink, ink > 0.1)] == [47, 117, 197]


def test_lines_are_sorted_from_top_to_bottom_and_left_to_right():
    """Even where they slope by half a digit's height."""
    strokes = [[(x, 20 + x // 10), (x, 50 + x // 10)] for x in (40, 250, 150)]
    strokes += [[(x, 85 + x // 10), (x, 115 + x // 10)] for x in (200, 60)]
    rows = lines(blobs(*page_ink(drawn(strokes, (300, 150)), "canvas")))
    assert [[blob.left for blob in row] for row in rows] == [[37, 147, 247], [57, 197]]


def test_a_stroke_apart_joins_its_line():
    """The bar of a 5, above the rest of it and not touching, is no line of its own."""
    strokes = [*upright(50, 200), [(110, 24), (140, 24)], [(110, 45), (130, 70), (110, 100)]]
    assert len(lines(blobs(*page_ink(drawn(strokes), "canvas")))) == 1


def test_the_same_page_dark_on_light_and_in_uneven_light():
    ink = drawn(upright(50, 150))
    light = np.linspace(0.95, 0.5, 300, dtype=np.float32)[None]
    found = blobs(*page_ink(light * (1 - 0.7 * ink)))
    assert [blob.left for blob in found] == pytest.approx([46, 146], abs=3)


def test_cut_pieces_are_the_whole_blob():
    """Every pixel of it belongs to one primitive, or to crumbs too small for any."""
    mask = drawn([*upright(40, 120), [(40, 60), (120, 60)]]) > 0.5
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    blob = Blob(int(rows[0]), int(columns[0]), mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    primitives = cut(blob, height=80)
    assert len(primitives) > 1 and primitives[0].crossed == 0
    assert all(primitive.crossed > 0 for primitive in primitives[1:])
    together = np.zeros(blob.mask.shape, int)
    for primitive in primitives:
        own = np.zeros(blob.mask.shape, bool)
        primitive.draw(own, blob.top, blob.left)
        together += own
    assert together.max() == 1 and together.sum() >= 0.95 * blob.mask.sum()
    assert not (together.astype(bool) & ~blob.mask).any()


def test_what_is_narrow_or_huge_is_not_cut():
    narrow, huge = Blob(0, 0, np.ones((80, 20), bool)), Blob(0, 0, np.ones((400, 100), bool))
    assert len(cut(narrow, 80)) == len(cut(huge, 80)) == 1


def test_drawing_a_mask_on_a_part_of_the_page():
    blob, canvas = Blob(5, 5, np.ones((4, 4), bool)), np.zeros((4, 4), bool)
    blob.draw(canvas, 7, 3)
    assert np.argwhere(canvas).tolist() == [[0, 2], [0, 3], [1, 2], [1, 3]]
    blob.draw(canvas, 20, 20)  # beside it: nothing happens


def test_a_line_knows_its_height_and_pen():
    (row,) = lines(blobs(*page_ink(drawn(upright(50, 150, 250)), "canvas")))
    line = Line(row)
    assert line.height == pytest.approx(81, abs=2) and line.pen == pytest.approx(8, abs=2)
