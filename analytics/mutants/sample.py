"""A seeded sample of Cosmic Ray's mutations of the engine."""

import ast
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.shipped import ROOT

Position = tuple[int, int]  # line, column
AREAS = ("core/metrics.py", "core/nn", "core/nn/fast", "core/uncertainty", "core/digits")


@dataclass(frozen=True)
class Mutant:
    """The occurrence-th position of a Cosmic Ray operator in a file, on this line."""

    file: str
    operator: str
    occurrence: int
    line: int

    def apply(self, source: str) -> str:
        """The mutated source."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        mutated = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        assert mutated is not None, "the file has this occurrence"
        return mutated


def places(file: str, root: Path = ROOT) -> dict[tuple, list[Mutant]]:
    """{(start, end): mutants} of one file, for every position that can be mutated."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator, operator_names

    tree, left_out, mutants = get_ast_from_path(root / file), spans_left_out((root / file).read_text()), {}
    for name in sorted(operator_names()):
        kind = get_operator(name)
        if kind.arguments() or name == "core/NoOp":
            continue
        operator = kind()
        spots = [spot for node in ast_nodes(tree) for spot in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(spots):
            if not any(low <= start < high for low, high in left_out):
                mutants.setdefault((start, end), []).append(Mutant(file, name, occurrence, start[0]))
    return mutants


def spans_left_out(source: str) -> list[tuple[Position, Position]]:
    """(start, end) of annotations and strings, and of expressions that Cosmic Ray cannot mutate."""
    spans = []
    for node in ast.walk(ast.parse(source)):
        inner = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.JoinedStr | ast.Constant) and isinstance(getattr(node, "value", ""), str):
            inner.append(node)
        if (isinstance(node, ast.ExceptHandler) and node.type
                and any(isinstance(n, ast.Attribute) for n in ast.walk(node.type))):
            inner.append(node.type)  # Cosmic Ray fails on dotted exception names
        spans += [((part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)) for part in inner if part]
    return spans


def draw(n: int, seed: int, root: Path = ROOT) -> list[Mutant]:
    """At most n mutants: positions spread evenly over the files, and one mutation per position."""
    rng = np.random.default_rng(seed)
    files = sorted(str(path.relative_to(root)) for area in AREAS for path in (
        [root / area] if area.endswith(".py") else (root / area).glob("*.py")) if path.name != "__init__.py")
    of_file = {file: list(places(file, root).values()) for file in files}
    for mutants in of_file.values():
        rng.shuffle(mutants)
    taken = Counter()
    while sum(taken.values()) < n and any(taken[file] < len(of_file[file]) for file in files):
        for file in files:
            if taken[file] < len(of_file[file]) and sum(taken.values()) < n:
                taken[file] += 1
    return [of_file[file][i][rng.integers(len(of_file[file][i]))] for file in files for i in range(taken[file])]
