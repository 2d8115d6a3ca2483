"""Test-time augmentation: balanced deformations, the same for every picture, only where the margin is small."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.digits.config import Config
from core.digits.data import as_input, load_mnist
from core.digits.presets import CHAMPION
from core.explain.gates import MODES, gate_answers, gate_modes
from core.models import model
from core.uncertainty.calibration import Evidence
from core.uncertainty.test_time_augmentation import TestTimeAugmentation, logit_margin


@pytest.fixture(scope="module")
def images():
    return load_mnist()["X_test"][:300]


@pytest.fixture(scope="module")
def shipped():
    return model.load()


def evidence_of(network, X):
    return Evidence(network.logits(X), np.zeros((len(X), 2)), np.zeros(len(X)))


def test_there_is_none_for_a_network_trained_without_augmentation():
    plain = Config(rotation=0, scale=0, shear=0, shift=0, elastic=0, thickness=0, ornament=0)
    assert TestTimeAugmentation.of(plain) is None
    assert TestTimeAugmentation.of(CHAMPION).elastic == CHAMPION.elastic


def test_copies_favour_no_direction():
    """Each deformation comes with its opposite: on average every pixel looks up its own place."""
    rows, columns, thickness = TestTimeAugmentation.of(CHAMPION).maps
    places = np.indices((28, 28)).reshape(2, -1)
    assert np.abs(rows.mean(axis=0) - places[0]).max() < 1e-3 and np.abs(columns.mean(axis=0) - places[1]).max() < 1e-3
    assert abs(thickness.sum()) < 1e-6 and np.abs(rows - places[0]).max() > 2


@pytest.mark.parametrize("low, high", [(0.0, 1.0), (0.01, 1.0)])
def test_copies_are_the_picture_deformed_on_its_paper(images, low, high):
    augmentation = replace(TestTimeAugmentation.of(CHAMPION), low=low, high=high)
    X = as_input(images[:3], (low, high))
    copies = augmentation.copies(X).reshape(3, augmentation.count, 784)
    assert copies.min() == pytest.approx(low) and copies.max() <= high + 1e-6
    for image, deformed in zip(X, copies, strict=True):
        assert len(np.unique(deformed, axis=0)) == augmentation.count
        assert 0.6 < np.min((deformed - low).sum(axis=1) / (image - low).sum()) < 1.7
    still = replace(augmentation, rotation=0, scale=0, shear=0, shift=0, elastic=0, thickness=0, count=2)
    assert np.allclose(still.copies(X), np.repeat(X, 2, axis=0), atol=1e-5)


def test_only_doubtful_pictures_are_augmented(shipped, images):
    network, X = shipped.network, as_input(images)
    first, augmentation = evidence_of(network, X), replace(TestTimeAugmentation.of(CHAMPION))
    augmentation = augmentation.fitted(first.logits, load_mnist()["y_test"][:300])
    again, doubtful = augmentation.augment(network, X, first), logit_margin(first.logits) < augmentation.below
    assert doubtful.sum() == pytest.approx(0.08 * 300, abs=1)
    assert np.array_equal(again.logits[~doubtful], first.logits[~doubtful])
    assert (np.abs(again.logits[doubtful] - first.logits[doubtful]).max(axis=1) > 1e-3).all()
    assert np.allclose(again.energy, first.energy, atol=1e-3), "the energy is that of the image itself"


def test_the_answer_is_the_mean_over_the_image_and_its_copies(shipped, images):
    """Written out for one picture, by the definition."""
    network, X = shipped.network, as_input(images[:1])
    augmentation = replace(TestTimeAugmentation.of(CHAMPION), below=1e9, temperature=0.7, count=4, weight=0.75)
    views = np.concatenate([X, augmentation.copies(X)])
    probs = np.exp(network.logits(views).astype(float) / 0.7)
    probs /= probs.sum(axis=1, keepdims=True)
    expected = 0.25 * probs[0] + 0.75 * probs[1:].mean(axis=0)
    logits = augmentation.augment(network, X, evidence_of(network, X)).logits[0].astype(float)
    mean = np.exp(logits / 0.7) / np.exp(logits / 0.7).sum()
    assert np.allclose(mean, expected, atol=1e-5)


def test_an_answer_does_not_depend_on_its_batch(shipped, images):
    """However many doubtful pictures come with it."""
    network, X = shipped.network, as_input(images[:70])
    augmentation = replace(TestTimeAugmentation.of(CHAMPION), below=1e9, count=6)
    whole = augmentation.augment(network, X, evidence_of(network, X)).logits
    for i in (0, 17, 69):
        alone = augmentation.augment(network, X[i : i + 1], evidence_of(network, X[i : i + 1])).logits[0]
        assert np.allclose(whole[i], alone, atol=1e-3)


@pytest.mark.parametrize("below", [0.0, 1e9])
def test_held_gates_answer_as_the_network_that_holds_them(shipped, images, below):
    readout = replace(shipped.readout, augmentation=replace(shipped.readout.augmentation, below=below, count=4),
                      fold_augmentations=())
    model, x = replace(shipped, readout=readout), as_input(images[:1])
    answers, rng = gate_answers(model, x, np.random.default_rng(0), shuffles=3), np.random.default_rng(0)
    modes = gate_modes(model, x, rng, shuffles=3)
    for name, answer in answers.items():
        networks = [model.network.with_gate(gate) for gate in modes[name].gate] if name != "live" else [model.network]
        expected = np.mean([readout.read(network, x)[0][0] for network in networks], axis=0)
        np.testing.assert_allclose(answer, expected, atol=1e-6)
    assert tuple(answers) == MODES


def test_the_shipped_model_uses_it(shipped):
    """Augmentation makes fewer errors on the doubtful test images."""
    X, y = as_input(load_mnist()["X_test"]), load_mnist()["y_test"]
    hard = np.flatnonzero(logit_margin(shipped.network.logits(X)) < shipped.readout.augmentation.below)
    assert 0.02 < len(hard) / len(y) < 0.2
    once, again = shipped.unaugmented_probabilities(X[hard]), shipped.probabilities(X[hard])
    assert (once != again).any(axis=1).all()
    assert (again.argmax(axis=1) != y[hard]).sum() < (once.argmax(axis=1) != y[hard]).sum()


def test_saved_and_loaded_is_equal_and_anything_else_refused():
    augmentation = replace(TestTimeAugmentation.of(CHAMPION), below=3.5, temperature=0.8)
    saved = json.loads(json.dumps(augmentation.to_dict()))
    assert TestTimeAugmentation.from_dict(saved) == augmentation
    for name, value in [("count", 0), ("weight", 2), ("temperature", 0), ("below", float("nan")), ("low", 1.0),
                        ("elastic", 1e9), ("elastic_sigma", 0), ("scale", 1), ("rotation", "much")]:
        with pytest.raises((TypeError, ValueError)):
            TestTimeAugmentation.from_dict(saved | {name: value})
    with pytest.raises(KeyError):
        TestTimeAugmentation.from_dict({name: value for name, value in saved.items() if name != "count"})
