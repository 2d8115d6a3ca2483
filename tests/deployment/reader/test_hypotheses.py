"""Several hypotheses of where the ink is: which is read, which is chosen, and what is said where there is no digit."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from app import EXAMPLES
from pictures import enlarge, photograph
from sheets import sheet

from analytics.studies.renderings.paper import lighting, photograph_of_paper
from deployment import deploy_mnist
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.picture import batch
from deployment.reader.picture.opening import InputError


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


def blank(kind, seed, perspective=False, strength=0.6, light=None):
    """A photograph of paper with lines and no ink, in falling light: (600, 700, 3) uint8."""
    rng = np.random.default_rng(seed)
    if light is None:
        light = np.tile(np.linspace(0.95, 0.65, 700, dtype=np.float32), (600, 1))
    return sheet(None, kind, rule=("grey", "blue", "red")[seed % 3], strength=strength, gap=rng.uniform(30, 70),
                 thick=rng.uniform(1.6, 3), perspective=perspective, seed=seed, light=light).picture


PAGES = [("ruled", False), ("squared", False), ("ruled", True), ("squared", True), ("dotted", False)]


@pytest.mark.parametrize("kind, perspective", PAGES)
def test_of_an_empty_ruled_page_the_lines_are_spoken_of(deployer, kind, perspective):
    for seed in range(3):
        with pytest.raises(InputError, match=r"^Only the lines of the paper were found in my page: draw or photograph"):
            deployer.predict(blank(kind, seed, perspective), "my page")


def test_empty_pages_hold_no_confident_digit(deployer):
    """Under any light, also with shadows and lamps."""
    pages = [blank(kind, seed, perspective, strength, lighting(600, 700, np.random.default_rng(seed)))
             for seed, (kind, perspective) in enumerate(PAGES) for strength in (0.15, 1.0)]
    answers = deployer.predict_batch(pages, skip_errors=True)
    assert not any(getattr(answer, "emotion", "") == "confident" for answer in answers)


def test_plain_paper_in_falling_light_holds_no_ink(deployer):
    for seed in range(3):
        with pytest.raises(InputError, match=r"^No ink was found in my page"):
            deployer.predict(blank("plain", seed), "my page")


def test_digits_on_lines_are_read_and_the_choice_is_noted(deployer, digits):
    pictures = [sheet(digit, "squared", rule="pen", perspective=True, seed=i).picture
                for i, digit in enumerate(digits[::2])]
    answers = deployer.predict_batch(pictures)
    assert np.mean([answer.digit for answer in answers] == np.arange(10)) >= 0.9
    for answer in answers:
        (chosen,) = [one for one in answer.hypotheses if one.chosen]
        assert chosen.method in ("light", "colour") and chosen.digit == answer.digit
        assert len({one.method for one in answer.hypotheses}) == len(answer.hypotheses)
        assert 0 < answer.confidence <= chosen.confidence + 1e-9
        saved = json.loads(json.dumps(answer.to_dict(), allow_nan=False))["hypotheses"]
        assert saved == [{"method": one.method, "digit": one.digit, "confidence": round(one.confidence, 6),
                          "chosen": one.chosen} for one in answer.hypotheses]


def test_of_drawings_and_small_crops_there_is_one_hypothesis(deployer, digits):
    for answer in (deployer.predict(digits[4]), deployer.predict(enlarge(digits[4], 280), kind="canvas"),
                   deployer.predict(EXAMPLES / "seven.png")):
        assert [(one.method, one.chosen) for one in answer.hypotheses] == [("light", True)]


def test_colour_is_searched_only_where_light_is_not_enough(deployer, digits, monkeypatch):
    calls, search = [], deploy_mnist.hypotheses.find_ink
    monkeypatch.setattr(deploy_mnist.hypotheses, "find_ink", lambda picture: calls.append(1) or search(picture))
    for digit in digits[:8]:
        before, answer = len(calls), deployer.predict(photograph(digit, np.random.default_rng(0)))
        if len(calls) == before:
            assert answer.emotion == "confident" and [one.method for one in answer.hypotheses] == ["light"]
    assert len(calls) <= 4
    deployer.predict(sheet(digits[0], "squared").picture)
    assert calls


def test_a_batch_is_read_as_its_pictures_one_by_one(deployer, digits, monkeypatch):
    """Also in parts: it holds more pixels than are read at once."""
    rng = np.random.default_rng(0)
    pictures = [photograph_of_paper(digit, rng) for digit in digits[:3]]
    pictures[2:2] = [digits[0], b"no picture", blank("ruled", 0), photograph(digits[1], rng)]
    monkeypatch.setattr(batch, "MOST_AT_ONCE", 900_000)
    together = deployer.predict_batch(pictures, skip_errors=True)
    assert len(together) == len(pictures)
    for i, (picture, answer) in enumerate(zip(pictures, together, strict=True)):
        (single,) = deployer.predict_batch([picture], [f"picture {i}"], skip_errors=True)
        if isinstance(answer, InputError):
            assert isinstance(single, InputError) and str(single) == str(answer)
            continue
        assert single.digit == answer.digit and single.emotion == answer.emotion and single.box == answer.box
        np.testing.assert_allclose(single.probabilities, answer.probabilities, atol=1e-5)
        assert [(one.method, one.digit, one.chosen) for one in single.hypotheses] == [
            (one.method, one.digit, one.chosen) for one in answer.hypotheses]


def test_an_error_in_a_batch_names_its_picture(deployer, digits):
    empty = np.full((300, 200), 220, np.uint8)
    with pytest.raises(InputError, match="picture 1"):
        deployer.predict_batch([digits[0], empty])
    read, refused = deployer.predict_batch([digits[0], empty], ["a", "b"], skip_errors=True)
    assert read.digit == 0 and str(refused).startswith("No ink was found in b:")


def cut_off(digit, edge, share, rng):
    """A photograph whose edge ("left", "right", "top", "bottom") cuts off this share of a digit."""
    rows, columns = (np.flatnonzero((digit > 50).any(axis)) for axis in (1, 0))
    picture = photograph(digit, rng, side=280)
    dark = picture < 0.6 * np.median(picture)
    rows, columns = (np.flatnonzero(dark.sum(axis) > 3) for axis in (1, 0))
    lost = round(share * (len(rows) if edge in ("top", "bottom") else len(columns)))
    return {"left": picture[:, columns[0] + lost:], "right": picture[:, : columns[-1] - lost],
            "top": picture[rows[0] + lost:], "bottom": picture[: rows[-1] - lost]}[edge]


@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
def test_a_digit_cut_off_by_the_edge_is_confident_only_if_both_hypotheses_agree(deployer, digits, edge):
    rng = np.random.default_rng(1)
    pictures = [cut_off(digit, edge, 0.3, rng) for digit in digits[::3]]
    touching = 0
    for picture, answer in zip(pictures, deployer.predict_batch(pictures, skip_errors=True), strict=True):
        if isinstance(answer, InputError):
            continue
        top, left, bottom, right = answer.box
        at_edge = min(top, left) <= 1 or bottom >= picture.shape[0] - 1 or right >= picture.shape[1] - 1
        touching += at_edge
        if at_edge and answer.emotion == "confident":
            assert len(answer.hypotheses) == 2 and {one.digit for one in answer.hypotheses} == {answer.digit}
    assert touching >= 2, "the case that this test is about"


def test_prediction_sets_are_computed_when_read_and_pickled_as_a_dict(deployer, monkeypatch):
    calls = []
    sets_of = type(deployer.model.readout).prediction_sets
    monkeypatch.setattr(type(deployer.model.readout), "prediction_sets",
                        lambda self, by_fold: calls.append(by_fold) or sets_of(self, by_fold))
    images = np.zeros((3, 28, 28), np.float32)
    images[:, 4:24, 12:15] = 1
    read = deployer.read_framed(images)
    assert not calls
    expected = {alpha: digits for alpha, digits in read[1].prediction_sets.items()}
    assert len(calls) == 1 and expected and all(read[1].digit in digits for digits in expected.values())
    assert read[0].prediction_sets == expected and len(calls) == 1, "one computation for the batch"
    again = pickle.loads(pickle.dumps(read[2]))
    assert again.prediction_sets == expected and type(again.prediction_sets) is dict
    with ThreadPoolExecutor(4) as pool:
        fresh = deployer.read_framed(images)[0]
        assert all(sets == expected for sets in pool.map(lambda _: dict(fresh.prediction_sets), range(8)))
