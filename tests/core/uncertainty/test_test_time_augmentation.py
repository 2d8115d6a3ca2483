"""Further looks: fair, the same for every picture, taken only where there is doubt."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.digits.config import Config
from core.digits.data import as_input, load_mnist
from core.digits.presets import CHAMPION
from core.models import model
from core.uncertainty.calibration import Evidence
from core.uncertainty.test_time_augmentation import Looks, lead


@pytest.fixture(scope="module")
def images():
    return load_mnist()["X_test"][:300]


@pytest.fixture(scope="module")
def shipped():
    return model.load()


def evidence_of(network, X):
    return Evidence(network.logits(X), np.zeros((len(X), 2)), np.zeros(len(X)))


def test_only_a_network_that_learned_from_deformed_digits_looks_again():
    assert Looks.of(Config(rotation=0, scale=0, shear=0, shift=0, elastic=0, thickness=0, ornament=0)) is None
    assert Looks.of(CHAMPION).elastic == CHAMPION.elastic


def test_copies_favour_no_direction():
    """Each deformation comes with its opposite: on average every pixel looks up its own place."""
    rows, columns, thickness = Looks.of(CHAMPION).maps
    own = np.indices((28, 28)).reshape(2, -1)
    assert np.abs(rows.mean(axis=0) - own[0]).max() < 1e-3 and np.abs(columns.mean(axis=0) - own[1]).max() < 1e-3
    assert abs(thickness.sum()) < 1e-6 and np.abs(rows - own[0]).max() > 2


@pytest.mark.parametrize("low, high", [(0.0, 1.0), (0.01, 1.0)])
def test_copies_are_the_picture_deformed_on_its_own_paper(images, low, high):
    looks = replace(Looks.of(CHAMPION), low=low, high=high)
    X = as_input(images[:3], (low, high))
    copies = looks.copies(X).reshape(3, looks.count, 784)
    assert copies.min() == pytest.approx(low) and copies.max() <= high + 1e-6
    for image, own in zip(X, copies, strict=True):
        assert len(np.unique(own, axis=0)) == looks.count
        assert 0.6 < np.min((own - low).sum(axis=1) / (image - low).sum()) < 1.7
    still = replace(looks, rotation=0, scale=0, shear=0, shift=0, elastic=0, thickness=0, count=2)
    assert np.allclose(still.copies(X), np.repeat(X, 2, axis=0), atol=1e-5)


def test_only_doubtful_pictures_are_looked_at_again(shipped, images):
    network, X = shipped.network, as_input(images)
    first, looks = evidence_of(network, X), replace(Looks.of(CHAMPION))
    looks = looks.fitted(first.logits, load_mnist()["y_test"][:300])
    again, doubtful = looks.add(network, X, first), lead(first.logits) < looks.below
    assert doubtful.sum() == pytest.approx(0.08 * 300, abs=1)
    assert np.array_equal(again.logits[~doubtful], first.logits[~doubtful])
    assert (np.abs(again.logits[doubtful] - first.logits[doubtful]).max(axis=1) > 1e-3).all()
    assert np.allclose(again.energy, first.energy, atol=1e-3), "looks do not change how strange a picture is"


def test_the_answer_is_the_mean_over_all_looks(shipped, images):
    """Written out for one picture, by the definition."""
    network, X = shipped.network, as_input(images[:1])
    looks = replace(Looks.of(CHAMPION), below=1e9, temperature=0.7, count=4, weight=0.75)
    views = np.concatenate([X, looks.copies(X)])
    probs = np.exp(network.logits(views).astype(float) / 0.7)
    probs /= probs.sum(axis=1, keepdims=True)
    expected = 0.25 * probs[0] + 0.75 * probs[1:].mean(axis=0)
    logits = looks.add(network, X, evidence_of(network, X)).logits[0].astype(float)
    found = np.exp(logits / 0.7) / np.exp(logits / 0.7).sum()
    assert np.allclose(found, expected, atol=1e-5)


def test_an_answer_does_not_depend_on_its_batch(shipped, images):
    """However many doubtful pictures come with it."""
    network, X = shipped.network, as_input(images[:70])
    looks = replace(Looks.of(CHAMPION), below=1e9, count=6)
    whole = looks.add(network, X, evidence_of(network, X)).logits
    for i in (0, 17, 69):
        alone = looks.add(network, X[i : i + 1], evidence_of(network, X[i : i + 1])).logits[0]
        assert np.allclose(whole[i], alone, atol=1e-3)


def test_the_shipped_model_looks_again(shipped):
    """The readout that ships was fitted on such looks, and where it doubts they are right more often than one alone."""
    X, y = as_input(load_mnist()["X_test"]), load_mnist()["y_test"]
    hard = np.flatnonzero(lead(shipped.network.logits(X)) < shipped.readout.looks.below)
    assert 0.02 < len(hard) / len(y) < 0.2
    once, again = shipped.first_look(X[hard]), shipped.probabilities(X[hard])
    assert (once != again).any(axis=1).all()
    assert (again.argmax(axis=1) != y[hard]).sum() < (once.argmax(axis=1) != y[hard]).sum()


def test_saved_and_loaded_is_equal_and_anything_else_refused():
    looks = replace(Looks.of(CHAMPION), below=3.5, temperature=0.8)
    saved = json.loads(json.dumps(looks.to_dict()))
    assert Looks.from_dict(saved) == looks
    for name, value in [("count", 0), ("weight", 2), ("temperature", 0), ("below", float("nan")), ("low", 1.0),
                        ("elastic", 1e9), ("elastic_sigma", 0), ("scale", 1), ("rotation", "much")]:
        with pytest.raises((TypeError, ValueError)):
            Looks.from_dict(saved | {name: value})
    with pytest.raises(KeyError):
        Looks.from_dict({name: value for name, value in saved.items() if name != "count"})
