"""Styles as they are written down: curves through the stated points, sharp where marked, evenly spaced."""

import numpy as np
import pytest

from core.digits.strokes.styles import NO_DIGIT, POINTS, curve, evenly, parse, read_styles, smooth

LINE = "7 | 1.5 | barred | Europe | 10,6 88,4* 44,100 / 32,50 82,48"


def test_a_line():
    style = parse(LINE)
    assert (style.digit, style.weight, style.name, style.where) == (7, 1.5, "barred", "Europe")
    assert style.points.shape == (POINTS, 2) and style.strokes == 2
    first, second = (style.points[style.stroke == number] for number in (0, 1))
    assert np.allclose([first[0], first[-1], second[0], second[-1]], [[10, 6], [44, 100], [32, 50], [82, 48]])
    assert np.hypot(*(first - [88, 4]).T).min() < 1, "it goes through its corner"
    for number in (0, 1):
        along = style.along[style.stroke == number]
        assert along[0] == 0 and along[-1] == 1 and np.allclose(np.diff(along), along[1])
    assert parse(LINE.replace("7 |", "- |")).digit == NO_DIGIT


@pytest.mark.parametrize("line", ["7 | 1 | a | b", "7 | x | a | b | 1,2 3,4", "7 | 1 | a | b | 1 2", "7 | 1 | a | b | ",
                                  "x | 1 | a | b | 1,2 3,4"])
def test_what_is_no_style_is_named(line):
    with pytest.raises(ValueError, match="line 12 is not a style"):
        parse(line, 12)


def test_points_are_evenly_spaced_on_each_stroke():
    for style in read_styles():
        for number in range(style.strokes):
            steps = np.hypot(*np.diff(style.points[style.stroke == number], axis=0).T)
            assert steps.max() < 4 and steps.max() < 1.6 * np.median(steps) + 0.1, style.name


def test_a_curve_is_smooth_but_at_its_corners():
    def sharpest(words):
        steps = np.diff(evenly(curve(words), 300), axis=0)
        angle = np.arctan2(*steps.T)
        return np.abs((np.diff(angle) + np.pi) % (2 * np.pi) - np.pi).max()

    assert sharpest(["0,0", "50,0", "50,50"]) < 0.3 < 0.7 < sharpest(["0,0", "50,0*", "50,50"])


def test_the_spline_goes_through_its_points_and_stays_near():
    places = np.array([[0, 0], [10, 30], [60, 40], [90, 0]], float)
    curve_points = smooth(places)
    for place in places:
        assert np.hypot(*(curve_points - place).T).min() < 1e-9
    line = smooth(np.array([[0, 0], [5, 5], [20, 20]], float))
    assert np.allclose(line[:, 0], line[:, 1]), "points in a row stay in a row"


def test_every_digit_is_written_in_many_ways():
    styles = read_styles()
    assert len({(style.digit, style.name) for style in styles}) == len(styles)
    assert np.bincount([style.digit for style in styles], minlength=10).min() >= 12
    assert all(style.weight > 0 and style.where for style in styles)
    assert {style.digit for style in read_styles("signs.txt")} == {NO_DIGIT}


def test_flags_of_ones_fall_and_tops_of_sevens_do_not():
    """What tells a 1 from a 7: the skeletons leave a gap between them."""
    for style in read_styles():
        if style.digit == 1 and "flag" in style.name and "round" not in style.name:
            start, top = style.points[0], style.points[: POINTS // 2][style.points[: POINTS // 2, 1].argmin()]
            assert np.degrees(np.arctan2(start[1] - top[1], top[0] - start[0])) >= 28, style.name
        if style.digit == 7:
            top = style.points[: POINTS // 4]
            assert abs(np.degrees(np.arctan2(*(top[-1] - top[0])[::-1]))) < 25 or style.points[0, 1] > 20, style.name
