"""Signs at true scale and place."""

import numpy as np

from core.digits.pairs.signs import FILE, SIGNS, at_scale, drawn, signs
from core.digits.strokes.styles import read_styles


def test_every_sign_has_a_style():
    assert {style.name for style in read_styles(FILE)} == set(SIGNS)


def test_size_and_place_are_those_of_the_sign():
    pictures, geometry, y = signs(1500, np.random.default_rng(0))
    assert pictures.shape == (1500, 24, 40) and pictures.min() >= 0 and pictures.max() <= 1
    assert set(y) == set(range(len(SIGNS)))
    height, _, middle = (dict(zip(SIGNS, [np.median(values[y == sign]) for sign in range(len(SIGNS))], strict=True))
                         for values in geometry.T)
    assert height["."] < 0.3 < height[","] < 0.8 < height["/"] and height["-"] < 0.3 < 1.2 < height["$"]
    assert middle["."] > 0.4 and middle[","] > 0.4 and all(abs(middle[sign]) < 0.15 for sign in "-/+=%$")


def test_a_point_stands_low_beside_a_digit():
    pictures, names = at_scale(50, np.random.default_rng(0), ".", 3.0, (40, 40))
    rows = np.array([np.flatnonzero(picture.max(axis=1) > 0.5).mean() for picture in pictures])
    assert set(names) == {SIGNS.index(".")} and 26 < np.median(rows) < 32, "the digits' base line is row 30"


def test_a_stroke_is_as_wide_as_its_pen():
    points = np.stack([np.full(80, 20.0), np.linspace(5, 35, 80)], axis=1)[None]
    picture = drawn(points, np.array([4.0]), np.ones((1, 80)), (40, 40), np.array([1.0]))[0]
    assert abs(picture[20].sum() - 4) < 0.3
    assert not drawn(points, np.array([4.0]), np.zeros((1, 80)), (40, 40), np.array([1.0])).any()
