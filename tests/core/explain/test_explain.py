"""Reasons: gradients against differences, completeness, blanked patches, gates, changes that work, neighbours."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from core.digits.config import Config
from core.digits.data import as_input, load_mnist, load_split
from core.digits.task import DigitTask, Images, digit_network
from core.explain.attribution import (
    gradient_x_input,
    input_gradient,
    integrated_gradients,
    logit_contributions,
    occlusion,
)
from core.explain.counterfactual import counterfactual
from core.explain.gates import MODES, gate_modes
from core.explain.neighbours import NeighbourIndex
from core.explain.probe import NearestCentroidProbe, probe_layers
from core.nn.losses import softmax
from core.nn.training import fit

READOUT = SimpleNamespace(temperature=1.0, probabilities=lambda reading: softmax(reading.logits))


def random_network(gate=True, dtype=np.float64):
    config = Config(hidden=(24, 16), gate=gate)
    return digit_network(config, dtype).initialise(np.random.default_rng(1)), np.random.default_rng(2)


@pytest.fixture(scope="module")
def trained():
    """A small gated network, trained on 12,000 images: (model, X of unseen writers (N, 784), y, training X, y)."""
    mnist, split = load_mnist(), load_split()
    images = Images(mnist["X_train"], mnist["y_train"])
    config = Config(hidden=(96, 96), epochs=3, lr=3e-3, batch_size=128)
    learned, unseen = images.part(split["train"][:12000]), images.part(split["validation"][:600])
    task = DigitTask(config, learned, unseen)
    fit(task, config)
    X, gate = as_input(learned.X, config.input_range), task.network.read(as_input(learned.X, (0, 1))).gate
    model = SimpleNamespace(network=task.network, config=config, readout=READOUT, gate_mean=gate.mean(axis=0),
                            probabilities=lambda X: softmax(task.network.logits(X)))
    return model, task.validation[0], unseen.y, X, learned.y


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("against", [None, 7])
def test_input_gradient_is_the_slope(gate, against):
    network, rng = random_network(gate)
    X, step = rng.random((3, 784)), rng.normal(size=784)

    def value(X):
        logits = network.forward(X)[0]
        return logits[:, 2] - (0 if against is None else logits[:, against])

    slope = (value(X + 1e-6 * step) - value(X - 1e-6 * step)) / 2e-6
    gradient = input_gradient(network, X, 2, against)
    np.testing.assert_allclose(gradient @ step, slope, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(gradient_x_input(network, X[0], 2, against), X[0] * gradient[0], rtol=1e-12)


def test_input_gradient_is_what_training_computes():
    network, rng = random_network(dtype=np.float32)
    X, weights = rng.random((4, 784), np.float32), np.eye(10, dtype=np.float32)[[3] * 4]
    before = network.theta.copy()
    whole = network.backward(weights, network.forward(X)[1], network.views(np.empty_like(network.theta)))
    assert np.array_equal(input_gradient(network, X, 3), whole)
    assert np.array_equal(network.theta, before)


@pytest.mark.parametrize("gate", [True, False])
def test_integrated_gradients_are_complete(gate):
    network, rng = random_network(gate)
    network.theta[network.n_matrix :] += rng.normal(0, 0.5, network.theta.size - network.n_matrix)  # biases
    x, baseline = rng.random(784), 0.2 * rng.random(784)
    for start in (0, baseline):
        logits = network.forward(np.stack([x, np.broadcast_to(start, 784)]))[0]
        whole = float(np.subtract(*(logits[:, 4] - logits[:, 1])))
        errors = [abs(integrated_gradients(network, x, 4, 1, steps, start).sum() - whole) for steps in (8, 64, 2048)]
        assert errors[1] < 0.02 * abs(whole) + 0.02
        assert errors[2] < 1e-3 and errors[2] < errors[0]
    plain = integrated_gradients(network, np.where(np.arange(784) < 400, x, 0), 4)
    assert not plain[400:].any() and plain[:400].any()


@pytest.mark.parametrize("ask, message", [
    (lambda network: gradient_x_input(network, np.zeros(700), 3), "784"),
    (lambda network: gradient_x_input(network, np.full(784, np.nan), 3), "not finite"),
    (lambda network: integrated_gradients(network, np.zeros(784), 10), "0 to 9"),
    (lambda network: integrated_gradients(network, np.zeros(784), 3, 3), "another digit"),
    (lambda network: integrated_gradients(network, np.zeros(784), 3, steps=0), "at least 1"),
    (lambda network: occlusion(None, np.zeros(784), size=2, stride=4), "stride"),
    (lambda network: NearestCentroidProbe.fit(network, np.zeros((5, 784)), np.arange(5)), r"\[5, 6, 7, 8, 9\]"),
])
def test_bad_input_gets_a_sentence(ask, message):
    with pytest.raises(ValueError, match=message):
        ask(random_network()[0])


def test_occlusion_finds_the_pixel_that_counts():
    def probabilities(X):  # the answer hangs on the ink of pixel (5, 9)
        probs = np.full((len(X), 10), 0.02)
        probs[:, 6] += 0.8 * X[:, 5 * 28 + 9]
        return probs

    x = np.zeros((28, 28), np.float32)
    x[3:20, 9] = 1
    fall = occlusion(SimpleNamespace(config=Config(), unaugmented_probabilities=probabilities), x, size=3, stride=1)
    assert fall.argmax() == 5 * 28 + 9
    assert fall[5, 9] == pytest.approx(0.8)
    reach = np.zeros((28, 28), bool)
    reach[3:8, 7:12] = True  # a patch of 3 pixels that covers (5, 9) reaches two pixels around it
    assert np.array_equal(fall > 0, reach)


def test_gate_modes(trained):
    model, X, *_ = trained
    modes = gate_modes(model, X[:3], np.random.default_rng(0), shuffles=2)
    assert tuple(modes) == MODES
    np.testing.assert_allclose(modes["live"].logits, model.network.logits(X[:3]), rtol=1e-5)
    np.testing.assert_allclose(modes["open"].logits, model.network.with_gate(1.0).logits(X[:3]), rtol=1e-5)
    np.testing.assert_allclose(modes["mean"].gate, np.tile(model.gate_mean, (3, 1)), rtol=1e-6)
    dealt = modes["shuffled"].gate  # two rows per image, its values in another order
    assert np.array_equal(np.sort(dealt, axis=1), np.sort(np.repeat(modes["live"].gate, 2, axis=0), axis=1))
    assert (dealt[0] != modes["live"].gate[0]).any() and (dealt[0] != dealt[1]).any()
    again = gate_modes(model, X[:3], np.random.default_rng(0), shuffles=2)
    assert np.array_equal(modes["shuffled"].logits, again["shuffled"].logits)
    assert gate_modes(SimpleNamespace(network=random_network(gate=False)[0]), X[:1], None) == {}


def test_logit_contributions_sum_to_the_lead():
    network, rng = random_network()
    x = rng.random(784)
    b = network.named_parameters()["output_b"]
    b += rng.normal(size=10)
    logits = network.forward(x[None])[0][0]
    assert logit_contributions(network, x, 8, 3).sum() + b[8] - b[3] == pytest.approx(logits[8] - logits[3], abs=1e-9)


def test_layers_know_more_and_more(trained):
    model, X, y, X_learned, y_learned = trained
    means = NearestCentroidProbe.fit(model.network, X_learned[:3000], y_learned[:3000])
    right = [np.mean(probs.argmax(axis=1) == y) for probs in means.probabilities(model.network.read(X).hidden)]
    assert right[0] > 0.7 and right[-1] > 0.84 and right[-1] > right[0]
    layers = probe_layers(model.network, X[0], means)
    assert len(layers) == 3  # two hidden layers and the gated one
    for layer, hidden in zip(layers, model.network.read(X[:1]).hidden, strict=True):
        assert layer["probs"].sum() == pytest.approx(1, abs=1e-5) and layer["digit"] == layer["probs"].argmax()
        assert layer["norm"] == pytest.approx(np.linalg.norm(hidden), rel=1e-5) and 0 < layer["active"] <= 1


def test_counterfactual_turns_the_answer_for_little_ink(trained):
    model, X, _, X_learned, y_learned = trained
    rng, saved = np.random.default_rng(0), []
    for x in X[:20]:
        to = int(np.argsort(model.probabilities(x[None])[0])[-2])
        examples = X_learned[y_learned == to]
        change = counterfactual(model, x, examples=examples[((examples - x) ** 2).sum(axis=1).argsort()[:3]])
        assert change.succeeded and change.to == to
        assert model.network.logits(change.image[None])[0].argmax() == to
        assert change.image.min() >= 0 and change.image.max() <= 1
        assert change.ink == pytest.approx(np.abs(change.image - x).sum(), rel=1e-3)

        share = np.linspace(0, 1, 101, dtype=np.float32)[:, None]
        blends = x + share * (examples.mean(axis=0) - x)
        good = np.flatnonzero(model.network.logits(blends).argmax(axis=1) == to)
        if len(good):
            saved.append(change.ink / np.abs(blends[good[0]] - x).sum())
        noise = rng.uniform(0, 1, (50, 784)).astype(np.float32)  # the same ink, anywhere
        noisy = x + noise * (change.ink / noise.sum(axis=1, keepdims=True))
        assert np.mean(model.network.logits(noisy).argmax(axis=1) == to) < 0.1
    assert len(saved) > 10 and np.median(saved) < 0.5


def test_counterfactual_in_corner_cases(trained):
    model, X, *_ = trained
    answer = int(model.probabilities(X[:1])[0].argmax())
    same = counterfactual(model, X[0], to=answer)
    assert same.succeeded and same.ink == 0 and np.array_equal(same.image, X[0])
    assert not counterfactual(model, X[0], rounds=0).succeeded
    with pytest.raises(ValueError, match="outside"):
        counterfactual(model, X[0] * 3)
    with ThreadPoolExecutor(4) as pool:
        for change in pool.map(lambda _: counterfactual(model, X[1]), range(8)):
            assert np.array_equal(change.image, counterfactual(model, X[1]).image)


def test_a_linear_network_gets_the_exact_least_change():
    network = digit_network(Config(hidden=(784,), gate=False))  # h = ReLU(x + 1) = x + 1, so logit[1] = w x
    arrays, rng = network.named_parameters(), np.random.default_rng(0)
    w = rng.uniform(0.01, 1, 784).astype(np.float32)
    arrays["hidden1_W"][...], arrays["output_W"][:, 1], arrays["output_b"][0] = np.eye(784), w, 2.5
    arrays["hidden1_b"][...], arrays["output_b"][1] = 1, -w.sum(dtype=np.float64)
    model = SimpleNamespace(network=network, config=Config(), readout=READOUT)
    change = counterfactual(model, np.full(784, 0.0, np.float32), to=1, smooth=False)
    best = np.sort(w)[::-1]  # fill the heaviest pixels: two and a half logits, each pixel giving its weight
    full = int(np.searchsorted(np.cumsum(best), 2.5))
    least = full + (2.5 - best[:full].sum()) / best[full]
    assert change.succeeded and least <= change.ink < 1.06 * least


def test_the_index_finds_neighbours_and_comes_back_from_disk(trained, tmp_path):
    model, X, y, X_learned, y_learned = trained
    numbers = np.arange(len(X_learned)) + 1000
    index = NeighbourIndex.build(model.network, X_learned, y_learned, np.random.default_rng(0), n=3000, k=24,
                                 indices=numbers)
    h = model.network.read(X_learned[index.indices[7] - 1000][None]).hidden[-1][0]
    indices, similarity, labels = index.nearest(h)
    assert indices[0] == index.indices[7] and similarity[0] > 0.999 and labels[0] == y_learned[indices[0] - 1000]
    assert (np.diff(similarity) <= 0).all() and len(indices) == 5
    hidden = model.network.read(X).hidden[-1]
    agreed = np.mean([np.bincount(index.nearest(h)[2]).argmax() for h in hidden] == y)
    assert agreed > 0.9
    fours = index.of_digit(4)
    assert set(fours.labels) == {4} and len(fours.labels) == (index.labels == 4).sum()
    assert set(fours.nearest(h)[0]) <= set(index.indices[index.labels == 4])

    path = tmp_path / "neighbours.npz"
    path.write_bytes(index.to_bytes("a" * 64))
    loaded = NeighbourIndex.load(tmp_path, "a" * 64)
    for before, after in zip(index.nearest(hidden[0]), loaded.nearest(hidden[0]), strict=True):
        assert np.array_equal(before, after)
    with pytest.raises(ValueError, match=r"another model.*--refit"):
        NeighbourIndex.load(tmp_path, "b" * 64)
    with pytest.raises(ValueError, match="missing"):
        NeighbourIndex.load(tmp_path / "none", "a" * 64)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="cannot be read"):
        NeighbourIndex.load(tmp_path, "a" * 64)
    with pytest.raises(ValueError, match="shape"):
        index.nearest(hidden[:, 0])
