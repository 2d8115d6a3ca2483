"""Texts as tokens: negations in every spelling, smileys and emoji, places; the table's words without their endings."""

import numpy as np
import pytest
from sentences import word_table

from core.text.language.tokens import tokens, words_in
from core.text.network.embedding import UNKNOWN, WordTable


@pytest.mark.parametrize("text, words", [
    ("I don't, can’t and won't.", "i do not , can not and will not ."),
    ("it isnt, cannot; DIDN'T", "it is not , can not ; did not"),
    ("I'm John's, they'd", "i am john , they would"),
    ("Great :) :-( <3 ;)", "great smiling sad love winking"),
    ("yes!!! no?? what?! hmm... ok…", "yes ! no ? what ?! hmm ... ok ..."),
    ("12,50 3.14 1990", "number number number"),
    ("😭 👍", "loudly crying thumbs up"),
    ("thx, u r gr8", "thanks , you r gr number"),
    ("rock'n'roll O'Brien", "rock'n'roll o'brien"),
    ("a (b) [c] – d", "a b c d"),
    ("", ""), ("   ", ""), ("£ § †", ""),
])
def test_tokens(text, words):
    assert " ".join(token.word for token in tokens(text)) == words


def test_tokens_know_their_place():
    text = "We DON'T care 😭!"
    assert [text[token.start : token.stop] for token in tokens(text)] == ["We", "DO", "N'T", "care", "😭", "😭", "!"]


def test_words_in_passes_over_marks_and_numbers():
    assert [piece.kind for piece in words_in("I can't, 5 times :) !")] == ["word", "word", "word", "smiley"]
    assert words_in("12 ... ?!") == []


def test_the_table_finds_words_without_their_endings():
    table = WordTable(["cry", "walk", "hope", "happy"], np.eye(4, dtype=np.int8), np.full(4, 0.5, np.float32))
    found = {word: table.find(word) for word in ("cries", "cried", "walking", "hoping", "walked", "happy", "zebra", "")}
    assert found == {"cries": 0, "cried": 0, "walking": 1, "hoping": 2, "walked": 1, "happy": 3, "zebra": UNKNOWN,
                     "": UNKNOWN}
    vectors = table.lookup(np.array([1, UNKNOWN]))
    assert vectors.dtype == np.float32 and vectors.tolist() == [[0, 0.5, 0, 0], [0, 0, 0, 0]]


def test_the_table_goes_to_arrays_and_back():
    table = word_table()
    again = WordTable.from_arrays(table.arrays())
    assert again.words == table.words and np.array_equal(again.lookup(np.arange(3)), table.lookup(np.arange(3)))
