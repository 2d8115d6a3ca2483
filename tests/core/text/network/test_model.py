"""LIMINAL v7: every gradient against central differences, switches, independence of sentences."""

import numpy as np
import pytest
from gradients import directional_error, layer_errors

from core.text.config import TextConfig
from core.text.network.layers import GELU, AffectGate, Chain, LayerNorm
from core.text.network.model import TextModel
from core.text.network.ragged import Neighbours, PositionEmbedding, Ragged, WordAttention
from core.text.task import ranking_loss

LAYERS = {"gelu": (GELU(), (6, 5)), "norm": (LayerNorm(5), (6, 5)), "chain": (Chain(LayerNorm(5), GELU()), (6, 5)),
          "affect": (AffectGate(5, 0.3), (6, 8))}
SMALL = dict(dim=8, heads=2, outer=3, reach=1, dropout=0.0)
LENGTHS = [3, 1, 5, 2]


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    assert layer_errors(*LAYERS[name]) < 1e-6


def test_ragged_by_hand():
    ragged = Ragged([2, 1, 3])
    assert ragged.starts.tolist() == [0, 2, 3, 6] and ragged.sentence.tolist() == [0, 0, 1, 2, 2, 2]
    assert ragged.before.tolist() == [0, 1, 0, 0, 1, 2] and ragged.after.tolist() == [1, 0, 0, 2, 1, 0]
    values = np.arange(6.0)[:, None]
    assert ragged.sum(values).ravel().tolist() == [1, 2, 12] and ragged.mean(values).ravel().tolist() == [0.5, 2, 4]
    np.testing.assert_allclose(ragged.softmax(np.log(values + 1)).ravel(), [1 / 3, 2 / 3, 1, 4 / 15, 5 / 15, 6 / 15])
    with pytest.raises(ValueError, match="at least one token"):
        Ragged([2, 0])


def test_neighbours_by_hand_and_their_gradient():
    ragged, layer, x = Ragged([3, 1]), Neighbours(1), np.array([[1.0], [2], [3], [9]])
    assert layer.forward(x, ragged).tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 0], [0, 9, 0]]
    pull = np.random.default_rng(0).standard_normal((4, 3))
    dx = layer.backward(pull, ragged)
    assert directional_error(lambda: float(np.sum(pull * layer.forward(x, ragged))), x, dx) < 1e-8


def test_position_embedding_counts_from_both_ends():
    layer, ragged = PositionEmbedding(2, max_distance=2), Ragged([4])
    params = {"first": np.array([[1.0, 0], [2, 0]]), "last": np.array([[0, 1.0], [0, 2]])}
    y, rows = layer.forward(params, ragged)
    assert y.tolist() == [[1, 2], [2, 2], [2, 2], [2, 1]]
    grads = {name: np.zeros((2, 2)) for name in params}
    layer.backward(params, np.ones((4, 2)), rows, grads)
    assert grads["first"].tolist() == [[1, 1], [3, 3]] and grads["last"].tolist() == [[1, 1], [3, 3]]


def test_word_attention():
    rng, ragged, layer = np.random.default_rng(2), Ragged(LENGTHS), WordAttention(5, 6, 3)
    params = {key: rng.standard_normal(size) for key, size in layer.shapes.items()}
    state, keys, values = rng.standard_normal((4, 5)), rng.standard_normal((11, 6)), rng.standard_normal((11, 6))
    y, cache = layer.forward(params, (state, keys, values, ragged))
    np.testing.assert_allclose(ragged.sum(cache[-1]), 1)
    pull = rng.standard_normal(y.shape)
    grads = {key: np.zeros(size) for key, size in layer.shapes.items()}
    dinputs = layer.backward(params, pull, cache, grads)

    def loss():
        return float(np.sum(pull * layer.forward(params, (state, keys, values, ragged))[0]))

    for value, gradient in [*zip((state, keys, values), dinputs, strict=True),
                            *((params[key], grads[key]) for key in params)]:
        assert directional_error(loss, value, gradient) < 1e-6


def example(**settings):
    """A small model with random weights, and one gradient of a loss over all rounds, response and tokens."""
    model = TextModel(TextConfig(**{**SMALL, **settings}), 6, np.float64)
    rng, ragged = np.random.default_rng(3), Ragged(LENGTHS)
    model.initialise(rng, np.zeros(3))
    model.theta += 0.1 * rng.standard_normal(model.theta.size)
    vectors = rng.standard_normal((ragged.starts[-1], 6))
    output, cache = model.forward(vectors, ragged)
    pulls = [rng.standard_normal(values.shape) for values in (output.rounds, output.response, output.tokens)]

    def loss():
        again = model.forward(vectors, ragged)[0]
        return float(sum(np.sum(pull * values) for pull, values in
                         zip(pulls, (again.rounds, again.response, again.tokens), strict=True)))

    grads = np.zeros_like(model.theta)
    dvectors = model.backward(*pulls, cache, model.net.views(grads))
    return model, loss, grads, vectors, dvectors


@pytest.mark.parametrize("settings", [{}, dict(outer=1), dict(outer=0), dict(reach=0), dict(attention=False)],
                         ids=["whole", "K=1", "K=0", "no neighbours", "no attention"])
def test_whole_model(settings):
    model, loss, grads, vectors, dvectors = example(**settings)
    assert directional_error(loss, model.theta, grads) < 1e-6
    assert directional_error(loss, vectors, dvectors) < 1e-6
    assert directional_error(loss, model.theta, grads * 1.0005) > 1e-4  # so small an error would be noticed


def test_no_sentence_sees_another():
    model, _, _, vectors, _ = example()
    together = model.forward(vectors, Ragged(LENGTHS))[0]
    alone = model.forward(vectors[4:9], Ragged([5]))[0]
    np.testing.assert_allclose(alone.rounds[0], together.rounds[2], atol=1e-12)
    np.testing.assert_allclose(alone.attention, together.attention[4:9], atol=1e-12)


def test_word_order_matters():
    model, _, _, vectors, _ = example()
    turned = model.forward(vectors[:3][::-1], Ragged([3]))[0].pad
    assert np.abs(turned - model.forward(vectors[:3], Ragged([3]))[0].pad).max() > 1e-3


def test_the_first_estimate_is_the_mean_rating():
    model = TextModel(TextConfig(**SMALL), 6).initialise(np.random.default_rng(0), np.array([0.1, -0.2, 0.05]))
    output, _ = model.forward(np.ones((2, 6), np.float32), Ragged([2]))
    np.testing.assert_allclose(output.rounds[0], np.tile([0.1, -0.2, 0.05], (4, 1)), atol=1e-6)
    assert output.confidence.shape == (1, 3) and output.attention.shape == (2, 3)


def test_ranking_loss_gradient():
    rng = np.random.default_rng(5)
    better, worse = rng.standard_normal((2, 6))
    gradient = ranking_loss(better, worse)[1]
    assert directional_error(lambda: ranking_loss(better, worse)[0], better, gradient) < 1e-6
    assert directional_error(lambda: ranking_loss(better, worse)[0], worse, -gradient) < 1e-6
    assert ranking_loss(np.array([9.0]), np.array([-9.0]))[0] < 1e-6
