"""The check of words and types that `make lint` calls notices what it is for."""

import ast
import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[1] / ".ci" / "check.py"
spec = importlib.util.spec_from_file_location("check", FILE)
assert spec and spec.loader
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)


@pytest.mark.parametrize("source, word", [
    ("kept_rows = 1", "kept"), ("x.couldBe = told", "told"), ("def f(own): pass", "own"), ("g(looks=1)", "looks"),
    ("class Hands: pass", "hands"), ('"""What it felt."""', "felt"), ('print(f"its own {x} part")', "own"),
    ('"""Read with a second look: look again."""', "look again"),
    ('print("p of .05 is large")', "a number without its zero"),
])
def test_a_replaced_word_is_reported(source, word):
    assert word in [found for _, found in check.replaced_words("core/a.py", ast.parse(source))]


@pytest.mark.parametrize("source", [
    "keeper = owned = 1", "raise FileNotFoundError", '"""It looks like two pieces of 0.5 mm."""',
    'CSS = """.a {margin: .5rem; own-part: 1}"""', 'print("data-testid=own-figures and more")',
])
def test_ordinary_words_are_not(source):
    assert list(check.replaced_words("core/a.py", ast.parse(source))) == []


def test_former_names_are_allowed_where_they_are_deprecated():
    tree = ast.parse("def could_be(self): pass")
    assert not list(check.replaced_words("deployment/reader/prediction.py", tree))
    assert list(check.replaced_words("deployment/reader/left_over.py", tree))


@pytest.mark.parametrize("source, missing", [
    ("def f(x) -> int: pass", "f lacks types: x"), ("def f(x: int): pass", "f lacks types"),
    ("class A:\n    def __init__(self, x): pass", "__init__ lacks types: x"),
])
def test_a_public_function_without_types_is_reported(source, missing):
    assert [fault for _, fault in check.without_types(ast.parse(source))] == [missing]


def test_private_and_typed_functions_are_not():
    source = "def _f(x): pass\ndef f(x: int) -> int: pass\nclass _A:\n    def g(self, x): pass"
    assert not list(check.without_types(ast.parse(source)))
