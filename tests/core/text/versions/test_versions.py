"""Training v1 to v6 on synthetic sentences: n-grams, ridge, priors, two phases."""

import numpy as np
import pytest
from sentences import own_sentences, word_table

from core.text.data.emobank import parse
from core.text.language.ngrams import NGrams, Sparse, ridge
from core.text.prior import Prior
from core.text.versions import train
from core.text.versions.config import VersionConfig
from core.text.versions.featurizer import WordVectors


def word_vectors():
    table = word_table()
    return WordVectors(table, np.ones(len(table.words), np.float32))


@pytest.fixture(scope="module")
def trained():
    """A small model trained on synthetic sentences: (task, history)."""
    sentences = parse(own_sentences())
    _, embedding, prior = train.prepare(sentences, word_vectors())
    config = VersionConfig(dim=8, outer=2, inner=2, epochs=3, batch_size=32, lr=3e-3)
    return train.train(config, sentences, embedding, prior)


def test_ngrams_and_sparse_products():
    grams = NGrams.fit(["a cat sat", "a cat ran", "a cat"], "word")
    rows = grams.rows(["A CAT", "a dog", "zebra"])
    dense = np.zeros(rows.shape)
    dense[rows.rows, rows.columns] = rows.values
    assert rows.shape == (3, 3)  # "a", "cat" and "a cat" occur in three texts
    np.testing.assert_allclose(np.linalg.norm(dense, axis=1), [1, 1, 0])
    w, r = np.random.default_rng(2).standard_normal((2, 3, 2))
    np.testing.assert_allclose(rows.times(w), dense @ w)
    np.testing.assert_allclose(rows.transposed_times(r), dense.T @ r)
    np.testing.assert_allclose(rows.part(np.array([1, 0])).times(w), dense[[1, 0]] @ w)


def test_ridge_equals_the_normal_equations():
    rng = np.random.default_rng(3)
    X, Z, Y, alpha = rng.standard_normal((30, 6)), rng.standard_normal((30, 4)), rng.standard_normal((30, 2)), [0.5, 3]
    sparse = Sparse(*(index.ravel() for index in np.indices(X.shape)), X.ravel(), X.shape)
    weights = np.concatenate(ridge([sparse, Z], Y, alpha))
    both = np.hstack([X, Z])
    for j in range(2):
        exact = np.linalg.solve(both.T @ both + alpha[j] * np.eye(10), both.T @ Y[:, j])
        np.testing.assert_allclose(weights[:, j], exact, atol=1e-5)


def test_held_out_priors_do_not_depend_on_their_label():
    """A changed label moves the priors of other sentences, but not that of its sentence."""
    sentences = parse(own_sentences())
    rows = sentences.rows("train")
    texts, pad = [sentences.texts[i] for i in rows], sentences.pad[rows].astype(float)
    pad -= pad.mean(axis=0)
    vectors = word_vectors().embed(texts)
    _, before = Prior.fit(texts, pad, vectors)
    changed = pad.copy()
    changed[7], changed[14] = changed[7] + 5, changed[14] - 5  # two of one fold, so that the mean stays
    prior, after = Prior.fit(texts, changed, vectors)
    order = np.array_split(np.random.default_rng(0).permutation(len(texts)), 5)
    fold = next(fold for fold in order if 7 in fold)
    moved = np.abs(after - before).max(axis=1)
    assert moved[np.setdiff1d(np.arange(len(texts)), fold)].max() > 0.2
    assert 14 in fold
    np.testing.assert_allclose(after[fold], before[fold], atol=1e-6)
    assert np.abs(prior([texts[7]], vectors[7:8]) - before[7]).max() > 0.5  # the full regression uses it


def test_it_learns(trained):
    task, history = trained
    measures = train.evaluate(task, "test")
    assert measures["r_V"] > 0.9 and measures["mae_V"] < 0.4 and "with_memory" in measures
    assert history["epoch"] == [1, 2, 3, 4] and {"hope", "faith", "love", "mae", "mse", "r2", "r"} <= set(history)


def test_training_repeats_bit_for_bit(trained):
    task = trained[0]
    again, _ = train.train(task.config, task.sentences, task.embedding, task.prior)
    assert np.array_equal(again.theta, task.theta)


def test_rare_words_weigh_more():
    table = word_table()
    vectors = WordVectors.of(table, ["it was a lovely day", "it was a song", "it was"])
    weight = dict(zip(table.words, vectors.weight, strict=True))
    assert weight["it"] < weight["a"] < weight["day"] < weight["friend"]
    assert not vectors.embed(["zxqv"]).any()
    np.testing.assert_allclose(vectors.embed(["day"])[0], table.lookup(table.rows(["day"]))[0], rtol=1e-5)
