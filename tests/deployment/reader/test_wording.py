"""Word, sentence and number of a reading agree, whatever it says."""

from dataclasses import replace

import numpy as np
import pytest
from app import EXAMPLES

from core.uncertainty.readout import EMOTIONS
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader import wording as words


@pytest.fixture(scope="module")
def example():
    return MNISTDeployer().predict(EXAMPLES / "four_or_nine.png")


def reading(example, emotion, *weighed):
    """A reading of ((digit, probability), ...), the likeliest first; the rest shared out among the others."""
    probs = np.full(10, (1 - sum(p for _, p in weighed)) / (10 - len(weighed)))
    for digit, p in weighed:
        probs[digit] = p
    digit, confidence = weighed[0]
    return replace(example, digit=digit, confidence=confidence, probabilities=probs, emotion=emotion)


@pytest.mark.parametrize(
    "emotion, weighed, sentence",
    [
        ("confident", [(7, 0.9999)], "More than 99.9 % sure"),
        ("hesitant", [(7, 0.9871)], "98.7 % sure"),
        ("hesitant", [(4, 0.95), (9, 0.049)], "95.0 % sure"),
        ("hesitant", [(4, 0.949), (9, 0.05)], "Probably a 4; it may be a 9 (5.0 %)"),
        ("hesitant", [(4, 0.85), (9, 0.12)], "Probably a 4; it may be a 9 (12.0 %)"),
        ("hesitant", [(8, 0.92), (3, 0.03)], "Probably an 8 (92.0 %)"),
        ("hesitant", [(1, 0.8), (8, 0.11), (7, 0.06)], "Probably a 1; it may be an 8 (11.0 %) or a 7 (6.0 %)"),
        (
            "confused",
            [(4, 0.4), (9, 0.3), (7, 0.15)],
            "No digit stands out: perhaps a 4 (40.0 %), a 9 (30.0 %) or a 7 (15.0 %)",
        ),
        ("curious", [(2, 0.97)], "This does not look like a digit the network knows; if it must be one, a 2 (97.0 %)"),
    ],
)
def test_what_is_said(example, emotion, weighed, sentence):
    assert words.sentence(reading(example, emotion, *weighed)) == sentence


def test_alternatives_have_5_percent_and_begin_with_the_answer(example):
    assert reading(example, "hesitant", (1, 0.8), (7, 0.05), (8, 0.11)).alternatives == [1, 8, 7]
    assert reading(example, "hesitant", (1, 0.9), (7, 0.0499)).alternatives == [1]


@pytest.mark.parametrize("confidence", np.round(np.arange(0.11, 1.0, 0.01), 2))
def test_never_sure_below_90_percent_and_no_rival_from_95_on(example, confidence):
    for emotion in EMOTIONS[:3]:
        said = words.sentence(reading(example, emotion, (4, confidence), (9, (1 - confidence) * 0.99)))
        if confidence < 0.9:
            assert "sure" not in said
        if confidence >= 0.95 and emotion != "confused":
            assert "9" not in said.replace(f"{100 * confidence:.1f}", "") and said.endswith("sure")


@pytest.mark.parametrize(
    "confidence, phrase",
    [(0.99999, "more than 99.9 % sure"), (0.9, "90.0 % sure"), (0.8999, "90.0 %"), (0.0001, "< 0.1 %")],
)
def test_a_confidence_as_a_phrase(confidence, phrase):
    assert words.sure(confidence) == phrase


def test_every_emotion_says_what_it_means():
    assert set(words.MEANING) == set(EMOTIONS)
    assert "1 in 1,000" in words.MEANING["confident"] and "probability of 90 %" in words.MEANING["confused"]
    assert "close" not in words.MEANING["hesitant"]


def test_paths_are_told_as_one_types_them():
    assert words.public_message(ValueError(f"{words.SHIPPED}/data/x.gz is damaged")) == "data/x.gz is damaged"
    assert (
        words.joined(["a"]) == "a"
        and words.joined(["a", "b"]) == "a or b"
        and words.joined(["a", "b", "c"]) == "a, b or c"
    )


@pytest.mark.parametrize("said", ["no room left (/home/ann/qualm/runs/x/a.npy)", "/srv/secret/models/a.npy is damaged",
                                  "a.npy, not “/etc/keys/a.npy”"])
def test_no_folder_outside_the_project_is_shown(said):
    shown = words.public_message(ValueError(said))
    assert "a.npy" in shown and not any(name in shown for name in ("home", "ann", "srv", "secret", "etc", "keys"))


def test_what_is_no_path_is_told_as_it_is():
    assert words.public_message(ValueError("pixels are 0/255 or 1/2, see ./data/x.gz")) == (
        "pixels are 0/255 or 1/2, see ./data/x.gz")
