"""What a worker does: read some Items with a deployer of its own, and hand back rows of plain values."""

import struct
import zlib
from functools import lru_cache

import fsspec

from analytics.archive import arrays
from analytics.archive.sources import by_container, open_seekable, reason
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.picture.limits import MOST_BYTES, BoundsError, check_bytes
from deployment.reader.picture.load import InputError
from deployment.reader.prediction import boxes_text

TOGETHER = 64  # pictures read in one pass: their bytes are in memory together
STORED, DEFLATED, LOCKED = 0, 8, -1  # a ZIP's ways of packing a member, as Item.method
LOCAL_HEADER = struct.Struct("<4s22xHH")  # what precedes a ZIP member's bytes: its mark, lengths of name and extras


@lru_cache(1)
def deployer(model):
    return MNISTDeployer(model or SHIPPED)


def read_part(items, model, numbers):
    """(rows, hash of the model): a row {column: value} for each Item, in order; what cannot be read has its reason
    under "error". model: a folder, None for the shipped model, wherever it lies on this machine."""
    reader, loaded, found = deployer(model), load(items), []
    for start in range(0, len(items), TOGETHER):
        some = items[start : start + TOGETHER]
        given = answers(reader, [next(loaded) for _ in some], numbers)
        found += [{"path": item.name, **row(answer, numbers)} for item, answer in zip(some, given, strict=True)]
    return found, reader.sha256


def answers(reader, loaded, numbers):
    """A Prediction or NumberReading for each loaded picture, or the InputError that stands in its place."""
    readable = [i for i, picture in enumerate(loaded) if not isinstance(picture, InputError)]
    read = reader.read_numbers if numbers else reader.predict_batch
    given = read([loaded[i] for i in readable], ["the picture"] * len(readable), skip_errors=True)
    found = dict(zip(readable, given, strict=True))
    return [found.get(i, picture) for i, picture in enumerate(loaded)]


def row(answer, numbers):
    """What the table says of a picture."""
    if isinstance(answer, InputError):
        return {"error": str(answer)}
    told = {"confidence": float(answer.confidence), "left_over": boxes_text(answer.left_over), "error": None}
    if numbers:
        return told | {"text": answer.text, "emotion": answer.emotion, "novelty": max(
            (float(place.novelty) for place in answer.digits), default=None),
            "alternatives": "; ".join(f"{place + 1}: {' '.join(map(str, digits))}"
                                  for place, digits in answer.alternatives.items())}
    return told | {"digit": answer.digit, "emotion": answer.emotion, "novelty": float(answer.novelty),
                   "alternatives": " ".join(map(str, answer.alternatives))}


def load(items):
    """The pictures of Items, one after the other: bytes, or arrays, or an InputError where there is nothing to read."""
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
        except Exception as error:  # as in sources.find; nothing of the group has been handed out by then
            yield from [InputError(f"{first.url} cannot be read ({reason(error)}).")] * len(group)


def attempt(read, item, *more):
    try:
        return read(item, *more)
    except InputError as error:
        return error
    except Exception as error:  # as above
        return InputError(f"the picture cannot be fetched ({reason(error)}).")


def whole_file(item):
    with fsspec.open(item.url, "rb") as file:
        data = file.read(MOST_BYTES + 1)
    return sized(data, len(data))


def tar_member(item, file):
    return sized(piece(file, item.start, min(item.size, MOST_BYTES + 1)), item.size)


def zip_member(item, file):
    """A ZIP member's bytes, found by where it begins, without the archive's directory; packed ones to a bound."""
    if item.method not in (STORED, DEFLATED):
        raise InputError("the picture is locked with a password." if item.method == LOCKED else
                         "the picture is packed by an unusual method; pack it as an ordinary ZIP (deflate).")
    sized(b"", max(item.size, item.packed))
    mark, name, extra = LOCAL_HEADER.unpack(piece(file, item.start, LOCAL_HEADER.size))
    if mark != b"PK\x03\x04":
        raise InputError("the picture is not where the ZIP's directory says.")
    data = piece(file, item.start + LOCAL_HEADER.size + name + extra, item.packed)
    data = zlib.decompressobj(-15).decompress(data, item.size + 1) if item.method == DEFLATED else data
    if len(data) != item.size:
        raise InputError("the picture is cut short in its ZIP.")
    return data


def piece(file, start, size):
    file.seek(start)
    data = file.read(size)
    if len(data) != size:
        raise InputError("the picture is cut short: its archive ends before it does.")
    return data


def sized(data, size):
    try:
        check_bytes(size)
    except BoundsError as error:
        raise InputError(f"the picture {error}.") from None
    return data
