"""What ruff and the type checker do not see: words that the glossary replaces, numbers without their zero, and public
functions without type hints. Called by `make lint`; prints each place and fails when there is one.
"""

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE = ("core", "deployment", "analytics", "examples")
PAGES = ("README.md", "SECURITY.md", "analytics/EXPERIMENTS.md", "analytics/reports/*.md", "docs/**/*.md")

# A replaced word -> the word to write. Of identifiers each part between underscores counts.
WORDS = {
    "feeling": "emotion", "feelings": "emotions", "felt": "emotion", "mood": "emotion",
    "looks": "test-time augmentation", "hands": "writing styles, writers", "could_be": "prediction_sets, alternatives",
    "rivals": "alternatives", "stranger": "out-of-distribution", "strangers": "out-of-distribution",
    "settle": "recover", "settles": "recover", "settled": "recovered", "vouch": "sign_manifest", "vouches": "signs",
    "vouched": "signed", "own": "a noun", "kept": "a noun, or: stored", "told": "a noun, or: reported",
    "pieces": "components, primitives, segments", "found": "a noun that says what it is",
}
PHRASES = {"word for doubt": "emotion", "look again": "test-time augmentation", "looked at again":
           "read with test-time augmentation", "unlike any digit": "out-of-distribution"}
IN_PROSE = {"looks", "pieces"}  # ordinary English in a sentence
ALLOWED = {  # file -> words: names that were given before, and the name of a tab
    "deployment/reader/prediction.py": {"could_be", "rivals", "feeling"},
    "deployment/reader/csv_tables.py": {"could_be", "feeling"},
    "deployment/app.py": {"feelings"},
}
MOST_FOUND = 30
NO_ZERO = re.compile(r"(?<![\w.)\]}/*\\-])-?\.\d+\b(?!\.\d)")
STYLE = re.compile(r"[{;]\s*[\w-]+\s*:|<svg")  # CSS and SVG, where .5 is usual
IDENTIFIER_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def files() -> Iterator[Path]:
    yield ROOT / "qualm.py"
    for folder in CODE:
        yield from sorted((ROOT / folder).rglob("*.py"))


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name


def sentences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Docstrings and strings of more than one word."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value


def replaced_words(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    allowed = ALLOWED.get(path, set())
    for line, name in identifiers(tree):
        if name in vars(builtins):  # FileNotFoundError
            continue
        parts = {name.lower(), *(part.lower() for part in IDENTIFIER_PARTS.findall(name))}
        for word in sorted(parts & (WORDS.keys() - allowed)):
            yield line, word
    for line, text in sentences(tree):
        for word in re.findall(r"(?<![\w-])[a-z_]+(?![\w-])", text.lower()):
            if word in WORDS and word not in allowed | IN_PROSE:
                yield line, word
        for phrase in PHRASES:
            if phrase in text.lower():
                yield line, phrase
        if NO_ZERO.search(text) and not STYLE.search(text):
            yield line, "a number without its zero"


def without_types(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Public functions and methods that lack the type of an argument or of what they return."""
    scopes = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_"))]
    for scope in scopes:
        for node in scope.body:
            if not isinstance(node, ast.FunctionDef) or (node.name.startswith("_") and node.name != "__init__"):
                continue
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
            if bare or (node.returns is None and node.name != "__init__"):
                yield node.lineno, f"{node.name} lacks types{': ' if bare else ''}{', '.join(bare)}"


def main(only: list[str]) -> int:
    faults, times_found = [], 0
    for file in files():
        path = str(file.relative_to(ROOT))
        if only and not path.startswith(tuple(only)):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for line, word in replaced_words(path, tree):
            times_found += word == "found"
            if word != "found" or only:
                faults.append(f"{path}:{line}: {word}; write: {WORDS.get(word) or PHRASES.get(word, '0.5, not .5')}")
        faults += [f"{path}:{line}: {fault}" for line, fault in without_types(tree)]
    for page in [] if only else sorted(page for pattern in PAGES for page in ROOT.glob(pattern)):
        faults += [f"{page.relative_to(ROOT)}:{number}: a number without its zero" for number, text in
                   enumerate(page.read_text(encoding="utf-8").splitlines(), 1) if NO_ZERO.search(text)]
    if times_found > MOST_FOUND and not only:
        faults.append(f"the word 'found' stands {times_found} times; at most {MOST_FOUND}")
    print("\n".join(faults) or "Words and types: no fault.")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
