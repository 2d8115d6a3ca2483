"""The grammar of orderings: templates by hand, the shipped file, and that it shares nothing with what judges it."""

import numpy as np
import pytest

from analytics.studies.liminal import contrasts
from core.text.data.orderings import Grammar, tidy

OWN = """
# a comment
good = sunny; warm
go = went/go; came/come
[a kind]
It is {good} and {good:2}. > It is not {good}. # a remark
She {go.0} home . > She did not {go.1} (home|back|) .
"""


def test_templates_by_hand():
    grammar, rng = Grammar(OWN), np.random.default_rng(0)
    pairs = {grammar.pair(rng, "a kind") for _ in range(300)}
    assert {pair.pleasanter for pair in pairs} == {"It is sunny and warm.", "It is warm and sunny.", "She went home.",
                                                   "She came home."}
    assert ("a kind", "She came home.", "She did not come.") in pairs
    assert ("a kind", "It is sunny and warm.", "It is not sunny.") in pairs
    assert ("a kind", "It is sunny and warm.", "It is not warm.") not in pairs, "one name is one entry in a line"


def test_a_line_that_is_nothing_is_named():
    with pytest.raises(ValueError, match="line 2"):
        Grammar("[x]\nwhat is this\n")


def test_tidy():
    assert tidy("so  it  is , at last .") == "So it is, at last."


def test_the_shipped_orderings():
    pairs = Grammar.load().pairs(20_000)
    assert len(set(pairs)) == 20_000 and pairs == Grammar.load().pairs(20_000)
    for pair in pairs:
        assert pair.pleasanter != pair.less_pleasant
        assert not set("{}()|>") & set(pair.pleasanter + pair.less_pleasant), pair


def test_it_shares_no_sentence_with_the_contrast_pairs():
    judged = {sentence.lower() for _, *sentences in contrasts.load() for sentence in sentences}
    assert len(judged) > 590
    taught = {sentence.lower() for pair in Grammar.load().pairs(60_000) for sentence in pair[1:]}
    assert not judged & taught


def test_contrasts_are_counted_by_kind():
    counts = contrasts.right(lambda texts: [len(text) for text in texts])
    assert len(counts) == 10 and all(n == 30 for _, n in counts.values())
    assert contrasts.share(counts) == sum(won for won, _ in counts.values()) / 300
