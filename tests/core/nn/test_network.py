"""The network as one vector, layers as functions of explicit values: what shapes, views and draws must hold."""

import threading

import numpy as np
import pytest

from core.digits.config import Config
from core.nn.context import Arena, Context
from core.nn.gate import EmotionalGate
from core.nn.layers import BatchNorm, Dense, Dropout, ReLU, Sigmoid, sigmoid
from core.nn.network import build_network


def small(**settings):
    network = build_network(Config(hidden=(6, 5), **settings), 8, 3, np.float64)
    return network.initialise(np.random.default_rng(0))


def test_a_network_by_hand():
    """Two layers, a gate and the output, written out."""
    network, x = small(), np.random.default_rng(1).standard_normal((4, 8))
    w = network.named_parameters()
    h1 = np.maximum(x @ w["hidden1_W"] + w["hidden1_b"], 0)
    h2 = np.maximum(h1 @ w["hidden2_W"] + w["hidden2_b"], 0)
    gate = 1 / (1 + np.exp(-(h2 @ w["gate_Wg"] + w["gate_bg"])))
    logits = (h2 * gate) @ w["output_W"] + w["output_b"]
    np.testing.assert_allclose(network.forward(x)[0], logits)
    np.testing.assert_allclose(network.logits(x, batch=3), logits)
    reading = network.read(x)
    np.testing.assert_allclose(reading.logits, logits)
    np.testing.assert_allclose(reading.gate, gate)
    for hidden, expected in zip(reading.hidden, (h1, h2, h2 * gate), strict=True):
        np.testing.assert_allclose(hidden, expected)


@pytest.mark.parametrize("settings, names", [
    ({}, ["hidden1", "activation1", "hidden2", "activation2", "gate", "output"]),
    ({"gate": False}, ["hidden1", "activation1", "hidden2", "activation2", "output"]),
    ({"batch_norm": True, "gate": False, "dropout": 0.1, "input_dropout": 0.1},
     ["input_dropout", "hidden1", "norm1", "activation1", "dropout1", "hidden2", "norm2", "activation2", "dropout2",
      "output"])])
def test_what_the_settings_build(settings, names):
    assert small(**settings).names == names
    kinds = [type(layer) for layer in small(**settings | {"activation": "sigmoid"}).layers]
    assert Sigmoid in kinds and ReLU not in kinds


def test_matrices_come_first_in_theta_and_views_share_its_memory():
    network = small()
    matrices = [value for value in network.named_parameters().values() if value.ndim == 2]
    assert network.n_matrix == sum(value.size for value in matrices)
    network.theta[: network.n_matrix] = 7
    assert all((value == 7).all() for value in matrices)
    assert network.theta.size == sum(value.size for value in network.named_parameters().values())
    network.named_parameters()["output_b"][1] = -3
    assert -3 in network.theta


def test_what_does_not_fit_is_named():
    network = small()
    arrays = {name: value.copy() for name, value in network.named_parameters().items()}
    for change, words in (({"gate_bg": np.zeros(4)}, "gate_bg has the shape"), ({"output_W": np.full((5, 3), np.nan)},
                                                                                "output_W holds values that are not "
                                                                                "finite")):
        with pytest.raises(ValueError, match=words):
            network.load(arrays | change)
    del arrays["hidden2_b"]
    with pytest.raises(ValueError, match="lacks the array hidden2_b"):
        network.load(arrays)


def test_first_weights_have_the_stated_spread():
    rng, n = np.random.default_rng(0), 400
    drawn = {name: {key: np.full(shape, np.nan) for key, shape in layer.shapes.items()} for name, layer in (
        ("he", Dense(n, 300)), ("xavier", Dense(n, 300, "xavier")), ("gate", EmotionalGate(n)), ("norm", BatchNorm(n)))}
    for name, layer in (("he", Dense(n, 300)), ("xavier", Dense(n, 300, "xavier")), ("gate", EmotionalGate(n)),
                        ("norm", BatchNorm(n))):
        layer.initialise(drawn[name], rng)
    assert drawn["he"]["W"].std() == pytest.approx(np.sqrt(2 / n), rel=0.02) and not drawn["he"]["b"].any()
    limit = np.sqrt(6 / (n + 300))
    assert np.abs(drawn["xavier"]["W"]).max() == pytest.approx(limit, rel=1e-3)
    assert drawn["xavier"]["W"].std() == pytest.approx(limit / np.sqrt(3), rel=0.02) and not drawn["xavier"]["b"].any()
    assert drawn["gate"]["Wg"].std() == pytest.approx(np.sqrt(1 / n), rel=0.02) and (drawn["gate"]["bg"] == 1).all()
    assert (drawn["norm"]["gamma"] == 1).all() and not drawn["norm"]["beta"].any()
    assert abs(drawn["he"]["W"].mean()) < 1e-3


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_dropout_zeroes_the_stated_share_and_keeps_the_mean(rate):
    x = np.ones((200, 500), np.float32)
    y, mask = Dropout(rate).forward({}, x, Context(train=True, rng=np.random.default_rng(0)))
    assert (y == 0).mean() == pytest.approx(rate, abs=0.005) and y.mean() == pytest.approx(1, abs=0.01)
    assert set(np.unique(y)) == {0, np.float32(1 / (1 - rate))} and y.dtype == np.float32
    assert np.array_equal(Dropout(rate).backward({}, 3 * x, mask, None), 3 * y)
    same, nothing = Dropout(rate).forward({}, x)
    assert same is x and nothing is None and Dropout(rate).backward({}, x, None, None) is x


def test_batch_norm_normalises_over_the_batch():
    rng = np.random.default_rng(0)
    x = rng.normal(5, 3, (1000, 4))
    params = {"gamma": np.array([1.0, 2, 3, 4]), "beta": np.array([0.0, 1, 2, 3])}
    y, _ = BatchNorm(4).forward(params, x, Context(train=True))
    np.testing.assert_allclose(y.mean(axis=0), params["beta"], atol=1e-9)
    np.testing.assert_allclose(y.std(axis=0), params["gamma"], rtol=1e-5)


def test_sigmoid_at_its_ends():
    np.testing.assert_allclose(sigmoid(np.array([-1000.0, 0.0, np.log(3), 1000.0])), [0, 0.5, 0.75, 1], atol=1e-15)


def test_gradients_go_nowhere_without_grads_and_no_further_than_asked():
    network, x = small(), np.random.default_rng(1).standard_normal((4, 8))
    logits, caches = network.forward(x)
    ctx = Context(input_gradient=False)
    assert network.backward(logits, caches, network.views(np.zeros_like(network.theta)), ctx) is None
    assert network.backward(logits, caches, None).shape == x.shape


def test_an_arena_hands_out_the_same_memory_after_a_reset_and_only_then():
    arena = Arena()
    first, second = arena.empty((2, 3), np.float32), arena.empty((2, 3), np.float32)
    assert first is not second
    arena.reset()
    assert arena.empty((2, 3), np.float32) is first and arena.empty((2, 4), np.float32) is not second
    arena.reset()
    assert arena.empty((2, 3), np.float64) is not first


def test_one_network_serves_many_threads():
    network, rng = small(dropout=0.0), np.random.default_rng(2)
    X = rng.standard_normal((8, 64, 8))
    expected, found = [network.forward(x)[0] for x in X], [None] * 8

    def work(i):
        for _ in range(30):
            found[i] = network.forward(X[i])[0]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, b) for a, b in zip(expected, found, strict=True))
