"""LIMINAL v7 on sentences made for the tests: data, training, intervals, refusals, files."""

import numpy as np
import pytest
from sentences import own_sentences, word_table

from core.storage import ModelError, load_model
from core.text import train
from core.text.config import TextConfig
from core.text.data.emobank import TextDataError, documents, load_emobank, parse
from core.text.data.lessons import SENTENCE, WORD, Lessons
from core.text.language.english import English
from core.text.language.tokens import tokens
from core.text.metrics import bootstrap_difference, faith, hope, love, mae_rating, measure, pad_loss, pearson, resampled
from core.text.prior import Prior, best_shares
from core.text.reader import FINAL_LIMINAL, TextReader, UnreadableError, portions, words_for
from core.text.saving import save_reader
from core.text.task import TextTask

SMALL = dict(dim=8, heads=2, outer=2, reach=1, epochs=3, steps=80, rated=32, plain=0, pairs=0, lr=1e-2, ema=0.9)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small model trained on synthetic sentences: (folder, task, history)."""
    sentences = parse(own_sentences())
    task, history = train.train(TextConfig(**SMALL), sentences, word_table())
    folder, intervals = tmp_path_factory.mktemp("liminal"), train.fit_intervals(task)
    metrics = {"test": train.evaluate(task, "test", intervals)}
    save_reader(folder, task, English.anything(), intervals, history, metrics)
    return folder, task, history


def test_metrics():
    target = np.array([[0.1, 0.0, -0.2], [0.3, 0.2, 0.0], [-0.1, 0.1, 0.1]])
    assert hope(target, target) == 1 and np.allclose(pearson(2 * target + 1, target), 1)
    np.testing.assert_allclose(mae_rating(target + 0.1, target), 0.2)
    assert faith(np.full((2, 3), 0.5)) == pytest.approx(np.tanh(0.5)) and faith(np.empty((2, 0))) == 0
    spread = np.array([[2.0, 2, 2], [-2, -2, -2]])
    assert love(spread, spread) == 0  # a variance of 4 counts as 1
    assert love(np.zeros((2, 3)), np.full((2, 3), 0.5)) == pytest.approx(np.exp(-0.25))
    assert pearson(np.ones((3, 3)), target).tolist() == [0, 0, 0]
    low, high = bootstrap_difference(target, target, target, np.arange(len(target)), n=20)
    assert not low.any() and not high.any()
    assert {"r_V", "mae_D", "r2_A", "hope", "faith", "love"} <= set(measure(target, target))


def test_sentences_of_a_document_are_drawn_together():
    """Ten copies of each sentence in a document say no more than one: the interval is that of the 30 documents."""
    rng = np.random.default_rng(0)
    pad, other, target = rng.standard_normal((3, 30, 3))
    documents, copies = np.repeat(np.arange(30), 10), np.repeat(np.arange(30), 10)
    for rows in resampled(documents, 5, rng):
        assert set(np.unique(rows // 10, return_counts=True)[1] % 10) == {0}
    alone = np.ptp(bootstrap_difference(pad, other, target, np.arange(30), n=400), axis=0)
    together = np.ptp(bootstrap_difference(pad[copies], other[copies], target[copies], documents, n=400), axis=0)
    assert together == pytest.approx(alone, rel=0.2)


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
    before, document = documents(["a_10_20", "a_2_9", "title"])
    assert before.tolist() == [[-1, -1, 1], [-1] * 3, [-1] * 3] and document.tolist() == [1, 1, 2]
    first, second = sentences.halves("dev")
    assert sorted([*first, *second]) == sentences.rows("dev").tolist() and abs(len(first) - len(second)) <= 8
    assert not set(sentences.document[first]) & set(sentences.document[second])
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


def test_it_learns_and_its_intervals_are_reported(trained):
    _, task, history = trained
    measures = train.evaluate(task, "test", train.fit_intervals(task))
    assert measures["r_V"] > 0.9 and measures["mae_V"] < 0.4 and 0.7 < measures["held_V"] <= 1
    assert history["epoch"] == [1, 2, 3] and {"hope", "faith", "love", "mae", "mse", "r2", "r"} <= set(history)


def test_training_repeats_bit_for_bit(trained):
    again, _ = train.train(trained[1].config, trained[1].sentences, trained[1].table)
    assert np.array_equal(again.theta, trained[1].theta)


def test_the_prior_has_its_share_in_the_estimate(trained):
    task = trained[1]
    network, prior = np.array([[0.0, 0.0, 0.4]]), np.array([[1.0, -0.5, 0.0]])
    np.testing.assert_allclose(best_shares(network, prior, np.array([[0.25, 0.5, 0.4]])), [0.25, 0, 0])
    joined = Prior(None, None, None, None, None, [0.5, 0, 1]).join(network[:, None], np.arctanh(prior * 0.9))
    np.testing.assert_allclose(joined, [[[0.45, 0, 0]]], atol=1e-6)
    rows, shares = task.sentences.rows("test"), task.prior.shares
    with_share = task.read(rows)[2]
    try:
        task.prior.shares = np.zeros(3)
        alone = task.read(rows)[2]
    finally:
        task.prior.shares = shares
    assert ((shares >= 0) & (shares <= 1)).all() and shares.any()
    prior = np.tanh(task.prior_estimates[rows])[:, None]
    np.testing.assert_allclose(with_share, alone + shares * (prior - alone), atol=1e-6)


def test_every_sentence_is_read_before_one_comes_again():
    task = TextTask(TextConfig(**SMALL), parse(own_sentences()), word_table())
    seen = np.concatenate([batch.rated for epoch in range(2) for batch in task.batches(epoch)])
    n = len(task.train)
    for start in range(0, len(seen) - n, n):
        assert sorted(seen[start : start + n]) == sorted(task.train)


def test_lessons_go_to_a_file_and_back(tmp_path):
    texts = ["It was a day.", "Never a song, friend."]
    counts = [len(tokens(text)) for text in texts]
    rng = np.random.default_rng(0)
    lessons = Lessons(texts, rng.standard_normal((2, SENTENCE)).astype(np.float16),
                      rng.standard_normal((sum(counts), WORD)).astype(np.float16), np.append(0, np.cumsum(counts)),
                      np.array([0.2, -0.1], np.float32))
    lessons.save(tmp_path / "lessons.npz")
    again = Lessons.load(tmp_path / "lessons.npz")
    assert again.texts == texts and np.array_equal(again.starts, lessons.starts)
    assert np.array_equal(again.words, lessons.words) and np.array_equal(again.polarity, lessons.polarity)
    Lessons(["It was a day"], lessons.states[:1], lessons.words[:9], np.array([0, 9]), lessons.polarity[:1]).save(
        tmp_path / "other.npz")
    for name, reason in (("other.npz", "other tokens"), ("none.npz", "no lessons")):
        with pytest.raises(TextDataError, match=reason):
            Lessons.load(tmp_path / name)


def test_reader(trained):
    folder, task, history = trained
    reader = TextReader(folder)
    assert reader.history == history
    texts = ["It was a lovely day.", "It was an awful, cold day, not a song.", "day"]
    readings = reader.read_many(texts)
    assert readings[0].pad[0] > readings[1].pad[0]
    for text, reading in zip(texts, readings, strict=True):
        assert reading.rounds.shape == (3, 3) and np.array_equal(reading.rounds[-1], reading.pad)
        assert [text[token.start : token.stop].lower() for token in reading.tokens] == [t.word for t in reading.tokens]
        assert reading.attention.shape == (2, len(reading.tokens))
        np.testing.assert_allclose(reading.attention.sum(axis=1), 1, rtol=1e-5)
        assert (reading.low <= reading.pad).all() and (reading.pad <= reading.high).all()
        np.testing.assert_allclose(reader.read(text).pad, reading.pad, atol=1e-6)  # no neighbour has a say
    effects = reader.occlusion_effects(texts[0])
    assert [effect.word for effect in effects] == ["It", "was", "a", "lovely", "day"]
    assert all(texts[0][effect.start : effect.stop] == effect.word for effect in effects)
    assert effects[3].change[0] > 0.05
    rows = task.sentences.rows("test")
    np.testing.assert_allclose([r.pad for r in reader.read_many([task.sentences.texts[i] for i in rows])],
                               task.read(rows)[0], atol=1e-5)
    assert reader.read_many([]) == []


def test_texts_are_read_in_portions():
    assert list(portions([])) == [] and list(portions(["a" * 9], most=4)) == [slice(0, 1)]
    slices = [(part.start, part.stop) for part in portions(["aa", "bb", "c", "dddd", "e"], most=4)]
    assert slices == [(0, 2), (2, 3), (3, 4), (4, 5)]


def test_bad_input(trained, tmp_path):
    reader = TextReader(trained[0])
    for text, message in [("", "empty"), ("  \n", "empty"), ("x" * 5001, "5,001 characters"), (3, "string"),
                          (None, "string")]:
        with pytest.raises(ValueError, match=message):
            reader.read(text)
    with pytest.raises(ValueError, match="text 2: the text is empty"):
        reader.read_many(["a day", ""])
    for text, message in [("12345", "no word in it"), ("?!", "no word in it"), ("Zxqv brrz", "none of its words"),
                          ("Привет", "no such word")]:
        with pytest.raises(UnreadableError, match=message):
            reader.read(text)
    with pytest.raises(UnreadableError, match="text 2: I cannot read this"):
        reader.read_many(["a day", "..."])
    assert reader.read("A lovely zxqv").unsure == "It knows 2 of 3 words." and not reader.read("a day").unsure
    with pytest.raises(ModelError, match="missing"):
        TextReader(tmp_path)


def test_a_folder_of_another_version_is_refused(trained, tmp_path):
    from core.storage import save_model

    arrays, saved = load_model(trained[0])
    arrays.pop("english")
    save_model(tmp_path, arrays, saved)
    with pytest.raises(ModelError, match="train it again"):
        TextReader(tmp_path)


def test_words_for_a_point():
    spread = np.array([0.1, 0.1, 0.1])
    assert words_for([0, 0, 0], np.zeros(3), spread) == "neutral"
    assert words_for([0.16, -0.07, 0.31], np.zeros(3), spread) == "pleased, slightly calm, very in control"
    assert words_for([-0.2, 0.2, -0.05], np.zeros(3), spread) == "displeased, agitated"
    assert words_for([0.2, 0.2, -0.05], np.zeros(3), spread) == "pleased, excited"
    assert words_for([0, 0.2, -0.05], np.zeros(3), spread) == "stirred"


def test_where_an_interval_holds_zero_there_is_no_word():
    zeros, spread = np.zeros(3), np.array([0.1, 0.1, 0.1])
    words = words_for([-0.4, 0.2, -0.07], zeros, spread, low=[-0.7, -0.1, -0.2], high=[-0.1, 0.5, 0.1])
    assert words == "very displeased"
    assert words_for([-0.4, 0.2, 0], zeros, spread, [-0.9, 0.1, -1], [0.1, 0.3, 1]) == "stirred", "of what, is unclear"
    assert words_for([-0.04, -0.07, 0], zeros, spread, [-0.23] * 3, [0.16] * 3) == "no clear emotion"
    assert words_for([-0.04, 0.02, 0], zeros, spread, [-0.23] * 3, [0.16] * 3) == "neutral"


def test_settings():
    args = train.arguments(["--epochs", "2", "--set", "outer=3", "--set", "attention=false"])
    config = train.settings(args)
    assert (config.attention, config.epochs, config.outer) == (False, 2, 3)
    assert TextConfig.from_dict(config.to_dict()) == config
    for wrong in ("colour=1", "outer=many", "outer=99", "heads=3"):
        with pytest.raises(ValueError):
            train.settings(train.arguments(["--set", wrong]))
    with pytest.raises(SystemExit, match="emobank"):
        train.main(["--data", "no/such/file.csv"])


@pytest.fixture(scope="module")
def shipped():
    return TextReader()


@pytest.mark.parametrize("pleasanter, less", [
    ("I am so happy, what a wonderful day!", "She was murdered, and everyone cried."),
    ("I'm not sad any more.", "I'm sad."), ("I am happy.", "I am not happy at all."),
    ("I don't hate you.", "I hate you."), ("This is not bad.", "This is bad."),
    ("The soup was cold, but the evening was wonderful.", "The soup was wonderful, but the evening was cold."),
    ("We live without fear.", "We live in fear."), ("I feel great 😀", "I feel terrible 😭"),
])
def test_the_shipped_model_reads_order(shipped, pleasanter, less):
    good, bad = shipped.read_many([pleasanter, less])
    assert good.pad[0] > bad.pad[0] + 0.05


@pytest.mark.parametrize("text", ["Ich habe heute leider überhaupt keine Zeit für dich.", "sdkfj wqpoe zmxnv",
                                  "Je ne sais pas pourquoi il est parti si vite.", "Сегодня прекрасный день",
                                  "Nie wiem, dlaczego on tak szybko wyszedł.", "qwe rty asd fgh", "3 1 4 1 5"])
def test_the_shipped_model_refuses_what_is_not_english(shipped, text):
    with pytest.raises(UnreadableError, match="I cannot read this"):
        shipped.read(text)


def test_grief_is_not_called_excited(shipped):
    reading = shipped.read("My mother died.")
    assert reading.words == "very displeased" and "agitated" in shipped.words_for(reading.pad)
    for reading in shipped.read_many(["I hate you.", "She was murdered, and everyone cried."]):
        assert "excited" not in reading.words + shipped.words_for(reading.pad)
    assert "excited" in shipped.read("I am so excited about the trip!").words


@pytest.mark.parametrize("text", ["SELECT name, age FROM happy_people WHERE age > 30;", "print('I am happy')",
                                  "def greet(name):\n    return 'Hello, ' + name"])
def test_code_is_refused(shipped, text):
    with pytest.raises(UnreadableError, match="does not look like an English sentence"):
        shipped.read(text)


def test_the_shipped_model_is_small():
    assert sum(path.stat().st_size for path in FINAL_LIMINAL.rglob("*.npy")) < 20e6
