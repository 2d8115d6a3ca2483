"""A number as HTML: its doubts in words, signs, sums."""

from dataclasses import replace

import numpy as np
import pytest

from deployment.reader import wording
from deployment.reader.prediction import NumberReading, Place
from deployment.ui import number


def place(text, **fields):
    probs = np.eye(10)[1]
    return Place(**{"digit": 1, "probabilities": probs, "confidence": 1.0, "runner_up": 7, "prediction_sets": {},
                    "novelty": 0.5, "emotion": "hesitant", "gate": None, "hidden": [], "image": np.zeros((28, 28)),
                    "box": (1, 2, 9, 8), "text": text, "chance": 0.6, "shares": {text: 0.6, ",": 0.3}} | fields)


@pytest.fixture
def reading():
    return NumberReading("1.5 7", [place("1"), place("."), place("5"), place("7", spaced=True)], 0.5,
                         {0: ["1", "11"], 1: [".", ",", ""]}, np.zeros((10, 20), np.uint8), 1.0)


def test_doubts_name_signs_digits_and_nothing(reading):
    assert number.doubts(reading, 0) == "place 1: a 1 or 11, 60.0 %"
    assert number.doubts(reading, 1) == "place 2: a point, a comma or nothing, 60.0 %"
    assert number.doubts(reading, 2) == "place 3: a 5, 60.0 %"
    assert wording.number(reading).endswith("place 1: 1 or 11   place 2: ., , or nothing")


def test_a_space_is_no_place(reading):
    shown = number.answer(reading, "mine", 0)
    assert shown.count("q-doubt") == 2 and "5 7</div>" in shown


def test_a_sign_says_what_it_is_and_what_the_digits_network_would_read(reading):
    shown = number.of_sign(reading.digits[1])
    assert "A point, by its shape" in shown and "would read a 1." in shown.replace("\n", " ")
    assert shown.count("<tr") == 2 and "60.0 %" in shown


@pytest.mark.parametrize("check, words", [(True, "The sum is right."), (False, "not right"), (None, "")])
def test_sums_are_checked(reading, check, words):
    shown = number.summed(replace(reading, check=check))
    assert words in shown and bool(shown) == (check is not None)
    assert ("sum" in wording.number(replace(reading, check=check))) == (check is not None)
