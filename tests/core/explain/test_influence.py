"""Who argued for an answer: the score against a real step of training, the stored index against exact products."""

import numpy as np
import pytest
from small_networks import network_of

from core.explain.influence import InfluenceIndex, build
from core.nn.losses import log_softmax, softmax
from core.storage import ModelError


@pytest.fixture(scope="module")
def taught():
    """A network, uint8 images, labels and the index of them."""
    rng = np.random.default_rng(2)
    X, y = rng.integers(0, 256, (300, 28, 28), np.uint8), rng.integers(0, 10, 300).astype(np.uint8)
    network = network_of("gate")
    shares = []
    index = build(network, X, y, shares.append, np.arange(300) * 3)
    assert shares[-1] == 1 and shares == sorted(shares) and len(shares) > 1
    return network, X.reshape(300, -1) / 255, y, index


def test_the_score_is_the_effect_of_a_training_step(taught):
    network, X, y, index = taught
    x, rate = np.random.default_rng(5).random((1, 784)), 1e-6
    reading, of = network.read(x), 4
    scores = index.scores(reading.hidden[-1][0], softmax(reading.logits)[0], of)
    W, b = network.params[-1]["W"], network.params[-1]["b"]
    before = log_softmax(reading.logits)[0, of]
    training, effects = network.read(X), []
    for features, logits, label in zip(training.hidden[-1], training.logits, y, strict=True):
        residual = softmax(logits) - np.eye(10)[label]
        moved = reading.hidden[-1][0] @ (W - rate * np.outer(features, residual)) + b - rate * residual
        effects.append((log_softmax(moved)[of] - before) / rate)
    assert np.abs(scores - effects).max() < 0.02 * np.abs(effects).max()
    assert np.corrcoef(scores, effects)[0, 1] > 0.999


def test_images_of_the_answer_s_class_argue_for_it(taught):
    network, X, y, index = taught
    reading = network.read(X[:1])
    answer = int(reading.logits.argmax())
    of_class = index.scores(reading.hidden[-1][0], softmax(reading.logits)[0], answer)[y == answer]
    assert (of_class > 0).all()


def test_the_strongest_are_named(taught):
    network, X, _, index = taught
    reading = network.read(X[7:8])
    asked = reading.hidden[-1][0], softmax(reading.logits)[0], 2
    scores, answer = index.scores(*asked), index.ask(*asked, count=5)
    order = np.argsort(scores)
    assert answer.supporting.tolist() == (3 * order[::-1][:5]).tolist()  # indices in the training set
    assert answer.opposing.tolist() == (3 * order[:5]).tolist()
    assert answer.supporting_scores[0] == scores.max() > 0 > answer.opposing_scores[0] == scores.min()
    every = index.ask(*asked, count=300)
    assert len(every.supporting) == (scores > 0).sum() and len(every.opposing) == (scores < 0).sum()


def test_a_very_sure_answer_still_has_a_direction(taught):
    _, _, _, index = taught
    probs = np.full(10, 1e-9)
    probs[3] = 1 - 9e-9
    scores = index.scores(np.ones(16), probs, 3)
    milder = index.scores(np.ones(16), np.where(np.arange(10) == 3, 1 - 9e-3, 1e-3), 3)
    np.testing.assert_allclose(scores * 1e6, milder, rtol=1e-4, atol=1e-6)


def test_the_error_of_products_is_the_measured_one(taught):
    network, X, _, index = taught
    H = network.read(X).hidden[-1]
    stored = (index.features * index.scale[:, None]) @ index.basis.T
    error = np.sqrt(np.mean((H @ stored.T - H @ H.T) ** 2) / np.mean((H @ H.T) ** 2))
    assert index.error == pytest.approx(error, rel=0.05) and 0 < index.error < 0.02
    coarse = build(network, X, np.zeros(300, np.int64), dimensions=4)
    assert coarse.error > 3 * index.error and coarse.basis.shape == (16, 4)
    assert coarse.bytes < index.bytes == sum(
        a.nbytes for a in (index.basis, index.features, index.scale, index.residuals, index.indices))


def test_saved_and_loaded(taught, tmp_path):
    index = taught[-1]
    index.save(tmp_path / "influence.npz")
    loaded = InfluenceIndex.load(tmp_path / "influence.npz")
    for name in ("basis", "features", "scale", "residuals", "indices"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(index, name))
    assert loaded.error == index.error
    data = (tmp_path / "influence.npz").read_bytes()
    for damaged in (b"", data[:200], data[: len(data) // 2]):
        (tmp_path / "damaged.npz").write_bytes(damaged)
        with pytest.raises(ModelError, match="cannot be read"):
            InfluenceIndex.load(tmp_path / "damaged.npz")
    InfluenceIndex(index.basis, index.features[:9], index.scale, index.residuals, index.indices, 0.1).save(
        tmp_path / "damaged.npz")
    with pytest.raises(ModelError, match="do not match"):
        InfluenceIndex.load(tmp_path / "damaged.npz")


def test_what_cannot_be_asked_is_refused(taught):
    network, X, y, index = taught
    for features, probs, of, count, sentence in (
            (np.ones(15), np.ones(10), 1, 6, "last hidden layer has 15"),
            (np.ones(16), np.ones(9), 1, 6, "list of prob"),
            (np.ones(16), np.ones(10), 10, 6, "digit is 10"), (np.ones(16), np.ones(10), 1, 301, "count is 301")):
        with pytest.raises(ValueError, match=sentence):
            index.ask(features, probs, of, count)
    with pytest.raises(ValueError, match="do not match"):
        build(network, X, y, indices=np.arange(3))
    with pytest.raises(ValueError, match="y of shape"):
        build(network, X, y[:5])
