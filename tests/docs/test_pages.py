"""The pages of docs/: their Python runs, what they quote stands in the file they name, and what they call is there."""

import importlib.util
import re
import shutil
import tomllib
from pathlib import Path
from textwrap import indent

import pytest
from blocks import blocks, quotations

from deployment.console import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "deployment" / "assets" / "examples"
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
         for path in (*ROOT.glob("docs/**/*.md"), ROOT / "CONTRIBUTING.md")}
SLOW = pytest.mark.slow
INTERNAL = {"bench", "docs", "minilm", "transformers"}  # extras that only commands of the Makefile and studies need


@pytest.mark.parametrize("name", [
    "engine", "doubt", pytest.param("tutorial", marks=SLOW), pytest.param("index", marks=SLOW)])
def test_the_python_of_a_page_runs(name, tmp_path, monkeypatch):
    """In its order, in a folder with the example pictures."""
    shutil.copytree(EXAMPLES, tmp_path / "pictures")
    monkeypatch.chdir(tmp_path / "pictures")
    parts = blocks(PAGES[f"docs/{name}.md"], "python")
    names = {}
    for part in parts:
        exec(compile(part, f"docs/{name}.md", "exec"), names)
    assert parts


def test_no_other_page_has_python_that_is_not_run():
    assert {page for page, text in PAGES.items() if blocks(text, "python")} == {
        f"docs/{name}.md" for name in ("engine", "doubt", "tutorial", "index")}


def test_quotations_are_what_the_file_says():
    found = [(path, code) for text in PAGES.values() for path, code in quotations(text)]
    assert len(found) > 7
    for path, code in found:
        file = (ROOT / path).read_text(encoding="utf-8")
        quoted = any(indent(code, " " * depth) in file for depth in (0, 4, 8, 12))
        assert quoted or code.strip() == f'--8<-- "{path}"', f"{path} has changed:\n{code}"


def test_what_the_pages_call_is_there():
    text = "\n".join(PAGES.values())
    modules = set(re.findall(r"python -m ([a-z]\w*(?:\.\w+)*)", text)) - {"venv"}
    scripts = set(re.findall(r"python ((?:core|examples|\.ci)/[\w/]+\.py)", text))
    tests = set(re.findall(r"(?:pytest|ruff check)(?: -\S+)* (tests/[\w/.]+)", text))
    targets = set(re.findall(r"\bmake ([a-z][\w-]*)`", text)) | set(re.findall(r"^make ([\w-]+)", text, re.MULTILINE))
    assert len(modules) > 1 and len(scripts) > 1 and {"run", "test", "docs", "lint"} <= targets
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    assert [name for name in scripts | tests if not (ROOT / name).exists()] == []
    assert targets <= set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_page_on_installing_names_each_command_and_extra():
    page = PAGES["docs/install.md"]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert [name for name in COMMANDS if f"| `qualm {name}" not in page] == []
    assert set(re.findall(r"^\| `\[(\w+)\]`", page, re.MULTILINE)) == set(extras) - INTERNAL


def test_every_report_is_in_the_navigation_and_in_the_list_of_reports():
    navigation, listed = (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), PAGES["docs/reports/index.md"]
    reports = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("analytics/reports/*.md")]
    assert [path for path in reports if f"- {path}\n" not in navigation or f"(../../{path})" not in listed] == []
