"""The tinted picture of an upload: what is ink, what is a line of the paper, and the numbers on it."""

import numpy as np
import pytest
from app import EXAMPLES
from PIL import Image, ImageDraw

from deployment.pages.upload.paper import MOST_COMPONENTS, components_of, figure, largest, take_apart, tinted
from deployment.reader.paper.ink import find_ink
from deployment.reader.picture.load import load_pixels
from deployment.ui.palette import BLUE, VERMILION, rgb

LIGHT = 205  # of the sheet
RULES = range(60, 600, 90)


def ruled(places=((150, 180),), specks=()):
    """Lines, a 7 for each place (row, column), and specks, on a sheet: (600, 800, 3) uint8."""
    grain = np.random.default_rng(0).normal(LIGHT, 3, (600, 800, 1))
    page = Image.fromarray(np.repeat(np.clip(grain, 0, 255), 3, axis=2).astype(np.uint8))
    pen = ImageDraw.Draw(page)
    for row in RULES:
        pen.line([(0, row), (800, row)], fill=(110, 140, 205), width=4)
    for row, column in places:
        ends = [(column, row), (column + 70, row), (column + 30, row + 120)]
        pen.line(ends, fill=(35, 35, 50), width=9, joint="curve")
    for row, column in specks:
        pen.ellipse([column, row, column + 4, row + 4], fill=(35, 35, 50))
    return np.asarray(page)


def view_of(picture):
    pixels = load_pixels(picture)
    return take_apart(pixels.grey, pixels.values, pixels.scale)


def alike(pixel, colour):
    return np.abs(pixel.astype(int) - rgb(colour)).max() < 40


def test_ink_lines_and_paper_have_three_tints():
    picture = ruled()
    pixels = load_pixels(picture)
    shown = tinted(pixels.grey, find_ink(pixels.values))
    assert shown.shape == (600, 800, 3)
    assert alike(shown[150, 210], VERMILION), "the bar of the 7"
    assert all(alike(shown[row, 700], BLUE) for row in RULES)
    paper = shown[100:140, 500:700]
    assert paper.min() > 220 and np.ptp(paper, axis=2).max() == 0, "nearly white, without a colour"


def test_bright_ink_on_a_dark_ground_has_pale_paper_too():
    pixels = load_pixels(EXAMPLES / "seven.png")
    shown = tinted(pixels.grey, find_ink(pixels.values))
    assert shown[0, 0].min() > 220 and alike(shown[pixels.grey > 0.95].mean(axis=0), VERMILION)


def test_components_are_numbered_in_reading_order_without_specks():
    places = [(20, 500), (20, 100), (400, 300)]
    view = view_of(ruled(places, specks=[(300, 700), (520, 40)]))
    read = [places[1], places[0], places[2]]
    assert len(view.components) == 3 and not view.more
    for (row, column), (top, left, bottom, right) in zip(read, view.components, strict=True):
        assert abs(top - row) < 14 and abs(left - column) < 14 and abs(bottom - row - 120) < 14
        assert abs(right - column - 70) < 14


def test_boxes_are_in_pixels_of_the_source():
    large = np.kron(ruled([(150, 180), (150, 500)]), np.ones((4, 4, 1), np.uint8))
    view = view_of(large)
    (top, left, bottom, right), _ = view.components
    assert view.size == (2400, 3200) and view.grey.shape == (600, 800)
    assert abs(top - 600) < 50 and abs(left - 720) < 50 and abs(bottom - 1080) < 50 and abs(right - 1000) < 50


def test_the_largest_components_have_numbers():
    boxes = [(0, 10 * i, 5 + i % 3, 10 * i + 4) for i in range(20)]
    chosen = largest(boxes)
    assert len(chosen) == MOST_COMPONENTS and list(chosen) == sorted(chosen, key=lambda box: box[1])
    assert {box for box in boxes if box[2] == 7} <= set(chosen)
    many = view_of(ruled([(20 + 150 * row, 20 + 190 * column) for row in range(4) for column in range(4)]))
    assert many.more and len(many.components) == MOST_COMPONENTS
    assert "The 12 largest pieces of ink have numbers." in figure(many, "x.png")


def test_the_figure_says_in_words_what_its_tints_are():
    shown = figure(view_of(ruled([(150, 180), (150, 500)])), "<me>.png", (100, 100, 400, 300))
    assert (f'alt="&lt;me&gt;.png: ink in vermilion, 2 numbered pieces; {len(RULES)} lines of the paper in blue"'
            in shown)
    assert f"lines of the paper: {len(RULES)}" in shown and ">ink<" in shown and ">paper<" in shown
    assert shown.count("<b>") == 2 and 'class="q-part" style="top:16.7%;left:12.5%;width:25.0%;height:50.0%"' in shown
    assert "q-part" not in figure(view_of(ruled()), "x.png") and "<b>" not in figure(view_of(ruled()), "x.png")


@pytest.mark.parametrize("places, words", [((), "ink: none"), (((150, 180),), ">ink<")])
def test_a_sheet_without_ink_is_said_to_have_none(places, words):
    view = view_of(ruled(places))
    assert words in figure(view, "x.png") and view.rules == len(RULES) and not view.beside


def test_a_desk_beside_the_sheet_is_grey():
    picture = np.full((900, 1200, 3), 50, np.uint8)
    picture[150:750, 200:1000] = ruled()
    view = view_of(picture)
    pixels = load_pixels(picture)
    assert view.beside and "beside the sheet, not searched" in figure(view, "x.png")
    assert tinted(pixels.grey, find_ink(pixels.values))[20, 20].tolist() == [140, 140, 140]


def test_broken_strokes_are_one_component():
    picture = ruled([(100, 300)]).copy()
    picture[170:173, 300:400] = LIGHT
    pixels = load_pixels(picture)
    assert len(components_of(find_ink(pixels.values), 1.0)) == 1
