"""LIMINAL from sentences to readings, on sentences of our own: n-grams, ridge, data, training, memory, files."""

import numpy as np
import pytest
from sentences import own_sentences, word_table

from core.storage import ModelError
from core.text import train
from core.text.config import TextConfig
from core.text.data import TextDataError, load_emobank, parse, predecessors
from core.text.featurizer import Featurizer
from core.text.metrics import bootstrap_difference, faith, hope, love, mae_rating, measure, pearson
from core.text.ngrams import NGrams, Sparse, ridge
from core.text.reader import FINAL_LIMINAL, TextReader, save_reader, words_for
from core.text.task import pad_loss


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small model trained on our sentences: (folder, task, history)."""
    sentences = parse(own_sentences())
    featurizer, embedding, prior = train.prepare(sentences, word_table())
    config = TextConfig(dim=8, outer=2, inner=2, epochs=3, batch_size=32, lr=3e-3)
    task, history = train.train(config, sentences, embedding, prior)
    folder = tmp_path_factory.mktemp("liminal")
    save_reader(folder, task, featurizer, history, {"dev": train.evaluate(task, "dev")})
    return folder, task, history


def test_ngrams_and_sparse_products():
    grams = NGrams.fit(["a cat sat", "a cat ran", "a cat"], "word")
    rows = grams.rows(["A CAT", "a dog", "zebra"])
    dense = np.zeros(rows.shape)
    dense[rows.rows, rows.columns] = rows.values
    assert rows.shape == (3, 3)  # "a", "cat" and "a cat" stand in three texts
    np.testing.assert_allclose(np.linalg.norm(dense, axis=1), [1, 1, 0])
    w, r = np.random.default_rng(2).standard_normal((2, 3, 2))
    np.testing.assert_allclose(rows.times(w), dense @ w)
    np.testing.assert_allclose(rows.transposed_times(r), dense.T @ r)
    np.testing.assert_allclose(rows.part(np.array([1, 0])).times(w), dense[[1, 0]] @ w)


def test_ridge_equals_the_normal_equations():
    rng = np.random.default_rng(3)
    X, Z, Y, alpha = rng.standard_normal((30, 6)), rng.standard_normal((30, 4)), rng.standard_normal((30, 2)), [0.5, 3]
    sparse = Sparse(*(index.ravel() for index in np.indices(X.shape)), X.ravel(), X.shape)
    found = np.concatenate(ridge([sparse, Z], Y, alpha))
    both = np.hstack([X, Z])
    for j in range(2):
        exact = np.linalg.solve(both.T @ both + alpha[j] * np.eye(10), both.T @ Y[:, j])
        np.testing.assert_allclose(found[:, j], exact, atol=1e-5)


def test_held_out_priors_have_not_seen_their_label():
    """One label changed moves the priors of other sentences, but its own not."""
    sentences = parse(own_sentences())
    rows = sentences.rows("train")
    texts, pad = [sentences.texts[i] for i in rows], sentences.pad[rows].astype(float)
    pad -= pad.mean(axis=0)
    _, before = Featurizer.fit(texts, pad, word_table())
    changed = pad.copy()
    changed[7], changed[14] = changed[7] + 5, changed[14] - 5  # two of one fold; the mean, which all know, stays
    featurizer, after = Featurizer.fit(texts, changed, word_table())
    order = np.array_split(np.random.default_rng(0).permutation(len(texts)), 5)
    fold = next(fold for fold in order if 7 in fold)
    moved = np.abs(after - before).max(axis=1)
    assert moved[np.setdiff1d(np.arange(len(texts)), fold)].max() > 0.2
    assert 14 in fold
    np.testing.assert_allclose(after[fold], before[fold], atol=1e-6)
    assert np.abs(featurizer([texts[7]])[1] - before[7]).max() > 0.5  # the whole regression has seen it


def test_metrics():
    target = np.array([[0.1, 0.0, -0.2], [0.3, 0.2, 0.0], [-0.1, 0.1, 0.1]])
    assert hope(target, target) == 1 and np.allclose(pearson(2 * target + 1, target), 1)
    np.testing.assert_allclose(mae_rating(target + 0.1, target), 0.2)
    assert faith(np.full((2, 3), 0.5)) == pytest.approx(np.tanh(0.5)) and faith(np.empty((2, 0))) == 0
    spread = np.array([[2.0, 2, 2], [-2, -2, -2]])
    assert love(spread, spread) == 0  # a variance of 4 counts as 1
    assert love(np.zeros((2, 3)), np.full((2, 3), 0.5)) == pytest.approx(np.exp(-0.25))
    assert pearson(np.ones((3, 3)), target).tolist() == [0, 0, 0]
    low, high = bootstrap_difference(target, target, target, n=20)
    assert not low.any() and not high.any()
    assert {"r_V", "mae_D", "r2_A", "hope", "faith", "love"} <= set(measure(target, target))


def test_loss_gradient():
    rng = np.random.default_rng(4)
    pad, target, variance = rng.standard_normal((5, 3)), rng.standard_normal((5, 3)), np.array([1.0, 2.0, 0.5])
    direction = rng.standard_normal((5, 3))
    slope = (pad_loss(pad + 1e-6 * direction, target, variance)[0]
             - pad_loss(pad - 1e-6 * direction, target, variance)[0]) / 2e-6
    assert slope == pytest.approx(np.sum(direction * pad_loss(pad, target, variance)[1]), rel=1e-6)


def test_data():
    sentences = parse(own_sentences())
    assert sentences.pad.shape == (192, 3) and abs(sentences.pad[:, 0]).max() < 0.8
    assert sentences.before[2].tolist() == [-1, 0, 1] and sentences.before[8].tolist() == [-1, -1, -1]
    assert predecessors(["a_10_20", "a_2_9", "title"]).tolist() == [[-1, -1, 1], [-1] * 3, [-1] * 3]
    with pytest.raises(TextDataError, match="--data"):
        load_emobank("no/such/file.csv")


HEADING = "id,split,V,A,D,text\n"


@pytest.mark.parametrize("text, complaint", [
    ("id,split,V\n1,train,3", "line 1: the heading lacks the columns A, D, text"),
    ("", "line 1: the heading lacks"),
    (HEADING, "line 1: there is no sentence"),
    (HEADING + "a,train,3,3,3,x\nb,train,3,9.0,3,y\n", "line 3: A is '9.0', no rating from 1 to 5"),
    (HEADING + "a,train,nan,3,3,x\n", "line 2: V is 'nan'"),
    (HEADING + "a,train,3,3,much,x\n", "line 2: D is 'much'"),
    (HEADING + "a,all,3,3,3,x\n", "line 2: split is 'all', not one of train, dev, test"),
    (HEADING + "a,train,3,3\n", "line 2: text is None"),
    (HEADING + "a,train,3,3,3,\n", "line 2: text is ''"),
    (HEADING + 'a,train,3,3,3,"x\n', "line 2: unexpected end of data"),
    (HEADING + f"a,train,3,3,3,{'x' * 200_000}\n", "line 2: field larger than field limit"),
])
def test_a_file_of_another_kind_is_refused_with_line_and_reason(text, complaint):
    with pytest.raises(TextDataError, match=complaint):
        parse(text)


def test_it_learns(trained):
    _, task, history = trained
    found = train.evaluate(task, "test")
    assert found["r_V"] > 0.9 and found["mae_V"] < 0.4 and "with_memory" in found
    assert history["epoch"] == [1, 2, 3, 4] and {"hope", "faith", "love", "mae", "mse", "r2", "r"} <= set(history)


def test_training_repeats_bit_for_bit(trained):
    sentences = trained[1].sentences
    again, _ = train.train(trained[1].config, sentences, trained[1].embedding, trained[1].prior)
    assert np.array_equal(again.theta, trained[1].theta)


def test_reader(trained):
    folder, task, history = trained
    reader = TextReader(folder, word_table())
    assert reader.history == history and reader.uses_memory
    texts = ["It was a lovely day.", "It was an awful day.", "Zxqv"]
    readings = reader.read_many(texts)
    assert readings[0].pad[0] > readings[1].pad[0] and np.isfinite(readings[2].pad).all()
    assert readings[0].rounds.shape == (3, 3) and readings[0].attention.shape == (2, 2)
    alone = reader.read(texts[0])
    np.testing.assert_allclose(alone.pad, readings[0].pad, atol=1e-6)  # no neighbour in the batch has a say
    strongest = max(reader.occlusion_effects(texts[0]), key=lambda effect: effect.change[0])
    assert strongest.word == "lovely" and texts[0][strongest.start : strongest.stop] == "lovely"
    rows = task.sentences.rows("test")
    np.testing.assert_allclose([r.pad for r in reader.read_many([task.sentences.texts[i] for i in rows])],
                               task.read(rows).pad, atol=1e-5)


def test_memory_is_one_conversation(trained):
    reader = TextReader(trained[0], word_table())
    memory, other = reader.new_memory(), reader.new_memory()
    first = reader.read("It was an awful day.", memory)
    second = reader.read("It was a song.", memory)
    assert len(memory) == 2 and np.array_equal(memory.pads[0], first.pad)
    assert not np.array_equal(second.pad, reader.read("It was a song.", other).pad)
    reader.occlusion_effects("It was a song.", memory)
    assert len(memory) == 2
    memory.reset()
    np.testing.assert_array_equal(reader.read("It was an awful day.", memory).pad, first.pad)


def test_bad_input(trained, tmp_path):
    reader = TextReader(trained[0], word_table())
    for text, message in [("", "empty"), ("  \n", "empty"), ("x" * 5001, "5,001 characters"), (3, "string"),
                          (None, "string")]:
        with pytest.raises(ValueError, match=message):
            reader.read(text)
    with pytest.raises(ValueError, match="text 2: the text is empty"):
        reader.read_many(["fine", ""])
    assert reader.read_many([]) == []
    with pytest.raises(ModelError, match="missing"):
        TextReader(tmp_path)
    stranger = word_table()
    stranger.name = "stranger"
    with pytest.raises(ModelError, match="'words'"):
        TextReader(trained[0], stranger)


def test_words_for_a_point():
    spread = np.array([0.1, 0.1, 0.1])
    assert words_for([0, 0, 0], np.zeros(3), spread) == "neutral"
    assert words_for([0.16, -0.07, 0.31], np.zeros(3), spread) == "pleased, slightly calm, very in control"
    assert words_for([-0.2, 0.2, -0.05], np.zeros(3), spread) == "displeased, stirred"


def test_settings():
    args = train.arguments(["--version", "v2", "--epochs", "2", "--set", "outer=3", "--set", "affect=false"])
    config = train.settings(args)
    assert (config.attention, config.pad_head, config.epochs, config.outer, config.affect) == (True, False, 2, 3, False)
    assert TextConfig.from_dict(config.to_dict()) == config
    for wrong in ("colour=1", "outer=many", "outer=99"):
        with pytest.raises(ValueError):
            train.settings(train.arguments(["--set", wrong]))
    with pytest.raises(SystemExit, match="emobank"):
        train.main(["--data", "no/such/file.csv"])


def test_shipped_model():
    """The model in final_model/liminal: it tells plain cases apart and stays under 15 MB."""
    reader = TextReader()
    good, bad = reader.read_many(["I am so happy, what a wonderful day!", "She was murdered, and everyone cried."])
    assert good.pad[0] > bad.pad[0] + 0.2 and "pleased" in good.words and "displeased" in bad.words
    assert sum(path.stat().st_size for path in FINAL_LIMINAL.glob("*.npy")) < 15e6
