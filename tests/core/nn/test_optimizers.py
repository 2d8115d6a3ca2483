"""Optimisers, plain and fast, against steps worked by hand, and schedules against their formulas."""

import numpy as np
import pytest

from core.digits.config import Config
from core.nn import optimizers
from core.nn.fast import optimizers as fast
from core.nn.fast.optimizers import make_optimizer, update_average
from core.nn.optimizers import clip_norm, total
from core.nn.schedules import constant, cosine, make_schedule, staircase, warmup

BOTH = pytest.mark.parametrize("nn", [optimizers, fast], ids=["plain", "fast"])


@BOTH
def test_sgd_by_hand(nn):
    theta = np.array([1.0, -2.0])
    nn.SGD(theta).step(theta, np.array([0.5, 1.0]), lr=0.1)
    assert theta == pytest.approx([0.95, -2.1])


@BOTH
def test_momentum_by_hand(nn):
    theta = np.array([1.0])
    optimizer = nn.SGD(theta, momentum=0.9)
    optimizer.step(theta, np.array([1.0]), lr=0.1)  # velocity 1
    optimizer.step(theta, np.array([2.0]), lr=0.1)  # velocity 2.9
    assert theta == pytest.approx([1 - 0.1 - 0.29])


@BOTH
@pytest.mark.parametrize("name, options", [("SGD", (0.9, 0.1, 2)), ("Adam", (0.9, 0.999, 1e-8, 0.1, 2))])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_a_gradient_in_parts_is_their_sum(nn, name, options, parts):
    rng = np.random.default_rng(0)
    one, other = np.ones(5), np.ones(5)
    whole, in_parts = getattr(nn, name)(one, *options), getattr(nn, name)(other, *options)
    for _ in range(3):
        grads = rng.standard_normal((parts, 5))
        before = grads.copy()
        whole.step(one, grads.sum(axis=0), lr=0.1)
        in_parts.step(other, grads, lr=0.1)
        assert np.array_equal(grads, before), "the parts stay as they were"
        np.testing.assert_allclose(one, other, rtol=1e-12)
        assert total(grads) == pytest.approx(before.sum(axis=0)) and total(before[0]) is not None


@BOTH
def test_adam_by_hand(nn):
    theta = np.array([1.0, 1.0])
    optimizer = nn.Adam(theta, beta1=0.9, beta2=0.99, eps=1e-8)
    optimizer.step(theta, np.array([0.5, -4.0]), lr=0.1)
    assert theta == pytest.approx([0.9, 1.1])  # the first step is lr times the sign
    optimizer.step(theta, np.array([1.5, -4.0]), lr=0.1)
    m, v = (0.9 * 0.05 + 0.1 * 1.5) / (1 - 0.9**2), (0.99 * 0.0025 + 0.01 * 2.25) / (1 - 0.99**2)
    assert theta == pytest.approx([0.9 - 0.1 * m / np.sqrt(v), 1.2])


@BOTH
def test_decoupled_decay_touches_matrices_only(nn):
    theta = np.ones(4)
    nn.Adam(theta, weight_decay=0.5, decay_size=3).step(theta, np.zeros(4), lr=0.1)
    assert theta == pytest.approx([0.95, 0.95, 0.95, 1.0])


@pytest.mark.parametrize("make", [lambda t: fast.SGD(t, momentum=0.9), fast.Adam])
def test_long_vectors_are_updated_whole_and_alike(make):
    """Chunks and threads change nothing: a long vector moves as each of its elements would alone."""
    rng = np.random.default_rng(0)
    long = rng.standard_normal(300_001)
    alone, grads = long[[0, 32_768, 200_000, 300_000]].copy(), rng.standard_normal(300_001)
    picked = grads[[0, 32_768, 200_000, 300_000]].copy()
    for theta, g in ((long, grads), (alone, picked)):
        optimizer = make(theta)
        for _ in range(3):
            optimizer.step(theta, g, lr=0.01)
    assert np.array_equal(long[[0, 32_768, 200_000, 300_000]], alone)


@BOTH
def test_adam_finds_the_valley_of_rosenbrock(nn):
    theta = np.array([-1.0, 1.5])
    optimizer = nn.Adam(theta)
    for _ in range(6000):
        x, y = theta
        optimizer.step(theta, np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]), lr=0.01)
    assert theta == pytest.approx([1, 1], abs=1e-2)


def test_clipping_and_averaging():
    grads = np.array([3.0, 4.0])
    assert clip_norm(grads, 1.0) == pytest.approx(5)
    assert grads == pytest.approx([0.6, 0.8])
    average = np.zeros(2)
    update_average(average, np.array([1.0, 2.0]), 0.75)
    assert average == pytest.approx([0.25, 0.5])


def test_schedules():
    steps = 100
    base = Config(warmup=0.1, lr=1.0, epochs=10, step_epochs=5, step_factor=0.1)
    rates = {name: [make_schedule(base.replace(schedule=name), steps)(i) for i in range(steps)]
             for name in ("constant", "step", "cosine")}
    for rate in rates.values():
        assert np.all(np.diff(rate[:10]) > 0) and rate[0] < 0.1  # the warm-up rises
    assert set(rates["constant"][10:]) == {1.0}
    assert rates["step"][49] == pytest.approx(1.0) and rates["step"][50] == pytest.approx(0.1)
    assert max(rates["cosine"]) == pytest.approx(1.0) and rates["cosine"][-1] < 1e-3
    assert np.all(np.diff(rates["cosine"][10:]) < 0)


@BOTH
def test_sgd_decays_matrices_only(nn):
    theta = np.ones(4)
    nn.SGD(theta, weight_decay=0.5, decay_size=3).step(theta, np.zeros(4), lr=0.1)
    assert theta == pytest.approx([0.95, 0.95, 0.95, 1.0])


@BOTH
def test_decay_ends_in_the_middle_of_a_chunk(nn):
    theta = np.ones(250_000, np.float32)
    nn.Adam(theta, weight_decay=1.0, decay_size=150_001).step(theta, np.zeros_like(theta), lr=0.5)
    assert (theta[:150_001] == 0.5).all() and (theta[150_001:] == 1).all()


@pytest.mark.parametrize("name, kind, decay", [
    ("sgd", fast.SGD, 0.1), ("adam", fast.Adam, 0.0), ("adamw", fast.Adam, 0.1)])
def test_the_optimiser_that_the_settings_ask_for(name, kind, decay):
    config = Config(optimizer=name, weight_decay=0.1, momentum=0.7, beta1=0.8, beta2=0.9, eps=0.1)
    made = make_optimizer(config, np.zeros(5), 3)
    assert type(made) is kind and made.weight_decay == decay and made.decay_size == 3
    if kind is fast.Adam:
        assert (made.beta1, made.beta2, made.eps) == (0.8, 0.9, 0.1)
    else:
        assert made.momentum == 0.7


def test_short_gradients_are_left_alone():
    grads = np.array([0.3, 0.4])
    assert clip_norm(grads, 1.0) == pytest.approx(0.5) and grads.tolist() == [0.3, 0.4]


@pytest.mark.parametrize("step", [0, 5, 10, 11, 55, 99])
def test_cosine_by_formula(step):
    config = Config(schedule="cosine", warmup=0.1, lr=2.0, final_lr=0.25)
    expected = 2.0 * (step + 1) / 11 if step < 10 else 2.0 * (
        0.25 + 0.75 * (1 + np.cos(np.pi * (step / 100 - 0.1) / 0.9)) / 2)
    assert make_schedule(config, 100)(step) == pytest.approx(expected)


def test_steps_by_epoch():
    config = Config(schedule="step", warmup=0, lr=1.0, epochs=6, step_epochs=2, step_factor=0.5)
    assert [make_schedule(config, 12)(step) for step in (0, 3, 4, 7, 8, 11)] == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_schedules_compose():
    rates = [warmup(cosine(1.0, start=4, stop=8, final=0.5), steps=4)(step) for step in range(10)]
    assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 0.927, 0.75, 0.573, 0.5, 0.5], abs=1e-3)
    assert [staircase(1.0, 0.1, every=3)(step) for step in (0, 2, 3, 6)] == pytest.approx([1, 1, 0.1, 0.01])
    assert warmup(constant(2.0), 0)(0) == 2.0
