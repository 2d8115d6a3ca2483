"""The table of a study: one Parquet file with a row for each finished run.

Five columns identify a run: study, regime, arm, seed and the version of the code it depends on. The file is replaced
atomically after every run; several processes may write to it.
"""

import ast
import hashlib
import importlib.util
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.files import locked, remove_parts, write_atomic

KEY = ("study", "regime", "arm", "seed", "version")

Row = dict[str, Any]  # column -> value


class Table:
    """Rows of finished runs, stored in a Parquet file. Raises ValueError if the file is not a table of runs."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.rows: dict[tuple, Row] = {}
        self._reload()

    def _reload(self):
        if self.path.exists():
            self.rows |= {self.key(row): row for row in read(self.path)}

    @staticmethod
    def key(row: Row) -> tuple:
        return tuple(row[name] for name in KEY)

    def __contains__(self, key: tuple) -> bool:
        return key in self.rows

    def add(self, row: Row) -> None:
        """Write a finished run to the file, together with the rows that other processes have added."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path.parent):  # the file itself is replaced
            self._reload()
            self.rows[self.key(row)] = row
            remove_parts(self.path)
            write_atomic(self.path, packed(self.rows.values()))

    def of(self, study: str, version: str | None = None) -> list[Row]:
        """A study's rows, sorted by key; with `version`, only those of this code version."""
        return [row for key, row in sorted(self.rows.items())
                if row["study"] == study and version in (None, row["version"])]


def read(path: str | Path) -> list[Row]:
    """All rows of a Parquet file. Raises ValueError if it is not a table of runs."""
    try:
        # read once into memory: pyarrow opens a path twice, and another process may replace the file in between
        rows = pq.read_table(pa.BufferReader(Path(path).read_bytes())).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} cannot be read as Parquet ({error}); restore it, or name another --table") from None
    if any(row.get(name) is None for row in rows for name in KEY):
        raise ValueError(f"{path} is no table of runs: it lacks {', '.join(KEY)}; name another --table")
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def packed(rows: Iterable[Row]) -> bytes:
    """Rows as a Parquet file, sorted by key, so that equal rows give equal bytes; missing values are null."""
    rows, buffer = sorted(rows, key=Table.key), io.BytesIO()
    columns = [*KEY, *sorted({name for row in rows for name in row} - set(KEY))]
    table = pa.table({name: pa.array([row.get(name) for row in rows]) for name in columns})
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def code_version(modules: Sequence[str]) -> str:
    """Twelve hexadecimal digits: a hash of the syntax trees of modules and packages (dotted names), without comments
    and docstrings."""
    digest = hashlib.sha256()
    for path in sorted({path for name in modules for path in sources(name)}):
        digest.update(path.stem.encode() + ast.dump(without_docstrings(ast.parse(path.read_text("utf-8")))).encode())
    return digest.hexdigest()[:12]


def sources(name: str) -> Iterable[Path]:
    """The Python files of a module, or of a package and its subpackages."""
    spec = importlib.util.find_spec(name)
    assert spec and spec.origin, f"{name} has no source file"
    path = Path(spec.origin)
    return path.parent.rglob("*.py") if path.name == "__init__.py" else [path]


def without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree
