"""Reports name the command that made them; figures go between marks and nowhere else."""

import re

import pytest

from analytics.reports import README, REPORTS, put_between_marks, write_report


def test_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- x -->\nold\n<!-- /x -->\nafter\n")
    put_between_marks("x", "new\n", page)
    assert page.read_text() == "before\n<!-- x -->\nnew\n<!-- /x -->\nafter\n"
    with pytest.raises(ValueError, match="lacks the marks"):
        put_between_marks("y", "new\n", page)


def test_a_report_names_its_command(tmp_path):
    path = write_report("x", "Title", "make x", "\n| a |\n", tmp_path)
    assert path.read_text() == "# Title\n\nMade by `make x`.\n\n| a |\n"


def test_the_readme_writes_numbers_with_their_zero_and_says_what_they_were_selected_on():
    text = README.read_text(encoding="utf-8")
    reached = text.partition("## What it reaches")[2].partition("\nMore: ")[0]
    assert not re.search(r"(?<![\w.)/])[-+]?\.\d", reached)
    for figure in re.findall(r"^- .*?(?=^- |\Z)", reached, re.MULTILINE | re.DOTALL):
        if any(words in figure for words in ("test images", "development sets", "Whole numbers", "EmoBank", "Letters")):
            assert "selected" in figure, figure


@pytest.mark.parametrize(
    "name", ["audit", "benchmark", "gate", "liminal", "numbers", "number_weights", "realworld", "reproduction",
             "robustness", "mutation", "torture"]
)
def test_every_report_is_there_and_says_how_to_remake_it(name):
    text = (REPORTS / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith("# ") and "\nMade by `" in text and "<!--" not in text
