"""Figures as images: discs of ink where the pen was, nothing elsewhere."""

import numpy as np
import pytest

from core.digits.strokes.render import figures, render
from core.digits.strokes.styles import read_styles


def dot(row, column, width=3.0, ink=1.0):
    return render(np.array([[[row, column]]], float), np.array([[width]]), np.array([[ink]]))[0]


def test_a_point_leaves_a_disc_with_a_soft_edge():
    image = dot(13, 9, width=3.0)
    rows, columns = np.indices((28, 28))
    expected = np.clip(2 - np.hypot(rows - 13, columns - 9), 0, 1)
    assert np.abs(image - 255 * expected).max() <= 1
    assert np.abs(dot(13, 9, 3.0, 0.4) - 255 * 0.4 * expected).max() <= 1


def test_places_between_pixels():
    assert np.array_equal(dot(13.25, 9.5), dot(13.25, 9.5)[:, ::-1][:, ::-1])
    left, right = dot(10, 9.5)[10, 9:11]
    assert left == right
    assert np.array_equal(dot(12.3, 8.7).T, dot(8.7, 12.3))


@pytest.mark.parametrize("row, column", [(0, 0), (27, 27), (-30, 5), (5, 90)])
def test_ink_at_the_rim_and_beyond_does_no_harm(row, column):
    image = dot(row, column)
    assert image.shape == (28, 28) and (image.max() == 255) == (0 <= row <= 27 and 0 <= column <= 27)


def test_ink_does_not_add_up():
    twice = render(np.full((1, 2, 2), 12.0), np.full((1, 2), 2.0), np.full((1, 2), 0.5))
    assert np.array_equal(twice[0], dot(12, 12, 2.0, 0.5))


def test_many_at_once_are_each_by_itself():
    rng = np.random.default_rng(0)
    points, width, ink = rng.uniform(4, 24, (150, 30, 2)), rng.uniform(1, 4, (150, 30)), rng.uniform(0, 1, (150, 30))
    together = render(points, width, ink)
    assert all(np.array_equal(together[i], render(points[i : i + 1], width[i : i + 1], ink[i : i + 1])[0])
               for i in (0, 63, 64, 149))


def test_figures_are_evenly_over_digits_and_by_weight_within():
    X, y, chosen = figures(6000, np.random.default_rng(1))
    styles = read_styles()
    assert X.shape == (6000, 28, 28) and X.dtype == np.uint8 and (X.reshape(6000, -1).max(axis=1) > 150).all()
    assert np.abs(np.bincount(y, minlength=10) / 6000 - 0.1).max() < 0.02
    assert all(styles[number].digit == digit for number, digit in zip(chosen, y, strict=True))
    ones = {styles[n].name: (chosen == n).sum() for n in range(len(styles)) if styles[n].digit == 1}
    assert ones["long flag"] > 1.5 * ones["leaning, long flag"]
    once, again = (figures(200, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(once[0], again[0]) and np.array_equal(once[1], again[1])


def test_they_look_like_mnist():
    """As much ink, within the same box, about the same middle."""
    from core.digits.data import load_mnist

    made = figures(3000, np.random.default_rng(2))[0] / 255
    real = load_mnist()["X_train"][:3000] / 255
    assert abs(made.mean() / real.mean() - 1) < 0.25
    for X in (made, real):
        middle = np.einsum("nrc,r->n", X, np.arange(28)) / X.sum(axis=(1, 2))
        assert abs(middle.mean() - 13.8) < 0.5 and middle.std() < 0.7
        inked = (X > 0.5).any(axis=2)
        assert 15 < np.median(28 - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1)) <= 20
