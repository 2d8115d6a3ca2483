"""The study's arms: gradients of their layers, and arms of one seed differ only as intended."""

import numpy as np
import pytest
from gradients import layer_errors

from analytics.studies.gate.arms import ARMS, FEW, GATES, HELD, REGIMES, ArmTask, arm_network, regime_data, settings
from analytics.studies.gate.layers import ConstantGate, FixedGate, OpenGate, OthersGate, ResidualGate
from core.digits.task import Images
from core.nn.gate import EmotionalGate
from core.nn.training import fit

N = 5


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return Images(rng.integers(0, 256, (640, 28, 28), dtype=np.uint8), rng.integers(0, 10, 640).astype(np.int8))


LAYERS = (ConstantGate(N), OthersGate(N), ResidualGate(N), OpenGate(N), FixedGate(N, np.random.default_rng(2), float))


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_gradients(layer):
    assert layer_errors(layer, (7, N)) < 1e-7


def test_outputs_of_the_gates():
    rng = np.random.default_rng(3)
    h, gate = rng.standard_normal((4, N)), EmotionalGate(N)
    params = {"Wg": rng.standard_normal((N, N)), "bg": rng.standard_normal(N)}
    gated, (_, g) = gate.forward(params, h)
    assert np.allclose(ResidualGate(N).forward(params, h)[0], h + gated)
    assert np.allclose(OthersGate(N).forward(params, h)[1][1], np.roll(g, -1, axis=0))
    constant, (_, share) = ConstantGate(N).forward({"bg": params["bg"]}, h)
    assert np.allclose(constant, h * share) and share.shape == (N,)
    fixed = FixedGate(N, np.random.default_rng(2), float)
    assert fixed.shapes == {} and np.allclose(fixed.forward({}, h)[1][1], gate.forward(fixed.fixed, h)[1][1])
    opened = {"Wg": np.empty((N, N)), "bg": np.empty(N)}
    OpenGate(N).initialise(opened, rng)
    assert (opened["bg"] == 4).all()


@pytest.mark.parametrize("regime", REGIMES)
def test_arms_of_a_seed_share_the_weights_they_have_in_common(regime, images):
    networks = {arm: ArmTask(settings(regime, arm, 3), arm, images, images).network for arm in ARMS}
    other = ArmTask(settings(regime, "none", 4), "none", images, images).network
    plain = networks["none"].named_parameters()
    assert not np.array_equal(plain["hidden1_W"], other.named_parameters()["hidden1_W"])
    for network in networks.values():
        assert all(np.array_equal(network.named_parameters()[name], value) for name, value in plain.items())


def test_dense_has_exactly_the_parameters_of_the_gate():
    for regime in REGIMES:
        sizes = {arm: arm_network(settings(regime, arm, 0), arm).theta.size for arm in ARMS}
        assert sizes["gate"] == sizes["dense"] == sizes["other's"] == sizes["residual"] == sizes["open"] > sizes["none"]
        assert sizes["none"] == sizes["fixed"] == sizes["focal 1"] < sizes["constant"] < sizes["gate"]


def test_arms_differ_except_the_gate_held_at_one(images):
    logits = {}
    for arm in (*ARMS, HELD):
        config = settings("augmented", arm, 0).replace(epochs=1, batch_size=64)
        task = ArmTask(config, arm, images, images.part(np.arange(50)))
        fit(task, config)
        logits[arm] = task.finished().logits(images.X[:20].reshape(20, -1) / np.float32(255))
    assert np.array_equal(logits[HELD], logits["none"])
    arms = list(ARMS)
    for i, a in enumerate(arms):
        for b in arms[:i]:
            assert not np.allclose(logits[a], logits[b]), (a, b)


def test_shuffled_weights_are_a_permutation():
    rng = np.random.default_rng(0)
    images = Images(np.zeros((64, 28, 28), np.uint8), rng.integers(0, 10, 64).astype(np.int8))
    logits, y = rng.standard_normal((64, 10)), images.y
    weights = [ArmTask(settings("wrong", arm, 0), arm, images, images).sample_weight(logits, y)
               for arm in ("focal 2", "shuffled 2")]
    assert np.array_equal(*map(np.sort, weights)) and not np.array_equal(*weights)


def test_data_of_a_regime_depends_on_the_seed_alone(images):
    many = Images(np.zeros((5000, 1, 1), np.uint8), np.arange(5000).astype(np.int16) % 10)
    few = [regime_data("few", seed, many) for seed in (0, 0, 1)]
    assert len(few[0]) == FEW and np.array_equal(few[0].y, few[1].y) and not np.array_equal(few[0].y, few[2].y)
    wrong = [regime_data("wrong", seed, many).y for seed in (0, 0, 1)]
    assert np.array_equal(wrong[0], wrong[1]) and not np.array_equal(wrong[0], wrong[2])
    assert 0.17 < np.mean(wrong[0] != many.y) < 0.23 and set(wrong[0]) == set(range(10))
    assert regime_data("plain", 0, many) is many and set(GATES) < set(ARMS)
