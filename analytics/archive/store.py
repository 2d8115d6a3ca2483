"""The readings of an archive on disk: a folder of Parquet parts, each written once, aside and renamed.

`archive.json` beside them says what they are readings of, so that a second call goes on with the same work or is
refused.
"""

import csv
import hashlib
import io
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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

    Raises ValueError where the folder holds readings of something else.
    """

    def __init__(self, folder, items, size, numbers, sha256):
        self.folder, self.items, self.size, self.numbers = Path(folder), items, size, numbers
        plan = {"pictures": len(items), "pictures_a_part": size, "numbers": numbers, "model_sha256": sha256,
                "listing_sha256": fingerprint(items)}
        path = self.folder / PLAN
        if path.exists():
            differs = [name for name, value in plan.items() if read_json(path).get(name) != value]
            if differs:
                raise ValueError(f"{self.folder} holds readings of something else (other {', '.join(differs)}); name "
                                 "another --out, or delete it")
        elif self.folder.exists() and any(self.folder.iterdir()):
            raise ValueError(f"{self.folder} is not empty and holds no readings; name another --out")
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(path, plan)

    @property
    def parts(self):
        return range(-(-len(self.items) // self.size))

    def path(self, part):
        return self.folder / f"part-{part:06d}.parquet"

    def rows_of(self, part):
        """The first of a part's Items and the one after its last."""
        return part * self.size, min((part + 1) * self.size, len(self.items))

    def missing(self):
        return [part for part in self.parts if not self.path(part).exists()]

    def write(self, part, rows):
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA[self.numbers]), buffer, compression="zstd")
        write_atomic(self.path(part), buffer.getvalue())

    def read(self, part):
        """A part's rows as {column: list}. Raises ValueError for a damaged part."""
        try:
            return pq.read_table(self.path(part)).to_pydict()
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{self.path(part)} is damaged ({error}); delete it, and call again") from None

    def write_csv(self):
        """Write all rows as one CSV file into the folder, a part in memory at a time; lines of a number are divided by
        "/". Returns its path."""
        path, columns = self.folder / TABLE, SCHEMA[self.numbers].names
        aside = path.with_name(f"{TABLE}.{os.getpid()}")
        try:
            with open(aside, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                for part in self.parts:
                    writer.writerows(map(_cells, zip(*self.read(part).values(), strict=True)))
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)
        return path


def _cells(row):
    return [cell(value.replace("\n", "/")) if isinstance(value, str) else value for value in row]


def fingerprint(items):
    """The SHA-256 of a listing."""
    found = hashlib.sha256()
    for item in items:
        found.update(repr(tuple(item)).encode())
    return found.hexdigest()
