"""The fast layers, optimisers and loop do what the plain ones do."""

import numpy as np
import pytest

from core.digits.config import Config
from core.nn import optimizers
from core.nn.context import Arena, Context
from core.nn.fast import layers as fast_layers
from core.nn.fast import optimizers as fast_optimizers
from core.nn.fast.layers import FAST, fast
from core.nn.layers import Layer
from core.nn.loop import train
from core.nn.losses import softmax_cross_entropy
from core.nn.network import build_network
from core.nn.schedules import constant, cosine, warmup

NETWORKS = {
    "gate": Config(hidden=(40, 30)), "plain": Config(hidden=(40, 30), gate=False),
    "sigmoid": Config(hidden=(40, 30), activation="sigmoid", init="xavier"),
    "dropout": Config(hidden=(40, 30), dropout=0.3, input_dropout=0.2),
    "batch norm": Config(hidden=(40, 30), batch_norm=True),
}


def data(n=90, dtype=np.float64):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 1, (n, 20)).astype(dtype), rng.integers(0, 10, n)


def test_every_layer_with_a_fast_version_is_exchanged():
    named = {name for name in vars(fast_layers) if isinstance(getattr(fast_layers, name), type)
             and issubclass(getattr(fast_layers, name), Layer) and name != "Layer"}
    assert {kind.__name__ for kind in FAST} == named and len(named) == 6
    for config in NETWORKS.values():
        plain = build_network(config, 20, 10)
        quick = fast(plain)
        assert quick.theta is plain.theta and all(type(layer) in FAST.values() for layer in quick.layers)
        assert not any(type(layer) in FAST.values() for layer in plain.layers), "the argument stays as it was"


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_single_row_of_zeros_and_others_is_read_as_by_the_plain_layers(name, share):
    network = build_network(NETWORKS[name], 20, 10, np.float64).initialise(np.random.default_rng(1))
    network.theta += 0.01  # no bias stays zero
    x = data()[0][:1] * (np.arange(20) < 20 * share)
    if name == "batch norm":
        network = network.fold_batch_norm(data()[0])
    np.testing.assert_allclose(fast(network).forward(x)[0], network.forward(x)[0], rtol=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("accumulate", [False, True])
def test_gradients_in_float64_agree_to_1e_10(name, accumulate):
    network = build_network(NETWORKS[name], 20, 10, np.float64).initialise(np.random.default_rng(1))
    X, y = data()
    results = []
    for net, arena in ((network, None), (fast(network), None), (fast(network), Arena())):
        grads = np.full_like(network.theta, 0.25 if accumulate else np.nan)
        ctx = Context(train=True, rng=np.random.default_rng(2), arena=arena, accumulate=accumulate)
        logits, caches = net.forward(X, ctx)
        loss, dlogits = softmax_cross_entropy(logits, y, 0.05)
        dX = net.backward(dlogits, caches, net.views(grads), ctx)
        results.append((loss, grads, np.array(dX)))
    for loss, grads, dX in results[1:]:
        assert abs(loss - results[0][0]) < 1e-12
        assert np.abs(grads - results[0][1]).max() < 1e-10 and np.abs(dX - results[0][2]).max() < 1e-10


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_weights_after_100_steps_in_float32_agree_to_1e_5(name, optimizer):
    X, y = data(100, np.float32)
    ends = []
    for nn in (optimizers, fast_optimizers):
        network = build_network(NETWORKS[name], 20, 10)
        network = (fast(network) if nn is fast_optimizers else network).initialise(np.random.default_rng(3))
        options = {"SGD": (0.9, 0.01, network.n_matrix), "Adam": (0.9, 0.999, 1e-8, 0.01, network.n_matrix)}[optimizer]
        train(network, X, y, getattr(nn, optimizer)(network.theta, *options),
              warmup(cosine(0.01 if optimizer == "SGD" else 1e-3, 10, 100), 10), epochs=20, batch_size=20,
              rng=np.random.default_rng(4))
        # before normalisation a bias has no effect and a gradient of rounding errors, which Adam scales to whole steps
        ends.append(network.fold_batch_norm(X).theta)
    assert np.linalg.norm(ends[0] - ends[1]) < 1e-5 * np.linalg.norm(ends[0])


def test_the_loop_learns_and_reports_each_epoch():
    X, y = data()
    network = build_network(Config(hidden=(64,)), 20, 10, np.float64).initialise(np.random.default_rng(5))
    losses = []
    train(network, X, y, optimizers.Adam(network.theta), constant(0.01), epochs=60, batch_size=30,
          rng=np.random.default_rng(6), on_epoch=lambda epoch, loss: losses.append((epoch, loss)))
    assert [epoch for epoch, _ in losses] == list(range(60)) and losses[-1][1] < 0.1 < 2 < losses[0][1]
    assert (network.logits(X).argmax(axis=1) == y).mean() > 0.95
