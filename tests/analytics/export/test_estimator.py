"""The scikit-learn classifier: scikit-learn's own checks, and what it promises beyond them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from analytics.export.estimator import QualmClassifier
from core.digits.data import load_mnist

FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


@pytest.mark.slow
@parametrize_with_checks([QualmClassifier()])
def test_scikit_learn_agrees(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def iris():
    data = load_iris()
    return data.data, data.target_names[data.target]


@pytest.fixture(scope="module")
def images():
    mnist = load_mnist()
    return mnist["X_train"][:600].reshape(-1, 784), mnist["y_train"][:600]


def test_names_as_labels_in_a_pipeline(iris):
    X, y = iris
    pipeline = make_pipeline(MinMaxScaler(), QualmClassifier(hidden=32, epochs=60, random_state=0))
    assert cross_val_score(pipeline, X, y, cv=FOLDS).mean() > 0.88
    fitted = pipeline.fit(X, y)
    assert fitted.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    probs = fitted.predict_proba(X)
    assert np.allclose(probs.sum(axis=1), 1) and probs.shape == (150, 3)
    assert np.array_equal(fitted.classes_[probs.argmax(axis=1)], fitted.predict(X))


@pytest.mark.parametrize(("load", "least"), [(load_wine, 0.95), (load_digits, 0.96)])
def test_learns_other_tables(load, least):
    X, y = load(return_X_y=True)
    assert cross_val_score(QualmClassifier(epochs=15, random_state=0), X, y, cv=FOLDS).mean() > least


def test_one_seed_one_model(iris):
    X, y = iris
    first, same, other = (QualmClassifier(epochs=2, random_state=seed).fit(X, y).predict_proba(X) for seed in (3, 3, 4))
    assert np.array_equal(first, same) and not np.array_equal(first, other)


def test_units_of_the_features_do_not_matter(iris):
    """Doubling is exact in floating point, so standardised features, and with them the answers, are the same bits."""
    X, y = iris
    model = QualmClassifier(epochs=3, random_state=0)
    plain = model.fit(X, y).predict_proba(X)
    other_units = X * [2.0, 1024.0, 0.125, 1.0]
    assert np.array_equal(clone(model).fit(other_units, y).predict_proba(other_units), plain)
    raw = clone(model).set_params(standardise=False)
    assert not np.allclose(raw.fit(other_units, y).predict_proba(other_units), raw.fit(X, y).predict_proba(X))


def test_validation_part_chooses_the_epoch(iris):
    X, y = iris
    held_out = QualmClassifier(epochs=6, validation_fraction=0.2, random_state=0).fit(X, y)
    assert len(held_out.history_["val_accuracy"]) == 6
    whole = QualmClassifier(epochs=6, random_state=0).fit(X, y)
    assert set(whole.history_) == {"epoch", "loss", "lr", "seconds"}
    assert whole.history_["loss"][-1] < whole.history_["loss"][0]
    assert np.allclose(whole.mean_, X.mean(axis=0)) and not np.allclose(held_out.mean_, X.mean(axis=0))


def test_gate_is_a_setting(iris):
    X, y = iris
    gated, plain = (QualmClassifier(hidden=(8, 6), epochs=1, gate=gate, random_state=0).fit(X, y).network_
                    for gate in (True, False))
    assert gated.has_gate and not plain.has_gate
    assert gated.theta.size - plain.theta.size == 6 * 6 + 6
    assert plain.theta.size == 4 * 8 + 8 + 8 * 6 + 6 + 6 * 3 + 3


def test_augmented_digits(images):
    X, y = images
    model = QualmClassifier(hidden=32, epochs=12, augment=True, random_state=0)
    bytes_ = model.fit(X, y).predict_proba(X)
    assert (bytes_.argmax(axis=1) == y).mean() > 0.75
    floats = clone(model).fit(X / 255, y).predict_proba(X / 255)
    assert np.mean(floats.argmax(axis=1) == bytes_.argmax(axis=1)) > 0.98  # rounding apart, the same training
    plain = clone(model).set_params(augment=False, standardise=False).fit(X / 255, y)
    assert plain.history_["loss"][-1] < model.history_["loss"][-1]  # deformed images are harder to learn by heart


@pytest.mark.parametrize(("settings", "X", "words"), [
    ({"augment": True}, np.zeros((20, 30)), "784 features, and X has 30"),
    ({"augment": True}, np.full((20, 784), 300.0), "0..255 or 0..1"),
    ({"validation_fraction": 1.5}, np.zeros((20, 3)), "validation_fraction"),
    ({"dropout": 1.0}, np.zeros((20, 3)), "dropout"),
    ({"epochs": 0}, np.zeros((20, 3)), "epochs"),
    ({"hidden": ()}, np.zeros((20, 3)), "hidden"),
    ({"activation": "tanh"}, np.zeros((20, 3)), "activation"),
])
def test_refuses_in_a_sentence(settings, X, words):
    with pytest.raises(ValueError, match=words):
        QualmClassifier(**settings).fit(X, np.arange(20) % 2)


def test_divergence_is_said(iris):
    X, y = iris
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="smaller lr than 1e"):
        QualmClassifier(lr=1e30, random_state=0).fit(X, y)
