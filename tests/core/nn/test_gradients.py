"""Every gradient against central differences in float64, and proof that the check would notice an error of 0.05 %."""

import numpy as np
import pytest
from gradients import directional_error

from core.digits.config import Config
from core.digits.task import digit_network
from core.nn.context import Arena, Context
from core.nn.fast.layers import fast
from core.nn.gate import EmotionalGate, HeldGate
from core.nn.layers import BatchNorm, Dense, Dropout, ReLU, Sigmoid
from core.nn.losses import softmax_cross_entropy
from core.nn.network import Network

TOLERANCE = 1e-7
LAYERS = {
    "dense": Dense(5, 4), "dense xavier": Dense(5, 4, "xavier"), "relu": ReLU(), "sigmoid": Sigmoid(),
    "dropout": Dropout(0.4), "batch norm": BatchNorm(5), "gate": EmotionalGate(5),
    "held gate": HeldGate(np.linspace(0.1, 0.9, 5)),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("version", ["plain", "fast", "fast with an arena"])
def test_layer(name, version):
    layer, rng = LAYERS[name], np.random.default_rng(1)
    if version != "plain":
        (layer,) = fast(Network([(name, layer)])).layers
    params = {key: np.zeros(shape) for key, shape in layer.shapes.items()}
    layer.initialise(params, rng)
    for value in params.values():
        value += 0.3 * rng.standard_normal(value.shape)
    x = rng.standard_normal((7, 5))
    arena = Arena() if "arena" in version else None

    def forward():
        if arena:
            arena.reset()
        return layer.forward(params, x, Context(train=True, rng=np.random.default_rng(2), arena=arena))

    y, cache = forward()
    pull = np.random.default_rng(3).standard_normal(y.shape)  # the loss is sum(pull * y)
    grads = {key: np.full(shape, np.nan) for key, shape in layer.shapes.items()}
    dx = np.array(layer.backward(params, pull, cache, grads, Context(arena=arena)))

    def loss():
        return float(np.sum(pull * forward()[0]))

    assert directional_error(loss, x, dx) < TOLERANCE
    for key, value in params.items():
        assert directional_error(loss, value, grads[key]) < TOLERANCE, key


@pytest.mark.parametrize("name", ["dense", "gate"])
def test_shared_weights_accumulate(name):
    """A layer called twice with the same weights: the second backward adds to the first."""
    layer, rng = (Dense(5, 5) if name == "dense" else LAYERS[name]), np.random.default_rng(4)
    params = {key: rng.standard_normal(shape) for key, shape in layer.shapes.items()}
    x = rng.standard_normal((3, 5))
    middle, first = layer.forward(params, x)
    y, second = layer.forward(params, middle)
    grads = {key: np.zeros(shape) for key, shape in layer.shapes.items()}
    layer.backward(params, layer.backward(params, 2 * y, second, grads), first, grads, Context(accumulate=True))

    def loss():
        return float(np.sum(layer.forward(params, layer.forward(params, x)[0])[0] ** 2))

    for key, value in params.items():
        assert directional_error(loss, value, grads[key]) < 1e-6, key


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_loss(smoothing, weighted):
    rng = np.random.default_rng(5)
    logits, y = 3 * rng.standard_normal((6, 10)), rng.integers(0, 10, 6)
    weight = rng.uniform(0.5, 2, 6) if weighted else None

    def loss():
        return softmax_cross_entropy(logits, y, smoothing, weight)[0]

    _, dlogits = softmax_cross_entropy(logits, y, smoothing, weight)
    assert directional_error(loss, logits, dlogits) < TOLERANCE


def whole_network(**settings):
    """Loss function, flat theta and flat gradient of a small network on random data."""
    config = Config(hidden=(12, 9), **settings)
    network = digit_network(config, np.float64).initialise(np.random.default_rng(6))
    rng = np.random.default_rng(7)
    X, y = rng.uniform(0, 1, (8, 784)), rng.integers(0, 10, 8)
    grads = np.full_like(network.theta, np.nan)

    def run():
        logits, caches = network.forward(X, Context(train=True, rng=np.random.default_rng(8)))
        loss, dlogits = softmax_cross_entropy(logits, y, 0.05)
        return loss, dlogits, caches

    _, dlogits, caches = run()
    dX = network.backward(dlogits, caches, network.views(grads))
    return (lambda: run()[0]), network.theta, grads, X, dX


@pytest.mark.parametrize("settings", [
    dict(gate=True), dict(gate=False), dict(gate=True, activation="sigmoid", init="xavier"),
    dict(gate=True, dropout=0.3, input_dropout=0.2)], ids=["gate", "plain", "sigmoid", "dropout"])
def test_whole_network(settings):
    loss, theta, grads, X, dX = whole_network(**settings)
    assert np.isfinite(grads).all()  # every parameter was given a gradient
    assert directional_error(loss, theta, grads) < 1e-6
    assert directional_error(loss, X, dX) < 1e-6


@pytest.mark.parametrize("part", ["hidden1_W", "gate_Wg", "output_b"])
def test_planted_error_of_a_twentieth_of_a_percent_is_caught(part):
    config = Config(hidden=(12, 9))
    network = digit_network(config, np.float64).initialise(np.random.default_rng(6))
    rng = np.random.default_rng(7)
    X, y = rng.uniform(0, 1, (8, 784)), rng.integers(0, 10, 8)
    logits, caches = network.forward(X)
    _, dlogits = softmax_cross_entropy(logits, y)
    grads = np.zeros_like(network.theta)
    views = network.views(grads)
    network.backward(dlogits, caches, views)
    layer, _, name = part.rpartition("_")
    gradient, value = views[network.names.index(layer)][name], network.named_parameters()[part]

    def loss():
        return softmax_cross_entropy(network.forward(X)[0], y)[0]

    assert directional_error(loss, value, gradient) < 1e-6
    assert directional_error(loss, value, gradient * 1.0005) > 1e-4


def test_gate_of_ones_is_the_plain_network_bit_for_bit():
    rng = np.random.default_rng(9)
    gated = digit_network(Config(hidden=(32, 16), gate=True)).initialise(rng)
    plain = digit_network(Config(hidden=(32, 16), gate=False)).load(gated.named_parameters())
    X = rng.uniform(0, 1, (20, 784)).astype(np.float32)
    assert np.array_equal(gated.with_gate(1.0).forward(X)[0], plain.forward(X)[0])
    assert not np.array_equal(gated.forward(X)[0], plain.forward(X)[0])
    assert gated.with_gate(1.0).theta is gated.theta


def test_folded_batch_norm_is_the_same_function():
    """On the very images whose statistics were folded in, the network for use answers as the one in training did."""
    network = digit_network(Config(hidden=(6, 5), batch_norm=True), np.float64)
    rng = np.random.default_rng(8)
    network.theta[...] = rng.standard_normal(network.theta.shape)
    X = rng.uniform(0, 1, (40, 784))
    in_training, _ = network.forward(X, Context(train=True))
    plain = network.fold_batch_norm(X)
    assert set(plain.named_parameters()) == set(digit_network(Config(hidden=(6, 5))).named_parameters())
    np.testing.assert_allclose(plain.logits(X), in_training, atol=1e-9)
    with pytest.raises(RuntimeError, match="fold_batch_norm"):
        network.logits(X)


@pytest.mark.parametrize("weighted", [False, True])
def test_loss_against_target_distributions(weighted):
    """The gradient of the loss, that labels no longer matter, and that one-hot targets are the labels."""
    rng = np.random.default_rng(9)
    logits, y = rng.standard_normal((6, 10)), rng.integers(0, 10, 6)
    targets, weight = rng.dirichlet(np.ones(10), 6), rng.uniform(0.5, 2, 6) if weighted else None

    def loss(y=y, targets=targets):
        return softmax_cross_entropy(logits, y, 0.0, weight, targets)[0]

    _, dlogits = softmax_cross_entropy(logits, y, 0.0, weight, targets)
    assert directional_error(loss, logits, dlogits) < TOLERANCE
    assert loss(y) == loss((y + 1) % 10)
    assert loss(targets=np.eye(10)[y]) == pytest.approx(softmax_cross_entropy(logits, y, 0.0, weight)[0])
