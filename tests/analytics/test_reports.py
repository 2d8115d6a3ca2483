"""Reports name the command that made them; figures go between marks and nowhere else."""

import pytest

from analytics.reports import REPORTS, put_between_marks, write_report


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


@pytest.mark.parametrize(
    "name", ["audit", "benchmark", "gate", "liminal", "numbers", "realworld", "reproduction", "robustness", "mutation",
             "torture"]
)
def test_every_report_is_there_and_says_how_to_remake_it(name):
    text = (REPORTS / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith("# ") and "\nMade by `" in text and "<!--" not in text
