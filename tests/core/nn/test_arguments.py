"""Wrong arguments of the engine are refused in a sentence that names them, before anything is changed."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.digits.config import Config
from core.nn.classification import ClassificationTask
from core.nn.context import Context
from core.nn.fast.optimizers import make_optimizer, update_average
from core.nn.gate import EmotionalGate, HeldGate
from core.nn.layers import BatchNorm, Dense, Dropout, ReLU
from core.nn.losses import focal_weight, softmax_cross_entropy
from core.nn.network import Network, build_network
from core.nn.optimizers import SGD, Adam
from core.nn.schedules import make_schedule
from core.nn.training import fit

X, Y = np.ones((4, 3)), np.array([0, 1, 2, 0])
DENSE, GATE, NORM = Dense(3, 2), EmotionalGate(3), BatchNorm(3)


def params(layer):
    return {name: np.ones(shape) for name, shape in layer.shapes.items()}


def passed(layer, dy, x=X):
    _, cache = layer.forward(params(layer), x, Context(train=True, rng=np.random.default_rng(0)))
    return layer.backward(params(layer), dy, cache, None)


def settings(**changes):
    return SimpleNamespace(**{**Config(epochs=1).to_dict(), **changes})


def network(**changes):
    return build_network(settings(hidden=(4,), **changes), 3, 3)


def task(X=X, y=Y, validation=None, **changes):
    return ClassificationTask(Config(hidden=(4,), epochs=1), network(), X, y, validation)


@pytest.mark.parametrize("call, sentence", [
    (lambda: Dropout(0.5).forward({}, X, Context(train=True)), "Dropout, while training, needs rng, .*not None"),
    (lambda: DENSE.initialise(params(DENSE), None), "Dense.initialise needs rng"),
    (lambda: GATE.initialise(params(GATE), 7), "EmotionalGate.initialise needs rng, .*not 7"),
    (lambda: network().initialise(None), "Network.initialise needs rng"),
    (lambda: network(dropout=0.5).forward(X, Context(train=True)), "Dropout, while training, needs rng"),
])
def test_a_missing_generator_is_named(call, sentence):
    with pytest.raises(TypeError, match=sentence):
        call()


@pytest.mark.parametrize("call, sentence", [
    (lambda: Dense(3, 2, "lecun"), "init must be one of 'he', 'xavier', not 'lecun'"),
    (lambda: network(activation="gelu"), "activation must be one of 'relu', 'sigmoid', not 'gelu'"),
    (lambda: network(init="lecun"), "init must be one of"),
    (lambda: make_optimizer(settings(optimizer="lion"), np.zeros(2), 2), "optimizer must be one of .*not 'lion'"),
    (lambda: make_schedule(settings(schedule="linear"), 9), "schedule must be one of .*not 'linear'"),
    (lambda: fit(task(), settings(keep="first")), "keep must be one of 'best', 'last', not 'first'"),
])
def test_a_name_that_is_not_on_the_list_is_named_with_the_list(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.mark.parametrize("call, sentence", [
    (lambda: Dense(0, 2), "Dense needs n_in, a whole number of at least 1, not 0"),
    (lambda: Dense(3, 2.5), "Dense needs n_out, .*not 2.5"),
    (lambda: EmotionalGate(True), "EmotionalGate needs n, .*not True"),
    (lambda: BatchNorm(-1), "BatchNorm needs n, "),
    (lambda: build_network(Config(), 0, 3), "build_network needs n_in"),
    (lambda: Dropout(1), r"Dropout needs a rate in \[0, 1\), not 1"),
    (lambda: passed(DENSE, None, X[:, :2]), r"Dense needs x of shape \(N, 3\), not \(4, 2\)"),
    (lambda: passed(DENSE, None, X[0]), r"Dense needs x of shape \(N, 3\), not \(3,\)"),
    (lambda: passed(DENSE, X), r"Dense needs dy of shape \(4, 2\), not \(4, 3\)"),
    (lambda: passed(ReLU(), None, X[0]), r"ReLU needs x of shape \(N, n\), not \(3,\)"),
    (lambda: passed(ReLU(), X[:2]), r"ReLU needs dy of shape \(4, 3\), not \(2, 3\)"),
    (lambda: passed(NORM, None, X[:, :2]), r"BatchNorm needs x of shape \(N, 3\)"),
    (lambda: passed(NORM, X[:, :1]), r"BatchNorm needs dy of shape \(4, 3\)"),
    (lambda: passed(GATE, None, X[:, :2]), r"EmotionalGate needs h of shape \(N, 3\)"),
    (lambda: passed(GATE, X[:, :1]), r"EmotionalGate needs dy of shape \(4, 3\)"),
    (lambda: HeldGate(np.ones(2)).forward({}, X), r"HeldGate needs a value .*\(3,\).*not \(2,\)"),
    (lambda: network().views(np.zeros(3)), r"Network.views needs vector of shape"),
    (lambda: focal_weight(X, Y[:2], 1.0), r"focal_weight needs y of shape \(4,\), not \(2,\)"),
    (lambda: softmax_cross_entropy(X[0], Y), r"softmax_cross_entropy needs logits of shape \(N, n\)"),
    (lambda: softmax_cross_entropy(X, Y + 1), "needs y from 0 to 2, not from 1 to 3"),
    (lambda: softmax_cross_entropy(X, Y - 1), "needs y from 0 to 2, not from -1 to 1"),
    (lambda: softmax_cross_entropy(X, Y - 2, nothing=True), "needs y from -1 to 2, not from -2 to 0"),
    (lambda: softmax_cross_entropy(X, Y.astype(float)), "needs y of whole numbers, not float64"),
    (lambda: softmax_cross_entropy(X, Y, sample_weight=np.ones(3)), r"needs sample_weight of shape \(4,\)"),
    (lambda: softmax_cross_entropy(X, None, targets=X[:, :2]), r"needs targets of shape \(4, 3\), not \(4, 2\)"),
    (lambda: SGD(np.zeros(3)).step(np.zeros(3), np.zeros(4), 0.1), r"grads of shape \(3,\) or \(parts, 3\), not"),
    (lambda: Adam(np.zeros(3)).step(np.zeros(3), np.zeros((2, 4)), 0.1), r"grads of shape .* not \(2, 4\)"),
    (lambda: update_average(np.zeros(3), np.zeros(4), 0.5), r"needs average of shape \(4,\), not \(3,\)"),
    (lambda: task(y=Y[:2]), r"ClassificationTask needs labels of shape \(4,\), not \(2,\)"),
    (lambda: task(validation=(X, Y[:1])), r"ClassificationTask needs labels of shape \(4,\), not \(1,\)"),
    (lambda: task(X[:0], Y[:0]), "at least one sample"),
])
def test_a_wrong_shape_is_named_with_the_right_one(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_a_score_that_is_not_evaluated_is_named():
    wrong = task(X.astype(np.float32))
    wrong.score = "skill"
    with pytest.raises(ValueError, match=r"score is 'skill', and evaluate\(\) gives 'val_accuracy', 'val_loss'"):
        fit(wrong, wrong.config)


def test_a_network_without_matrices_has_none_to_decay():
    assert Network([("activation", ReLU())]).n_matrix == 0
