"""Displayed numbers that add up; one weight's gradient and step against those of training."""

from itertools import product

import numpy as np
import pytest
from small_networks import network_of

from core.explain.arithmetic import decimal_text, forward, optimizer_step, shown, weight_gradient
from core.explain.units import layers, unit, weights
from core.nn.losses import softmax_cross_entropy
from core.nn.optimizers import SGD, Adam


def test_displayed_terms_and_rest_are_the_displayed_total():
    network, X = network_of("gate", np.float32), np.random.default_rng(2).random((3, 784))
    infos = layers(network)
    for x, (layer, info), decimals in product(X, enumerate(infos), range(5)):
        one = unit(network, x, layer, info.size // 2)
        total = shown(one.terms, one.total, most=6, decimals=decimals, always=(one.bias,))
        assert sum(total.terms) + sum(total.always) + total.rest == total.total == round(one.total * 10**decimals)
        assert total.others == len(one.terms) - len(total.terms)
        left = np.delete(one.terms, total.indices).sum() * 10**decimals
        assert abs(total.rest - left) <= (len(total.terms) + 2) / 2 + 1e-6
        assert np.all(np.abs(np.delete(one.terms, total.indices)) <= np.abs(one.terms[total.indices[-1]]))
        texts = [total.text(value) for value in (*total.terms, *total.always, total.rest)]
        assert sum(round(float(text) * 10**decimals) for text in texts) == total.total


def test_displayed_gradient_adds_up():
    network, rng = network_of("gate"), np.random.default_rng(2)
    one = weight_gradient(network, rng.random((9, 784)), rng.integers(0, 10, 9), 1, 3, 4)
    total = shown(one.terms, one.gradient, most=3, decimals=6)
    assert sum(total.terms) + total.rest == total.total == round(one.gradient * 10**6)


def test_numbers_as_text():
    assert [decimal_text(value, 3) for value in (1234, -1234, -5, 0, 100000)] == [
        "1.234", "-1.234", "-0.005", "0.000", "100.000"]
    assert decimal_text(-12, 0) == "-12"
    assert shown([0.0, 0.0, 2.0], 2.0, most=3).indices == (2,)  # terms of 0 are not displayed
    with pytest.raises(ValueError, match="not a finite number"):
        shown([1.0, np.nan], 1.0)


@pytest.mark.parametrize("kind", ["gate", "plain", "sigmoid"])
def test_forward_steps_are_the_network(kind):
    network, x = network_of(kind), np.random.default_rng(2).random(784)
    steps = forward(network, x, 3)
    reading = network.read(x[None])
    for step, values in zip(steps.steps, [*reading.hidden, reading.logits], strict=True):
        np.testing.assert_array_equal(step.values, values[0])
        for index in (0, 5):
            one = unit(network, x, layers(network).index(step.layer), index)
            assert step.sums[index] == pytest.approx(one.total, rel=1e-9)
    loss, _ = softmax_cross_entropy(reading.logits, np.array([3]))
    assert steps.loss == pytest.approx(loss, rel=1e-12) and steps.probs.sum() == pytest.approx(1)
    assert forward(network, x).loss is None
    assert forward(network.with_gate(1.0), x, 3).steps[-1].sums is not None
    with pytest.raises(ValueError, match="y is 10"):
        forward(network, x, 10)


@pytest.mark.parametrize("kind", ["gate", "plain", "sigmoid", "dropout"])
def test_one_weight_s_gradient_is_that_of_backward(kind):
    network, rng = network_of(kind), np.random.default_rng(2)
    X, y = rng.random((6, 784)), rng.integers(0, 10, 6)
    logits, caches = network.forward(X)
    grads = network.views(np.zeros_like(network.theta))
    network.backward(softmax_cross_entropy(logits, y)[1], caches, grads)
    for layer, info in enumerate(layers(network)):
        names = ("Wg", "bg") if info.kind == "gated" else ("W", "b")
        W, b = (grads[info.product][name] for name in names)
        for i, j in ((0, 1), (7, 3), (None, 2)):
            one = weight_gradient(network, X, y, layer, i, j)
            assert one.gradient == pytest.approx(b[j] if i is None else W[i, j], rel=1e-9, abs=1e-15)
            np.testing.assert_allclose(one.inputs * one.deltas / 6, one.terms, rtol=1e-12)
            parameters = weights(network, info)
            assert one.weight == (parameters[1][j] if i is None else parameters[0][i, j])


def test_what_has_no_gradient_is_refused():
    network, X, y = network_of("gate"), np.zeros((2, 784)), np.array([1, 2])
    with pytest.raises(ValueError, match="held at fixed values"):
        weight_gradient(network.with_gate(1.0), X, y, 2, 0, 0)
    with pytest.raises(ValueError, match="has the inputs 0 to 783"):
        weight_gradient(network, X, y, 0, 784, 0)
    with pytest.raises(ValueError, match="y from 0 to 9"):
        weight_gradient(network, X, np.array([1, 10]), 0, 0, 0)


@pytest.mark.parametrize("name, more", [("sgd", {}), ("sgd", {"momentum": 0.9}), ("adam", {}), ("adamw", {}),
                                        ("adamw", {"weight_decay": 0.1}), ("sgd", {"weight_decay": 0.1})])
def test_the_step_is_the_optimizer_s(name, more):
    theta, lr = np.array([0.7]), 0.05
    optimizer = SGD(theta, **more) if name == "sgd" else Adam(theta, **more)
    state = {}
    for gradient in (0.3, -0.2, 0.5):
        step = optimizer_step(name, theta[0], gradient, lr=lr, **more, **state)
        optimizer.step(theta, np.array([gradient]), lr)
        assert step.after == pytest.approx(theta[0], rel=1e-12)
        state = {key: float(value[0]) for key, value in optimizer.state.items()}
        state["t"] = int(state["t"]) if "t" in state else 0
        symbols = {"velocity": "u"}
        assert all(step.values[symbols.get(key, key)] == pytest.approx(value) for key, value in state.items() if value)
    with pytest.raises(ValueError, match="optimizer must be one of"):
        optimizer_step("lion", 0.1, 0.1, lr=lr)
