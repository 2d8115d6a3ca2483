"""Messages between the page and the training process: JSON lines to the process, frames with arrays from it.

A frame is the length of its header (4 bytes, big-endian), the header (JSON: the message without its arrays, and
"arrays", a list of [path, dtype, shape]), then the bytes of the arrays in this order. A path such as "layers.0.weights"
names the place of an array in the message.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

MOST_HEADER = 2**20  # bytes
MOST_BYTES = 64 * 2**20  # of one array
DTYPES = ("|u1", "<i4", "<i8", "<f2", "<f4", "<f8")


class ProtocolError(ValueError):
    """A frame that this module has not written."""


def pack(message: Mapping[str, Any]) -> bytes:
    """A frame. Arrays may stand anywhere in the dicts and lists of the message; other values are those of JSON."""
    arrays: list[tuple[str, NDArray[Any]]] = []
    header = json.dumps({"message": _without_arrays(message, "", arrays),
                         "arrays": [[path, array.dtype.str, array.shape] for path, array in arrays]}).encode()
    return b"".join([len(header).to_bytes(4, "big"), header, *(array.tobytes() for _, array in arrays)])


def unpack(stream: IO[bytes]) -> dict[str, Any] | None:
    """The next message of a stream, None at its end, even in the middle of a frame. Raises ProtocolError."""
    try:
        length = int.from_bytes(_read(stream, 4), "big")
        if length > MOST_HEADER:
            raise ProtocolError(f"a header of {length} bytes")
        header = json.loads(_read(stream, length))
        message = header["message"]
        for path, dtype, shape in header["arrays"]:
            size = math.prod(shape)
            if dtype not in DTYPES or min(shape, default=0) < 0 or size * np.dtype(dtype).itemsize > MOST_BYTES:
                raise ProtocolError(f"an array {path} of {dtype} and shape {shape}")
            data = _read(stream, size * np.dtype(dtype).itemsize)
            _put(message, path.split("."), np.frombuffer(data, dtype).reshape(shape))
        return message
    except EOFError:
        return None
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        raise ProtocolError(f"not a frame of the training process: {error}") from None


def command(**values: Any) -> bytes:
    """A command as a JSON line."""
    return json.dumps(values).encode() + b"\n"


def commands(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """The commands of a stream until its end; lines that hold none are ignored."""
    for line in stream:
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict) and isinstance(values.get("do"), str):
            yield values


def _without_arrays(value: Any, path: str, arrays: list[tuple[str, NDArray[Any]]]) -> Any:
    """The value with None in the place of each array; the arrays are appended with their paths."""
    if isinstance(value, np.ndarray):
        arrays.append((path, np.ascontiguousarray(value)))
        return None
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {name: _without_arrays(item, f"{path}.{name}" if path else name, arrays)
                for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_arrays(item, f"{path}.{i}", arrays) for i, item in enumerate(value)]
    return value


def _put(message: Any, path: list[str], array: NDArray[Any]) -> None:
    *steps, last = [int(step) if step.isdigit() else step for step in path]
    for step in steps:
        message = message[step]
    message[last] = array


def _read(stream: IO[bytes], size: int) -> bytes:
    """Exactly `size` bytes; raises EOFError at the end of the stream."""
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
