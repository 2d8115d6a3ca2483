"""Surgery: every result equals that of a network whose weights are really changed; nothing is computed in vain."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from small_networks import network_of

from core.explain.bench import Bench
from core.explain.surgery import GATES, Noise, Pruning, Surgery, UnitChange, smallest
from core.nn.losses import softmax
from core.nn.network import Network

NONE = Surgery()
SURGERIES = {
    "off": UnitChange(0, (3, 5)), "many off": UnitChange(0, tuple(range(20))), "all of a layer": UnitChange(1, (), 0.5),
    "shift": UnitChange(1, (2,), 1.5, 0.3), "gated": UnitChange(2, (1, 4)), "a logit": UnitChange(3, (7,), 1.0, 2.0),
    "noise": Noise(1, 0.5, seed=3), "noise in the gate": Noise(2, 1.0), "pruned": Pruning(0.5, 0),
    "all pruned": Pruning(0.7), "first": Noise(0, 0.3)}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(2)
    X = rng.random((60, 784))
    X[:, rng.choice(784, 200, replace=False)] = 0  # pixels without ink in every image
    return X, rng.integers(0, 10, 60)


@pytest.fixture(scope="module")
def bench(data):
    return Bench(network_of("gate"), *data)


def operated(network, surgery, X, gate_mean):
    """Logits of a copy of the network with changed weights, its units changed between its layers."""
    changed = Network(list(zip(network.names, network.layers, strict=True)), network.dtype).load(
        network.named_parameters())
    matrices = [params.get("W", params.get("Wg")) for params in changed.params if params]
    for change in surgery.changes:
        if isinstance(change, Noise):
            W = matrices[change.layer]
            noise = np.random.default_rng(change.seed).standard_normal(W.shape, np.float32).astype(W.dtype)
            W += noise * change.amount * np.sqrt(np.mean(W**2))
        elif isinstance(change, Pruning):
            chosen = matrices if change.layer is None else [matrices[change.layer]]
            limit = np.quantile(np.concatenate([np.abs(W).ravel() for W in chosen]), change.share)
            for W in chosen:
                W[np.abs(W) <= limit] = 0
    if surgery.gate != "learned":
        changed = changed.with_gate(1.0 if surgery.gate == "open" else gate_mean)
    layer = 0
    for name, one, params in zip(changed.names, changed.layers, changed.params, strict=True):
        X, _ = one.forward(params, X)
        if one.is_hidden or name == "output":
            for change in surgery.changes:
                if isinstance(change, UnitChange) and change.layer == layer:
                    units = list(change.units) or slice(None)
                    X[:, units] = X[:, units] * change.scale + change.shift
            layer += 1
    return X


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("name", SURGERIES)
def test_a_surgery_is_the_changed_network(data, bench, name, gate):
    (X, y), x = data, np.random.default_rng(9).random(784)
    surgery = replace(NONE, gate=gate, temperature=2.0).with_change(SURGERIES[name])
    result = bench.result(surgery, x)
    mean = bench.network.read(X).gate.mean(axis=0)
    expected = operated(bench.network, surgery, np.vstack([X, x]), mean)
    probs = softmax(expected / 2)
    np.testing.assert_allclose(result.after.logits, expected[-1], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(result.after.probs, probs[-1], atol=1e-9)
    assert result.after.digit == probs[-1].argmax()
    np.testing.assert_array_equal(result.answers, probs[:-1].argmax(axis=1))
    assert result.mean_confidence == pytest.approx(probs[:-1].max(axis=1).mean(), rel=1e-9)
    assert result.errors == (result.answers != y).sum() and result.accuracy == pytest.approx(1 - result.errors / 60)
    assert result.confusion.sum() == 60 and np.trace(result.confusion) == 60 - result.errors
    assert result.confusion[y[0], result.answers[0]] >= 1
    plain = bench.network.logits(np.vstack([X, x]))
    assert result.changed == (plain[:-1].argmax(axis=1) != result.answers).sum()
    np.testing.assert_allclose(result.before.logits, plain[-1], rtol=1e-9)
    np.testing.assert_allclose(result.before.probs, softmax(plain[-1]), rtol=1e-9)


def test_only_layers_behind_the_first_change_are_computed(bench):
    computed = {name: bench.result(NONE.with_change(change)).computed for name, change in SURGERIES.items()}
    assert computed["first"] == ("hidden1", "hidden2", "gate", "output") == computed["all pruned"]
    assert computed["off"] == ("hidden2", "gate", "output") == computed["noise"]
    assert computed["shift"] == ("gate", "output") == computed["noise in the gate"]
    assert computed["gated"] == ("output",)
    assert computed["a logit"] == () == bench.result(replace(NONE, temperature=3.0)).computed
    assert bench.result(replace(NONE, gate="open")).computed == ("gate", "output")


def test_the_previous_surgery_is_used_again_and_gives_the_same(bench):
    steps, surgery = [Noise(0, 0.3), UnitChange(1, (3,)), UnitChange(2, (3, 4), 2.0), UnitChange(2, (5,))], NONE
    results, surgeries = [bench.result(NONE)], [NONE]
    for change in steps:
        surgery = surgery.with_change(change)
        results.append(bench.result(surgery, previous=results[-1]))
        surgeries.append(surgery)
    assert [len(result.computed) for result in results] == [0, 4, 2, 1, 1]
    for surgery, result in zip(surgeries, results, strict=True):
        np.testing.assert_allclose(result.sums[-1], bench.result(surgery).sums[-1], rtol=1e-12, atol=1e-12)
    for before, after in pairwise(results[::-1]):  # undone, step by step
        undone = bench.result(surgeries[results.index(after)], previous=before)
        np.testing.assert_allclose(undone.sums[-1], after.sums[-1], rtol=1e-12, atol=1e-12)


def test_nothing_is_changed_in_the_network_or_the_bench(bench):
    theta, sums = bench.network.theta.copy(), [Z.copy() for Z in bench.untouched.sums]
    for change in SURGERIES.values():
        bench.result(replace(NONE, gate="mean").with_change(change))
    assert np.array_equal(bench.network.theta, theta)
    assert all(np.array_equal(a, b) for a, b in zip(bench.untouched.sums, sums, strict=True))
    pruned = bench.result(NONE.with_change(Pruning(0.5)))
    assert not pruned.plan.parameters and pruned.sums[0] is not bench.untouched.sums[0]
    later = bench.result(NONE.with_change(UnitChange(1, (2,))))
    assert all(a is b for a, b in zip(later.sums[:2], bench.untouched.sums[:2], strict=True))  # shared, not copied
    assert bench.untouched.changed == 0 and bench.result(NONE).errors == bench.untouched.errors


@pytest.mark.parametrize("kind", ["plain", "sigmoid", "held"])
def test_other_networks(data, kind):
    network = network_of("gate").with_gate(np.linspace(0.2, 1, 16)) if kind == "held" else network_of(kind)
    bench = Bench(network, *data)
    np.testing.assert_allclose(bench.untouched.sums[-1], network.logits(data[0]), rtol=1e-9, atol=1e-12)
    surgery = NONE.with_change(UnitChange(0, (1, 2), 0.5, 0.1))
    np.testing.assert_allclose(bench.result(surgery).sums[-1], operated(network, surgery, data[0], None), rtol=1e-9)
    if kind == "held":
        opened = bench.result(replace(surgery, gate="open"))
        np.testing.assert_allclose(opened.sums[-1], operated(network_of("gate"), replace(surgery, gate="open"), data[0],
                                                             None), rtol=1e-9)
        assert bench.result(NONE.with_change(Pruning(0.5))).errors >= 0  # the gate has no weights to prune
    elif kind == "plain":
        with pytest.raises(ValueError, match="has no gate"):
            bench.result(replace(NONE, gate="open"))


@pytest.mark.parametrize("change, sentence", [
    (UnitChange(4, (0,)), "layer is 4"), (UnitChange(0, (24,)), "units 0 to 23"), (UnitChange(0, (), np.inf), "finite"),
    (Noise(9, 0.1), "layer is 9"), (Noise(0, -1.0), "amount is -1"), (Pruning(1.5), "share is 1.5")])
def test_impossible_surgery_is_refused_in_a_sentence(bench, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        bench.result(NONE.with_change(change))


def test_temperature_and_gate_are_checked(bench, data):
    for surgery, sentence in ((replace(NONE, temperature=0.0), "positive"), (replace(NONE, gate="shut"), "gate must")):
        with pytest.raises(ValueError, match=sentence):
            bench.result(surgery)
    held = Bench(network_of("gate").with_gate(1.0), *data)
    with pytest.raises(ValueError, match="no weights to change"):
        held.result(NONE.with_change(Noise(2, 0.1)))


def test_the_limit_of_pruning_is_exact():
    rng = np.random.default_rng(4)
    typical = np.abs(rng.standard_normal(20_000))
    periodic = np.where(np.arange(20_000) % 64 == 0, 5.0, typical)  # the sample sees one value only
    for values in (typical, periodic, np.ones(100), typical[:3]):
        for count in {1, 2, len(values) // 3 + 1, len(values) - 1, len(values)}:
            if count:
                assert smallest(values, count) == np.sort(values)[count - 1]
