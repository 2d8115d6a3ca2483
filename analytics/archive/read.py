"""Read Items on a worker and return one row of plain values per picture."""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

import fsspec
import numpy as np
from fsspec.core import OpenFile

from analytics.archive import arrays
from analytics.archive.sources import Item, by_container, open_seekable, reason
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.csv_tables import listed
from deployment.reader.picture.limits import MOST_BYTES, BoundsError, check_bytes
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import NumberReading, Prediction, boxes_text

Loaded = bytes | np.ndarray | InputError
Answer = Prediction | NumberReading | InputError

BATCH = 64  # pictures read in one pass; their bytes are in memory together
STORED, DEFLATED, ENCRYPTED = 0, 8, -1  # compression methods of a ZIP member, as Item.method
LOCAL_HEADER = struct.Struct("<4s22xHH")  # precedes a ZIP member's bytes: signature, lengths of name and extra field


@lru_cache(1)
def deployer(model: str | None) -> MNISTDeployer:
    return MNISTDeployer(Path(model) if model else SHIPPED)


def read_part(items: Sequence[Item], model: str | None, numbers: bool) -> tuple[list[dict[str, object]], str]:
    """(rows, hash of the model): a row {column: value} for each Item, in order.

    An unreadable picture has the reason under "error". model: a folder, None for the worker's shipped model.
    """
    reader, loaded, rows = deployer(model), load(items), []
    for start in range(0, len(items), BATCH):
        batch = items[start : start + BATCH]
        batch_answers = answers(reader, [next(loaded) for _ in batch], numbers)
        rows += [{"path": item.name, **row(answer)} for item, answer in zip(batch, batch_answers, strict=True)]
    return rows, reader.sha256


def answers(reader: MNISTDeployer, loaded: Sequence[Loaded], numbers: bool) -> list[Answer]:
    """A Prediction, NumberReading or InputError for each loaded picture."""
    readable = [picture for picture in loaded if not isinstance(picture, InputError)]
    read = reader.read_numbers if numbers else reader.predict_batch
    results = cast("Iterator[Answer]", iter(read(readable, ["the picture"] * len(readable), skip_errors=True)))
    return [picture if isinstance(picture, InputError) else next(results) for picture in loaded]


def row(answer: Answer) -> dict[str, object]:
    """The table's columns of one answer, without the path."""
    if isinstance(answer, InputError):
        return {"error": str(answer)}
    columns = {"confidence": float(answer.confidence), "emotion": answer.emotion,
               "left_over": boxes_text(answer.left_over), "error": None}
    if isinstance(answer, NumberReading):
        return columns | {"text": answer.text, "novelty": max(
            (float(place.novelty) for place in answer.digits), default=None),
            "alternatives": "; ".join(f"{place + 1}: {listed(signs)}" for place, signs in answer.alternatives.items())}
    return columns | {"digit": answer.digit, "novelty": float(answer.novelty),
                      "alternatives": " ".join(map(str, answer.alternatives))}


def load(items: Sequence[Item]) -> Iterator[Loaded]:
    """Yield the picture of each Item: bytes, an array, or an InputError when it cannot be read."""
    for group in by_container(items):
        first, last = group[0], group[-1]
        if first.kind == "file":
            yield from (attempt(whole_file, item) for item in group)
            continue
        try:
            with open_seekable(first.url) as file:
                if first.kind == "array":
                    yield from arrays.rows(file, first.url, first.member, first.start, last.start + 1)
                else:
                    read = zip_member if first.kind == "zip" else tar_member
                    yield from (attempt(read, item, file) for item in group)
        except Exception as error:  # libraries raise many types; nothing of the group has been yielded by then
            yield from [InputError(f"{first.url} cannot be read ({reason(error)}).")] * len(group)


def attempt(read: Callable[..., bytes], item: Item, *files: IO[bytes]) -> bytes | InputError:
    try:
        return read(item, *files)
    except InputError as error:
        return error
    except Exception as error:  # libraries raise many types
        return InputError(f"the picture cannot be fetched ({reason(error)}).")


def whole_file(item: Item) -> bytes:
    with cast(OpenFile, fsspec.open(item.url, "rb")) as file:  # a list only for a glob of URLs
        data = file.read(MOST_BYTES + 1)
    check_size(len(data))
    return data


def tar_member(item: Item, file: IO[bytes]) -> bytes:
    check_size(item.size)
    return read_bytes(file, item.start, item.size)


def zip_member(item: Item, file: IO[bytes]) -> bytes:
    """A ZIP member's bytes, from its local header alone; decompresses at most one byte more than its stated size."""
    if item.method not in (STORED, DEFLATED):
        raise InputError("the picture is locked with a password." if item.method == ENCRYPTED else
                         "the picture has an unusual compression; use an ordinary ZIP (deflate).")
    check_size(max(item.size, item.packed))
    signature, name, extra = LOCAL_HEADER.unpack(read_bytes(file, item.start, LOCAL_HEADER.size))
    if signature != b"PK\x03\x04":
        raise InputError("the picture is not where the ZIP's directory says.")
    data = read_bytes(file, item.start + LOCAL_HEADER.size + name + extra, item.packed)
    data = zlib.decompressobj(-15).decompress(data, item.size + 1) if item.method == DEFLATED else data
    if len(data) != item.size:
        raise InputError("the picture is cut short in its ZIP.")
    return data


def read_bytes(file: IO[bytes], start: int, size: int) -> bytes:
    file.seek(start)
    data = file.read(size)
    if len(data) != size:
        raise InputError("the picture is cut short: its archive ends before it.")
    return data


def check_size(size: int) -> None:
    try:
        check_bytes(size)
    except BoundsError as error:
        raise InputError(f"the picture {error}.") from None
