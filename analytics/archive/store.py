"""The rows of an archive on disk: a folder of Parquet parts, each written once and atomically.

`archive.json` beside them identifies the archive and the model, so that a second call resumes or is refused.
"""

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analytics.archive.sources import Item
from core.files import write_atomic
from core.storage import read_json, write_json
from deployment.reader.csv_tables import cell

PLAN, TABLE = "archive.json", "readings.csv"
SCHEMA = {
    numbers: pa.schema([("path", pa.string()), ("text", pa.string()) if numbers else ("digit", pa.int8()),
                        ("confidence", pa.float32()), ("emotion", pa.string()), ("alternatives", pa.string()),
                        ("novelty", pa.float32()), ("left_over", pa.string()), ("error", pa.string())])
    for numbers in (False, True)}


class Store:
    """The parts of `items` in a folder, `size` pictures each.

    Raises ValueError when the folder holds rows of another archive, model or setting.
    """

    def __init__(self, folder: str | Path, items: Sequence[Item], size: int, numbers: bool, sha256: str):
        self.folder, self.items, self.size, self.numbers = Path(folder), items, size, numbers
        plan = {"pictures": len(items), "pictures_a_part": size, "numbers": numbers, "model_sha256": sha256,
                "listing_sha256": fingerprint(items)}
        path = self.folder / PLAN
        if path.exists():
            different = [name for name, value in plan.items() if read_json(path).get(name) != value]
            if different:
                raise ValueError(f"{self.folder} holds readings of something else (other {', '.join(different)}); name "
                                 "another --out, or delete it")
        elif self.folder.exists() and any(self.folder.iterdir()):
            raise ValueError(f"{self.folder} is not empty and holds no readings; name another --out")
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(path, plan)

    @property
    def parts(self) -> range:
        return range(-(-len(self.items) // self.size))

    def path(self, part: int) -> Path:
        return self.folder / f"part-{part:06d}.parquet"

    def rows_of(self, part: int) -> tuple[int, int]:
        """(start, stop) of a part's Items."""
        return part * self.size, min((part + 1) * self.size, len(self.items))

    def missing(self) -> list[int]:
        return [part for part in self.parts if not self.path(part).exists()]

    def write(self, part: int, rows: Sequence[Mapping[str, object]]) -> None:
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA[self.numbers]), buffer, compression="zstd")
        write_atomic(self.path(part), buffer.getvalue())

    def read(self, part: int) -> dict[str, list]:
        """A part's rows as {column: list}. Raises ValueError when the part is damaged."""
        try:
            return pq.read_table(self.path(part)).to_pydict()
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{self.path(part)} is damaged ({error}); delete it and call again") from None

    def write_csv(self) -> Path:
        """Write all rows as one CSV file, with one part in memory at a time; returns its path.

        Lines of a number are separated by "/".
        """
        path, columns = self.folder / TABLE, SCHEMA[self.numbers].names
        temporary = path.with_name(f"{TABLE}.{os.getpid()}")
        try:
            with open(temporary, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                for part in self.parts:
                    writer.writerows(map(_cells, zip(*self.read(part).values(), strict=True)))
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return path


def _cells(row: Iterable[object]) -> list[object]:
    return [cell(value.replace("\n", "/")) if isinstance(value, str) else value for value in row]


def fingerprint(items: Iterable[Item]) -> str:
    """The SHA-256 of a listing."""
    digest = hashlib.sha256()
    for item in items:
        digest.update(repr(tuple(item)).encode())
    return digest.hexdigest()
