"""Planted faults match the current code and name existing tests; the sample is seeded and spread over files."""

import re
from collections import Counter

import pytest

from analytics.mutants import __main__ as command
from analytics.mutants import sample
from analytics.mutants.planted import PLANTED
from analytics.mutants.sample import ROOT, draw, places, spans_left_out
from analytics.mutants.trial import tests_for as chosen_tests
from analytics.reports import REPORTS


@pytest.mark.parametrize("file, old, new, test", PLANTED)
def test_planted_faults_fit_the_code_and_their_tests_exist(file, old, new, test):
    assert (ROOT / file).read_text().count(old) == 1 and old != new
    path, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text()


def test_the_sample_is_seeded_and_spread_over_files(monkeypatch):
    monkeypatch.setattr(sample, "AREAS", ("core/nn/losses.py", "core/nn/gate.py", "core/uncertainty/novelty.py"))
    first = draw(20, seed=1)
    assert first == draw(20, seed=1) != draw(20, seed=2)
    assert sorted(Counter(mutant.file for mutant in first).values()) == [6, 7, 7]


def test_every_mutant_changes_its_line():
    for mutants in list(places("core/nn/losses.py").values())[:20]:
        source = (ROOT / "core/nn/losses.py").read_text()
        for mutant in mutants:
            changed = mutant.apply(source)
            assert changed != source
            lines = zip(source.splitlines(), changed.splitlines(), strict=False)
            assert next(i for i, (a, b) in enumerate(lines, 1) if a != b) <= mutant.line


def test_the_report_states_its_commit():
    mutants = next(iter(places("core/nn/gate.py").values()))[:1] * 2
    text = command.report([True] * len(PLANTED), mutants, [True, False], "0123456789")
    assert text.startswith("Of commit 0123456789;") and "1 were killed" in text
    committed = (REPORTS / "mutation.md").read_text()
    assert re.search(r"^Of commit [0-9a-f]{10}\+?;", committed, re.MULTILINE), "its files may have been renamed since"


def test_annotations_and_strings_are_left_out():
    source = 'def f(a: int | None = 1 + 2) -> str | None:\n    """1 + 1"""\n    return f"{a + 1}"\n'
    left_out = spans_left_out(source)
    inside = lambda *spot: any(low <= spot < high for low, high in left_out)  # noqa: E731
    assert inside(1, 13) and inside(1, 37) and inside(2, 7) and inside(3, 14) and not inside(1, 26)


def test_the_tests_of_a_file_come_first():
    assert chosen_tests("core/nn/losses.py")[0] == "tests/core/nn/test_losses.py"
    assert chosen_tests("core/digits/presets.py")[0] == "tests/core/digits/test_presets.py"
