"""The ink of a picture: nearly all of it, on any paper, and nothing of the paper's lines, its edges or shadows."""

import cv2
import numpy as np
import pytest
from pictures import enlarge
from sheets import lines_of, recall, remains, sheet, spilled

from deployment.reader.paper.ink import SIDE, find_ink

PAPERS = {
    "plain": {"kind": "plain"},
    "ruled": {"kind": "ruled"},
    "squared": {"kind": "squared"},
    "dotted": {"kind": "dotted"},
    "ruled, tilted": {"kind": "ruled", "perspective": True},
    "squared, tilted": {"kind": "squared", "perspective": True},
    "squares of the pen's colour": {"kind": "squared", "rule": "pen", "strength": 0.9},
    "the same, tilted": {"kind": "squared", "rule": "pen", "strength": 0.9, "perspective": True},
    "a red pen on blue squares": {"kind": "squared", "pen": "red", "rule": "blue", "strength": 0.8},
    "a pencil on grey lines": {"kind": "ruled", "pen": "pencil", "rule": "grey", "strength": 0.9},
}


@pytest.mark.parametrize("name", PAPERS)
def test_nearly_all_ink_is_seen_and_no_line_is(digits, name):
    options, kept, left, beside = PAPERS[name], [], [], []
    for number in (5, 8):
        true = sheet(digits[number], seed=number, **options)
        ink = find_ink(true.picture)
        kept.append(recall(ink, true))
        left.append(remains(ink, true) if options["kind"] != "plain" else 0)
        beside.append(spilled(ink, true))
        assert (len(ink.rules) > 0) == (options["kind"] != "plain")
    assert min(kept) > 0.97 and max(left) < 0.01 and np.median(beside) < 0.01


def test_lines_are_where_they_are(digits):
    """Each line has a rule on it, and each rule a line under it, also in perspective."""
    for options in (PAPERS["squared"], PAPERS["the same, tilted"]):
        true = sheet(digits[3], seed=3, light=np.ones((600, 700), np.float32), **options)
        near = cv2.dilate(true.lines, np.ones((5, 5))) > 0.3
        rules, seen = find_ink(true.picture).rules, np.zeros(true.ink.shape, np.uint8)
        for rule in rules:
            along, across = np.arange(rule.first, rule.last), np.rint(rule.path).astype(int)
            inside = (across >= 0) & (across < true.ink.shape[0 if rule.level else 1])
            at = (across[inside], along[inside]) if rule.level else (along[inside], across[inside])
            assert near[at].mean() > 0.9 and 1 <= rule.thickness <= 5
            seen[at] = 1
        covered = cv2.dilate(seen, np.ones((7, 7)))[true.lines > 0.5]
        assert covered.mean() > 0.9 and {rule.level for rule in rules} == {True, False}


# --- strokes and lines ------------------------------------------------------------------------------------------------

HEIGHT, WIDTH, GAP = 600, 600, 60
ROWS = 330  # a line runs here


def figure(strokes, width, pen=0.75, line=0.45, thick=3.0, seed=0):
    """(picture (H, W) uint8, true ink (H, W)): strokes, lists of points, on ruled paper in falling light."""
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    for points in strokes:
        cv2.polylines(ink, [np.int32(points)], False, 255, width)
    ink = cv2.GaussianBlur(ink, (0, 0), 0.7).astype(np.float32) / 255
    away = np.abs((np.arange(HEIGHT) - ROWS + GAP / 2) % GAP - GAP / 2)
    lines = np.repeat(np.clip(thick / 2 + 0.5 - away, 0, 1)[:, None], WIDTH, axis=1)
    light = 225 * np.linspace(1, 0.8, WIDTH) * (1 - pen * ink) * (1 - line * lines)
    rng = np.random.default_rng(seed)
    return np.clip(light + rng.normal(0, 2, light.shape), 0, 255).astype(np.uint8), ink


SEVEN = [[(220, ROWS), (380, ROWS), (280, ROWS + 190)]]  # its bar on a line
TWO = [[(230, 200), (260, 160), (330, 160), (360, 200), (350, 240), (230, ROWS), (370, ROWS)]]  # its foot on a line
ONE = [[(250, 200), (300, 160), (300, ROWS)], [(240, ROWS), (360, ROWS)]]  # its base on a line


@pytest.mark.parametrize("pen, width", [(0.8, 4), (0.75, 7), (0.45, 11)], ids=["darker", "both", "thicker"])
@pytest.mark.parametrize("strokes, columns", [(SEVEN, (226, 370)), (TWO, (245, 364)), (ONE, (246, 354))],
                         ids=["bar of a 7", "foot of a 2", "base of a 1"])
def test_a_stroke_along_a_line_stays(strokes, columns, pen, width):
    picture, true = figure(strokes, width, pen)
    ink = find_ink(picture).ink
    along = ink[ROWS - 2 : ROWS + 3, columns[0] : columns[1]].max(axis=0)
    assert (along > 0.25).mean() > 0.95
    assert (ink > 0.25)[true > 0.5].mean() > 0.9
    assert ink[ROWS - 2 : ROWS + 3, :180].max() < 0.1 and ink[ROWS - 2 : ROWS + 3, 420:].max() < 0.1


@pytest.mark.parametrize("ends", [((300, 100), (300, 560)), ((220, 110), (400, 550)), ((420, 120), (180, 545))],
                         ids=["upright", "slanting", "from line to line"])
@pytest.mark.parametrize("pen, line", [(0.75, 0.45), (0.45, 0.45), (0.35, 0.45)], ids=["darker", "as dark", "paler"])
def test_a_stroke_across_lines_is_not_cut(ends, pen, line):
    picture, true = figure([ends], 8, pen, line)
    found = find_ink(picture)
    kept = (found.ink > 0.25) & (true > 0.5)
    assert kept.sum() / (true > 0.5).sum() > 0.95
    assert cv2.connectedComponents(kept.astype(np.uint8), connectivity=8)[0] == 2, "one piece"
    assert found.mask[cv2.dilate(true, np.ones((13, 13))) < 0.1].mean() < 1e-3


# --- light, sheets and boards -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("slope, place, shade", [(0.2, 260, 0.55), (0.0, 450, 0.8), (-0.7, 150, 0.6)],
                         ids=["steep", "upright", "oblique"])
def test_the_hard_edge_of_a_shadow_is_no_ink(digits, slope, place, shade):
    y, x = np.mgrid[:600, :700].astype(np.float32)
    shadow = np.where(x + slope * y > place, shade, 1).astype(np.float32)
    true = sheet(digits[6], "ruled", light=0.9 * cv2.GaussianBlur(shadow, (0, 0), 1.5))
    ink = find_ink(true.picture)
    edge = cv2.dilate((np.abs(cv2.Laplacian(shadow, cv2.CV_32F)) > 0.01).astype(np.uint8), np.ones((9, 9))) > 0
    assert ink.mask[edge & (cv2.dilate(true.ink, np.ones((13, 13))) < 0.1)].mean() < 0.01
    assert recall(ink, true) > 0.97 and spilled(ink, true) < 0.02


def test_a_light_sheet_on_a_dark_desk_has_an_outline(digits):
    true = sheet(digits[4], "squared", light=np.ones((600, 700), np.float32))
    corners = np.float32([[90, 70], [880, 130], [850, 800], [60, 720]])
    matrix = cv2.getPerspectiveTransform(np.float32([[0, 0], [700, 0], [700, 600], [0, 600]]), corners)
    seen = cv2.warpPerspective(true.picture, matrix, (960, 880), borderValue=(40, 46, 60))
    inside = cv2.warpPerspective(np.ones((600, 700), np.uint8), matrix, (960, 880))
    ink = find_ink(seen)
    assert ink.sheet is not None
    for corner in map(tuple, corners.tolist()):  # four pixels of the small picture on which it is traced
        assert abs(cv2.pointPolygonTest(ink.sheet, corner, True)) < 20
    along = np.linspace(0.1, 0.9, 20)[:, None]
    edges = [tuple(point) for one, other in zip(corners, np.roll(corners, 1, axis=0), strict=True)
             for point in ((1 - along) * one + along * other).tolist()]
    assert np.mean([abs(cv2.pointPolygonTest(ink.sheet, point, True)) for point in edges]) < 4
    outline = cv2.fillPoly(np.zeros((880, 960), np.uint8), [np.rint(ink.sheet).astype(np.int32)], 1)
    assert (outline & inside).sum() / (outline | inside).sum() > 0.97
    assert not ink.mask[inside == 0].any()
    true_ink = cv2.warpPerspective(true.ink, matrix, (960, 880))
    assert (ink.ink > 0.25)[true_ink > 0.5].mean() > 0.97
    assert find_ink(true.picture).sheet is None, "a picture of paper alone"


def board(digit, level=45, chalk=175, shape=(500, 640)):
    """Light ink on a dark green board that is not evenly lit: (H, W, 3) uint8, and the true ink (H, W)."""
    ink = np.zeros(shape, np.float32)
    ink[110:390, 180:460] = enlarge(digit, 280) / 255
    ground = np.array([0.7, 1.0, 0.8]) * level * np.linspace(1.2, 0.8, shape[1])[:, None]
    picture = ground + ink[..., None] * (chalk - ground)
    return np.clip(picture + np.random.default_rng(0).normal(0, 3, picture.shape), 0, 255).astype(np.uint8), ink


def test_light_ink_on_a_board(digits):
    for digit in digits[[0, 5, 9, 14]]:
        picture, true = board(digit)
        ink = find_ink(picture)
        assert (ink.ink > 0.25)[true > 0.6].mean() > 0.97
        assert ink.mask[cv2.dilate(true, np.ones((15, 15))) < 0.1].mean() < 1e-3
        assert ink.paper.light < 0.3 and min(ink.pen.colour) > 0.5


def test_polarity_on_lines(digits):
    """Dark ink on light paper and its negative give the same ink."""
    true = sheet(digits[7], "ruled", rule="pen")
    for picture in (true.picture, 255 - true.picture):
        ink = find_ink(picture)
        assert recall(ink, true) > 0.97 and remains(ink, true) < 0.01
    assert (find_ink(true.picture).paper.light > 0.5) != (find_ink(255 - true.picture).paper.light > 0.5)


def test_pen_and_paper_are_described(digits):
    ink = find_ink(sheet(digits[6], "squared", pen="red", rule="blue", light=np.full((600, 700), 0.95)).picture)
    red, green, blue = ink.pen.colour
    assert red > green + 0.15 and red > blue + 0.15 and 3 < ink.pen.width < 40
    assert ink.paper.light > 0.8 and np.ptp(ink.paper.colour) < 0.08
    assert ink.scale == 1 and ink.sheet is None and 0 <= ink.noise < 0.1


def test_digits_of_two_per_cent_of_twelve_megapixels(digits):
    """In 3000 x 4000 pixels, 60 pixels high: the ink of each is there, and no more writing than that."""
    height, width, tall = 3000, 4000, 60
    ink = np.zeros((height, width), np.float32)
    places = [(300 + 700 * i, 500 + 800 * k) for i in range(4) for k in range(5)]
    for (top, left), digit in zip(places, digits, strict=True):
        rows, columns = (np.flatnonzero((digit > 50).any(axis)) for axis in (1, 0))
        small = enlarge(digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], tall)
        ink[top : top + tall, left : left + tall] = small / 255
    light = 220 * np.linspace(1, 0.75, width, dtype=np.float32)
    picture = light * (1 - 0.7 * ink) * (1 - 0.3 * lines_of("ruled", ink.shape, 150, 5))
    picture = np.clip(picture + cv2.randn(np.zeros(ink.shape, np.float32), 0, 3), 0, 255).astype(np.uint8)
    found = find_ink(picture)
    assert found.scale == 3 and max(found.ink.shape) <= SIDE
    small = cv2.resize(ink[: found.ink.shape[0] * 3, : found.ink.shape[1] * 3], found.ink.shape[::-1],
                       interpolation=cv2.INTER_AREA)
    assert (found.ink > 0.25)[small > 0.6].mean() > 0.97
    for top, left in places:
        assert found.mask[top // 3 : (top + tall) // 3, left // 3 : (left + tall) // 3].any()
    assert found.mask[cv2.dilate(small, np.ones((9, 9))) < 0.1].mean() < 1e-4


# --- any array --------------------------------------------------------------------------------------------------------


def test_a_canvas_and_an_empty_canvas(digits):
    drawn = np.zeros((280, 280), np.uint8)
    drawn[40:240, 40:240] = enlarge(digits[12], 200)
    ink = find_ink(drawn, "canvas")
    np.testing.assert_allclose(ink.ink, drawn / drawn.max(), atol=0.01)
    assert not ink.rules and ink.sheet is None and np.array_equal(ink.mask, ink.ink > 0.25)
    for grey in (drawn, 255 - drawn):  # it is seen for what it is
        np.testing.assert_allclose(find_ink(grey).ink, ink.ink, atol=0.01)
    empty = find_ink(np.zeros((280, 280), np.uint8), "canvas")
    assert not empty.mask.any() and not empty.ink.any() and empty.pen is None


SHAPES = [(1, 1), (1, 50), (1, 3000), (3000, 1), (2, 2), (3, 7), (8, 3000), (8, 60_000), (60_000, 8), (28, 28),
          (101, 99), (100, 1601), (1700, 1699)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_size_kind_and_value(shape):
    rng = np.random.default_rng(0)
    noise = rng.random(shape, np.float32)
    for picture in (noise, np.rint(255 * noise).astype(np.uint8), rng.integers(0, 256, (*shape, 3), np.uint8)):
        before = picture.copy()
        ink = find_ink(picture)
        assert np.array_equal(picture, before), "the picture is left alone"
        again = find_ink(picture)
        assert np.array_equal(ink.ink, again.ink) and np.array_equal(ink.mask, again.mask)
        assert ink.ink.dtype == np.float32 and ink.mask.dtype == bool and ink.ink.shape == ink.mask.shape
        assert max(ink.ink.shape) <= SIDE and ink.scale >= 1
        assert ink.ink.min() >= 0 and ink.ink.max() <= 1  # false for NaN
        assert np.isfinite([ink.noise, ink.paper.light, *ink.paper.colour]).all()


@pytest.mark.parametrize("value", [0, 1, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (40, 60), (40, 60, 3), (400, 500, 3)], ids=str)
def test_a_constant_picture_has_no_ink(shape, value):
    for picture in (np.full(shape, value, np.uint8), np.full(shape, value / 255, np.float32)):
        ink = find_ink(picture)
        assert not ink.mask.any() and not ink.ink.any() and ink.pen is None and ink.rules == ()


def test_floats_and_whole_numbers_give_the_same(digits):
    picture = sheet(digits[9], "ruled").picture
    for whole in (picture, picture[..., 1]):
        one, other = find_ink(whole), find_ink(whole / 255)
        assert np.array_equal(one.ink, other.ink) and len(one.rules) == len(other.rules)
    thrice = np.repeat(picture[..., 1:2], 3, axis=2)
    np.testing.assert_allclose(find_ink(thrice).ink, find_ink(picture[..., 1]).ink, atol=1e-6)
