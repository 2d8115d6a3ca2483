"""Units: sums against the network, pictures that raise them, images that excite them."""

import numpy as np
import pytest
from small_networks import KINDS, network_of

from core.digits.config import Config
from core.explain.units import layers, leads_to, top_images, unit, wants
from core.nn.network import build_network


@pytest.fixture(params=[*KINDS, "held", "fixed"])
def network(request):
    """Networks of every kind; "held" has its gate at 1, "fixed" at values for each unit."""
    if request.param == "held":
        return network_of("gate").with_gate(1.0)
    if request.param == "fixed":
        return network_of("gate").with_gate(np.linspace(0.1, 0.9, 16))
    return network_of(request.param)


def test_layers_are_what_the_network_reports(network):
    reading = network.read(np.random.default_rng(2).random((2, 784)))
    infos = layers(network)
    assert [info.size for info in infos] == [h.shape[1] for h in [*reading.hidden, reading.logits]]
    assert [info.kind for info in infos].count("gated") == (reading.gate is not None)
    assert infos[-1].kind == "logits" and infos[0].name == "hidden1"


def test_unit_sums_are_the_network_s_values(network):
    x = np.random.default_rng(2).random(784)
    reading = network.read(x[None])
    for layer, values in enumerate([*reading.hidden, reading.logits]):
        for index in (0, values.shape[1] // 2, values.shape[1] - 1):
            one = unit(network, x, layer, index)
            assert one.activation == pytest.approx(values[0, index], rel=1e-9, abs=1e-12)
            np.testing.assert_array_equal(one.terms, one.inputs * one.weights)
            assert one.terms.sum() + one.bias == pytest.approx(one.total, abs=1e-12)
            if layers(network)[layer].kind == "gated":
                assert one.gate == pytest.approx(reading.gate[0, index], rel=1e-9)
                assert one.activation == pytest.approx(one.ungated * one.gate, rel=1e-12)
            else:
                assert one.gate is None and len(one.terms)


def test_what_is_no_unit_is_refused():
    network = network_of("gate")
    for layer, index in ((4, 0), (-1, 0), (0, 24), (3, 10), (0, -1)):
        with pytest.raises(ValueError, match=r"give a whole number|has the units"):
            unit(network, np.zeros(784), layer, index)
    with pytest.raises(ValueError, match="fold batch normalisation"):
        layers(build_network(Config(hidden=(8,), batch_norm=True), 784, 10))


def test_wants_raises_the_unit_more_than_chance_does(network):
    rng = np.random.default_rng(5)
    for layer, info in enumerate(layers(network)):
        index = info.size // 3
        change = wants(network, layer, index)
        assert np.linalg.norm(change) == pytest.approx(1) and np.array_equal(change, wants(network, layer, index))
        grey, others = np.full(784, 0.5), rng.normal(size=(20, 784))
        others /= np.linalg.norm(others, axis=1, keepdims=True)

        def value(picture, layer=layer, index=index, kind=info.kind):
            one = unit(network, picture, layer, index)
            return one.activation if kind == "gated" else one.total

        raised = value(grey + 2 * change)
        assert raised > value(grey) and raised >= max(value(grey + 2 * other) for other in others)


def test_first_layer_wants_its_weights():
    network = network_of("gate")
    W = network.params[0]["W"][:, 5]
    np.testing.assert_allclose(wants(network, 0, 5), W / np.linalg.norm(W), rtol=1e-12)


def test_a_unit_that_is_off_at_grey_is_raised_through_its_gate():
    network = network_of("gate")
    dead = int(np.argmin(network.read(np.full((1, 784), 0.5)).hidden[1][0]))
    assert unit(network, np.full(784, 0.5), 2, dead).activation == 0
    assert unit(network, 0.5 + 7 * wants(network, 2, dead), 2, dead).activation > 0


def test_leads_to_the_largest_weights(network):
    infos = layers(network)
    for layer, info in enumerate(infos[:-1]):
        targets = leads_to(network, layer, 3, count=4)
        assert targets.layer == layer + 1
        params = network.params[infos[layer + 1].product]
        if infos[layer + 1].kind == "gated" and not network.has_gate:
            assert targets.indices.tolist() == [3]
            assert targets.weights[0] == unit(network, np.ones(784), layer + 1, 3).gate
            continue
        row = params["Wg" if infos[layer + 1].kind == "gated" else "W"][3]
        np.testing.assert_array_equal(targets.weights, row[targets.indices])
        assert np.abs(targets.weights).min() >= np.sort(np.abs(row))[-4] and info.size > 3
    assert leads_to(network, len(infos) - 1, 3).layer is None


def test_top_images_are_those_of_one_large_batch(monkeypatch):
    monkeypatch.setattr("core.explain.units.BATCH", 7)
    network, X = network_of("gate"), np.random.default_rng(4).integers(0, 256, (40, 28, 28), np.uint8)
    reading = network.read(X.reshape(40, -1) / 255)
    for indices, values in zip(top_images(network, X, count=9), [*reading.hidden, reading.logits], strict=True):
        best = np.sort(values, axis=0)[::-1][:9].T
        np.testing.assert_allclose(np.take_along_axis(values.T, indices, 1), best, atol=1e-6)
        assert all(len(set(row)) == 9 for row in indices.tolist())
    with pytest.raises(ValueError, match="count is 41"):
        top_images(network, X, count=41)
