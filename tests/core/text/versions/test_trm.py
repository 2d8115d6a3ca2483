"""The tiny recursive model of v1 to v6: gradients against central differences, switches, independence of rows."""

import numpy as np
import pytest
from gradients import directional_error, layer_errors

from core.text.versions.config import VERSIONS, VersionConfig
from core.text.versions.layers import HistoryAttention, Tanh
from core.text.versions.memory import CAPACITY, Bond, SoulKernel
from core.text.versions.trm import TinyRecursiveModel

LAYERS = {"tanh": (Tanh(), (6, 5)), "attention": (HistoryAttention(4), (3, 5, 4))}
SMALL = dict(dim=8, outer=3, inner=2, input_dropout=0.0)


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    assert layer_errors(*LAYERS[name]) < 1e-6


def test_bond_passes_gradients_to_state_and_weights_only():
    layer, rng = Bond(3), np.random.default_rng(2)
    params = {key: rng.standard_normal(size) for key, size in layer.shapes.items()}
    x = rng.standard_normal((4, 13))
    x[:, -1] = [1, 0, 1, 1]
    y, cache = layer.forward(params, x)
    assert np.array_equal(y[1], x[1, :3])  # without a memory the state is unchanged
    grads = {key: np.full(size, np.nan) for key, size in layer.shapes.items()}
    dx = layer.backward(params, y, cache, grads)
    assert not dx[:, 3:].any()

    def loss():
        return float(np.sum(layer.forward(params, x)[0] ** 2)) / 2

    state = x[:, :3]
    assert directional_error(loss, state, dx[:, :3]) < 1e-6
    for key in params:
        assert directional_error(loss, params[key], grads[key]) < 1e-6


def example(**settings):
    """A small model with random weights, its inputs, and one gradient of a loss over pad and rounds."""
    model = TinyRecursiveModel(VersionConfig(**{**SMALL, **settings}), 6, np.float64)
    rng = np.random.default_rng(3)
    model.initialise(rng)
    model.theta += 0.1 * rng.standard_normal(model.theta.size)
    embedding, prior = rng.standard_normal((5, 6)), 0.3 * rng.standard_normal((5, 3))
    recent = rng.standard_normal((5, 25))
    recent[:, -1] = [1, 1, 0, 1, 0]
    pull = rng.standard_normal((5, 3))
    pulls = rng.standard_normal((5, model.config.outer + 1, 3))

    def loss():
        output, _ = model.forward(embedding, prior, recent)
        return float(np.sum(pull * output.pad) + np.sum(pulls * output.rounds))

    grads = np.full_like(model.theta, np.nan)
    dembedding = model.backward(pull, pulls, model.forward(embedding, prior, recent)[1], model.net.views(grads))
    return model, loss, grads, embedding, dembedding


@pytest.mark.parametrize("settings", [*({**v, "affect": True} for v in VERSIONS.values()), dict(affect=False),
                                      dict(outer=0), dict(outer=1, deep_supervision=True, affect=False)],
                         ids=[*VERSIONS, "no affect", "K=0", "one supervised round"])
def test_whole_model(settings):
    model, loss, grads, embedding, dembedding = example(**settings)
    assert np.isfinite(grads).all()
    assert directional_error(loss, model.theta, grads) < 1e-6
    assert directional_error(loss, embedding, dembedding) < 1e-6
    assert directional_error(loss, model.theta, grads * 1.0005) > 1e-4  # so small an error would be noticed


def test_deep_supervision_cuts_between_rounds():
    """The gradient differs from the full one, and a loss on e_0 alone reaches input and head only."""
    model, _, grads, embedding, _ = example(deep_supervision=True)
    assert not np.allclose(grads, example()[2])
    drounds = np.zeros((5, 4, 3))
    drounds[:, 0] = 1
    views = model.net.views(grads)
    model.backward(np.zeros((5, 3)), drounds, model.forward(embedding)[1], views)
    touched = {name for name, i in model.index.items() if any(np.any(value) for value in views[i].values())}
    assert touched == {"input", "head"}


def test_versions_and_parameters():
    sizes = {name: TinyRecursiveModel(VersionConfig.version(name), 256).theta.size for name in VERSIONS}
    assert list(sizes.values()) == sorted(set(sizes.values()))
    assert 400_000 <= sizes["v6"] <= 600_000
    with pytest.raises(ValueError, match="v5"):
        VersionConfig.version("v5")


def test_first_estimate_is_the_prior():
    model = TinyRecursiveModel(VersionConfig(**SMALL), 6).initialise(np.random.default_rng(0))
    prior = np.array([[0.2, -0.1, 0.0]], np.float32)
    output, _ = model.forward(np.ones((1, 6), np.float32), prior)
    np.testing.assert_allclose(output.pad, np.tanh(prior), atol=1e-7)
    assert output.rounds.shape == (1, 4, 3) and output.confidence.shape == (1, 3)
    np.testing.assert_allclose(output.attention.sum(axis=2), 1, rtol=1e-5)
    assert not np.triu(output.attention[0], 1).any()


def test_no_row_sees_another():
    model, _, _, embedding, _ = example()
    together = model.forward(embedding)[0]
    embedding[1:] = 99.0
    np.testing.assert_allclose(model.forward(embedding)[0].pad[0], together.pad[0], atol=1e-12)
    np.testing.assert_allclose(model.forward(embedding[:1])[0].response[0], together.response[0], atol=1e-12)


def test_soul_kernel_removes_the_oldest_and_resets():
    kernel = SoulKernel(2)
    assert not kernel.recent().any()
    kernel.remember([1, 2], [0, 0, 0])
    assert kernel.recent().tolist() == [0, 0, 0, 0, 1, 2, 1]
    for i in range(CAPACITY + 5):
        kernel.remember([i, i], [0, 0, 0])
    assert len(kernel) == CAPACITY and kernel.states[0][0] == 5
    with pytest.raises(ValueError, match="2 values"):
        kernel.remember([1, 2, 3], [0, 0, 0])
    kernel.reset()
    assert len(kernel) == 0 and not kernel.recent().any()
