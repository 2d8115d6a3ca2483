"""The table that studies keep: one Parquet file, a row for each finished run.

A run is known by five columns: study, regime, arm, seed and the version of the code that it depends on. The file is
written aside and renamed with every run that ends, so that it is always whole; several processes may write to it.
"""

import ast
import hashlib
import importlib
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.files import locked, remove_parts, write_atomic

KEY = ("study", "regime", "arm", "seed", "version")


class Table:
    """Rows {column: value} of finished runs, kept in a Parquet file.

    Raises ValueError where the file is no such table.
    """

    def __init__(self, path):
        self.path, self.rows = Path(path), {}
        self._look()

    def _look(self):
        if self.path.exists():
            self.rows |= {self.key(row): row for row in read(self.path)}

    @staticmethod
    def key(row):
        return tuple(row[name] for name in KEY)

    def __contains__(self, key):
        return key in self.rows

    def add(self, row):
        """Keep a finished run; the file holds it before this returns, beside what others have put there meanwhile."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path.parent):  # not the file, which is renamed
            self._look()
            self.rows[self.key(row)] = row
            remove_parts(self.path)
            write_atomic(self.path, packed(self.rows.values()))

    def of(self, study, version=None):
        """A study's rows, in order of their keys; of one version of the code where one is named."""
        return [row for key, row in sorted(self.rows.items())
                if row["study"] == study and version in (None, row["version"])]


def read(path):
    try:
        # its bytes at once: pyarrow opens a path twice, and another process may replace the file in between
        rows = pq.read_table(pa.BufferReader(Path(path).read_bytes())).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} cannot be read as Parquet ({error}); restore it, or name another --table") from None
    if any(row.get(name) is None for row in rows for name in KEY):
        raise ValueError(f"{path} is no table of runs: it lacks {', '.join(KEY)}; name another --table")
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def packed(rows):
    """Rows as the bytes of a Parquet file, sorted, so that equal rows make equal files; what a row lacks is null."""
    rows, buffer = sorted(rows, key=Table.key), io.BytesIO()
    columns = [*KEY, *sorted({name for row in rows for name in row} - set(KEY))]
    table = pa.table({name: pa.array([row.get(name) for row in rows]) for name in columns})
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def code_version(modules):
    """Twelve hexadecimal digits that change with what modules and packages, named with dots, do.

    It is a hash of their syntax: comments, docstrings and line breaks do not count.
    """
    found = hashlib.sha256()
    for path in sorted({path for name in modules for path in sources(name)}):
        found.update(path.stem.encode() + ast.dump(without_docstrings(ast.parse(path.read_text("utf-8")))).encode())
    return found.hexdigest()[:12]


def sources(name):
    """The Python files of a module, or of a package and all beneath it."""
    path = Path(importlib.util.find_spec(name).origin)
    return path.parent.rglob("*.py") if path.name == "__init__.py" else [path]


def without_docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree
