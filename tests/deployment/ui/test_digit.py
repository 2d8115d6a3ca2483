"""The answer, the bars and the gate as HTML."""

import re
from dataclasses import replace

import numpy as np
import pytest
from app import EXAMPLES

from deployment.deploy_mnist import MNISTDeployer
from deployment.ui import digit as html


@pytest.fixture(scope="module")
def seen():
    return MNISTDeployer().predict(EXAMPLES / "seven.png")


@pytest.mark.parametrize(
    "emotion, small", [("confident", False), ("hesitant", False), ("confused", True), ("curious", True)]
)
def test_a_guess_is_shown_small(seen, emotion, small):
    shown = html.answer(replace(seen, emotion=emotion), "x", 0)
    assert ("q-guess" in shown) == small and ("A guess" in shown) == small
    assert f'data-emotion="{emotion}"' in shown and f">{emotion}</span>" in shown


def test_the_answer_says_what_its_word_means(seen):
    shown = html.answer(seen, "<my> picture", 3)
    assert "More than 99.9 % sure." in shown and 'data-live="no"' in shown
    assert 'data-name="&lt;my&gt; picture"' in shown and 'data-strokes="3"' in shown
    assert "At most 1 in 1,000 of all answers called confident is wrong." in html.meaning(seen)
    assert "Looks familiar (0." in html.meaning(seen)
    assert html.spoken(seen).endswith("confident. More than 99.9 % sure.")


@pytest.mark.parametrize("digit, words", [(8, "The network reads an 8"), (7, "The network reads a 7")])
def test_the_article_suits_the_digit(seen, digit, words):
    read = replace(seen, digit=digit)
    assert f">{words}</span>" in html.answer(read, "x", 0) and html.spoken(read).startswith(f"{words}, confident")


def test_how_unfamiliar_a_picture_is_has_a_cap(seen):
    assert "(2.31; above 1 is unfamiliar)" in html.meaning(replace(seen, novelty=2.31))
    assert "unfamiliar (more than 10; above 1" in html.meaning(replace(seen, novelty=589174069.66))


def test_bars_name_all_ten_digits_and_are_as_long_as_their_share():
    seen = MNISTDeployer().predict(EXAMPLES / "seven.png")
    shown = html.bars(seen)
    assert re.findall(r'scope="row">(\d)<', shown) == list("0123456789")
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%", shown)]
    assert np.allclose(widths, 100 * seen.probabilities, atol=0.01)


def test_gate_picture_has_one_cell_per_unit():
    colours = np.arange(3 * 100).reshape(100, 3).astype(np.uint8)
    grid = html.cells(colours)
    assert (grid[..., 3] == 255).sum() == 100
    assert np.array_equal(grid.reshape(-1, 4)[:100, :3], colours)
    assert 1 <= grid.shape[1] / grid.shape[0] <= 4


def test_gate_pictures_are_ordered_by_the_average(seen):
    mean = np.array([0.9, 0.1, 0.5])
    shown = html.gate(np.array([0.9, 0.6, 0.5]), mean)
    assert shown.count("<img") == 3 and "2 of 3 units more than half open" in shown and "1 more than half open" in shown
    assert "mean change 0.167" in shown
